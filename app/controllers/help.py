"""F1: the page about the open room, the layer that is picked in the Design room, or engines."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.workbench import Workbench
from widgets.help import HelpWindow
from widgets.settings.engine_page import EnginePage


class HelpController(QObject):
    """Makes the help window when it is first asked for."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.window: HelpWindow | None = None
        bench.shell.help_requested.connect(self.show_help)

    def show_help(self, room: str) -> None:
        """Show the page of ``room``, or of the layer that is picked there."""
        if self.window is None:
            self.window = HelpWindow(self._bench.shell)
        self.window.show_page(
            {"design": self._picked_kind, "settings": _settings_page}.get(room, lambda: room)()
        )

    def _picked_kind(self) -> str:
        design = self._bench.design
        node = design.nodes.get(self._bench.node) if design is not None else None
        return node.kind if node is not None else "design"


def _settings_page() -> str:
    """Return the page about engines where the keys go to one's page, else the page about the room."""
    part = QApplication.focusWidget()
    while part is not None and not isinstance(part, EnginePage):
        part = part.parentWidget()
    return "engines" if part is not None else "settings"
