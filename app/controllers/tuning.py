"""The tuning controller: the button in the Train room, its progress, the table that stays, what is taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.bridge.flow_thread import FlowThread, Outcome
from app.engine_facts.titles import titles
from app.flows.tuning import SECONDS, TuneOrder, kept, tune
from app.messages import words
from app.messages.table import tell
from app.workbench import Workbench
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Starting, Stopped, Tuning
from engines.contract.views import TuneRow, TuneView

if TYPE_CHECKING:
    from widgets.tuning.card import TunePart, TuningCard

LONGER = 12 * SECONDS
"""So long is measured where what was left out shall be measured, too."""


class TuningController(QObject):
    """Tunes the open design for the chosen engine and device; one tuning at a time, and none beside a run."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._part: TunePart | None = None
        self._card: TuningCard | None = None
        self._thread: FlowThread | None = None
        self._answer: TuneView | None = None
        self._connect()

    def attach(self, room: Any) -> QWidget:
        """Put the button into the Train room's recipe, and the table beneath it."""
        from widgets.tuning.card import TunePart, TuningCard

        self._part, self._card = TunePart(), TuningCard()
        room.recipe_card.body.insertWidget(1, self._part)
        room.side.addWidget(self._card)
        self._part.tune_requested.connect(lambda: self.tune())
        self._card.progress.stop_requested.connect(partial(self._stop, keep=True))
        self._card.longer_requested.connect(partial(self.tune, LONGER))
        self._card.settings_taken.connect(self._bench.edit_recipe)
        for shown in (self._part, self._card):
            self._bench.shell.run_state_changed.connect(shown.set_run_state)
            shown.set_run_state(self._bench.shell.header.state)
        self._show_kept()
        return room  # type: ignore[no-any-return]

    @property
    def running(self) -> bool:
        """Whether a tuning goes on."""
        return self._thread is not None

    def tune(self, seconds: float = SECONDS) -> None:
        """Measure ways to train the open design for about so long, and take the fastest."""
        bench = self._bench
        if not bench.is_ready():
            return
        assert bench.project is not None
        assert bench.design is not None
        bench.shell.open_room("train")
        order = TuneOrder(str(bench.project.folder), "", bench.engine, bench.device, seconds=seconds)
        self._begin(order)

    def _connect(self) -> None:
        bench, shell = self._bench, self._bench.shell
        shell.stop_keep_requested.connect(partial(self._stop, keep=True))
        shell.stop_discard_requested.connect(partial(self._stop, keep=False))
        shell.add_action("tune", "Tune for this machine", "", lambda: self.tune(), idle=True)
        for changed in (bench.project_changed, bench.engine_changed):
            changed.connect(self._show_kept)

    def _begin(self, order: TuneOrder) -> None:
        self._bench.quiet()
        self._answer = None
        self._bench.shell.set_run_state("starting", words.TUNING)
        self._bench.shell.set_engine_state(words.ENGINE_TUNING, "busy")
        if self._part is not None and self._card is not None:
            self._part.set_going(going=True)
            self._card.begin(_where(order.engine, order.device))
            self._card.reveal()
        self._thread = self._bench.work("tune", partial(tune, order=order), self._on_events, self._on_ended)

    def _stop(self, *, keep: bool) -> None:
        if self._thread is not None:
            self._bench.shell.set_run_state("stopping")
            if self._card is not None:
                self._card.progress.stopping()
            self._thread.stop(keep)

    def _on_events(self, events: list[Event]) -> None:
        standing: Tuning | None = None
        for event in events:
            if isinstance(event, Answer) and isinstance(event.record, TuneView):
                self._answer = event.record
            elif isinstance(event, Starting):
                self._bench.show_starting(event)
            elif isinstance(event, Tuning):
                standing = event
                self._bench.shell.set_engine_state(words.ENGINE_TUNING, "busy")
        if standing is not None and self._card is not None:
            self._card.show_event(standing)

    def _on_ended(self, outcome: Outcome) -> None:
        self._thread = None
        shell = self._bench.shell
        shell.set_run_state("idle")
        shell.set_engine_state("Engine: ready", "good")
        if self._part is not None and self._card is not None:
            self._part.set_going(going=False)
            self._card.end()
        if isinstance(outcome, (Finished, Stopped)) and self._answer is not None:
            self._take(self._answer)
            return
        self._show_kept()
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)

    def _take(self, view: TuneView) -> None:
        if view.chosen:
            self._bench.edit_recipe(dict(view.chosen))
        self._show(view)
        if self._card is not None:
            self._card.reveal()

    # --- what is shown ---

    def _show_kept(self) -> None:
        """Show the table of an earlier tuning of this design on this engine and device, if there is one."""
        project = self._bench.project
        view = None
        if project is not None:
            view = kept(project, project.current_design, self._bench.engine, self._bench.device)
        self._show(view)

    def _show(self, view: TuneView | None) -> None:
        if self._card is not None:
            self._card.show_view(
                view, _where(view.engine, view.device, view.created) if view else "", _reason
            )


def _where(engine: str, device: str, created: str = "") -> str:
    from widgets.shipping.words import time_words

    where = f"{titles().get(engine, engine)} on {device.upper()}"
    return f"{where} · {time_words(created)}" if created else where


def _reason(row: TuneRow) -> str:
    return tell(row.code, row.facts).what
