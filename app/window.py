"""The window: painted at once with Qt alone; rooms, frameworks and files come after the first paint."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from typing_extensions import override

from app.borders import bytes_of, text_of
from widgets.look import theme
from widgets.shell import Shell

ROOMS = (
    ("start", "Start"),
    ("data", "Data"),
    ("design", "Design"),
    ("train", "Train"),
    ("graph", "Graph"),
    ("ship", "Ship"),
    ("runs", "Runs"),
    ("compare", "Compare"),
)
"""The rooms in the order of the work; each has an icon and a controller of its name."""


class Window(QWidget):
    """The top level: the shell, and what is told when it is closed.

    ``on_painted`` and ``on_closed`` are called once; ``on_closing`` may refuse to close.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Modelwright")
        self.shell = Shell()
        self.on_painted: Callable[[], None] | None = None
        self.on_closing: Callable[[], bool] | None = None
        self.on_closed: Callable[[], None] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.shell)
        self.resize(1280, 800)
        self.setMinimumSize(960, 600)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.on_painted is not None:
            after, self.on_painted = self.on_painted, None
            QTimer.singleShot(0, after)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self.on_closed is not None and self.on_closing is not None and not self.on_closing():
            event.ignore()
            return
        if self.on_closed is not None:
            after, self.on_closed = self.on_closed, None
            after()
        super().closeEvent(event)

    def geometry_text(self) -> str:
        """Return size and place as text for the session."""
        return text_of(self.saveGeometry())

    def restore_geometry_text(self, text: str) -> None:
        """Take the size and place that ``geometry_text`` gave; anything else is ignored."""
        self.restoreGeometry(bytes_of(text))


def open_window(app: QApplication) -> Window:
    """Show the window; what fills it is made after the first paint."""
    from app.session import load_session

    session = load_session()
    theme.apply(app, session.theme)
    window = Window()
    window.restore_geometry_text(session.geometry)
    window.on_painted = lambda: _fill(window)
    window.show()
    return window


def _fill(window: Window) -> None:
    from app.composition import Composition
    from widgets.look.logo import window_icon

    window.setWindowIcon(window_icon())
    Composition(window)


def the_application() -> QApplication:
    """Return the one application, made now if there is none."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    # Netron's page comes late; QtWebEngine wants this said before there is an application.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    if sys.platform.startswith("linux"):
        QGuiApplication.setDesktopFileName("modelwright")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Modelwright")
    return app


def _on_fault(window: Window, kind: type[BaseException], fault: BaseException, trace: Any) -> None:
    """Tell of a fault of our own too: a slot that failed must not pass in silence. Ctrl+C closes."""
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    sys.__excepthook__(kind, fault, trace)
    from app.composition import Composition

    composition = window.findChild(Composition)
    if composition is not None:
        composition.bench.tell(fault)


def run_window() -> int:
    """Open the window and run until it is closed; returns the exit status."""
    from app.check_qt import check_qt, check_screen

    check_screen()
    check_qt()
    app = the_application()
    window = open_window(app)
    sys.excepthook = partial(_on_fault, window)
    status = app.exec()
    sys.excepthook = sys.__excepthook__
    del window
    return status
