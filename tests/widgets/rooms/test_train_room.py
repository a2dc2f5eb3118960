"""The Train room, fed by arrays and events: where the run is, what it is worth, what a person may change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app.messages.table import tell_log
from engines.contract.events import (
    CheckpointSaved,
    Continued,
    Crashed,
    Failed,
    Finished,
    Log,
    Paused,
    Started,
    Stopped,
    Validated,
)
from engines.contract.spec import Recipe
from tests.widgets.rooms.training import going, train_room
from tests.widgets.sample_runs import STEPS_PER_EPOCH, SampleRun
from widgets.rooms.train import TrainRoom

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> TrainRoom:
    return train_room(qapp, qtbot)


def test_that_an_empty_room_has_one_sentence_and_a_button_that_asks_for_a_run(
    room: TrainRoom, qtbot: QtBot
) -> None:
    room.show()
    assert room.empty.isVisible()
    assert not room.loss.isVisible()
    assert not room.head.isVisible()
    with qtbot.waitSignal(room.train_requested):
        qtbot.mouseClick(room.empty.button, LEFT)


def test_that_without_a_design_the_empty_room_offers_a_template_and_no_run(room: TrainRoom) -> None:
    room.set_design(there=False)
    room.show()
    assert not room.recipe_card.isVisible()
    assert "Start from a template" in room.empty.sentence.text()
    assert room.empty.button.text() == "Choose a template"
    assert not room.empty.compare.isVisible()
    room.set_design(there=True)
    assert room.recipe_card.isVisible()
    assert room.empty.button.text() == "Train"
    assert room.empty.compare.isVisible()


def test_that_a_run_that_was_resumed_goes_on_in_its_own_time(room: TrainRoom) -> None:
    run = going(room, epochs=2)
    room.show_event(Stopped(72, True, t=30.0))
    room.show_event(replace(run.start(72), t=1.0))
    room.show_event(Paused(80, t=12.0))
    assert room.pace.elapsed(0.0) == pytest.approx(42.0, abs=1)
    lines = room.log.toPlainText().splitlines()
    assert lines[-2].startswith("00:31\tgoes on at step 72 on CPU")
    assert lines[-1] == "00:42\tpaused at step 80"


def test_that_a_run_shows_where_it_is_and_what_it_is_worth(room: TrainRoom) -> None:
    room.show()
    run = going(room)
    assert room.loss.isVisible()
    assert room.head.title.text() == "Run 7 · cosine, batch 32"
    assert room.head.where.text().startswith("Epoch 13 of 20 · step 432 of 720 · ")
    assert room.head.bar.share == pytest.approx(0.6)
    assert room.measure_card.value.text() == f"{run.columns['accuracy'][431]:.1%}"
    assert "at epoch 12" in room.measure_card.subtitle.text()
    assert len(room.loss.traces["every_step"].values) == 432
    assert len(room.loss.traces["validation"].values) == 12


def test_that_the_best_and_the_last_checkpoint_are_told_apart(room: TrainRoom) -> None:
    run = going(room)
    rows = room.checkpoints._rows
    assert rows["best"].title.text() == "best · epoch 11"
    assert rows["last"].title.text() == "last · epoch 12"
    assert room.checkpoint_card.subtitle.text() == "the best by validation loss"
    worth = f"loss {run.columns['loss'][11 * STEPS_PER_EPOCH - 1]:.4f}"
    assert rows["best"].field.property("text") == worth  # what it was chosen by


def test_that_pause_and_resume_are_said_and_stop_the_clock(room: TrainRoom) -> None:
    going(room)
    room.show_event(Paused(432))
    assert room.head.chip.text == "paused"
    assert not room.pace.running
    room.show_event(Continued(432))
    assert room.head.chip.text == "training"
    assert room.pace.running


@pytest.mark.parametrize(
    ("event", "word", "severity"),
    [
        (Finished({"test_accuracy": 0.98}), "finished", "good"),
        (Stopped(432, True), "stopped", "warning"),
        (Failed("unexpected", {}), "failed", "bad"),
        (Crashed("signal", -9, 9, ""), "crashed", "bad"),
    ],
)
def test_that_every_end_is_said_and_gives_the_recipe_back(
    room: TrainRoom, event: Finished, word: str, severity: str
) -> None:
    room.show()
    going(room)
    assert not room.form._edit.isVisible()
    room.show_event(event)
    assert (room.head.chip.text, room.head.chip.severity) == (word, severity)
    assert room.form._edit.isVisible()
    assert "left" not in room.head.where.text()
    assert not room._tick.isActive()


def test_that_a_finished_run_shows_what_it_is_worth_on_the_test_split_and_its_mean_speed(
    room: TrainRoom,
) -> None:
    room.show()
    going(room, 20)
    assert not room.head.result.isVisible()
    room.show_event(
        Finished({"step": 720.0, "samples_per_second": 4990.4, "test_loss": 0.04, "test_accuracy": 0.9861})
    )
    assert (room.head.result_title.text(), room.head.result.text()) == ("Test accuracy", "98.6%")
    assert room.head.rate.text() == "4,990"
    ended, tested = room.log.toPlainText().splitlines()[-2:]
    assert ended.endswith("\tfinished")
    assert tested == "\ttest\tloss 0.0400 · accuracy 98.6%"
    room.follow(SampleRun(), "Run 8")
    assert not room.head.result.isVisible()


def test_that_a_stopped_run_shows_its_mean_speed(room: TrainRoom) -> None:
    room.show()
    going(room)
    room.show_event(Stopped(432, True, t=12.0))
    assert room.head.rate.text() == f"{432 * 32 / 12:,.0f}"
    assert not room.head.result.isVisible()


def test_that_a_regression_is_worth_an_error_and_no_percent(room: TrainRoom) -> None:
    room.show()
    room.set_recipe(Recipe(metrics=("mae", "r2")))
    room.follow(SampleRun(), "diabetes")
    room.show_event(Finished({"test_loss": 0.3716, "test_mae": 0.504, "test_r2": 0.4537}))
    assert room.head.result_title.text() == "Test mean absolute error"
    assert room.head.result.text() == "0.504"
    assert "MAE 0.504 · R² 0.454" in room.log.toPlainText()
    room.set_target("progression", 80.7)
    room.follow(SampleRun(), "diabetes")
    room.show_event(Finished({"test_mae": 0.504}))
    assert room.head.result_title.text() == "Test mean absolute error (± 40.7 progression)"


def test_that_a_checkpoint_that_is_best_and_last_has_one_line(room: TrainRoom) -> None:
    room.log.add(CheckpointSaved(36, 1, "best", True))
    room.log.add(CheckpointSaved(36, 1, "step", False))
    room.log.add(CheckpointSaved(72, 2, "step", False))
    lines = [line.partition("\t")[2] for line in room.log.toPlainText().splitlines()]
    assert lines == ["checkpoint at step 36, the best so far", "checkpoint at step 72"]


def test_that_what_the_folder_and_the_wire_both_tell_is_shown_once(room: TrainRoom) -> None:
    run = SampleRun()
    room.follow(run, "Run 8")
    begin = run.start()
    told = Validated(STEPS_PER_EPOCH, 1, {"loss": 1.0}, t=2.0)
    room.show_event(replace(begin, seq=4))
    room.show_event(told)
    run.events = [begin, replace(told, t=0.0)]
    room.refresh()
    assert room.log.toPlainText().count("epoch 1\t") == 1
    assert room.log.toPlainText().count("started") == 1


def test_that_opening_an_old_run_replays_its_folder(room: TrainRoom) -> None:
    run = SampleRun()
    run.take(run.total)
    events = [event for epoch in range(1, 21) for event in run.epoch_events(epoch, best=False)]
    run.events = [run.start(), *events, Finished({"test_accuracy": 0.97}, t=24.0)]
    room.follow(run, "Run 1")
    assert room.head.chip.text == "finished"
    assert room.head.bar.share == 1
    assert room.head.where.text() == "Epoch 20 of 20 · step 720 of 720 · 00:24 gone"


def test_that_a_long_runs_log_is_written_at_once_and_in_order(room: TrainRoom) -> None:
    run = SampleRun(400)
    run.take(run.total)
    run.events = [
        run.start(),
        *(event for epoch in range(1, 401) for event in run.epoch_events(epoch, best=True)),
    ]
    written: list[int] = []
    room.log.document().contentsChange.connect(lambda *_: written.append(room.log.blockCount()))
    room.follow(run, "Run 1")
    lines = room.log.toPlainText().splitlines()
    assert len(lines) == 801
    assert [line.split("\t")[1] for line in lines[1::2]] == [f"epoch {epoch}" for epoch in range(1, 401)]
    assert len(written) < 10


def test_that_another_run_begins_from_nothing(room: TrainRoom) -> None:
    going(room)
    room.follow(SampleRun(), "Run 8")
    assert len(room.loss.traces["every_step"].values) == 0
    assert room.log.toPlainText() == ""
    assert room.checkpoints.none.isHidden() is False
    assert room.head.chip.text == "starting"


def test_that_a_burst_of_events_reads_the_run_once_a_frame(room: TrainRoom, qtbot: QtBot) -> None:
    room.show()
    run = going(room)
    read = run.refreshed
    for place in range(100):
        room.show_event(Log("info", f"line {place}"))
    qtbot.waitUntil(lambda: run.refreshed > read)
    assert run.refreshed == read + 1


def test_that_the_log_says_how_a_run_ended_in_the_words_of_the_messages(room: TrainRoom) -> None:
    room.log.words = tell_log
    room.show_event(Crashed("signal", 0, 9, ""))
    last = room.log.toPlainText().splitlines()[-1]
    assert "ended from outside (killed, SIGKILL)" in last


def test_that_the_log_keeps_warnings_apart_and_the_last_line_in_sight(room: TrainRoom) -> None:
    room.show()
    going(room, 2)
    for place in range(200):
        room.show_event(Log("info", f"line {place}", t=65.0))
    room.show_event(Log("warning", "the loss rises", t=3700.0))
    lines = room.log.toPlainText().splitlines()
    assert lines[-1] == "1:01:40\twarning: the loss rises"
    assert lines[-2] == "01:05\tline 199"
    bar = room.log.verticalScrollBar()
    assert bar.value() == bar.maximum()
    before = bar.maximum()
    room.resize(room.width(), room.height() - 120)
    QApplication.processEvents()
    assert bar.value() == bar.maximum() > before
    bar.setValue(40)
    room.resize(room.width(), room.height() + 40)
    QApplication.processEvents()
    assert bar.value() == 40


def test_that_a_person_changes_each_value_of_the_recipe_before_a_run(room: TrainRoom, qtbot: QtBot) -> None:
    room.show()
    room.set_recipe(Recipe(epochs=20, learning_rate=1e-3))
    epochs, rate = room.form.fields["epochs"], room.form.fields["learning_rate"]
    schedule = room.form.fields["schedule"]
    assert isinstance(epochs, QSpinBox)
    assert isinstance(rate, QLineEdit)
    assert isinstance(schedule, QComboBox)
    with qtbot.waitSignal(room.recipe_changed) as changed:
        qtbot.keyClick(epochs, Qt.Key.Key_Up)
    assert changed.args == [{"epochs": 21}]
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "5e-4")
    with qtbot.waitSignal(room.recipe_changed) as changed:
        qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert changed.args == [{"learning_rate": 5e-4}]
    with qtbot.waitSignal(room.recipe_changed) as changed:
        qtbot.keyClick(schedule, Qt.Key.Key_Down)
    assert changed.args == [{"schedule": "cosine"}]
    assert room.form.recipe == replace(Recipe(), epochs=21, learning_rate=5e-4, schedule="cosine")


def test_that_showing_a_recipe_is_no_change(room: TrainRoom, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(room.recipe_changed):
        room.set_recipe(Recipe(epochs=3, batch_size=8, optimizer="sgd", seed=5, metrics=("r2",)))
    assert room.measure_card.title.text() == "R²"
    assert not room.measure.percent


def test_that_the_room_reads_nothing_while_the_run_is_not_there(room: TrainRoom) -> None:
    room.refresh()
    room.show_event(Log("info", "warmed"))
    assert "warmed" in room.log.toPlainText()


def test_that_a_run_that_goes_on_draws_its_later_steps_anew(room: TrainRoom) -> None:
    run = going(room, 4)
    run.length = 72
    run.columns["loss"][72:] = 0.5
    room.show_event(run.start(72))
    run.take(72)
    room.refresh()
    values = room.loss.traces["every_step"].values
    assert (values[72:] == 0.5).all()
    assert room.loss.traces["train"].values[-1] == pytest.approx(0.5)


def test_that_a_message_in_the_room_hands_its_action_on(room: TrainRoom, qtbot: QtBot) -> None:
    room.show()
    going(room)
    room.message.show_message("The engine ended", "Signal 9.", action="resume", action_text="Resume")
    with qtbot.waitSignal(room.action_requested) as asked:
        qtbot.mouseClick(room.message.button, LEFT)
    assert asked.args == ["resume"]


def test_that_the_first_values_are_drawn_without_waiting_for_an_epoch(room: TrainRoom, qtbot: QtBot) -> None:
    room.show()
    run = SampleRun()
    room.follow(run, "Run 9")
    started: Started = run.start()
    room.show_event(started)
    run.take(3)
    room.refresh()
    with qtbot.waitSignal(room.loss.painted):
        pass
    steps, values = room.loss.traces["every_step"].item.getData()
    assert steps.tolist() == [0, 1, 2]
    assert values.tolist() == run.columns["loss"][:3].tolist()


def test_that_a_finished_run_offers_its_export_and_a_failed_one_does_not(
    room: TrainRoom, qtbot: QtBot
) -> None:
    room.show()
    going(room)
    assert not room.head.ship.isVisible()
    room.show_event(Failed("unexpected", {}))
    assert not room.head.ship.isVisible()
    room.show_event(Finished({}))
    with qtbot.waitSignal(room.export_requested):
        qtbot.mouseClick(room.head.ship, LEFT)
