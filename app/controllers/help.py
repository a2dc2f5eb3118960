"""F1: the page about the open room, or about the layer that is picked in the Design room."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.workbench import Workbench
from widgets.help import HelpWindow


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
        self.window.show_page(self._picked_kind() if room == "design" else room)

    def _picked_kind(self) -> str:
        design = self._bench.design
        node = design.nodes.get(self._bench.node) if design is not None else None
        return node.kind if node is not None else "design"
