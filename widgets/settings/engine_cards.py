"""The cards of an engine's page: its interpreter, versions and facts, devices, and what goes here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engines.contract.capabilities import DeviceView
from widgets.controls.buttons import Button, ToolButton
from widgets.controls.card import Card, Hairline
from widgets.controls.drops import DropButton, DropRow
from widgets.controls.fields import FieldRow
from widgets.controls.table import Column, Table
from widgets.controls.text import Elided, label
from widgets.look.icons import icon_pixmap
from widgets.look.theme import scaled, theme
from widgets.settings.views import EngineView

BROWSE, DISCOVER = "browse", "discover"
_GIB = 1 << 30


def clear(column: QVBoxLayout) -> None:
    """Take every widget out of ``column`` and let it go."""
    while (item := column.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()


class InterpreterCard(Card):
    """Where the engine runs, the choice of another place, and what can be made there."""

    interpreter_chosen = Signal(str)
    discover_requested = Signal()
    browse_requested = Signal()
    mend_requested = Signal(str)

    def __init__(self, name: str, title: str) -> None:
        super().__init__("Interpreter")
        self._name, self._title = name, title
        self.choice = DropButton(f"interpreter_{name}", f"Interpreter of {title}", elides=True)
        self.choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.path = Elided("", "dim")
        self.path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = ToolButton("copy", "Copy the path", f"interpreter_copy_{name}")
        self.copy.setAccessibleName(f"Copy the path of {title}’s interpreter")
        self.place = label("", "dim", wrap=True)
        self.buttons: dict[str, Button] = {}
        self._buttons = QHBoxLayout()
        self._discovered = False
        self._fill()
        self._connect()

    def show_view(self, view: EngineView, *, busy: bool) -> None:
        """Show the choices and the one that is in force."""
        spoken = f"Interpreter of {self._title}"
        more = [
            DropRow(BROWSE, "Browse …", "Choose any other Python by its file", short=f"{spoken}: browse"),
            DropRow(
                DISCOVER,
                "Look for others again",
                "Asks every Python on this machine",
                short=f"{spoken}: look for others",
            ),
        ]
        self.choice.set_rows(view.interpreters, view.interpreter, more)
        self.choice.setEnabled(not busy and bool(view.interpreters))
        self.path.setText(view.python)
        self.copy.setVisible(bool(view.python))
        self.place.setText(view.place)
        self.place.setVisible(bool(view.place))
        self._set_buttons(view.mends, busy=busy)

    def open_choice(self) -> None:
        """Drop the list of interpreters."""
        self.choice.setFocus()
        self.choice.menu().popup(self.choice.mapToGlobal(self.choice.rect().bottomLeft()))

    def _set_buttons(self, mends: Sequence[tuple[str, str]], *, busy: bool) -> None:
        wanted = dict(mends)
        for key in self.buttons.keys() - wanted.keys():
            gone = self.buttons.pop(key)
            gone.hide()
            gone.deleteLater()
        for key, words in mends:
            if key not in self.buttons:
                self._add_button(key, words)
            self.buttons[key].setEnabled(not busy)

    def _add_button(self, key: str, words: str) -> None:
        button = Button(words, f"engine_{self._name}_{key}", small=True)
        button.setAccessibleName(f"{words}: {self._title}")
        button.clicked.connect(lambda: self.mend_requested.emit(key))
        self.buttons[key] = button
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def _fill(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.path, 1)
        line.addWidget(self.copy)
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self.body.addWidget(self.choice)
        self.body.addLayout(line)
        self.body.addWidget(self.place)
        self.body.addLayout(self._buttons)
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.choice.chosen.connect(self.interpreter_chosen)
        self.choice.more_chosen.connect(self._on_more_chosen)
        self.choice.menu().aboutToShow.connect(self._on_menu_opening)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.path.text()))

    def _on_menu_opening(self) -> None:
        if not self._discovered:
            self._discovered = True
            self.discover_requested.emit()

    def _on_more_chosen(self, key: str) -> None:
        (self.browse_requested if key == BROWSE else self.discover_requested).emit()


class FactsCard(Card):
    """Versions, CUDA and driver: a title and a value in each row."""

    def __init__(self) -> None:
        super().__init__("Versions")
        self._facts: Sequence[tuple[str, str]] | None = None
        self.body.setSpacing(0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self.body.addStretch(1)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show ``facts``, or that there are none yet."""
        self.setVisible(bool(facts))
        if facts == self._facts:
            return
        self._facts = facts
        clear(self._rows)
        for place, (title, value) in enumerate(facts):
            self._rows.addWidget(FieldRow(title, value, last=place == len(facts) - 1))


class DevicesCard(Card):
    """The devices that the engine found, with their memory."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__("Devices", "as the engine lists them")
        columns = (
            Column("Device"),
            Column("Name", tip="What a job and the command line call it"),
            Column("Memory", number=True, shown=_memory),
        )
        self.table = Table(columns, f"devices_{name}", f"Devices of {title}", filtered=False)
        self._count = 0
        self.body.addWidget(self.table)
        self.body.addStretch(1)
        theme().themed.connect(self._fit)

    def show_devices(self, devices: Sequence[DeviceView]) -> None:
        """Show ``devices``; without any the card hides."""
        self.setVisible(bool(devices))
        rows = [(device.title, device.name, device.memory_bytes) for device in devices]
        self.table.set_rows([device.name for device in devices], rows)
        self._count = len(devices)
        self._fit()

    def _fit(self) -> None:
        """Be as high as the rows are: the page scrolls, not the table."""
        self.table.setFixedHeight(scaled(32) * self._count + scaled(34) + 4)


def _memory(size: int) -> str:
    return f"{size / _GIB:,.1f} GB" if size else "–"


class _Mark(QLabel):
    def __init__(self, goes: bool) -> None:
        super().__init__()
        self._icon, self._role = ("check", "good") if goes else ("minus", "faint")
        theme().themed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(icon_pixmap(self._icon, self._role, 16, self.devicePixelRatioF()))


class AbilitiesCard(Card):
    """What is supported here and what is not, with the reason."""

    def __init__(self) -> None:
        super().__init__("Supported here")
        self._shown: object = None
        self.body.setSpacing(0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self.body.addStretch(1)

    def show_view(self, view: EngineView) -> None:
        """Show precisions and ways to run, or execution providers."""
        self.setVisible(bool(view.abilities or view.providers))
        shown = (view.abilities, view.providers)
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._rows)
        for section in view.abilities:
            self._add_heading(section.title)
            for row in section.rows:
                self._add_row(row.title, row.reason or row.detail, goes=not row.reason)
        if view.providers:
            self._add_heading("Execution providers")
            for name, words, reason in view.providers:
                self._add_row(name, reason or words, goes=not reason)

    def _add_heading(self, title: str) -> None:
        words = label(title, "caption")
        words.setContentsMargins(0, 8 if self._rows.count() else 0, 0, 2)
        self._rows.addWidget(words)

    def _add_row(self, title: str, words: str, *, goes: bool) -> None:
        row = QWidget()
        line = QHBoxLayout()
        line.setContentsMargins(0, 5, 0, 5)
        line.setSpacing(8)
        line.addWidget(_Mark(goes))
        line.addWidget(label(title, "body" if goes else "dim"))
        beside = Elided(words, "dim")
        beside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(beside, 1)
        whole = QVBoxLayout(row)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(line)
        whole.addWidget(Hairline())
        self._rows.addWidget(row)
