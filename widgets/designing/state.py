"""The panel that says whether all shapes fit, and otherwise lists what does not, with a way there."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engines.contract.errors import WorkbenchError
from widgets.controls.buttons import Button
from widgets.controls.text import label, set_property
from widgets.designing.sheet import Tell, is_cause

_MOST_SHOWN = 3


class StatePanel(QFrame):
    """Good, or the first problems of a design, each with a button that shows its layer."""

    show_requested = Signal(str)

    def __init__(self, tell: Tell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tell = tell
        self.headline = label("", "heading", wrap=True)
        self.buttons: dict[str, Button] = {}
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.setSpacing(8)
        whole.addWidget(self.headline)
        whole.addLayout(self._rows)

    def show_problems(self, problems: Mapping[str, WorkbenchError]) -> None:
        """Show ``problems`` by node, or that there are none."""
        self._clear()
        set_property(self, "panel", "bad" if problems else "good")
        set_property(self.headline, "severity", "bad" if problems else "good")
        causes = {node: fault for node, fault in problems.items() if is_cause(fault)}
        self.headline.setText(_headline(len(causes)))
        for node, fault in list(causes.items())[:_MOST_SHOWN]:
            self._rows.addWidget(self._row(node, fault))
        for text in _rest(len(causes) - _MOST_SHOWN, len(problems) - len(causes)):
            self._rows.addWidget(label(text, "caption", wrap=True))
        self.setAccessibleName(self.headline.text())

    def _row(self, node: str, fault: WorkbenchError) -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self._tell(fault), "body", wrap=True))
        button = Button("Show layer", f"show_{node}", small=True)
        button.setAccessibleName(f"Show {node}")
        button.clicked.connect(lambda: self.show_requested.emit(node))
        self.buttons[node] = button
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return row

    def _clear(self) -> None:
        self.buttons = {}
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()


def _headline(count: int) -> str:
    if not count:
        return "All shapes fit. Ready to train."
    return "1 layer has a problem" if count == 1 else f"{count} layers have a problem"


def _rest(more: int, waiting: int) -> list[str]:
    """Say how many problems are not listed, and how many layers only wait for others."""
    texts = [f"and {more} more"] if more > 0 else []
    if waiting:
        texts.append(f"{waiting} {'layer waits' if waiting == 1 else 'layers wait'} for that.")
    return texts
