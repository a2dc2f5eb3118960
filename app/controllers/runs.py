"""The Runs room's controller: what was trained, compared, renamed, thrown away and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.bridge.flow_thread import Outcome
from app.desk import Desk
from app.workbench import Workbench
from engines.contract.errors import WorkbenchError
from engines.contract.events import Event
from engines.registry import engine
from engines.runs.compare import Pair, RunComparison, compare_runs
from engines.runs.history import whole_history
from engines.runs.listing import RunSummary, list_runs
from engines.runs.manage import delete_run, rename_run, restore_run
from engines.training.run_folder import RunRecord

if TYPE_CHECKING:
    from widgets.charts.pyramid import Values
    from widgets.charts.trace import Steps
    from widgets.rooms.runs import RunRow, RunsRoom


class RunsController(QObject):
    """Lists the project's runs, in a thread, for there may be thousands; their folders are the only truth."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: RunsRoom | None = None
        self._rows: list[RunRow] = []
        self._turn = 0
        self._binned: dict[str, Path] = {}
        bench.project_changed.connect(self._on_project_changed)
        bench.runs_changed.connect(self._list)
        bench.bin_emptied.connect(self._on_bin_emptied)
        bench.shell.room_chosen.connect(self._on_room_chosen)
        bench.offer("show_runs", lambda: bench.shell.open_room("runs"))

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.runs import RunsRoom

        room = RunsRoom()
        self._room = room
        room.selection_changed.connect(self._on_selection_changed)
        room.run_opened.connect(self._on_run_opened)
        room.rename_requested.connect(self._on_rename_requested)
        room.delete_requested.connect(self._on_delete_requested)
        room.restore_requested.connect(self._on_restore_requested)
        room.folder_requested.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        room.train_requested.connect(self._bench.shell.train_requested)
        room.compare_requested.connect(self._bench.compare_requested)
        room.continue_requested.connect(self._bench.continue_requested)
        self._show()
        self._show_what_is_next()
        return room

    def _show_what_is_next(self) -> None:
        if self._room is not None:
            self._room.set_design(there=self._bench.design is not None)

    def _on_project_changed(self) -> None:
        self._rows = []
        self._show()
        self._show_what_is_next()
        self._list()

    def _list(self) -> None:
        """Read the list anew; what was asked for before may still be answered, and is not heard."""
        self._turn += 1
        if self._bench.project is None:
            return
        folder = self._bench.project.folder
        found: list[RunRow] = []

        def flow(_: Desk) -> Iterator[Event]:
            found.extend(_row(run) for run in list_runs(folder))
            yield from ()

        self._bench.work("runs", flow, None, partial(self._on_listed, self._turn, found))

    def _on_listed(self, turn: int, found: list[RunRow], outcome: Outcome) -> None:
        if isinstance(outcome, BaseException):
            self._bench.tell(outcome)
        elif turn == self._turn:
            self._rows = found
            self._show()

    def _show(self) -> None:
        if self._room is None:
            return
        self._room.set_runs(self._rows)
        if self._rows and not self._room.table.selected_keys():
            self._room.table.select([self._rows[0].key])

    def _on_room_chosen(self, key: str) -> None:
        if key == "runs":
            self._list()

    def _on_selection_changed(self, keys: list[str]) -> None:
        if self._room is None:
            return
        from widgets.rooms.runs import MOST_COMPARED, MOST_CURVES

        drawn = {key: _validation_loss(Path(key)) for key in keys[:MOST_CURVES]}
        self._room.show_curves(drawn, len(keys))
        try:
            rows = _differences(keys) if 2 <= len(keys) <= MOST_COMPARED else []
        except WorkbenchError as fault:
            self._bench.tell(fault)
            rows = []
        self._room.show_differences(keys if rows else [], rows)

    def _on_run_opened(self, key: str) -> None:
        self._bench.choose_run(key)
        self._bench.shell.open_room("train")

    def _on_rename_requested(self, key: str, title: str) -> None:
        self._bench.attempt(lambda: rename_run(key, title))
        self._bench.runs_changed.emit()

    def _on_delete_requested(self, keys: list[str]) -> None:
        gone: list[str] = []
        for key in keys:
            if self._bench.attempt(partial(self._bin, key)):
                gone.append(key)
        if self._bench.run in gone:
            self._bench.choose_run("")
        self._bench.runs_changed.emit()
        if gone and self._room is not None:
            self._room.show_deleted(gone)

    def _bin(self, key: str) -> None:
        self._binned[key] = delete_run(key)

    def _on_bin_emptied(self) -> None:
        self._binned.clear()
        if self._room is not None:
            self._room.message.hide()

    def _on_restore_requested(self, keys: list[str]) -> None:
        for key in keys:
            binned = self._binned.pop(key, None)
            if binned is not None:
                self._bench.attempt(partial(restore_run, binned))
        self._bench.runs_changed.emit()


