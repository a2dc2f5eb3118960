"""The data room's controller: prepares what the design is trained on, and lets the person choose."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.bridge.flow_thread import Outcome
from app.desk import TOOLS, Desk
from app.flows import main_job
from app.plans import data_choice, prepared_folder
from app.workbench import Workbench
from engines.contract.events import Answer, Crashed, Event, Failed, Progress
from engines.contract.jobs import PreviewDataJob
from engines.contract.preview import DataPreview
from engines.contract.spec import DataManifest
from widgets.controls.drops import DropRow

if TYPE_CHECKING:
    from widgets.rooms.data import DataRoom

BUNDLED = (
    ("digits", "Digits"),
    ("breast-cancer", "Breast cancer"),
    ("diabetes", "Diabetes"),
    ("iris", "Iris"),
    ("wine", "Wine"),
)
"""Sets that come with scikit-learn, offered beside a file of one's own."""
ENDINGS = (".csv", ".tsv", ".txt", ".npz", ".npy")
DATA_FILES = f"Data ({' '.join(f'*{ending}' for ending in ENDINGS)});;All files (*)"
"""What a person is asked to choose from."""


class DataController(QObject):
    """Prepares data in the tools host as soon as a design names them; the second time they are only read."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: DataRoom | None = None
        self._preview: DataPreview | None = None
        self._turn, self._reading = 0, False
        self._shown = ""  # the source that was read last of this project
        bench.project_changed.connect(self._on_project_changed)
        bench.source_chosen.connect(self.prepare)
        bench.offer("choose_file", self._on_file_requested)
        bench.offer("show_data", lambda: bench.shell.open_room("data"))
        bench.offer("prepare_data", self.prepare)

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.data import DataRoom

        room = DataRoom()
        self._room = room
        room.source_chosen.connect(self.choose)
        room.file_requested.connect(self._on_file_requested)
        room.back_requested.connect(lambda: self.choose(self._shown))
        self._show()
        return room

    def choose(self, source: str) -> None:
        """Train the design on ``source`` from here on: a bundled set's name or a file."""
        design = self._bench.design
        if design is None:
            self._bench.shell.open_room("start")
            return
        self._bench.quiet()
        design.set_data(source)
        self.prepare()

    def prepare(self) -> None:
        """Read the design's data; what is there already is taken from the cache."""
        project, design = self._bench.project, self._bench.design
        if project is None or design is None:
            return
        flow = partial(_prepare_and_look, source=project.data_source(design))
        self._turn += 1  # what was asked for before may still be answered
        turn = self._turn
        self._reading = True
        if self._preview is None:
            self._show()
        self._bench.work("prepare data", flow, partial(self._on_events, turn), partial(self._on_ended, turn))

    def _on_project_changed(self) -> None:
        self._preview, self._shown = None, ""
        self._show()
        self.prepare()

    def _on_events(self, turn: int, events: list[Event]) -> None:
        for event in events if turn == self._turn else ():
            match event:
                case Answer(record=DataManifest() as manifest):
                    self._bench.manifest = manifest
                case Answer(record=DataPreview() as preview):
                    self._preview = preview
                case Progress() if self._room is not None:
                    self._room.show_progress(event.done, event.total)
                case _:
                    pass

    def _on_ended(self, turn: int, outcome: Outcome) -> None:
        if turn != self._turn:
            return
        self._reading = False
        failed = isinstance(outcome, (Failed, Crashed, BaseException))
        if failed:
            self._bench.manifest = self._preview = None
            self._bench.tell(outcome)
        elif self._bench.design is not None:
            self._shown = self._bench.design.data
        self._show(failed=failed)
        self._bench.data_changed.emit()

    def _show(self, *, failed: bool = False) -> None:
        room, design = self._room, self._bench.design
        if room is None:
            return
        source = design.data if design is not None else ""
        rows = [DropRow(key, title) for key, title in BUNDLED]
        if source and source not in dict(BUNDLED):
            rows.append(DropRow(source, _title(source), detail=source))
        room.set_sources(rows, source)
        if self._bench.manifest is not None and self._preview is not None:
            room.show_data(self._bench.manifest, self._preview)
        elif self._reading:
            room.show_reading(_title(source))
        else:
            back = self._shown if self._shown != source else ""
            room.clear(_title(source) if failed else "", _title(back) if failed else "")

    def _on_file_requested(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._bench.shell, "Open data", "", DATA_FILES)
        if path:
            self.choose(path)


def _title(source: str) -> str:
    """Return what a person calls a source: a bundled set's title or a file's name."""
    return dict(BUNDLED).get(source, Path(source.partition("?")[0]).name)


def _prepare_and_look(desk: Desk, source: str) -> Generator[Event, None, None]:
    manifest = yield from main_job.prepare(desk, data_choice(source))
    yield from desk.ask(TOOLS, PreviewDataJob(str(prepared_folder(manifest))), DataPreview)
