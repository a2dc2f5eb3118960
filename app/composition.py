"""Joins the window with its workbench and controllers, after the first paint."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.borders import Borders
from app.bridge.collector import Collector
from app.bridge.flow_thread import Outcome
from app.bridge.hosts import Hosts
from app.controllers.comparing import ComparisonsController
from app.controllers.data import DataController
from app.controllers.debugging import DebuggingController
from app.controllers.design import DesignController
from app.controllers.elsewhere import ElsewhereController, is_open_elsewhere
from app.controllers.engine_pages import EnginePagesController
from app.controllers.engines import EnginesController
from app.controllers.further import FurtherController
from app.controllers.graph import GraphController
from app.controllers.help import HelpController
from app.controllers.load import LoadMonitor
from app.controllers.models import ModelsController
from app.controllers.own_layers import OwnLayersController
from app.controllers.providers import ProvidersController
from app.controllers.running import RunningController
from app.controllers.runs import RunsController
from app.controllers.settings import SettingsController
from app.controllers.ship import ShipController
from app.controllers.start import StartController
from app.controllers.training import TrainingController
from app.controllers.tuning import TuningController
from app.desk import Desk, MakeHost, process_host
from app.engine_facts.places import place_of
from app.messages import words
from app.plans import default_engine, is_installed
from app.project import Project
from app.remembering import Remembering
from app.rescue import kept_file
from app.session import Session, leave_project, load_session, note_opening
from app.window import ROOMS, Window
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.environments.chosen import THIS
from engines.host.thread import InThreadHost
from engines.registry import engine

LATER_MS = 50
ROOMS_AHEAD = ("design", "train", "data", "graph", "ship", "runs", "compare", "settings")
"""Modules under ``widgets.rooms`` that are imported while the person looks at the first page."""


def inside_engine(session: Session) -> str:
    """Return the engine that runs inside this process, "" for none: one, and one that is installed here."""
    name = session.engine or default_engine()
    row = engine(name) if session.in_process else None
    return name if row is not None and is_installed(row) and place_of(row).kind == THIS else ""


def inside_host(chosen: str) -> MakeHost:
    """Run ``chosen`` in the worker thread itself; the tools and every other engine in processes of their own.

    Two frameworks in one process would be one too many.
    """
    return lambda engine: InThreadHost(engine) if engine == chosen else process_host(engine)


def import_rooms(desk: Desk) -> Iterator[Event]:
    """Import what the rooms need, charts and all, so that none is slow when it is opened first."""
    for name in ROOMS_AHEAD:
        importlib.import_module(f"widgets.rooms.{name}")
    yield from ()


class Composition(QObject):
    """Everything behind the window; lives as long as it does."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        session = load_session()
        self.borders = Borders(session.splitters, lambda: self.bench.looked_elsewhere.emit())
        inside = inside_engine(session)
        self.bench = Workbench(window.shell, Hosts(inside_host(inside) if inside else process_host))
        self.bench.inside = inside
        if inside:
            window.shell.set_badge(words.ENGINE_INSIDE)
        self.engines = EnginesController(self.bench)
        self.running = RunningController(self.bench, self.engines)
        self.load = LoadMonitor(self.bench)
        self.collector = Collector(self)
        self.models = ModelsController(self.bench)
        self.providers = ProvidersController(self.bench, self.engines, self.models)
        self.start = StartController(self.bench, self.models)
        self.data = DataController(self.bench)
        self.design = DesignController(self.bench)
        self.own_layers = OwnLayersController(self.bench)
        self.training = TrainingController(self.bench)
        self.tuning = TuningController(self.bench)
        self.debugging = DebuggingController(self.bench, self.training.train, bool(inside))
        self.engine_pages = EnginePagesController(self.bench, self.engines)
        self.settings = SettingsController(self.bench, self.engine_pages)
        self.ship = ShipController(self.bench, self.models)
        self.runs = RunsController(self.bench)
        self.comparing = ComparisonsController(self.bench)
        self.further = FurtherController(self.bench, self.training.go_on)
        self.graph = GraphController(self.bench, self.models)
        self.help = HelpController(self.bench)
        self.elsewhere = ElsewhereController(self.bench)
        self._add_rooms()
        window.on_closing, window.on_closed = self._may_close, self._on_closed
        self._warned = False
        self._restore()
        self._remembering = Remembering(window, self._standing, self.bench.tell)
        self._connect_remembering()
        QTimer.singleShot(LATER_MS, self._begin)

    def _add_rooms(self) -> None:
        makers = {
            "start": self.start.make_room,
            "data": self.data.make_room,
            "design": self.design.make_room,
            "train": lambda: self.tuning.attach(self.training.make_room()),
            "graph": lambda: self.providers.attach_graph(self.graph.make_room()),
            "ship": lambda: self.providers.attach_ship(self.ship.make_room()),
            "runs": self.runs.make_room,
            "compare": self.comparing.make_room,
        }
        shell = self._window.shell
        for key, title in ROOMS:
            shell.add_room(key, title, key, self.borders.watched(makers[key]))
        shell.add_room("settings", "Settings", "settings", self.settings.make_room, bottom=True)

    def _restore(self) -> None:
        """Bring back the project, the run and the room of the last session."""
        session, bench = self.bench.session, self.bench
        bench.engine, bench.device = bench.inside or session.engine, session.device or "cpu"
        bench.project_changed.emit()
        room = "start"
        left_out = bool(session.project) and session.project == session.opening
        if left_out:
            bench.tell(WorkbenchError(ErrorCode.PROJECT_LEFT_OUT, project=session.project), "warning")
            leave_project()
        if left_out or (session.project and is_open_elsewhere(Path(session.project))):
            bench.shell.open_room(room)  # a second window is for something else, or for what is chosen there
            return
        if session.project and (Path(session.project) / "project.toml").is_file():
            note_opening(session.project)
            opened = bench.attempt(lambda: bench.open_project(Project.open(Path(session.project))))
            known = {*dict(ROOMS), "settings"}  # another version may have had others
            room = session.room if opened and session.room in known else room
        elif (kept := kept_file(Path(session.project), session.design)).is_file():
            bench.tell(
                WorkbenchError(ErrorCode.EDITS_KEPT, project=session.project, path=str(kept)), "warning"
            )
        if session.run and Path(session.run).is_dir():
            bench.choose_run(session.run)
        if session.model and Path(session.model).is_file():
            self.models.show_file(Path(session.model))
        bench.shell.open_room(room)

    def _standing(self) -> Mapping[str, Any]:
        """Return what of the session is this window's."""
        bench = self.bench
        return {
            "room": bench.shell.key or "start",
            "project": str(bench.project.folder) if bench.project else "",
            "design": bench.project.current_design if bench.project else "",
            "run": bench.run,
            "model": str(self.models.file or ""),
            "comparison": self.comparing.shown,
            "graph_tab": self.graph.tab,
            "geometry": self._window.geometry_text(),
            "splitters": dict(self.borders.kept),
            "engine": bench.engine,
            "device": bench.device,
            "provider": self.providers.key,
        }

    def _connect_remembering(self) -> None:
        bench = self.bench
        for changed in (
            bench.project_changed,
            bench.run_chosen,
            bench.engine_changed,
            bench.looked_elsewhere,
            bench.shell.room_chosen,
            self.models.changed,
        ):
            changed.connect(self._remembering.soon)

    def _begin(self) -> None:
        self.engines.begin()
        self.load.begin()
        self.bench.work("rooms", import_rooms, None, self._on_rooms_imported)

    def _on_rooms_imported(self, outcome: Outcome) -> None:
        if self._window.on_closed is not None:
            note_opening("")
            self.collector.begin()

    def _may_close(self) -> bool:
        """Stay open, once, where the design cannot be saved: the message says why."""
        may = self.bench.save() or self._warned
        self._warned = not may
        return may

    def _on_closed(self) -> None:
        self._remembering.write()
        note_opening("")
        self.load.end()
        self.graph.close()
        self.bench.close()
        self.elsewhere.end()
        self.collector.end()