def _row(run: RunSummary) -> RunRow:
    from widgets.rooms.measures import result_of
    from widgets.rooms.runs import RunRow
    from widgets.shipping.words import time_words

    record = run.record
    if record is None:
        return RunRow(str(run.path), run.path.name, run.state)
    steps = record.steps_per_epoch
    found = result_of(record.summary, ("accuracy", "r2", "mae"))
    return RunRow(
        key=str(run.path),
        title=record.title,
        state=run.state,
        design=record.design,
        engine=_engines(record),
        epochs=record.step // steps if steps else None,
        loss=_figure(record.summary, "best_validation_loss"),
        measure=found[1] if found else None,
        measured=found[0] if found else "",
        seconds=record.seconds or None,
        started=time_words(record.created),
        number=_number(record.id),
    )


def _figure(summary: object, name: str) -> float | None:
    value = summary.get(name) if isinstance(summary, dict) else None
    return float(value) if isinstance(value, (int, float)) else None


def _engine_title(name: str) -> str:
    row = engine(name)
    return row.title if row else name


def _engines(record: RunRecord) -> str:
    """Return the engine's title, with the one before it where the run went on from another engine."""
    title = _engine_title(record.engine)
    before = _engine_title(record.parent_engine) if record.parent_engine else title
    return title if before == title else f"{before} → {title}"


def _number(run: str) -> int:
    """Return the day's number in a run's id such as ``2026-11-23-002-digits``, 0 where there is none."""
    found = re.match(r"\d{4}-\d\d-\d\d-(\d+)", run)
    return int(found[1]) if found else 0


def _validation_loss(run: Path) -> tuple[Steps, Values]:
    history = whole_history(run)
    steps, values = history.validations("loss")
    return (steps, values.astype("float32")) if len(steps) else history.series("loss")


def _differences(runs: list[str]) -> list[tuple[str, ...]]:
    """Return a row a setting that is not the same in all ``runs``, a row a figure, and where losses part."""
    others = [compare_runs(runs[0], other) for other in runs[1:]]
    found = [{pair.name: pair for pair in (*other.settings, *other.figures)} for other in others]
    pairs = {name: pair for each in found for name, pair in each.items()}
    order = dict.fromkeys(pair.name for other in others for pair in other.settings) | dict.fromkeys(pairs)
    rows = [
        _difference(name, pairs[name].first, *(each.get(name, _same(pairs[name])).second for each in found))
        for name in order
    ]
    return [*rows, _losses(others[0])] if len(others) == 1 else rows


def _same(pair: Pair) -> Pair:
    """Return what ``pair`` is for a run whose value is the first one's."""
    return Pair(pair.name, pair.first, pair.first)


def _losses(comparison: RunComparison) -> tuple[str, ...]:
    if comparison.first_difference < 0:
        return "Training loss", "the same", ""
    apart = f"up to {comparison.max_rel_difference:.1%} apart"
    return "Training loss", apart, f"from step {comparison.first_difference:,}"


def _difference(name: str, *values: object) -> tuple[str, ...]:
    from widgets.rooms.run_figures import figure_text, figure_title

    if name == "engine":
        return "Engine", *(_engine_title(str(value)) for value in values)
    return figure_title(name), *(figure_text(name, value) for value in values)
