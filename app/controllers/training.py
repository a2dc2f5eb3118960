"""The run controller: ▶ to the end of a run, and the run that the Train room shows."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.bridge.flow_thread import FlowThread, Outcome
from app.engine_facts.choices import device_to_resume
from app.engine_facts.reports import load_reports
from app.engine_facts.titles import titles
from app.flows import main_job
from app.flows.further import Further, go_on
from app.messages import words
from app.messages.table import tell_log
from app.session import is_news
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Answer,
    Continued,
    Crashed,
    Event,
    Failed,
    Finished,
    Listening,
    Log,
    Paused,
    Started,
    Starting,
    Stopped,
)
from engines.contract.jobs import DebugChoice
from engines.contract.spec import DataManifest
from engines.runs.history import RunHistory, whole_history
from engines.training.run_folder import DATA, EVENTS, RunRecord, read_record, read_run

if TYPE_CHECKING:
    from widgets.rooms.train import TrainRoom

FOLLOW_MS = 100


class TrainingController(QObject):
    """Starts, steers and ends one run at a time; what it shows is read from the run's folder."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: TrainRoom | None = None
        self._thread: FlowThread | None = None
        self._checked: set[str] = set()
        self._before = ""
        """The run that was shown before the one that goes on."""
        self._early: list[Log] | None = None
        """What was said before its first step."""
        self._resumed = ""
        """The engine of the run that was resumed last, "" where one was begun since."""
        self._tail = QTimer(self, interval=FOLLOW_MS)
        self._tail.timeout.connect(self._on_tail)
        self._connect()

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.train import TrainRoom

        room = TrainRoom()
        self._room = room
        room.log.words = tell_log
        room.train_requested.connect(lambda: self.train())
        room.resume_requested.connect(self.resume)
        room.cancel_requested.connect(lambda: self._stop(keep=True))
        room.compare_requested.connect(self._bench.compare_requested)
        room.export_requested.connect(lambda: self._bench.shell.open_room("ship"))
        room.continue_requested.connect(lambda: self._bench.continue_requested.emit(self._bench.run))
        room.recipe_changed.connect(self._on_recipe_changed)
        room.action_requested.connect(self._bench.shell.message_action)
        self._bench.shell.run_state_changed.connect(room.set_run_state)
        self._show_recipe()
        self._show_modes()
        self._on_run_chosen(self._bench.run)
        return room

    @property
    def running(self) -> bool:
        """Whether a run of this window goes on."""
        return self._thread is not None

    def train(self, debug: DebugChoice | None = None) -> None:
        """Train the open design, open to a debugger perhaps; where it cannot be, say why."""
        bench = self._bench
        if self._occupied or not bench.agree():
            return
        if bench.project is None or bench.design is None:
            bench.shell.open_room("start")
            return
        if problems := bench.design.problems():
            bench.tell(next(iter(problems.values())))
            return
        self._resumed = ""
        order = main_job.TrainOrder(str(bench.project.folder), "", bench.engine, bench.device, debug=debug)
        self._begin(partial(main_job.train, order=order))

    def resume(self) -> None:
        """Go on with the run that is shown, from its last checkpoint."""
        bench, run = self._bench, Path(self._bench.run)
        if self._occupied or not bench.run or not bench.attempt(lambda: read_run(run)):
            return
        record = read_run(run)
        self._resumed = record.engine
        report = load_reports().get(record.engine)
        device = device_to_resume(record, report, bench.engine, bench.device)
        self._begin(lambda desk: main_job.resume(desk, run, "", device, ()))

    def use_cpu(self) -> None:
        """Choose the CPU, where a device is not here, for the engine that was to use it."""
        self._bench.choose_engine(self._resumed or self._bench.engine, "cpu")

    def go_on(self, run: Path, further: Further) -> None:
        """Train a new run that goes on from ``run``, on another engine perhaps."""
        if not self._occupied:
            self._begin(partial(go_on, run=run, further=further))

    @property
    def _occupied(self) -> bool:
        """Whether a run or a comparison goes on."""
        return self.running or self._bench.shell.header.state != "idle"

    def _connect(self) -> None:
        bench, shell = self._bench, self._bench.shell
        shell.train_requested.connect(lambda: self.train())
        shell.pause_requested.connect(lambda: self._control("pause"))
        shell.resume_requested.connect(lambda: self._control("resume"))
        shell.stop_keep_requested.connect(lambda: self._stop(keep=True))
        shell.stop_discard_requested.connect(lambda: self._stop(keep=False))
        bench.project_changed.connect(self._on_project_changed)
        bench.design_changed.connect(self._show_recipe)
        bench.modes_changed.connect(self._show_modes)
        bench.run_chosen.connect(self._on_run_chosen)
        bench.offer("resume_run", self.resume)
        bench.offer("resume", self.resume)
        bench.offer("use_cpu", self.use_cpu)

    def _begin(self, flow: Any) -> None:
        self._bench.quiet()
        self._tail.stop()
        self._before, self._early = self._bench.run, []
        self._bench.shell.set_run_state("starting")
        self._bench.shell.set_engine_state(words.ENGINE_STARTING, "busy")
        self._bench.shell.open_room("train")
        self._thread = self._bench.work("train", flow, self._on_events, self._on_ended)

    def _control(self, action: str) -> None:
        if self._thread is not None:
            self._thread.control(action)

    def _stop(self, keep: bool) -> None:
        if self._thread is not None:
            self._bench.shell.set_run_state("stopping")
            self._thread.stop(keep)

    # --- what the engine says ---

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Answer(record=DataManifest() as manifest):
                    self._bench.manifest = manifest
                    self._bench.data_changed.emit()
                case Listening():
                    self._bench.debugger_awaited.emit(event)
                case Starting() if self._room is not None:
                    told = self._bench.show_starting(event)
                    self._room.show_starting(told.what, f"{told.why} {told.todo}")
                case Started():
                    self._on_started()
                case Paused():
                    self._bench.shell.set_run_state("paused")
                    self._bench.shell.set_engine_state(words.ENGINE_PAUSED.format(step=event.step), "warning")
                case Continued():
                    self._show_training()
                case _:
                    pass
            self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        """Show what no run folder tells; all else the room reads there."""
        if isinstance(event, Log) and self._early is not None:
            self._early.append(event)  # the room shows the run before
        elif self._room is not None and self._room.history is not None:
            if isinstance(event, Log):
                self._room.show_event(event)
            self._room.refresh_soon()

    def _on_started(self) -> None:
        folder = self._thread.desk.run_folder if self._thread is not None else None
        if folder is None or self._room is None:
            return
        try:
            title = read_run(folder).title
        except WorkbenchError:
            return  # It was discarded before this window came to look.
        self._room.set_target(*_target_of(folder))
        self._room.set_handover(*_handover_of(folder))
        self._room.follow(RunHistory(folder), title)
        early, self._early = self._early, None
        for line in early or ():
            self._room.show_event(line)
        self._bench.run = str(folder)
        self._bench.runs_changed.emit()
        self._show_training()

    def _show_training(self) -> None:
        self._bench.shell.set_run_state("training")
        self._bench.shell.set_engine_state(words.ENGINE_TRAINING, "busy")

    def _on_ended(self, outcome: Outcome) -> None:
        thread, self._thread = self._thread, None
        folder = thread.desk.run_folder if thread is not None else None
        shell = self._bench.shell
        shell.set_run_state("idle")
        shell.set_engine_state("Engine: ready", "good")
        if self._room is not None:
            self._room.show_starting("")
        if folder is not None and not folder.is_dir():  # discarded, or never begun
            folder = Path(self._before) if self._before and Path(self._before).is_dir() else None
            if folder is None:
                self._bench.run = ""
                if self._room is not None:
                    self._room.clear()
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            shell.set_engine_state(words.ENGINE_ENDED_EARLY, "bad")
            self._bench.tell(outcome)
            if folder is not None:
                is_news(_end_of(folder))
        self._bench.runs_changed.emit()
        if folder is not None:
            self._checked.add(str(folder))
            self._bench.run = str(folder)
            self._bench.run_chosen.emit(str(folder))
        if isinstance(outcome, Crashed) and self._room is not None and self._room.history is not None:
            self._room.show_event(outcome)
        if isinstance(outcome, (Finished, Stopped)):
            self._bench.quiet()
        self._bench.run_ended.emit()

    # --- what is shown ---

    def _on_project_changed(self) -> None:
        self._show_recipe()
        if self._room is not None and not self.running:
            self._room.clear()

    def _show_modes(self) -> None:
        if self._room is not None:
            self._room.form.set_offers(self._bench.modes)

    def _show_recipe(self) -> None:
        design = self._bench.design
        if self._room is not None:
            self._room.set_design(there=design is not None)
            if design is not None:
                self._room.set_recipe(design.recipe)

    def _on_recipe_changed(self, values: dict[str, Any]) -> None:
        self._bench.edit_recipe(values)

    def _on_run_chosen(self, folder: str) -> None:
        """Show a run that is over, or that another window trains."""
        if self._room is None or self.running:
            return
        if not folder:
            self._room.clear()
            return
        try:
            if self._follows(Path(folder)):
                self._room.refresh_soon()
                self._check(Path(folder))
            else:
                self._replay(Path(folder))
        except WorkbenchError as fault:
            self._room.clear()
            self._bench.tell(fault)

    def _follows(self, folder: Path) -> bool:
        """Tell whether the room shows this run already, read from its beginning."""
        history = self._room.history if self._room is not None else None
        return isinstance(history, RunHistory) and history.folder == folder

    def _replay(self, folder: Path) -> None:
        assert self._room is not None
        record, history = read_run(folder), whole_history(folder)
        self._room.set_target(*_target_of(folder))
        self._room.set_handover(*_handover_of(folder))
        self._room.follow(history, record.title)
        if history.state == "interrupted":
            self._room.show_interrupted()
            self._tell_interrupted(folder, record)
        elif history.state in ("running", "paused"):
            self._tail.start()
            return
        self._check(folder)

    def _check(self, folder: Path) -> None:
        """Hash a run's files once, away from the GUI thread: formats do not notice a flipped bit."""
        if str(folder) not in self._checked:
            self._checked.add(str(folder))
            flow = partial(main_job.check_run, run=folder)
            self._bench.work("check run", flow, None, partial(self._on_checked, str(folder)))

    def _on_checked(self, folder: str, outcome: Outcome) -> None:
        if isinstance(outcome, WorkbenchError) and folder == self._bench.run and not self.running:
            self._bench.tell(outcome, "warning")

    def _tell_interrupted(self, run: Path, record: RunRecord) -> None:
        """Tell of a run that was killed, once: later its state says so, and offers to go on."""
        fault = WorkbenchError(ErrorCode.RUN_INTERRUPTED, title=record.title, step=record.step)
        if self._bench.shell.message.isHidden() and is_news(_end_of(run)):
            self._bench.tell(fault, "warning")

    def _on_tail(self) -> None:
        """Follow a run that somebody else trains: read its tail."""
        room = self._room
        if room is None or not isinstance(room.history, RunHistory) or self.running:
            self._tail.stop()
            return
        room.refresh_soon()
        if room.history.state not in ("running", "paused"):
            self._tail.stop()  # not its last event: a run that was resumed has had one before


def _end_of(run: Path) -> str:
    """Return what marks this end of a run: one that goes on and is killed again has another."""
    events = run / EVENTS
    return f"{run} {events.stat().st_mtime_ns if events.exists() else 0}"


def _target_of(run: Path) -> tuple[str, float]:
    """Return what a run predicts, and the deviation it was divided by; 0 where it was not."""
    try:
        data: DataManifest = read_record(run, DATA, DataManifest)
        deviations = json.loads(data.preparation.get("target_std", "[]"))
    except (WorkbenchError, ValueError):
        return "", 0.0
    return (data.target, float(deviations[0])) if len(deviations) == 1 else ("", 0.0)


def _handover_of(run: Path) -> tuple[int, str]:
    """Return after which step a run went on from another one, and from which engine to which; 0: never."""
    try:
        record = read_run(run)
    except WorkbenchError:
        return 0, ""
    engines = [titles().get(name, name) for name in (record.parent_engine, record.engine)]
    return (record.parent_step, " → ".join(engines)) if record.parent else (0, "")
