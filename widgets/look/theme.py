"""The theme of the running application: applied, switched live, followed from the system.

Widgets that paint for themselves ask ``current()`` for tokens and connect ``theme().themed`` to their
``update``; all others are drawn by the palette and the stylesheet.
"""

from __future__ import annotations

import atexit
from functools import cache

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from widgets.look.fonts import interface_font
from widgets.look.palette import palette
from widgets.look.tokens import DARK, LIGHT, Tokens


class Theme(QObject):
    """What is chosen (``scheme``), what is shown (``tokens``), how large (``scale``)."""

    themed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.scheme = "light"
        self.tokens: Tokens = LIGHT
        self.scale = 1.0
        self._pictures = QTemporaryDir()
        atexit.register(self._pictures.remove)  # Python may end without destroying what is cached
        self._follows = False

    def apply(self, app: QApplication, scheme: str, scale: float = 1.0) -> None:
        """Show ``scheme`` (``system``, ``light`` or ``dark``) in the whole application at once."""
        self.scheme, self.scale = scheme, scale
        self._follow_system(app)
        chosen = system_scheme() if scheme == "system" else scheme
        self.tokens = DARK if chosen == "dark" else LIGHT
        self._dress(app)
        self.themed.emit()

    def _dress(self, app: QApplication) -> None:
        from widgets.look.style import draw_marks, stylesheet

        if not app.styleSheet():  # with one the style is set, and set anew would dress every widget twice
            app.setStyle("Fusion")
        app.setFont(interface_font(scale=self.scale))
        app.setPalette(palette(self.tokens))
        sheet = stylesheet(self.tokens, draw_marks(self.tokens, self._pictures.path()), self.scale)
        if app.styleSheet() != sheet:
            app.setStyleSheet(sheet)

    def _follow_system(self, app: QApplication) -> None:
        if not self._follows:
            app.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
            self._follows = True

    def _on_system_scheme_changed(self) -> None:
        app = QApplication.instance()
        if self.scheme == "system" and isinstance(app, QApplication):
            self.apply(app, "system", self.scale)


@cache
def theme() -> Theme:
    """Return the application's one theme."""
    return Theme()


def apply(app: QApplication, scheme: str = "system", scale: float = 1.0) -> None:
    """Dress ``app`` in ``scheme``; callable again at any time to switch live."""
    theme().apply(app, scheme, scale)


def current() -> Tokens:
    """Return the tokens shown now."""
    return theme().tokens


def scaled(pixels: float) -> int:
    """Return a measure of the sketches at the present text scale."""
    return round(pixels * theme().scale)


def icon_side(pixels: int) -> int:
    """Return an icon's side at the present text scale: it grows half as fast as the words beside it."""
    return round(pixels * (1 + (theme().scale - 1) / 2))


def system_scheme() -> str:
    """Return what the system asks for, ``light`` where it does not say."""
    dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return "dark" if dark else "light"
