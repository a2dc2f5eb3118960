"""The head of the Compare room: the verdict, the number that decides, and where every engine is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.comparing.shown import ComparisonView, EngineLine
from widgets.comparing.traces import EngineSample
from widgets.controls.buttons import Button, ToolButton
from widgets.controls.card import Card
from widgets.controls.drops import DropButton, DropRow
from widgets.controls.flow import FlowRow
from widgets.controls.marks import Chip, ProgressBar
from widgets.controls.text import Elided, label, set_property
from widgets.look.icons import icon_pixmap
from widgets.look.theme import scaled, theme

_SIGNS = {"good": ("check", "good"), "warning": ("warning", "warning"), "bad": ("error", "bad")}


class _EngineMark(QWidget):
    """One engine: a piece of its line, its name, its state; why it failed is its tooltip."""

    def __init__(self, place: int, line: EngineLine) -> None:
        super().__init__()
        self.title, self.chip = label(line.title, "heading"), Chip()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (EngineSample(place), self.title, self.chip):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self.show_line(line)

    def show_line(self, line: EngineLine) -> None:
        self.title.setText(line.title)
        self.chip.set_state(line.state, line.severity)
        self.setToolTip(line.reason)


class VerdictHead(Card):
    """Says what the comparison comes to; tells what a person wants done with it."""

    resume_requested = Signal()
    compare_requested = Signal()
    comparison_chosen = Signal(str)
    delete_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sign = QLabel()
        self.verdict = label("", "title", wrap=True)
        self.where = Elided("", "dim")
        self.further = label("", "body", wrap=True)
        self.figure_title, self.figure = label("Largest difference", "dim"), label("", "value")
        self.figure_note = label("", "caption")
        self.bar = ProgressBar("compare_progress", "Progress of the comparison")
        self.stage = label("", "dim")
        self._going = QWidget(self)
        self._going.hide()
        self.known = DropButton("compare_known", "Comparison", elides=True)
        self.copy = ToolButton("copy", "Copy the verdict", "compare_copy")
        self.delete = ToolButton("trash", "Move this comparison to the bin", "compare_delete")
        self.compare = Button("Compare engines", "compare_again", icon_name="compare", small=True)
        self.resume = Button("Go on", "compare_resume", kind="primary", icon_name="play", small=True)
        self._marks: list[_EngineMark] = []
        self._severity, self._several = "", False
        self._compose()
        self._connect()

    @override
    def minimumSizeHint(self) -> QSize:
        """Ask for little: the height follows from the width, and is far less than at the narrowest."""
        return QSize(super().minimumSizeHint().width(), scaled(96))

    def show_view(self, view: ComparisonView) -> None:
        """Show a comparison as it is now."""
        self._severity = view.severity
        self.verdict.setText(view.verdict)
        self.where.setText(view.where)
        self.further.setText(" ".join(view.further))
        self.further.setVisible(bool(view.further))
        self.figure.setText(view.figure)
        self.figure_note.setText(view.figure_note)
        set_property(self.figure, "severity", view.figure_severity)
        for number in (self.figure, self.figure_title, self.figure_note):
            number.setVisible(bool(view.figure))
        self._going.setVisible(view.running)
        self.stage.setText(view.stage)
        self.bar.set_share(view.share)
        self.resume.setVisible(view.resumable and not view.running)
        for tool in (self.compare, self.delete):
            tool.setVisible(not view.running)
        self.known.setVisible(self._several and not view.running)
        self._show_engines(view.engines)
        self._draw_sign()

    def set_known(self, rows: Sequence[DropRow], key: str) -> None:
        """Offer earlier comparisons."""
        self.known.set_rows(rows, key)
        self._several = len(rows) > 1
        self.known.setVisible(self._several and not self.bar.isVisible())

    def words(self) -> str:
        """Return the verdict as text to copy."""
        return "\n".join(
            part for part in (self.verdict.text(), self.further.text(), self.where.text()) if part
        )

    def _show_engines(self, lines: Sequence[EngineLine]) -> None:
        if len(lines) != len(self._marks):
            self.strip.clear()
            self._marks = [_EngineMark(place, line) for place, line in enumerate(lines)]
            for mark in self._marks:
                self.strip.add(mark)
        for mark, line in zip(self._marks, lines):
            mark.show_line(line)

    def _draw_sign(self) -> None:
        name, role = _SIGNS.get(self._severity, ("compare", "accent"))
        self.sign.setPixmap(icon_pixmap(name, role, 28, self.devicePixelRatioF()))

    def _compose(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        for part in (self.verdict, self.further, self.where):
            words.addWidget(part)
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        for number in (self.figure_title, self.figure, self.figure_note):
            number.setAlignment(Qt.AlignmentFlag.AlignRight)
            numbers.addWidget(number)
        numbers.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(14)
        upper.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        upper.addLayout(words, 1)
        upper.addLayout(numbers)
        self.strip = FlowRow()
        tools = QHBoxLayout()
        tools.setSpacing(8)
        tools.addWidget(self.strip, 1)
        for tool in (self.copy, self.delete, self.known, self.compare, self.resume):
            tools.addWidget(tool, 0, Qt.AlignmentFlag.AlignVCenter)
        going = QHBoxLayout(self._going)
        going.setSpacing(12)
        going.setContentsMargins(0, 4, 0, 4)
        going.addWidget(self.stage)
        going.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(upper)
        self.body.addWidget(self._going)
        self.body.addLayout(tools)

    def _connect(self) -> None:
        self.resume.clicked.connect(self.resume_requested)
        self.compare.clicked.connect(self.compare_requested)
        self.known.chosen.connect(self.comparison_chosen)
        self.delete.clicked.connect(self.delete_requested)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.words()))
        theme().themed.connect(self._draw_sign)
