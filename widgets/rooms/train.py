"""The Train room: the curves of the run as they come, where it is, its log, its recipe."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract import events
from engines.contract.spec import Recipe
from widgets.charts.chart import FRAME_MS, LineChart
from widgets.charts.loss_chart import LossChart
from widgets.charts.numbers import number_text
from widgets.charts.pyramid import Values
from widgets.charts.trace import Steps, Trace
from widgets.controls.card import Card
from widgets.controls.messages import EmptyPage, MessagePanel
from widgets.controls.scrolling import Scrolling
from widgets.look.tokens import GAP
from widgets.rooms.measures import NAMES, PERCENT, measure_text, measure_words, result_of, title_of_test
from widgets.rooms.pace import Pace
from widgets.rooms.recipe_form import RecipeForm
from widgets.rooms.run_data import NOTHING, RunData, read
from widgets.rooms.run_log import RunLog
from widgets.rooms.train_parts import (
    STATES,
    CardGrid,
    CheckpointRows,
    NoRun,
    RunHead,
    best_words,
    side_width,
    span_shown,
)


class TrainRoom(QWidget):
    """Fed by :meth:`follow`, :meth:`show_event` and :meth:`refresh`; knows no engine."""

    train_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()
    compare_requested = Signal()
    continue_requested = Signal()
    export_requested = Signal()
    recipe_changed = Signal(dict)
    action_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train_room")
        self.head, self.form, self.log = RunHead(), RecipeForm(), RunLog()
        self.message, self.checkpoints = MessagePanel(), CheckpointRows()
        self.loss = LossChart("loss_chart", "Loss")
        self.measure = LossChart("metric_chart", "Accuracy", percent=True, can_log=False)
        self.rate = LineChart("rate_chart", "Learning rate", can_log=True)
        self.rate.set_traces([Trace("learning_rate", "learning rate", 3, alone=True)])
        self.empty = NoRun()
        self.starting = EmptyPage("", "Cancel", "cancel_start", icon_name="clock")
        self.pace = Pace()
        self.history: RunData | None = None
        self.measure_name = "accuracy"
        self._started: events.Started | None = None
        self._ended = False
        self._shown, self._known = 0, set[str]()
        self._before, self._until = 0.0, 0.0  # seconds of the run before it was resumed, and altogether
        self._span = 0
        self._target = ("", 0.0)
        self._tick = QTimer(self, interval=500)
        self._frame = QTimer(self, interval=FRAME_MS, singleShot=True)
        self._build()
        self._connect()
        self.set_recipe(Recipe())
        self.clear()

    def set_recipe(self, recipe: Recipe) -> None:
        """Show the values of ``recipe``; its first metric names the second card."""
        self.form.set_recipe(recipe)
        self._monitor = recipe.monitor.removeprefix("validation_")
        self.checkpoint_card.set_subtitle(f"the best by {recipe.monitor.replace('_', ' ')}")
        if recipe.metrics:
            self.set_metric(recipe.metrics[0])

    def set_metric(self, name: str) -> None:
        """Show ``name`` in the second card."""
        self.measure_name = name
        title = NAMES.get(name, name)
        self.measure_card.title.setText(title)
        self.measure.title = title
        self.measure.percent = self.measure.left_axis.percent = name in PERCENT
        self.measure.setAccessibleName(title)

    def set_design(self, *, there: bool) -> None:
        """Show the recipe of a design, or, where there is none, how to come to one."""
        self.empty.set_design(there=there)
        self.recipe_card.setVisible(there)

    def set_target(self, name: str = "", deviation: float = 0.0) -> None:
        """Say what the run's data predict, and by how much it was divided; 0: by nothing."""
        self._target = (name, deviation)

    def set_run_state(self, state: str) -> None:
        """Let the empty page begin nothing while something goes on."""
        self.empty.button.set_enabled(state == "idle", "A run is going on.")
        self.empty.compare.set_enabled(state == "idle", "A run is going on.")
        self.starting.button.set_busy(state == "stopping", "Stopping …")

    def show_starting(self, what: str, why: str = "") -> None:
        """Say what a run waits for before its first step, in place of any other; "": it waits no more."""
        self.starting.sentence.setText(f"{what}\n\n{why}" if why else what)
        other = self.empty if self.history is None else self._charts
        self._pages.setCurrentWidget(self.starting if what else other)
        self.head.setVisible(self.history is not None and not what)

    def set_handover(self, step: int = 0, words: str = "") -> None:
        """Mark the step after which this run went on from another one; 0: it did not."""
        for chart in (self.loss, self.measure, self.rate):
            chart.set_mark(step, words)

    def clear(self) -> None:
        """Show the page of a design that has not been trained."""
        self._forget()
        self._pages.setCurrentWidget(self.empty)
        self.head.hide()
        self.form.set_editable(True)
        self.checkpoint_card.hide()

    def _forget(self) -> None:
        self.history, self._started, self._ended = None, None, False
        self._shown, self._known = 0, set()
        self._before, self._until, self._span = 0.0, 0.0, 0
        if self.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # else it would go on to the next best tool
        for button in (self.head.resume, self.head.ship, self.head.go_on):
            button.hide()
        self.checkpoints.clear()
        self._tick.stop()

    def follow(self, history: RunData, title: str) -> None:
        """Show another run from its beginning; what it does comes by events and :meth:`refresh`."""
        self._forget()
        self.pace = Pace()
        self.history = history
        self.head.title.setText(title)
        self.head.chip.set_state("starting", "busy")
        self.head.where.setText("Starting the engine")
        self.head.bar.set_share(0)
        self.head.set_rate(0)
        self.head.set_result()
        for chart in (self.loss, self.measure):
            chart.clear()
        self.log.clear()
        self.message.hide()
        self.form.set_editable(False)
        self.checkpoint_card.show()
        self._pages.setCurrentWidget(self._charts)
        self.head.show()
        self.refresh()

    def show_event(self, event: Any) -> None:
        """Show what happened; events of metrics only say that there is more to read.

        What came over the wire and is in the run's folder too is shown once.
        """
        self.refresh_soon()
        if isinstance(event, events.Metrics) or self._is_known(event):
            return
        now, event = monotonic(), self._in_time_of_run(event)
        if events.is_last(event):
            self.pace.set_running(False, now)  # what it tells is the whole time, to the digit
        if event.t > 0:
            self.pace.set_elapsed(event.t, now)
        self.log.add(event)
        match event:
            case events.Started():
                self._on_started(event)
            case events.CheckpointSaved():
                worth = self._worth(event.step)
                self.checkpoints.saved(event.epoch, event.step, worth, best=event.best)
            case events.Paused():
                self._set_state("paused")
            case events.Continued():
                self._set_state("training")
            case _ if events.is_last(event):
                self._set_state(event.kind, ended=True)
                self._show_end(event)

    def show_interrupted(self) -> None:
        """Show that the run's process is gone without a last word."""
        self._set_state("interrupted", ended=True)

    def refresh_soon(self) -> None:
        """Read and draw with the next frame, at most 30 times a second."""
        if not self._frame.isActive():
            self._frame.start()

    def refresh(self) -> None:
        """Read what is new in the run's history and give it to the charts."""
        if self.history is None:
            return
        self.history.refresh()
        recorded = self.history.events
        with self.log.at_once():
            while self._shown < len(recorded):
                self._shown += 1
                self.show_event(recorded[self._shown - 1])
        self._feed(self.loss, self.loss_card, "loss")
        self._feed(self.measure, self.measure_card, self.measure_name)
        steps, values = self._series("learning_rate")
        self.rate.set_data("learning_rate", steps, values)
        self.rate_card.set_value(number_text(float(values[-1])) if len(values) else "")
        self.pace.note(self._position(), monotonic())
        self._show_where()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_where()
        if self.pace.running:
            self._tick.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._tick.stop()
        super().hideEvent(event)

    def _feed(self, chart: LossChart, card: Card, name: str) -> None:
        steps, values = self._series(name)
        chart.set_train(steps, values)
        places, validations = self._validations(name)
        chart.set_validation(places, validations)
        shown = validations if len(validations) else values
        card.set_value(measure_text(name, float(shown[-1])) if len(shown) else "")
        per_epoch = self._started.steps_per_epoch if self._started else 1
        card.set_subtitle(best_words(name, places, validations, per_epoch))

    def _in_time_of_run(self, event: Any) -> Any:
        """Return ``event`` with the seconds since the run began; each time it is resumed they begin anew."""
        if isinstance(event, events.Started) and event.first_step:
            self._before = self._until
        self._until = max(self._until, self._before + event.t)
        return replace(event, t=self._before + event.t)

    def _is_known(self, event: Any) -> bool:
        if isinstance(event, (events.Log, events.Paused, events.Continued)):
            return False
        mark = repr(replace(event, run="", seq=0, t=0.0))
        known = mark in self._known
        self._known.add(mark)
        return known

    def _series(self, name: str) -> tuple[Steps, Values]:
        return read(self.history.series, name) if self.history else NOTHING

    def _validations(self, name: str) -> tuple[Steps, Values]:
        if self.history is None:
            return NOTHING
        found = read(self.history.validations, name)
        return found if len(found[0]) else read(self.history.validations, f"validation_{name}")

    def _position(self) -> int:
        steps, _ = self._series("loss")
        return int(steps[-1]) + 1 if len(steps) else 0

    def _worth(self, step: int) -> str:
        if self.history is not None:
            self.history.refresh()
        for name in (self._monitor, "loss"):
            steps, values = self._validations(name)
            here = values[steps == step]
            if len(here):
                return measure_words(name, float(here[-1]))
        return f"step {step:,}"

    def _on_started(self, event: events.Started) -> None:
        self._started = event
        self._span = 0
        for chart in (self.loss, self.measure):
            chart.set_smoothing(max(5, event.steps_per_epoch // 2))
        self._set_state("training")

    def _set_state(self, state: str, *, ended: bool = False) -> None:
        self.pace.set_running(state == "training", monotonic())
        words, severity = STATES[state]
        self._ended = ended
        self.head.resume.setVisible(ended and state != "finished")
        self.head.ship.setVisible(state == "finished")
        self.head.go_on.setVisible(ended)
        self.head.compare.setVisible(ended)
        self.head.chip.set_state(words, severity)
        if state == "training" and self.isVisible():
            self._tick.start()
        if state != "training":
            self._tick.stop()
        self._bar_severity = severity
        self.form.set_editable(ended)
        self._show_where()

    def _show_end(self, event: Any) -> None:
        """Show what the run is worth on the test split, and how fast it went as a whole."""
        summary = event.summary if isinstance(event, events.Finished) else {}
        found = result_of(summary, (self.measure_name,))
        if found is not None:
            self.head.set_result(title_of_test(found[0]) + self._in_its_unit(*found), measure_text(*found))
        rate = summary.get("samples_per_second")
        self.head.set_rate(rate if isinstance(rate, float) else self._mean_rate())

    def _in_its_unit(self, name: str, value: float) -> str:
        """Return what an error of a standardized target is in the target's own unit, "" for all else."""
        target, deviation = self._target
        return f" (± {measure_text(name, value * deviation)} {target})" if name == "mae" and deviation else ""

    def _mean_rate(self) -> float:
        """Return samples a second over the whole run, 0 where too little of it is known."""
        started, seconds = self._started, self.pace.elapsed(monotonic())
        if started is None or seconds < 0.1:
            return 0.0
        return (self._position() - started.first_step) * started.batch_size / seconds

    def _show_where(self) -> None:
        started = self._started
        if started is None:
            return
        step, now = min(self._position(), started.total_steps), monotonic()
        span = span_shown(step, started.total_steps, started.steps_per_epoch, ended=self._ended)
        if span != self._span:
            self._span = span
            for chart in (self.loss, self.measure, self.rate):
                chart.set_span(span, started.steps_per_epoch, "epoch")
        epoch = min(started.epochs, step // max(1, started.steps_per_epoch) + 1)
        left = None if self._ended else self.pace.left(started.total_steps - step)
        self.head.set_where(
            (epoch, started.epochs), (step, started.total_steps), self.pace.elapsed(now), left
        )
        self.head.bar.set_share(step / max(1, started.total_steps), self._bar_severity)
        if self.pace.running:
            self.head.set_rate(self.pace.steps_per_second() * started.batch_size)

    def _build(self) -> None:
        self._bar_severity = "busy"
        self.loss_card, self.measure_card = Card("Loss", "every step"), Card("Accuracy", "every step")
        self.rate_card, self.log_card = Card("Learning rate", "of every step"), Card("Log")
        parts: tuple[QWidget, ...] = (self.loss, self.measure, self.rate, self.log)
        self._cards = (self.loss_card, self.measure_card, self.rate_card, self.log_card)
        whole = QGridLayout(self)
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        whole.addWidget(self.head, 0, 0, 1, 2)
        holder = QWidget()  # from here inwards: what moves to another parent is styled anew
        whole.addWidget(holder, 1, 0)
        whole.setRowStretch(1, 1)
        whole.setColumnStretch(0, 1)
        self._pages = QStackedLayout(holder)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.starting)
        self._charts = CardGrid(self._cards)
        self._pages.addWidget(self._charts)
        for card, part in zip(self._cards, parts):
            card.body.addWidget(part)
        self._build_side(whole)

    def _build_side(self, whole: QGridLayout) -> None:
        """Lay out the column at the right: the recipe, which scrolls where it must, and the checkpoints."""
        self.recipe_card, self.checkpoint_card = Card("Recipe"), Card("Checkpoints", "none yet")
        area = Scrolling(width=side_width())
        column = QVBoxLayout()
        whole.addLayout(column, 1, 1)
        column.setSpacing(GAP)
        column.addWidget(area, 1)
        self.side = area.column
        self.side.addWidget(self.message)
        self.side.addWidget(self.recipe_card, 1)
        self.recipe_card.body.addWidget(self.form)
        self.recipe_card.body.setSpacing(2)
        self.recipe_card.body.addStretch(1)
        column.addWidget(self.checkpoint_card)
        self.checkpoint_card.body.addWidget(self.checkpoints)
        self.checkpoint_card.setFixedWidth(side_width())

    def _connect(self) -> None:
        self.empty.requested.connect(self.train_requested)
        self.starting.requested.connect(self.cancel_requested)
        self.head.resume.clicked.connect(self.resume_requested)
        self.head.go_on.clicked.connect(self.continue_requested)
        self.head.ship.clicked.connect(self.export_requested)
        self.head.compare.clicked.connect(self.compare_requested)
        self.empty.compare.clicked.connect(self.compare_requested)
        self.form.recipe_changed.connect(self.recipe_changed)
        self.message.action_requested.connect(self.action_requested)
        self._frame.timeout.connect(self.refresh)
        self._tick.timeout.connect(self._show_where)
