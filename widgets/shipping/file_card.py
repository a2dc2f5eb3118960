"""Cards of files that were written: what they are, how they were proven, where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.controls import Button, Card, Chip, Elided, FieldRow, ToolButton, label


class FileCard(Card):
    """One file: its name, facts, a verdict where there is one, and the way to its folder."""

    folder_requested = Signal(str)

    def __init__(self, title: str, name: str) -> None:
        super().__init__(title)
        self.path = ""
        self.name, self.verdict = Elided("", "heading"), Chip()
        self.none = label("", "dim", wrap=True)
        self.button = ToolButton("folder", "Show in folder", name)
        self.button.setProperty("small", True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.tools.addWidget(self.verdict)
        self.body.addWidget(self.none)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.button)
        self.body.addLayout(head)
        self.body.addLayout(self._rows)
        self.button.clicked.connect(lambda: self.folder_requested.emit(self.path))

    def show_file(self, path: str, facts: list[tuple[str, str]], verdict: tuple[str, str] = ("", "")) -> None:
        """Show the file at ``path`` with its ``facts``."""
        self.path = path
        self._clear_rows()
        known = [(name, value) for name, value in facts if value]
        for place, (name, value) in enumerate(known):
            self._rows.addWidget(FieldRow(name, value, last=place == len(known) - 1))
        self.name.setText(Path(path).name)
        self.name.setToolTip(path)
        self.verdict.set_state(*verdict)
        self._turn(there=True)
        self.verdict.setVisible(bool(verdict[0]))

    def show_none(self, sentence: str = "") -> None:
        """Say why there is no file."""
        self.path = ""
        self._clear_rows()
        self.none.setText(sentence)
        self._turn(there=False)

    def _turn(self, there: bool) -> None:
        for part in (self.name, self.button):
            part.setVisible(there)
        self.none.setVisible(not there)
        self.verdict.hide()

    def _clear_rows(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()


class EngineFileCard(FileCard):
    """The file in a format of the engine's own, with a button for each format it writes."""

    save_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__("Engine’s own file", "ship_show_own")
        self.buttons: dict[str, Button] = {}
        self._sentence = ""
        self._actions = QWidget()
        self._line = QHBoxLayout(self._actions)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(8)
        self.body.addWidget(self._actions)

    def set_formats(self, engine: str, endings: Sequence[str]) -> None:
        """Offer ``endings``; without any the card is not there."""
        self.setVisible(bool(endings))
        if list(self.buttons) == list(endings):
            return
        while (item := self._line.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.buttons = {ending: self._button(ending) for ending in endings}
        self._line.addStretch(1)
        self._sentence = f"What {engine} opens without Modelwright; read again and proven like ONNX."
        self.show_none()

    def show_none(self, sentence: str = "") -> None:
        """Say what such a file is for."""
        super().show_none(sentence or self._sentence)

    def _button(self, ending: str) -> Button:
        made = Button(f"Save .{ending}", f"ship_save_{ending}", small=True)
        made.clicked.connect(lambda: self.save_requested.emit(ending))
        self._line.addWidget(made)
        return made
