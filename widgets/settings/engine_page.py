"""The page about one engine: how it is, what the doctor found, where it runs, what it has."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.buttons import Button, ToolButton
from widgets.controls.marks import Chip
from widgets.controls.messages import MessagePanel
from widgets.controls.text import Elided, label, set_property
from widgets.look.theme import scaled
from widgets.look.tokens import GAP
from widgets.settings.engine_cards import AbilitiesCard, DevicesCard, FactsCard, InterpreterCard
from widgets.settings.install_panel import InstallPanel
from widgets.settings.views import SKIP, STARTING, STATES, EngineView, FindingLine

PAIR, TRIPLE = 700, 1240
"""So wide a page has its cards two or three in a row."""
_ICONS = {"note": "info", "missing": "info"}
"""A note and what is merely missing are nothing bad; the one is quiet, the other asks for a click."""


class EnginePage(QWidget):
    """Shows what it is given; tells what a person asks for, beside the engine's name."""

    probe_requested = Signal()
    mend_requested = Signal(str)
    interpreter_chosen = Signal(str)
    discover_requested = Signal()
    browse_requested = Signal()
    cancel_requested = Signal()
    install_closed = Signal()
    help_requested = Signal()

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(f"engine_page_{name}")
        self.name, self._engine_title = name, title
        self.title, self.summary = Elided(title, "title"), label("", "dim", wrap=True)
        self.chip = Chip()
        self.again = Button("Look again", f"engine_{name}_probe", small=True)
        self.again.setAccessibleName(f"Look again: {title}")
        self.help = ToolButton("help", "About engines and their environments", f"engine_{name}_help")
        self.panels: list[MessagePanel] = []
        self.install = InstallPanel(name, title)
        self.interpreter = InterpreterCard(name, title)
        self.facts, self.devices = FactsCard(), DevicesCard(name, title)
        self.abilities = AbilitiesCard()
        self._findings: tuple[FindingLine, ...] = ()
        self._messages = QVBoxLayout()
        self._across = QHBoxLayout()
        self._across.setSpacing(GAP)
        self._sides = (QVBoxLayout(), QVBoxLayout(), QVBoxLayout())
        self._columns = 0
        self._build()
        self._connect()

    def show_view(self, view: EngineView) -> None:
        """Show the engine as it is now."""
        busy = view.state in ("checking", "installing")
        self.title.setText(f"{view.title} {view.version}".strip())
        words, severity = STATES[view.state]
        self.chip.set_state(STARTING.format(seconds=view.seconds) if view.seconds else words, severity)
        self.summary.setText(view.summary)
        self.summary.setVisible(bool(view.summary))
        self.again.setEnabled(not busy)
        self._show_findings(() if view.state == "installing" else view.findings, busy=busy)
        self.install.show_install(view.install)
        self.interpreter.show_view(view, busy=busy)
        self.facts.show_facts(view.facts)
        report = view.health.report if view.health else None
        self.devices.show_devices(report.devices if report else ())
        self.abilities.show_view(view)

    def in_tab_order(self) -> list[QWidget]:
        """Return what takes the keyboard, as the eye meets it."""
        found: list[QWidget] = [self.again, self.help]
        for panel in self.panels:
            found += [panel.button, panel.copy]
        found += [self.install.copy, self.install.cancel, self.install.close_button, self.install.log]
        card = self.interpreter
        return [*found, card.choice, card.copy, *card.buttons.values(), self.devices.table.view]

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _show_findings(self, findings: Sequence[FindingLine], *, busy: bool) -> None:
        if tuple(findings) != self._findings:
            self._findings = tuple(findings)
            while self.panels:
                gone = self.panels.pop()
                gone.hide()
                gone.deleteLater()
            for place, finding in enumerate(findings):
                self._add_panel(finding, place)
        for panel, finding in zip(self.panels, findings):
            panel.button.setEnabled(not busy or finding.mend == SKIP)

    def _add_panel(self, finding: FindingLine, place: int) -> None:
        panel = MessagePanel(self)  # shown without a parent it would be a window
        panel.show_message(
            finding.what,
            finding.why,
            finding.todo,
            severity=_ICONS.get(finding.severity, finding.severity),
            action=finding.mend,
            action_text=finding.button,
            details=finding.details,
            closable=False,
        )
        if finding.severity == "note":
            set_property(panel, "panel", "note")
        set_property(panel.button, "kind", "plain" if place else "primary")
        panel.button.setObjectName(f"mend_{self.name}_{place}")
        panel.button.setAccessibleName(f"{finding.button}: {self._engine_title}" if finding.button else "–")
        panel.copy.setObjectName(f"finding_copy_{self.name}_{place}")
        panel.close_button.setObjectName(f"finding_close_{self.name}_{place}")
        panel.action_requested.connect(self.mend_requested)
        self.panels.append(panel)
        self._messages.addWidget(panel)

    def _build(self) -> None:
        names = QHBoxLayout()
        names.setSpacing(12)
        names.addWidget(self.title)
        names.addWidget(self.chip)
        names.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(names)
        words.addWidget(self.summary)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(words, 1)
        head.addWidget(self.again)
        head.addWidget(self.help)
        self._messages.setSpacing(8)
        for side in self._sides:
            side.setSpacing(GAP)
            side.addStretch(1)
            self._across.addLayout(side)
        for card in (self.interpreter, self.facts, self.devices, self.abilities):
            card.setParent(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addLayout(head)
        whole.addLayout(self._messages)
        whole.addWidget(self.install)
        whole.addLayout(self._across)
        whole.addStretch(1)

    def _arrange(self) -> None:
        """Lay the cards in three columns or two, or beneath one another where there is no room."""
        columns = 1 + sum(self.width() >= scaled(wide) for wide in (PAIR, TRIPLE))
        if columns == self._columns:
            return
        self._columns = columns
        for side, shown in zip(self._sides, self._shares(columns)):
            for card in shown:
                self._leave(card)
                side.insertWidget(side.count() - 1, card)
        for place in range(len(self._sides)):
            self._across.setStretch(place, int(place < columns))

    def _shares(self, columns: int) -> tuple[tuple[QWidget, ...], ...]:
        """Return which cards stand in which column, from the top."""
        interpreter, facts, devices, abilities = self.interpreter, self.facts, self.devices, self.abilities
        if columns == 1:
            return (interpreter, facts, devices, abilities), (), ()
        if columns == 2:
            return (interpreter, abilities), (facts, devices), ()
        return (interpreter, devices), (abilities,), (facts,)

    def _leave(self, card: QWidget) -> None:
        for side in self._sides:
            side.removeWidget(card)

    def _connect(self) -> None:
        self.again.clicked.connect(self.probe_requested)
        self.help.clicked.connect(self.help_requested)
        self.install.cancel_requested.connect(self.cancel_requested)
        self.install.closed.connect(self.install_closed)
        card = self.interpreter
        card.interpreter_chosen.connect(self.interpreter_chosen)
        card.discover_requested.connect(self.discover_requested)
        card.browse_requested.connect(self.browse_requested)
        card.mend_requested.connect(self.mend_requested)
