"""The window's one frame: header, rail, rooms made when they are first opened, status line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.command_palette import CommandPalette
from widgets.controls.drops import DropRow, DropSection
from widgets.controls.messages import MessagePanel
from widgets.frame.header import Header
from widgets.frame.rail import Rail
from widgets.frame.status import StatusLine
from widgets.look.tokens import GAP


@dataclass
class _Room:
    title: str
    factory: Callable[[], QWidget]
    page: QWidget | None = None


class Shell(QWidget):
    """Knows no room by name; the window adds them, in the order of the work."""

    room_chosen = Signal(str)
    room_made = Signal(str)
    engine_chosen = Signal(str)
    device_chosen = Signal(str)
    mode_chosen = Signal(str, str)
    more_of_engines = Signal(str)
    train_requested = Signal()
    debug_requested = Signal(bool)
    pause_requested = Signal()
    resume_requested = Signal()
    stop_keep_requested = Signal()
    stop_discard_requested = Signal()
    help_requested = Signal(str)
    message_action = Signal(str)
    run_state_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shell")
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.header, self.rail, self.status = Header(), Rail(), StatusLine()
        self.pages = QStackedWidget()
        self.message = MessagePanel()
        self.palette_dialog = CommandPalette(self)
        self.key = ""
        self._rooms: dict[str, _Room] = {}
        self._actions: dict[str, QAction] = {}
        self._idle: list[str] = []
        self._build()
        self._build_actions()
        self._connect()
        self.set_run_state("idle")

    def add_room(
        self, key: str, title: str, icon: str, factory: Callable[[], QWidget], *, bottom: bool = False
    ) -> None:
        """Add a room, opened by Ctrl+1 … (Ctrl+, at the bottom); ``factory`` runs when it first is."""
        self._rooms[key] = _Room(title, factory)
        self.rail.add(key, title, icon, bottom=bottom)
        if len(self._rooms) == 1:
            QWidget.setTabOrder(self.header.stop, self.rail.buttons[key])
        keys = "Ctrl+," if bottom else f"Ctrl+{len(self._rooms)}"
        action = self._action(f"room_{key}", f"Go to {title}", keys, lambda: self.open_room(key))
        self.rail.buttons[key].setToolTip(f"{title} ({action.shortcut().toString()})")

    def open_room(self, key: str) -> QWidget:
        """Show a room, made now if it was not yet; return it."""
        page = self.make_room(key)
        changed, self.key = key != self.key, key
        self.pages.setCurrentWidget(page)
        self._end_tab_order()
        self.rail.check(key)
        if changed:
            self.room_chosen.emit(key)
        return page

    def _end_tab_order(self) -> None:
        """Let Tab end at the status line: rooms get new parts at any time, behind all that there was."""
        end, last = self.status.actions_button, self.window().previousInFocusChain()
        while last is not None and last is not end:
            if last.focusPolicy() != Qt.FocusPolicy.NoFocus:
                QWidget.setTabOrder(last, end)
                break
            last = last.previousInFocusChain()

    def make_room(self, key: str) -> QWidget:
        """Return a room's page, made now if it was not yet, without showing it."""
        room = self._rooms[key]
        if room.page is None:
            room.page = room.factory()
            self.pages.addWidget(room.page)
            self.room_made.emit(key)
        return room.page

    def room(self, key: str) -> QWidget | None:
        """Return a room's page if it has been made."""
        return self._rooms[key].page

    def action(self, name: str) -> QAction:
        """Return an action of the frame: train, pause, stop_keep, stop_discard, help, palette, room_KEY."""
        return self._actions[name]

    def add_action(
        self, name: str, text: str, keys: str, slot: Callable[[], object], *, idle: bool = False
    ) -> QAction:
        """Add an action of the whole window, which Ctrl+K finds; return it.

        ``idle``: it cannot be done while a run is going on.
        """
        if idle:
            self._idle.append(name)
        return self._action(name, text, keys, slot)

    def set_project(self, name: str, model: str) -> None:
        """Show the names of project and model."""
        self.header.set_names(name, model)

    def set_badge(self, text: str, severity: str = "warning") -> None:
        """Show a short word beside the names ("" takes it away)."""
        self.header.set_badge(text, severity)

    def set_engines(self, rows: Sequence[DropRow], key: str = "", more: Sequence[DropRow] = ()) -> None:
        """Offer engines; a row with a reason is there and cannot be chosen; ``more`` stands below them."""
        self.header.engine.set_rows(rows, key, more)

    def set_devices(self, rows: Sequence[DropRow], key: str = "") -> None:
        """Offer devices; a row with a reason is there and cannot be chosen."""
        self.header.device.set_rows(rows, key)

    def set_modes(self, sections: Sequence[DropSection]) -> None:
        """Offer precisions and ways to run; a row with a reason is there and cannot be chosen."""
        self.header.mode.set_sections(sections)

    def set_trainable(self, can: bool, reason: str = "") -> None:
        """Enable ▶ and F5, or disable them with the reason."""
        self.header.set_trainable(can, reason)
        self._sync_run_actions(reason)

    def set_run_state(self, state: str, word: str = "") -> None:
        """Show the controls of ``state``: idle, starting, training, paused or stopping.

        ``word`` says what is starting, where it is no run.
        """
        self.header.set_state(state, word)
        self._sync_run_actions(self.header.train.toolTip())
        self.run_state_changed.emit(state)

    def set_engine_state(self, text: str, severity: str) -> None:
        """Say in the status line and by the header's dot how the engine is."""
        self.status.engine.set_state(text, severity)
        self.header.engine.set_severity(severity)

    def set_load(self, percent: float, used: int, total: int) -> None:
        """Show what the machine does: CPU percent and bytes of memory."""
        self.status.set_load(percent, used, total)

    def set_saved(self, text: str) -> None:
        """Say when things were saved last."""
        self.status.saved.setText(text)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.focusWidget() is None:
            self.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.message.isVisible():
            self.message.close_button.click()
        elif event.matches(QKeySequence.StandardKey.Find):
            self._on_find_triggered()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        page = QVBoxLayout()
        page.setSpacing(0)
        holder = QVBoxLayout()
        holder.setContentsMargins(GAP, 0, GAP, 0)
        self.message.setProperty("banner", True)
        holder.addWidget(self.message)
        page.addLayout(holder)
        page.addWidget(self.pages, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(page, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(middle, 1)
        whole.addWidget(self.status)

    def _build_actions(self) -> None:
        self._action("train", "Train", "F5", self.train_requested.emit)
        self._action("debug", "Train with a debugger", "Ctrl+F5", lambda: self.debug_requested.emit(True))
        self._action("pause", "Pause or resume the run", "F6", self._on_pause_triggered)
        self._action("stop_keep", "Stop the run and keep it", "Shift+F5", self.stop_keep_requested.emit)
        self._action("stop_discard", "Stop the run and discard it", "", self.stop_discard_requested.emit)
        self._undo_action("undo", "Undo", QKeySequence.StandardKey.Undo)
        self._undo_action("redo", "Redo", QKeySequence.StandardKey.Redo)
        find = self._action("find", "Find on this page", "Ctrl+F", self._on_find_triggered)
        find.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # a page that has the focus finds itself
        self._action("help", "Help on this page", "F1", lambda: self.help_requested.emit(self.key))
        self._action("palette", "All actions", "Ctrl+K", self.palette_dialog.open_over)
        self._actions["palette"].setProperty("unlisted", True)

    def _action(self, name: str, text: str, keys: str, slot: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(f"action_{name}")
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: slot())
        self.addAction(action)
        self._actions[name] = action
        return action

    def _undo_action(self, name: str, text: str, keys: QKeySequence.StandardKey) -> None:
        """Whoever keeps the edits enables it and says in its tooltip which one is meant."""
        action = self._action(name, text, "", lambda: None)
        action.setShortcuts(QKeySequence.keyBindings(keys))
        action.setEnabled(False)

    def _connect(self) -> None:
        header = self.header
        header.train_requested.connect(self.train_requested)
        header.debug_requested.connect(self.debug_requested)
        header.pause_requested.connect(self.pause_requested)
        header.resume_requested.connect(self.resume_requested)
        header.stop_keep_requested.connect(self.stop_keep_requested)
        header.stop_discard_requested.connect(self.stop_discard_requested)
        header.engine.chosen.connect(self.engine_chosen)
        header.engine.more_chosen.connect(self.more_of_engines)
        header.device.chosen.connect(self.device_chosen)
        header.mode.chosen.connect(self.mode_chosen)
        self.rail.room_chosen.connect(self.open_room)
        self.status.palette_requested.connect(self.palette_dialog.open_over)
        self.message.action_requested.connect(self.message_action)

    def _on_find_triggered(self) -> None:
        """Open the search over the page's first canvas, else go to its first field of that kind."""
        from widgets.canvas.panel import CanvasPanel  # the canvas: not before the first paint

        page = self.pages.currentWidget() or self
        panel = next((one for one in page.findChildren(CanvasPanel) if one.isVisible()), None)
        fields = (one for one in page.findChildren(QLineEdit) if one.isVisible() and one.property("search"))
        if panel is not None:
            panel.find_bar.open()
        elif (field := next(fields, None)) is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_pause_triggered(self) -> None:
        paused = self.header.state == "paused"
        (self.resume_requested if paused else self.pause_requested).emit()

    def _sync_run_actions(self, reason: str) -> None:
        state = self.header.state
        self._actions["train"].setEnabled(self.header.train.isEnabled() and state == "idle")
        self._actions["train"].setToolTip(reason or "A run is going on.")
        self._actions["debug"].setEnabled(self._actions["train"].isEnabled())
        self._actions["debug"].setToolTip(reason or "A run is going on.")
        for name in self._idle:
            self._actions[name].setEnabled(state == "idle")
            self._actions[name].setToolTip("A run is going on.")
        self._actions["pause"].setEnabled(state in ("training", "paused"))
        for name in ("stop_keep", "stop_discard"):
            self._actions[name].setEnabled(state in ("starting", "training", "paused"))
        for name in ("pause", "stop_keep", "stop_discard"):
            self._actions[name].setToolTip("No run is going on.")
