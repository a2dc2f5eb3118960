"""The Graph room's controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from app.controllers.models import ModelsController
from app.messages import words
from app.messages.table import tell_error
from app.run_files import engine_of
from app.workbench import Workbench
from engines.contract.errors import WorkbenchError
from engines.host.netron_server import NetronServer

if TYPE_CHECKING:
    from widgets.rooms.graph import GraphRoom

POLL_MS = 50


class GraphController(QObject):
    """Shows the model's graph and its optimization; starts Netron's server when its tab is opened."""

    def __init__(self, bench: Workbench, models: ModelsController) -> None:
        super().__init__(bench)
        self._bench, self._models = bench, models
        self._room: GraphRoom | None = None
        self._server: NetronServer | None = None
        self._served: Path | None = None
        self.tab = bench.session.graph_tab
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._on_poll)
        models.changed.connect(self._show)
        models.progressed.connect(self._on_progressed)
        models.finished.connect(self._on_finished)
        bench.node_selected.connect(self._on_node_selected)
        bench.shell.room_chosen.connect(self._on_room_chosen)
        bench.run_chosen.connect(lambda _: self._on_room_chosen(bench.shell.key))  # after the models forgot

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.graph import GraphRoom

        room = GraphRoom()
        self._room = room
        room.node_selected.connect(self._bench.select_node)
        room.optimize_requested.connect(self._on_optimize_requested)
        room.open_requested.connect(self._on_open_requested)
        room.stages_requested.connect(self._models.compile)
        room.netron_requested.connect(self._start_netron)
        room.netron.retry_requested.connect(self._start_netron)
        room.come_back_to(self.tab)
        room.tabs.currentChanged.connect(self._on_tab_changed)
        self._show()
        return room

    def close(self) -> None:
        """End Netron's server and its page."""
        self._stop_netron()
        if self._room is not None:
            self._room.netron.shut()

    def _show(self) -> None:
        room, models = self._room, self._models
        if room is None:
            return
        room.show_graph(models.graph)
        room.show_optimization(models.optimization)
        room.show_stages(models.stages, self._why_no_stages())
        if models.model != self._served:
            self._stop_netron()

    def _why_no_stages(self) -> str:
        """Return why there are no compiler's stages to be seen, "" where there are."""
        if self._models.file is not None:
            return words.NO_STAGES
        row = engine_of(Path(self._bench.run)) if self._bench.run else None
        return words.NO_COMPILER.format(title=row.title) if row is not None and not row.lowers else ""

    def _on_progressed(self, words: str, done: int, total: int) -> None:
        if self._room is not None:
            self._room.set_busy(words, done, total)

    def _on_finished(self) -> None:
        if self._room is not None:
            self._room.clear_busy()

    def _on_optimize_requested(self) -> None:
        if self._room is not None:
            from widgets.rooms.graph import OPTIMIZED

            self._room.show_tab(OPTIMIZED)
        self._models.optimize()

    def _on_tab_changed(self, tab: int) -> None:
        self.tab = tab
        self._bench.looked_elsewhere.emit()

    def _on_open_requested(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._bench.shell, "Open a model", "", "ONNX (*.onnx)")
        if path:
            self._models.open_file(Path(path))

    def _on_node_selected(self, name: str) -> None:
        if self._room is not None and self._room.selected != name:
            self._room.select(name)

    def _on_room_chosen(self, key: str) -> None:
        if key == "graph":
            self._models.look()

    # --- Netron ---

    def _start_netron(self) -> None:
        model = self._models.model
        if self._room is None or model is None:
            return
        self._stop_netron()
        try:
            self._server = NetronServer(model)
        except WorkbenchError as fault:
            self._room.netron.show_fault(tell_error(fault).text)
            return
        self._served = model
        self._room.netron.show_waiting()
        self._poll.start()

    def _on_poll(self) -> None:
        if self._server is None or self._room is None:
            self._poll.stop()
        elif self._server.address:
            self._poll.stop()
            self._room.netron.show_address(self._server.address)
        elif not self._server.alive:
            self._poll.stop()
            self._room.netron.show_fault(words.NO_NETRON)

    def _stop_netron(self) -> None:
        self._poll.stop()
        if self._server is not None:
            self._server.stop()
            self._server, self._served = None, None
