"""The Compare room's controller: one design on several engines, live, kept, and gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.bridge.flow_thread import FlowThread, Outcome
from app.comparison_views import known_title, view_of
from app.engine_facts.reports import load_reports
from app.flows.engine_comparison import ComparisonOrder, compare_engines, resume_comparison
from app.messages import words
from app.plans import is_installed, project_plan
from app.workbench import Workbench
from engines.contract.capabilities import EngineReport, EngineRow
from engines.contract.comparison import Comparison
from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer, Continued, Crashed, Event, Failed, Paused, Started, Starting
from engines.registry import ENGINES
from engines.runs.engine_comparison import (
    COMPARISONS,
    draws_masks,
    history_curves,
    list_comparisons,
    read_comparison,
    run_of,
)
from engines.runs.history import RunHistory
from engines.runs.manage import delete_comparison, restore_comparison

if TYPE_CHECKING:
    from widgets.comparing.shown import EngineChoice
    from widgets.rooms.compare import CompareRoom

FOLLOW_MS = 100


class ComparisonsController(QObject):
    """Starts, follows and ends one comparison at a time; the record and the run folders are the truth."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: CompareRoom | None = None
        self._thread: FlowThread | None = None
        self._shown: tuple[Path, Comparison] | None = None
        self.shown = bench.session.comparison
        """The folder of the comparison that was shown last, "" where none was."""
        self._binned: Path | None = None
        self._home = Path()
        """The project of the comparison under way, whichever is open meanwhile."""
        self._working: Path | None = None
        self._histories: dict[tuple[str, str], RunHistory] = {}
        self._tail = QTimer(self, interval=FOLLOW_MS)
        self._tail.timeout.connect(self._read_curves)
        self._connect()

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.compare import CompareRoom

        room = CompareRoom()
        self._room = room
        room.compare_requested.connect(self.ask)
        room.resume_requested.connect(self.resume)
        room.comparison_chosen.connect(lambda key: self._open(Path(key)))
        room.delete_requested.connect(self.delete)
        room.restore_requested.connect(self.restore)
        room.run_opened.connect(self._on_run_opened)
        self._show_latest()
        return room

    @property
    def running(self) -> bool:
        """Whether a comparison of this window goes on."""
        return self._thread is not None

    def ask(self) -> None:
        """Let a person choose engines and parts, then begin."""
        bench = self._bench
        if not bench.is_ready():
            return
        assert bench.project is not None
        assert bench.design is not None
        bench.shell.open_room("compare")
        recipe = bench.design.recipe
        self._open_sheet(recipe.epochs, recipe.precision, recipe.run_mode)

    def start(self, engines: list[str], parts: list[str], dropout: bool, devices: Mapping[str, str]) -> None:
        """Compare the open design on ``engines``; ``devices``: of those that do not train on the CPU."""
        project = self._bench.project
        if self.running or project is None:
            return
        design, chosen = str(project.folder), tuple(engines)
        order = ComparisonOrder(
            design, "", chosen, parts=tuple(parts), dropout=dropout, devices=dict(devices)
        )
        self._begin(partial(compare_engines, order=order), project.folder)

    def resume(self) -> None:
        """Go on with the comparison that is shown."""
        if self._shown is not None and self._bench.shell.header.state == "idle":
            folder, _ = self._shown
            self._begin(partial(resume_comparison, folder=folder), folder.parent.parent)

    def delete(self) -> None:
        """Move the comparison that is shown to the bin, and show the newest of those that are left."""
        if self._shown is None or self.running or self._room is None:
            return
        folder, found = self._shown
        if self._bench.attempt(partial(self._bin, folder)):
            self._show_latest()
            self._room.show_deleted(known_title(found))

    def _bin(self, folder: Path) -> None:
        self._binned = delete_comparison(folder)

    def restore(self) -> None:
        """Take the comparison that was last deleted back out of the bin, and show it."""
        binned, self._binned = self._binned, None
        if binned is not None and not self.running:
            self._bench.attempt(lambda: self._open(restore_comparison(binned)))

    def _on_bin_emptied(self) -> None:
        self._binned = None
        if self._room is not None:
            self._room.message.hide()

    def _connect(self) -> None:
        bench, shell = self._bench, self._bench.shell
        bench.bin_emptied.connect(self._on_bin_emptied)
        shell.pause_requested.connect(lambda: self._control("pause"))
        shell.resume_requested.connect(lambda: self._control("resume"))
        shell.stop_keep_requested.connect(lambda: self._stop(keep=True))
        shell.stop_discard_requested.connect(lambda: self._stop(keep=False))
        shell.room_chosen.connect(self._on_room_chosen)
        shell.add_action("compare_engines", "Compare engines …", "Ctrl+E", self.ask, idle=True)
        bench.project_changed.connect(self._show_latest)
        bench.compare_requested.connect(self.ask)

    def _open_sheet(self, epochs: int, precision: str, run_mode: str) -> None:
        from widgets.comparing.sheet import CompareSheet

        project = self._bench.project
        assert project is not None
        try:
            noisy = draws_masks(project_plan(project, project.current_design).spec)
        except WorkbenchError as fault:
            self._bench.tell(fault)
            return
        shell = self._bench.shell
        choices = [_with_itself(one, run_mode) for one in engine_choices()]
        sheet = CompareSheet(choices, epochs, precision, dropout=noisy, parent=shell.window())
        sheet.chosen.connect(self.start)
        sheet.open()

    # --- a comparison under way ---

    def _begin(self, flow: Any, home: Path) -> None:
        self._bench.quiet()
        self._bench.shell.set_run_state("starting")
        self._bench.shell.set_engine_state(words.ENGINE_STARTING, "busy")
        self._bench.shell.open_room("compare")
        self._home, self._working = home, None
        self._thread = self._bench.work("compare", flow, self._on_events, self._on_ended)
        self._tail.start()

    def _control(self, action: str) -> None:
        if self._thread is not None:
            self._thread.control(action)

    def _stop(self, *, keep: bool) -> None:
        if self._thread is not None:
            self._bench.shell.set_run_state("stopping")
            self._thread.stop(keep)

    def _on_events(self, events: list[Event]) -> None:
        latest: Comparison | None = None
        for event in events:
            match event:
                case Answer(record=Comparison() as found):
                    latest = found
                case Paused():
                    self._bench.shell.set_run_state("paused")
                case Continued():
                    self._bench.shell.set_run_state("training")
                case Starting():
                    self._bench.show_starting(event)
                case Started():
                    self._bench.shell.set_engine_state(words.ENGINE_COMPARING, "busy")
                case _:
                    pass
        if latest is not None:
            self._take(latest)

    def _take(self, found: Comparison) -> None:
        if self._working is None:
            self._working = self._home / COMPARISONS / found.id
            self._histories.clear()
            if self._bench.shell.header.state == "starting":
                self._bench.shell.set_run_state("training")
                self._bench.shell.set_engine_state(words.ENGINE_COMPARING, "busy")
        before = self._shown[1] if self._shown and self._shown[0] == self._working else None
        self._show(self._working, found)
        if before is None or [one.run for one in before.entrants] != [one.run for one in found.entrants]:
            self._bench.runs_changed.emit()

    def _on_ended(self, outcome: Outcome) -> None:
        self._thread = None
        self._tail.stop()
        shell = self._bench.shell
        shell.set_run_state("idle")
        shell.set_engine_state("Engine: ready", "good")
        self._read_curves()
        project, worked = self._bench.project, self._working
        if worked is not None and project is not None and worked.is_relative_to(project.folder):
            self._open(worked)
        else:  # it never began, or another project was opened meanwhile
            self._show_latest()
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)
        self._working = None
        self._bench.runs_changed.emit()
        self._bench.run_ended.emit()

    # --- what is shown ---

    def _on_room_chosen(self, key: str) -> None:
        if key == "compare" and not self.running:
            self._show_known()

    def _show_latest(self) -> None:
        """Show the project's comparison that was shown last, or the newest, or the empty page."""
        if self._room is None or self.running:
            return
        known = [folder for folder, _ in self._known()]
        if known:
            self._open(next((folder for folder in known if str(folder) == self.shown), known[0]))
        else:
            self._shown = None
            self._room.clear(has_design=self._bench.project is not None)

    def _known(self) -> list[tuple[Path, Comparison]]:
        project = self._bench.project
        return list_comparisons(project.folder) if project is not None else []

    def _open(self, folder: Path) -> None:
        """Show a comparison from its folder."""
        try:
            found = read_comparison(folder)
        except WorkbenchError as fault:
            self._bench.tell(fault)
            return
        self._histories.clear()
        self._show(folder, found)
        self._show_known()
        self._read_curves()

    def _show(self, folder: Path, found: Comparison) -> None:
        self._shown = folder, found
        if self.shown != str(folder):
            self.shown = str(folder)
            self._bench.looked_elsewhere.emit()
        if self._room is None:
            return
        self._room.set_view(view_of(folder, found, running=self._thread is not None))

    def _show_known(self) -> None:
        from widgets.controls.drops import DropRow

        if self._room is not None and self._shown is not None:
            rows = [DropRow(str(folder), known_title(found)) for folder, found in self._known()]
            self._room.set_known(rows, str(self._shown[0]))

    def _read_curves(self) -> None:
        """Read what is new of every run of the comparison that is shown."""
        if self._room is None or self._shown is None:
            return
        folder, found = self._shown
        for one in found.entrants:
            for part in found.parts:
                run = run_of(one, part)
                if run:
                    self._read(part, one.key, folder.parent.parent / run)

    def _read(self, part: str, key: str, run: Path) -> None:
        assert self._room is not None
        known = self._histories.get((part, key))
        if known is None or known.folder != run:
            known = self._histories[part, key] = RunHistory(run)
        changed = False
        while known.refresh():
            changed = True
        if changed:
            self._room.set_curve(part, key, history_curves(known))

    def _on_run_opened(self, folder: str) -> None:
        self._bench.choose_run(folder)
        self._bench.shell.open_room("train")


