"""An installation as it goes: how far, what the installer says, and the button that ends it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit

from widgets.controls.buttons import Button
from widgets.controls.card import Card
from widgets.controls.marks import ProgressBar
from widgets.controls.text import named
from widgets.look.fonts import fixed_font
from widgets.look.theme import scaled, theme
from widgets.settings.views import InstallView

MOST_LINES = 5000
_TITLES = {
    "running": "Installing {title}",
    "done": "{title} is installed",
    "stopped": "The installation was stopped",
    "failed": "The installation failed",
}
_SEVERITIES = {"running": "busy", "done": "good", "stopped": "warning", "failed": "bad"}


class InstallLog(QPlainTextEdit):
    """What the installer says, selectable; follows its end while it is scrolled there."""

    def __init__(self, name: str, accessible: str) -> None:
        super().__init__()
        named(self, name, accessible)
        self.setReadOnly(True)
        self.setPlaceholderText("The installer has said nothing yet.")
        self.setMaximumBlockCount(MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(self.wordWrapMode().WrapAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self._dress()
        theme().themed.connect(self._dress)

    def add(self, lines: Sequence[str]) -> None:
        """Add lines at the end."""
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        if lines:
            self.appendPlainText("\n".join(lines))
        if at_end:
            bar.setValue(bar.maximum())

    def _dress(self) -> None:
        self.setFont(fixed_font(scale=theme().scale))
        self.setFixedHeight(scaled(196))


class InstallPanel(Card):
    """Hidden until something is installed; stays with its log until it is closed."""

    cancel_requested = Signal()
    closed = Signal()

    def __init__(self, name: str, title: str) -> None:
        super().__init__(" ", " ")
        self._title = title
        self.bar = ProgressBar(f"install_progress_{name}", f"Progress of the installation of {title}")
        self.log = InstallLog(f"install_log_{name}", f"What the installer of {title} says")
        self.cancel = Button("Cancel", f"install_cancel_{name}", small=True)
        self.cancel.setAccessibleName(f"Cancel the installation of {title}")
        self.copy = Button("Copy log", f"install_copy_{name}", icon_name="copy", small=True)
        self.close_button = Button("Close", f"install_close_{name}", small=True)
        self.close_button.setAccessibleName(f"Close the log of {title}")
        self.tools.setSpacing(8)
        for button in (self.copy, self.cancel, self.close_button):
            self.tools.addWidget(button)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.log)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self.copy.clicked.connect(self._on_copy_clicked)
        self.close_button.clicked.connect(self._on_close_clicked)
        self._state = ""
        self.hide()

    def show_install(self, view: InstallView | None) -> None:
        """Show how far it is; None hides the panel."""
        if view is None:
            self._state = ""
            self.hide()
            return
        if view.state == "running" and self._state != "running":
            self.log.clear()
            self.cancel.set_busy(False)
            self.copy.setText("Copy log")
        self._state = view.state
        self.title.setText(_TITLES[view.state].format(title=self._title))
        self.set_subtitle(view.stage)
        self.bar.set_share(view.share, _SEVERITIES[view.state])
        self.cancel.setVisible(view.state == "running")
        self.close_button.setVisible(view.state != "running")
        self.show()

    def add_lines(self, lines: Sequence[str]) -> None:
        """Add what the installer said."""
        self.log.add(lines)

    def _on_cancel_clicked(self) -> None:
        self.cancel.set_busy(True, "Stopping …")
        self.cancel_requested.emit()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.log.toPlainText())
        self.copy.setText("Copied")

    def _on_close_clicked(self) -> None:
        self.hide()
        self.closed.emit()
