"""The Settings room: appearance, engines and where they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engines.contract.capabilities import EngineReport
from widgets.controls.buttons import Button
from widgets.controls.card import Card, Hairline
from widgets.controls.marks import Chip
from widgets.controls.text import label, named
from widgets.look.theme import scaled
from widgets.look.tokens import GAP

_THEMES = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
_STATES = {
    "ready": ("ready", "good"),
    "checking": ("looking …", "busy"),
    "missing": ("not installed", ""),
    "broken": ("does not start", "bad"),
}


@dataclass(frozen=True)
class EngineLine:
    """One engine: ``state`` is ready, checking, missing or broken; ``install`` the command that brings it."""

    name: str
    title: str
    state: str
    report: EngineReport | None = None
    install: str = ""
    reason: str = ""
    facts: Sequence[str] = field(default_factory=tuple)


class EngineRow(QWidget):
    """An engine with its version and devices, or how to get it."""

    install_requested = Signal(str)
    probe_requested = Signal(str)

    def __init__(self, line: EngineLine) -> None:
        super().__init__()
        self.line = line
        self.button = self._button()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(_heading(line), "heading"))
        words.addWidget(label(_sentence(line), "dim", wrap=True))
        chip_text, severity = _STATES[line.state]
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 8, 0, 8)
        across.setSpacing(12)
        across.addLayout(words, 1)
        across.addWidget(Chip(chip_text, severity))
        across.addWidget(self.button)

    def _button(self) -> Button:
        missing = self.line.state == "missing"
        text = "Copy command" if missing else "Look again"
        name = f"engine_{self.line.name}_{'install' if missing else 'probe'}"
        made = Button(text, name, small=True)
        made.setAccessibleName(f"{text}: {self.line.title}")
        made.setEnabled(self.line.state != "checking")
        made.clicked.connect(self._on_button_clicked)
        return made

    def _on_button_clicked(self) -> None:
        if self.line.state != "missing":
            self.probe_requested.emit(self.line.name)
            return
        QGuiApplication.clipboard().setText(self.line.install)
        self.button.setText("Copied")
        self.install_requested.emit(self.line.name)


def _heading(line: EngineLine) -> str:
    return f"{line.title} {line.report.version}" if line.report else line.title


def _sentence(line: EngineLine) -> str:
    if line.reason:
        return line.reason
    if line.report is not None:
        devices = ", ".join(device.title for device in line.report.devices)
        return " · ".join([devices, *line.facts])
    return f"Install it with: {line.install}" if line.install else ""


class SettingsRoom(QWidget):
    """Shows what is chosen by ``set_…``; tells by signals what a person chooses."""

    theme_chosen = Signal(str)
    motion_reduced = Signal(bool)
    in_process_changed = Signal(bool)
    install_requested = Signal(str)
    probe_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_room")
        self.themes: dict[str, QRadioButton] = {}
        self.reduced = named(QCheckBox("Reduce motion"), "reduce_motion", "Reduce motion")
        self.in_process = named(
            QCheckBox("Run inside this process"), "run_in_process", "Run the engine inside this process"
        )
        self.rows: list[EngineRow] = []
        self._group = QButtonGroup(self)
        self._engines = QVBoxLayout()
        self._build()
        self._connect()

    def set_theme(self, scheme: str) -> None:
        """Show which theme is chosen, without a signal."""
        self.themes[scheme].setChecked(True)

    def set_switches(self, *, reduced_motion: bool, in_process: bool) -> None:
        """Show the switches, without a signal."""
        for box, on in ((self.reduced, reduced_motion), (self.in_process, in_process)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)

    def set_engines(self, lines: Sequence[EngineLine]) -> None:
        """List the engines."""
        while (item := self._engines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self.rows = [EngineRow(line) for line in lines]
        for place, row in enumerate(self.rows):
            row.install_requested.connect(self.install_requested)
            row.probe_requested.connect(self.probe_requested)
            if place:
                self._engines.addWidget(Hairline())
            self._engines.addWidget(row)

    def _build(self) -> None:
        inner = QWidget()
        inner.setProperty("clear", True)
        inner.setMaximumWidth(scaled(760))
        column = QVBoxLayout(inner)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(label("Settings", "title"))
        column.addWidget(self._appearance())
        column.addWidget(self._engine_card())
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _appearance(self) -> Card:
        card = Card("Appearance")
        line = QHBoxLayout()
        line.setSpacing(16)
        for key, words in _THEMES:
            button = named(QRadioButton(words), f"theme_{key}", f"Theme: {words}")
            self.themes[key] = button
            self._group.addButton(button)
            line.addWidget(button)
        line.addStretch(1)
        card.body.addLayout(line)
        card.body.addWidget(self.reduced)
        return card

    def _engine_card(self) -> Card:
        card = Card("Engines", "What trains a design; each runs in a process of its own")
        self._engines.setSpacing(0)
        card.body.addLayout(self._engines)
        card.body.addWidget(Hairline())
        card.body.addWidget(self.in_process)
        card.body.addWidget(
            label(
                "For breakpoints in one process. Training is slower, a crash takes the window with it, "
                "and the choice counts from the next start.",
                "dim",
                wrap=True,
            )
        )
        return card

    def _connect(self) -> None:
        for key, button in self.themes.items():
            button.clicked.connect(lambda _=False, key=key: self.theme_chosen.emit(key))
        self.reduced.toggled.connect(self.motion_reduced)
        self.in_process.toggled.connect(self.in_process_changed)