def engine_choices(but: str = "") -> list[EngineChoice]:
    """Return the engines that train, ``but`` one; those that cannot take part say why."""
    from widgets.comparing.shown import EngineChoice

    rows = [row for row in ENGINES if row.visible and row.trains and row.name != but]
    reports = load_reports()
    return [
        EngineChoice(
            row.name,
            row.title,
            reason=_reason(row),
            devices=_devices(reports.get(row.name)),
            precisions=reports[row.name].precisions if row.name in reports else (),
        )
        for row in rows
    ]


def _devices(report: EngineReport | None) -> tuple[tuple[str, str], ...]:
    """Return name and title of the devices that an engine listed when it was last asked."""
    found = report.devices if report else ()
    return tuple((one.name, one.title if one.name == "cpu" else f"{one.title} ({one.name})") for one in found)


def _reason(row: EngineRow) -> str:
    return "" if is_installed(row) else words.NOT_INSTALLED_SHORT


def _with_itself(choice: EngineChoice, run_mode: str) -> EngineChoice:
    """Return a choice with the run modes and devices in which the engine can be compared with itself."""
    from widgets.rooms.recipe_words import MODES

    row = next(row for row in ENGINES if row.name == choice.key)
    report = load_reports().get(choice.key)
    modes = [mode for mode in row.modes if report is None or not report.modes or mode in report.modes]
    own = run_mode if run_mode in row.modes else next(iter(row.modes), "")
    others = tuple((mode, dict(MODES).get(mode, mode)) for mode in modes if mode != own)
    return replace(choice, also=(*others, *choice.devices[1:]))
