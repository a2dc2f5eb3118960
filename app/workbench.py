"""What is open, shared by every controller: the project, its design, engine and device, the run looked at.

Controllers never call one another; they change the workbench and hear its signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Signal
from PySide6.QtGui import QUndoStack

from app import rescue
from app.autosave import Autosave
from app.bridge.flow_thread import Flow, FlowThread, Outcome
from app.bridge.hosts import Hosts
from app.desk import Desk
from app.engine_facts.titles import titles
from app.messages import words
from app.messages.message import Told
from app.messages.table import tell, tell_error, tell_event
from app.project import Project
from app.session import Session, load_session, remember_project
from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Crashed, Event, Failed, Starting
from engines.contract.spec import DataManifest
from engines.design.document import Change, Design
from widgets.controls.drops import DropSection
from widgets.designing.commands import SetRecipe
from widgets.shell import Shell

KEEPS_MESSAGE = ("copy_launch",)
"""What a message offers beside what it says: it stays to be read."""
CLOSING_S = 20.0


class Workbench(QObject):
    """The open things and the work under way; lives on the GUI thread.

    ``project_changed``: another project (or none) is open. ``design_changed``: the design or its recipe
    changed. ``data_changed``: other data are prepared. ``run_chosen``: the run that every room shows.
    ``node_selected``: the design's layer that every room lights up. ``looked_elsewhere``: something is shown
    that shall come back with the window, and no other signal tells of it. ``debugger_awaited``: a run's
    process listens for a debugger, or has one (``Listening``).
    """

    project_changed = Signal()
    design_changed = Signal()
    data_changed = Signal()
    source_chosen = Signal()
    engine_changed = Signal()
    modes_changed = Signal()
    missing_changed = Signal()
    run_chosen = Signal(str)
    runs_changed = Signal()
    bin_emptied = Signal()
    run_ended = Signal()
    compare_requested = Signal()
    continue_requested = Signal(str)
    node_selected = Signal(str)
    looked_elsewhere = Signal()
    debugger_awaited = Signal(object)

    def __init__(self, shell: Shell, hosts: Hosts | None = None) -> None:
        super().__init__(shell)
        self.shell = shell
        self.hosts = hosts or Hosts()
        self.session: Session = load_session()
        """The window as it was left before this start."""
        self.project: Project | None = None
        self.design: Design | None = None
        self.manifest: DataManifest | None = None
        self.engine, self.device = "", "cpu"
        self.inside = ""
        """The one engine that runs inside this process, "" where each has a process of its own."""
        self.modes: list[DropSection] = []
        """Precisions and ways to run that the chosen engine has, and what the recipe says of them."""
        self.missing: frozenset[str] = frozenset()
        """Kinds of layers that the chosen engine cannot train."""
        self.run = ""
        self.node = ""
        self.undo = QUndoStack(self)
        self.told_node = ""
        self.told_facts: dict[str, Fact] = {}
        """The layer that the last message was about."""
        self._flows: list[FlowThread] = []
        self._unobserve: Callable[[], None] | None = None
        self._actions: dict[str, Callable[[], object]] = {}
        self.told: Told | None = None
        """The message that was told last."""
        self._closed = False
        self.saving = Autosave(self)
        shell.message_action.connect(self._on_message_action)
        self._connect_undo()

    # --- what is open ---

    def open_project(self, project: Project) -> None:
        """Show another project with the design that was worked on last; raises what the files raise."""
        self.saving.write()  # first: it may be the same project that is opened again
        design = project.load_design()
        kept = rescue.take(project)
        self._leave_design()
        self.undo.clear()
        self.project, self.design, self.manifest = project, kept or design, None
        self.engine = self.inside or project.engine or self.engine
        self.device = project.device or "cpu"
        self._unobserve = self.design.observe(self._on_design_observed)
        self.attempt(lambda: remember_project(project.folder, project.name))
        self.shell.set_project(project.name, self.design.name)
        self.run = ""
        self.project_changed.emit()
        self.engine_changed.emit()
        if kept is not None:
            self.saving.note_change()
            self.tell(WorkbenchError(ErrorCode.EDITS_BACK, design=project.current_design), "info")
            self.save()

    def move_project(self, folder: Path) -> None:
        """Go on with the open project, as it is now, in a new folder: where it lies it cannot be written."""
        if self.project is None or self.design is None:
            return
        copied = self.project.copy_to(folder, self.design)
        self.saving.note_written()  # in the copy
        self.open_project(copied)

    def follow_project(self, folder: Path) -> None:
        """Go on with the open project, edits and all, where its folder lies now; raises as opening it."""
        if self.project is None:
            return
        old, run = self.project.folder, Path(self.run)
        left, self.project = self.project, self.project.moved_to(folder)
        self.open_project(self.project)
        rescue.drop(left)
        if self.project.folder != old and run.is_relative_to(old):
            moved = self.project.folder / run.relative_to(old)
            self.choose_run(str(moved) if moved.is_dir() else "")

    def choose_run(self, folder: str) -> None:
        """Show a run in every room ("" for none)."""
        if folder != self.run:
            self.run = folder
            self.run_chosen.emit(folder)

    def select_node(self, name: str) -> None:
        """Light up a layer in every room."""
        if name != self.node:
            self.node = name
            self.node_selected.emit(name)

    def choose_engine(self, engine: str, device: str) -> None:
        """Train with ``engine`` on ``device`` from here on."""
        self.engine, self.device = engine, device
        project = self.project
        if project is not None:
            self.attempt(lambda: project.choose_engine(engine, device))
        self.engine_changed.emit()

    def note_missing(self, kinds: frozenset[str]) -> None:
        """Know which kinds of layers the chosen engine cannot train."""
        if kinds != self.missing:
            self.missing = kinds
            self.missing_changed.emit()

    def is_ready(self) -> bool:
        """Tell whether work on the open design can begin; where not, show or tell what is in its way."""
        if self.shell.header.state != "idle" or not self.agree():
            return False
        if self.project is None or self.design is None:
            self.shell.open_room("start")
            return False
        if problems := self.design.problems():
            self.tell(next(iter(problems.values())))
            return False
        return True

    def edit_recipe(self, values: dict[str, Any]) -> None:
        """Change values of the open design's recipe; it can be undone."""
        design = self.design
        if design is not None and any(getattr(design.recipe, key) != value for key, value in values.items()):
            self.attempt(lambda: self.undo.push(SetRecipe(design, values)))

    def save(self) -> bool:
        """Write the design now, if it changed; tell where that fails and keep trying with the next change."""
        return self.saving.save()

    def agree(self) -> bool:
        """Save, so that the files are what is shown; False where work has to wait, with the reason told.

        What another window or program saved meanwhile is shown here; a design whose file went is written.
        """
        project = self.project
        if project is None:
            return True
        if not project.design_path(project.current_design).is_file():
            self.saving.note_change()
        if not self.save():
            return False
        try:
            if not project.is_changed():
                return True
            run = self.run
            self.open_project(project)
            self.choose_run(run)
            self.tell(WorkbenchError(ErrorCode.DESIGN_TAKEN_OVER, design=project.current_design), "warning")
        except WorkbenchError as fault:
            self.tell(fault)
        return False

    def _connect_undo(self) -> None:
        undo, redo = self.shell.action("undo"), self.shell.action("redo")
        undo.triggered.connect(self.undo.undo)
        redo.triggered.connect(self.undo.redo)
        self.undo.canUndoChanged.connect(undo.setEnabled)
        self.undo.canRedoChanged.connect(redo.setEnabled)
        self.undo.undoTextChanged.connect(undo.setToolTip)
        self.undo.redoTextChanged.connect(redo.setToolTip)

    def _leave_design(self) -> None:
        if self._unobserve is not None:
            self._unobserve()
        self._unobserve = None

    def _on_design_observed(self, change: Change) -> None:
        if change.what == "layers":  # files beside the design; the design itself is as it was
            self.design_changed.emit()
            return
        self.saving.note_change()
        if self.design is not None and self.project is not None:
            self.shell.set_project(self.project.name, self.design.name)
        if change.what != "moved":
            self.design_changed.emit()

    # --- work ---

    def work(
        self,
        name: str,
        flow: Flow,
        on_events: Callable[[list[Event]], object] | None = None,
        on_end: Callable[[Outcome], object] | None = None,
    ) -> FlowThread:
        """Run ``flow`` in a thread of its own; ``on_end`` gets its last event or the fault it raised.

        Once the workbench is closed nothing starts any more: what ends last may still ask for more.
        """
        thread = FlowThread(name, flow, Desk(self.hosts), self)
        self._flows.append(thread)
        if on_events is not None:
            thread.events_arrived.connect(on_events)
        if on_end is not None:
            thread.ended.connect(on_end)
        thread.ended.connect(lambda _: self._on_flow_ended(thread))
        if not self._closed:
            thread.start()
        return thread

    def _on_flow_ended(self, thread: FlowThread) -> None:
        if thread in self._flows:
            self._flows.remove(thread)
        thread.deleteLater()

    @property
    def busy(self) -> bool:
        """Whether any work is under way."""
        return any(thread.running for thread in self._flows)

    def close(self) -> None:
        """Save, end all work and every process."""
        self._closed = True
        self.save()
        for thread in self._flows:
            thread.end()
        self._wait_for_flows()
        self._leave_design()
        self.hosts.close()

    def _wait_for_flows(self) -> None:
        """Let a run save where it is, with the window still painted; what does not come is killed."""
        self.shell.set_engine_state(words.ENGINE_CLOSING, "busy")
        end = monotonic() + CLOSING_S
        while self.busy and monotonic() < end:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)
            next((thread.wait(20) for thread in self._flows if thread.running), None)
        for thread in tuple(self._flows):
            thread.shut_down(0)

    # --- telling ---

    def show_starting(self, event: Starting) -> Told:
        """Say in the status line for how long an engine has been starting; return what there is to know."""
        title = titles().get(event.engine, event.engine)
        slow = words.ENGINE_SLOW.format(title=title, seconds=event.seconds)
        self.shell.set_engine_state(f"Engine: {slow}", "busy")
        return replace(tell(ErrorCode.ENGINE_AWAITED, {"title": title, "limit": event.limit}), what=slow)

    def attempt(self, work: Callable[[], object]) -> bool:
        """Call ``work``; tell what a ``WorkbenchError`` says and return whether all went well."""
        try:
            work()
        except WorkbenchError as fault:
            self.tell(fault)
            return False
        return True

    def tell(self, fault: Outcome, severity: str = "bad") -> None:
        """Show what happened, why and what to do, with the button that helps."""
        self.told_facts = dict(getattr(fault, "facts", {}))
        self.told_node = str(self.told_facts.get("node", ""))
        if isinstance(fault, (Failed, Crashed)):
            self.show_told(tell_event(fault), severity)
        elif isinstance(fault, BaseException):
            self.show_told(tell_error(fault), severity)

    def show_told(self, told: Told, severity: str = "bad") -> None:
        """Show a told message above the room."""
        self.told = told
        title = words.BUTTONS.get(told.button, "") if told.button in self._actions else ""
        self.shell.message.show_message(
            told.what,
            told.why,
            told.todo,
            severity=severity,
            action=told.button,
            action_text=title,
            details=told.details,
        )

    def say(self, what: str, severity: str = "good") -> None:
        """Show one sentence that something went well."""
        self.told = None
        self.shell.message.show_message(what, severity=severity)

    def take_back(self, told: Told) -> None:
        """Take a message away that is no longer so, where it is still the last one."""
        if self.told is told:
            self.quiet()

    def quiet(self) -> None:
        """Take the message away."""
        self.shell.message.hide()

    def offer(self, action: str, handler: Callable[[], object]) -> None:
        """Say what a message's button does."""
        self._actions[action] = handler

    def _on_message_action(self, action: str) -> None:
        handler = self._actions.get(action)
        if handler is not None:
            if action not in KEEPS_MESSAGE:
                self.quiet()
            handler()
