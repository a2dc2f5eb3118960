"""The Settings room: the engines at the left with the page about one of them, appearance, bin, debugging."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from widgets.controls.buttons import Button
from widgets.controls.card import Card
from widgets.controls.flow import FlowRow
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label, named
from widgets.look.theme import scaled, theme
from widgets.look.tokens import GAP
from widgets.settings.engine_list import EngineList
from widgets.settings.engine_page import EnginePage
from widgets.settings.views import EngineView

SIDE, PAGE = 264, 1600
_THEMES = (("system", "System"), ("light", "Light"), ("dark", "Dark"))


class SettingsRoom(QWidget):
    """Shows what is chosen by ``set_…``; tells by signals what a person chooses.

    Signals about an engine carry its name first.
    """

    theme_chosen = Signal(str)
    in_process_changed = Signal(bool)
    empty_bin_requested = Signal()
    engine_opened = Signal(str)
    probe_requested = Signal(str)
    mend_requested = Signal(str, str)
    interpreter_chosen = Signal(str, str)
    discover_requested = Signal(str)
    browse_requested = Signal(str)
    cancel_requested = Signal(str)
    install_closed = Signal(str)
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_room")
        self.themes: dict[str, QRadioButton] = {}
        self.in_process = named(
            QCheckBox("Run inside this process"), "run_in_process", "Run the engine inside this process"
        )
        self.bin = label("", "dim", wrap=True)
        self.empty_bin = Button("Empty …", "empty_bin", small=True)
        self.engines = EngineList()
        self.engine_pages: dict[str, EnginePage] = {}
        self._group = QButtonGroup(self)
        self._pages = QVBoxLayout()
        self._build()
        self._connect()

    def set_theme(self, scheme: str) -> None:
        """Show which theme is chosen, without a signal."""
        self.themes[scheme].setChecked(True)

    def set_in_process(self, inside: bool) -> None:
        """Show whether the engine runs inside this process, without a signal."""
        with QSignalBlocker(self.in_process):
            self.in_process.setChecked(inside)

    def set_bin(self, content: str, *, can_be_emptied: bool) -> None:
        """Show what the project's bin holds."""
        self.bin.setText(content)
        self.empty_bin.set_enabled(can_be_emptied, "There is nothing in it.")

    def set_engines(self, views: Sequence[EngineView]) -> None:
        """List the engines; the page that is open stays so."""
        begun = [view.name for view in views if view.state == "installing" and not self._installs(view.name)]
        self.engines.set_engines(views)
        for view in views:
            self._page(view).show_view(view)
        self._set_tab_order()
        if self.engines.key in begun:
            self._right.verticalScrollBar().setValue(0)  # its progress is at the top
        if self.engines.key not in self.engine_pages and views:
            self.open_engine(views[0].name)

    def open_engine(self, name: str) -> None:
        """Show the page of an engine, without a signal."""
        if name in self.engine_pages:
            self.engines.choose(name)
            for key, page in self.engine_pages.items():
                page.setVisible(key == name)
            self._right.verticalScrollBar().setValue(0)

    def open_interpreters(self, name: str) -> None:
        """Drop the list of interpreters of an engine."""
        self.open_engine(name)
        self.engine_pages[name].interpreter.open_choice()

    def add_install_lines(self, name: str, lines: Sequence[str]) -> None:
        """Add what an engine's installer said to its log."""
        if name in self.engine_pages:
            self.engine_pages[name].install.add_lines(lines)

    def _set_tab_order(self) -> None:
        """Let Tab go as the eye does: the engines, what is beneath them, then the page from its top."""
        order: list[QWidget] = [*self.engines.items.values(), *self.themes.values()]
        order += [self.empty_bin, self.in_process]
        for page in self.engine_pages.values():
            order += page.in_tab_order()
        for one, following in pairwise(order):
            QWidget.setTabOrder(one, following)

    def _installs(self, name: str) -> bool:
        item = self.engines.items.get(name)
        return item is not None and item.view.state == "installing"

    def _page(self, view: EngineView) -> EnginePage:
        if view.name not in self.engine_pages:
            made = EnginePage(view.name, view.title)
            made.hide()  # a page that is not open takes no room
            self.engine_pages[view.name] = made
            self._pages.addWidget(made)
            self._connect_page(made)
        return self.engine_pages[view.name]

    def _build(self) -> None:
        left = _column([self._engine_card(), self._appearance(), self._bin_card(), self._debugging()])
        self._left, self._right = Scrolling(left, width=_side_width()), Scrolling(self._page_area())
        whole = QHBoxLayout(self)
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        whole.addWidget(self._left)
        whole.addWidget(self._right, 1)

    def _page_area(self) -> QWidget:
        pages = QWidget()
        pages.setLayout(self._pages)
        self._pages.setContentsMargins(0, 0, 0, 0)
        made = _column([pages])
        made.setMaximumWidth(scaled(PAGE))
        return made

    def _engine_card(self) -> Card:
        card = Card("Engines")
        card.body.addWidget(self.engines)
        return card

    def _appearance(self) -> Card:
        card = Card("Appearance")
        row = FlowRow(across=8)
        for key, words in _THEMES:
            button = named(QRadioButton(words), f"theme_{key}", f"Theme: {words}")
            self.themes[key] = button
            self._group.addButton(button)
            row.add(button)
        card.body.addWidget(row)
        return card

    def _debugging(self) -> Card:
        card = Card("Debugging")
        card.body.addWidget(self.in_process)
        card.body.addWidget(
            label(
                "For breakpoints. Slower, and a crash takes the window with it. Counts from the next start.",
                "dim",
                wrap=True,
            )
        )
        return card

    def _bin_card(self) -> Card:
        card = Card("Bin")
        card.body.addWidget(self.bin)
        card.tools.addWidget(self.empty_bin)
        self.empty_bin.setAccessibleName("Empty the bin of this project")
        self.set_bin("", can_be_emptied=False)
        return card

    def _connect(self) -> None:
        self.empty_bin.clicked.connect(self.empty_bin_requested)
        for key, button in self.themes.items():
            button.clicked.connect(lambda _=False, key=key: self.theme_chosen.emit(key))
        self.in_process.toggled.connect(self.in_process_changed)
        self.engines.chosen.connect(self._on_engine_chosen)

    def _connect_page(self, page: EnginePage) -> None:
        name = page.name
        page.probe_requested.connect(lambda: self.probe_requested.emit(name))
        page.mend_requested.connect(lambda mend: self.mend_requested.emit(name, mend))
        page.interpreter_chosen.connect(lambda python: self.interpreter_chosen.emit(name, python))
        page.discover_requested.connect(lambda: self.discover_requested.emit(name))
        page.browse_requested.connect(lambda: self.browse_requested.emit(name))
        page.cancel_requested.connect(lambda: self.cancel_requested.emit(name))
        page.install_closed.connect(lambda: self.install_closed.emit(name))
        page.help_requested.connect(self.help_requested)

    def _on_engine_chosen(self, name: str) -> None:
        self.open_engine(name)
        self.engine_opened.emit(name)


def _column(parts: Sequence[QWidget]) -> QWidget:
    made = QWidget()
    made.setProperty("clear", True)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    return made


def _side_width() -> int:
    """Return the left column's width: with large text its words grow, its margins do not."""
    return SIDE + round(190 * (theme().scale - 1))
