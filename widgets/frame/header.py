"""The header: the mark, project and model, engine, device and how it runs, and the run's controls."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget
from typing_extensions import override

from widgets.controls.buttons import Button, ToolButton
from widgets.controls.drops import DropButton, SectionsButton
from widgets.controls.marks import Chip
from widgets.controls.text import Elided, label
from widgets.look.icons import icon
from widgets.look.logo import draw_logo
from widgets.look.theme import current, scaled
from widgets.look.tokens import HEADER

RUN_STATES = ("idle", "starting", "training", "paused", "stopping")


class Logo(QWidget):
    """The mark, 32 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(32, 32))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        draw_logo(QPainter(self), QRectF(self.rect()), current())


class Header(QFrame):
    """Always there; which run controls show follows from the run's state."""

    train_requested = Signal()
    debug_requested = Signal(bool)
    pause_requested = Signal()
    resume_requested = Signal()
    stop_keep_requested = Signal()
    stop_discard_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(scaled(HEADER))
        self.project = Elided("", "heading")
        self.model = Elided("", "dim")
        self.slash = label("/", "dim")
        self.badge = Chip()
        self.badge.set_elidable()
        self.engine = DropButton("engine", "Engine", dot=True, elides=True)
        self.device = DropButton("device", "Device", elides=True)
        self.mode = SectionsButton("mode", "Precision and run mode", elides=True)
        self.train = Button("Train", "train", kind="primary", icon_name="play")
        self.debug = ToolButton("bug", "Train with a debugger", "debug")
        self.pause = Button("Pause", "pause", icon_name="pause")
        self.resume = Button("Resume", "resume", kind="primary", icon_name="play")
        self.stop = Button("Stop", "stop", kind="danger", icon_name="stop")
        self.state = "idle"
        self._trainable, self._reason = True, ""
        self._build_stop_menu()
        self._build_debug_menu()
        self._build()
        self._connect()
        self.set_state("idle")

    def set_names(self, project: str, model: str) -> None:
        """Show the names of project and model."""
        self.project.setText(project)
        self.model.setText(model)
        self.slash.setVisible(bool(project and model))

    def set_badge(self, text: str, severity: str = "warning") -> None:
        """Show a short word beside the names, such as that the engine runs in this process."""
        self.badge.set_state(text, severity)
        self.badge.setVisible(bool(text))

    def set_trainable(self, can: bool, reason: str = "") -> None:
        """Enable ▶, or disable it with the reason as tooltip."""
        self._trainable, self._reason = can, reason
        self.set_state(self.state)

    def set_state(self, state: str, word: str = "") -> None:
        """Show the controls of ``state``, one of ``RUN_STATES``; focus stays on a control that shows.

        ``word`` says what is starting.
        """
        self.state = state
        focused = self.focusWidget() in (self.train, self.pause, self.resume, self.stop) and self.isVisible()
        self.train.setVisible(state in ("idle", "starting"))
        self.train.set_busy(state == "starting", word or "Starting …")
        self.debug.setVisible(state == "idle")
        self.debug.setEnabled(self._trainable)
        if state == "idle":
            self.train.set_enabled(self._trainable, self._reason)
        self.pause.setVisible(state in ("training", "stopping"))
        self.pause.set_enabled(state == "training", "The run is being stopped.")
        self.resume.setVisible(state == "paused")
        self.stop.setVisible(state != "idle")
        self.stop.set_busy(state == "stopping", "Stopping …")
        for picker in (self.engine, self.device, self.mode):
            picker.setEnabled(state == "idle")
            picker.setToolTip("" if state == "idle" else "It can be changed when the run has ended.")
        if focused:
            next(b for b in (self.train, self.resume, self.pause, self.stop) if b.isVisible()).setFocus()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(current().line))

    def _build_stop_menu(self) -> None:
        menu = QMenu(self.stop)
        menu.setObjectName("stop_menu")
        menu.setToolTipsVisible(True)
        self.stop_keep = QAction(icon("save"), "Stop and keep", menu)
        self.stop_keep.setToolTip("Saves a checkpoint and the model, then ends the run")
        self.stop_discard = QAction(icon("trash"), "Stop and discard", menu)
        self.stop_discard.setToolTip("Ends the run and leaves no trace of it")
        for action in (self.stop_keep, self.stop_discard):
            action.setProperty("unlisted", True)  # the shell has the same, with keys
            menu.addAction(action)
        self.stop.setMenu(menu)
        self.stop.setProperty("drop", True)

    def _build_debug_menu(self) -> None:
        menu = QMenu(self.debug)
        menu.setObjectName("debug_menu")
        menu.setToolTipsVisible(True)
        self.debug_wait = QAction("Debug: wait for the editor", menu)
        self.debug_wait.setToolTip("Trains no step before your editor has attached and set its breakpoints")
        self.debug_now = QAction("Debug: start at once", menu)
        self.debug_now.setToolTip("Trains one step at a time; your editor may attach whenever you like")
        for action in (self.debug_wait, self.debug_now):
            action.setProperty("unlisted", True)  # the shell has them, too
            menu.addAction(action)
        self.debug.setMenu(menu)
        self.debug.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _build(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 0, 16, 1)
        line.setSpacing(12)
        names = QHBoxLayout()
        names.setSpacing(6)
        for part in (self.project, self.slash, self.model):
            names.addWidget(part)
        line.addWidget(Logo())
        line.addLayout(names)
        line.addWidget(self.badge)
        line.addStretch(1)
        for picker in (self.engine, self.device, self.mode):
            line.addWidget(picker)
        for control in (self.debug, self.train, self.resume, self.pause, self.stop):
            line.addWidget(control)
        self.set_names("", "")
        self.set_badge("")

    def _connect(self) -> None:
        self.train.clicked.connect(self.train_requested)
        self.debug_wait.triggered.connect(lambda: self.debug_requested.emit(True))
        self.debug_now.triggered.connect(lambda: self.debug_requested.emit(False))
        self.pause.clicked.connect(self.pause_requested)
        self.resume.clicked.connect(self.resume_requested)
        self.stop_keep.triggered.connect(self.stop_keep_requested)
        self.stop_discard.triggered.connect(self.stop_discard_requested)
