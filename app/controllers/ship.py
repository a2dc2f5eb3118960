"""The Ship room's controller: one click to a proven ONNX file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.controllers.models import ModelsController
from app.messages import words
from app.run_files import engine_of
from app.workbench import Workbench
from engines.contract.errors import WorkbenchError
from engines.registry import ENGINES
from engines.training.run_folder import read_run

if TYPE_CHECKING:
    from widgets.rooms.ship import ShipRoom


class ShipController(QObject):
    """Shows what was exported and its proof; both are of the model that the Graph room shows."""

    def __init__(self, bench: Workbench, models: ModelsController) -> None:
        super().__init__(bench)
        self._bench, self._models = bench, models
        self._room: ShipRoom | None = None
        models.changed.connect(self._show)
        models.progressed.connect(self._on_progressed)
        models.finished.connect(self._on_finished)
        bench.shell.room_chosen.connect(self._on_room_chosen)
        self._add_actions()

    def _add_actions(self) -> None:
        """Let Ctrl+K find what the room's buttons do."""
        shell = self._bench.shell
        self._export = shell.add_action("export_onnx", "Export ONNX", "", self._on_export_triggered)
        self._saves = {
            ending: shell.add_action(
                f"save_{ending}", f"Save .{ending}", "", partial(self._on_save_triggered, ending)
            )
            for row in ENGINES
            for ending in row.formats
        }
        self._bench.run_chosen.connect(lambda _: self._sync_actions())
        self._models.changed.connect(self._sync_actions)
        self._sync_actions()

    def _sync_actions(self) -> None:
        run = "" if self._models.file is not None else self._bench.run
        row = engine_of(Path(run)) if run else None
        self._export.setEnabled(bool(run))
        self._export.setToolTip(words.ONNX_ALREADY if self._models.file else words.NOTHING_TO_EXPORT)
        for ending, action in self._saves.items():
            action.setEnabled(row is not None and ending in row.formats)
            action.setToolTip(words.NO_SUCH_FORMAT)

    def _on_export_triggered(self) -> None:
        self._bench.shell.open_room("ship")
        self._models.export()

    def _on_save_triggered(self, ending: str) -> None:
        self._bench.shell.open_room("ship")
        self._models.save(ending)

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.ship import ShipRoom

        room = ShipRoom()
        self._room = room
        room.export_requested.connect(self._models.export)
        room.exporter_chosen.connect(self._models.choose_exporter)
        room.folder_requested.connect(_show_folder)
        room.save_requested.connect(self._models.save)
        room.room_requested.connect(self._bench.shell.open_room)
        self._show()
        return room

    def _show(self) -> None:
        room, models = self._room, self._models
        if room is None:
            return
        self._show_subject()
        exported = models.exported
        if exported is None:
            room.clear()
            return
        room.show_export(exported)
        room.show_usage(models.graph, Path(exported.target).name)
        if models.proof is not None:
            room.show_proof(models.proof)
        elif models.busy:
            room.show_busy(words.STAGES["prove"])
        if models.saved is not None:
            room.show_saved(models.saved)
        if models.optimization is not None and models.optimization.target:
            room.show_optimized(models.optimization)

    def _show_subject(self) -> None:
        room, models = self._room, self._models
        assert room is not None
        if models.file is not None:
            room.set_model(models.file.name, str(models.file.parent))
            room.set_formats("", ())
            room.set_exportable(False, words.ONNX_ALREADY, words.SHOW_GRAPH, "graph")
        elif self._bench.run:
            run = Path(self._bench.run)
            room.set_model(*_title(run))
            row = engine_of(run)
            title = row.title if row else words.THE_ENGINE
            room.set_exporters(title, self._models.exporter)
            room.set_formats(title, row.formats if row else ())
            room.set_exportable(True)
        else:
            room.set_model("Ship")
            room.set_exportable(False, words.NOTHING_TO_EXPORT, words.GO_TO_TRAIN, "train")

    def _on_progressed(self, words: str, done: int, total: int) -> None:
        if self._room is not None and (self._models.exported is not None or self._bench.run):
            self._room.show_busy(words, done, total)

    def _on_finished(self) -> None:
        if self._room is not None:
            self._room.show_idle()

    def _on_room_chosen(self, key: str) -> None:
        if key == "ship" and self._models.model is not None:
            self._models.look()


def _title(run: Path) -> tuple[str, str]:
    try:
        record = read_run(run)
    except WorkbenchError:
        return run.name, ""
    from widgets.rooms.measures import measure_text, result_of, title_of_test

    found = result_of(record.summary, ("accuracy", "r2", "mae"))
    words = f" · {title_of_test(found[0])} {measure_text(*found)}" if found else ""
    return record.title, f"The best checkpoint of {record.id}{words}"


def _show_folder(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
