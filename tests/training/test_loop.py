"""The loop that all engines share, driven by an engine in plain NumPy."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    CheckpointSaved,
    Continued,
    Control,
    Event,
    Failed,
    Finished,
    Log,
    Metrics,
    Paused,
    Started,
    Stopped,
    Validated,
)
from engines.runs.history import RunHistory
from engines.runs.verify import verify
from engines.training import loop
from engines.training.checkpoints import latest_valid, list_checkpoints, load_checkpoint
from engines.training.control import ControlFlags
from engines.training.metric_log import read_header
from engines.training.run_folder import METRICS, read_recipe, read_run
from tests.helpers.small_training import NumpyTrainer, run_small, small_data, small_job

STEPS = 6 * 7  # 60 training samples in batches of 8: 7 whole ones an epoch


@pytest.fixture(autouse=True)
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)


def losses(events: list[Event]) -> list[float]:
    return [float(loss) for event in events if isinstance(event, Metrics) for loss in event.values["loss"]]


def logged(home: Path, name: str) -> np.ndarray[Any, Any]:
    with (home / "run" / METRICS).open("rb") as file:
        header = read_header(file)
        assert header is not None
        columns, begin, _ = header
        file.seek(begin)
        table = np.frombuffer(file.read(), "<f4").reshape(-1, len(columns))
    return table[:, columns.index(name)]


def final_weights(home: Path) -> dict[str, Any]:
    checkpoint, _ = latest_valid(home / "run" / "checkpoints")
    assert checkpoint is not None
    return dict(checkpoint.arrays)


def test_that_a_training_begins_learns_validates_and_finishes(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path)))
    assert isinstance(events[0], Started)
    assert (events[0].steps_per_epoch, events[0].total_steps) == (7, STEPS)
    assert isinstance(events[-1], Finished)
    assert events[-1].summary["step"] == STEPS
    assert float(events[-1].summary["test_accuracy"]) > 0.8
    validated = [event for event in events if isinstance(event, Validated)]
    assert [event.step for event in validated] == [7, 14, 21, 28, 35, 42]
    found = losses(events)
    assert len(found) == STEPS
    assert np.mean(found[-7:]) < np.mean(found[:7])


def test_that_the_run_folder_has_every_step_before_the_event_says_so(tmp_path: Path) -> None:
    seen: list[float] = []
    for event in run_small(small_job(tmp_path)):
        if isinstance(event, Metrics):
            seen += event.values["loss"].tolist()
            np.testing.assert_array_equal(logged(tmp_path, "loss"), np.array(seen, np.float32))


def test_that_chunks_begin_with_each_epoch(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, chunk_steps=3)))
    firsts = [event.first_step for event in events if isinstance(event, Metrics)]
    assert firsts[:6] == [0, 3, 6, 7, 10, 13]


def test_that_what_is_not_given_is_measured_and_recorded(tmp_path: Path) -> None:
    started = next(run_small(small_job(tmp_path, threads=0, chunk_steps=0)))
    assert isinstance(started, Started)
    assert (started.threads, started.chunk_steps) == (2, 7)  # 50 ms are 10 steps, an epoch has 7


@pytest.mark.parametrize("at", range(1, 20, 3))
def test_that_a_killed_run_goes_on_bit_for_bit(tmp_path: Path, at: int) -> None:
    calm, torn = tmp_path / "calm", tmp_path / "torn"
    list(run_small(small_job(calm)))
    # Closing the generator at any event leaves the folder as a kill would: no end is recorded.
    interrupted = run_small(small_job(torn))
    list(itertools.islice(interrupted, at))
    interrupted.close()
    assert read_run(torn / "run").state == "running"
    events = list(run_small(small_job(torn, resume=True)))
    assert isinstance(events[-1], Finished)
    np.testing.assert_array_equal(logged(torn, "loss"), logged(calm, "loss"))
    ours, theirs = final_weights(torn), final_weights(calm)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    same = ("best_step", "test_loss", "test_accuracy", "best_validation_loss")
    mine, other = read_run(torn / "run").summary, read_run(calm / "run").summary
    assert [mine[key] for key in same] == [other[key] for key in same]


def test_that_a_pause_in_mid_epoch_changes_no_later_number(tmp_path: Path) -> None:
    calm, held = tmp_path / "calm", tmp_path / "held"
    list(run_small(small_job(calm)))
    flags, events = ControlFlags(), []
    for event in run_small(small_job(held), flags):
        events.append(event)
        if isinstance(event, Metrics) and event.first_step == 10:
            flags.apply(Control("pause"))
        if isinstance(event, Paused):
            assert read_run(held / "run").state == "paused"
            flags.apply(Control("resume"))
    kinds = [type(event) for event in events]
    assert kinds[kinds.index(Paused) - 1 : kinds.index(Paused) + 2] == [CheckpointSaved, Paused, Continued]
    np.testing.assert_array_equal(logged(held, "loss"), logged(calm, "loss"))


def stop_at(home: Path, step: int, flags: ControlFlags, act: Any, **changes: Any) -> list[Event]:
    events = []
    for event in run_small(small_job(home, **changes), flags):
        events.append(event)
        if isinstance(event, Metrics) and event.first_step == step:
            act()
    return events


def test_that_stop_and_keep_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    flags = ControlFlags()
    events = stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    assert events[-1] == Stopped(step=13, kept=True)
    assert read_run(tmp_path / "run").state == "stopped"
    resumed = list(run_small(small_job(tmp_path, resume=True)))
    assert isinstance(resumed[0], Started)
    assert resumed[0].first_step == 13
    assert isinstance(resumed[-1], Finished)


def test_that_stop_and_discard_leaves_no_trace(tmp_path: Path) -> None:
    flags = ControlFlags()
    events = stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_discard")))
    assert events[-1] == Stopped(step=13, kept=False)
    assert not (tmp_path / "run").exists()


def test_that_a_discarded_run_takes_nothing_else_along(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_discard")))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_that_a_fault_before_the_first_step_leaves_no_half_run(tmp_path: Path) -> None:
    class UnknownDevice(NumpyTrainer):
        def __init__(self, *given: Any) -> None:
            raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device="abacus", known="cpu")

    (last,) = run_small(small_job(tmp_path), make=UnknownDevice)
    assert isinstance(last, Failed)
    assert not (tmp_path / "run").exists()
    assert isinstance(list(run_small(small_job(tmp_path)))[-1], Finished)


def test_that_discarding_a_resumed_run_keeps_what_it_had(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    again = ControlFlags()
    stop_at(tmp_path, 14, again, lambda: again.apply(Control("stop_discard")), resume=True)
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.step >= 13


def test_that_a_run_without_its_controller_saves_and_ends(tmp_path: Path) -> None:
    flags = ControlFlags()
    events = stop_at(tmp_path, 10, flags, flags.lose_controller)
    assert events[-1] == Stopped(step=13, kept=True)


def test_that_a_run_told_to_go_alone_outlives_its_controller(tmp_path: Path) -> None:
    flags = ControlFlags()
    flags.apply(Control("go_alone"))
    events = stop_at(tmp_path, 10, flags, flags.lose_controller)
    assert isinstance(events[-1], Finished)


def test_that_a_stop_ends_a_pause(tmp_path: Path) -> None:
    flags = ControlFlags()
    flags.apply(Control("pause"))
    events = []
    for event in run_small(small_job(tmp_path), flags):
        events.append(event)
        if isinstance(event, Paused):
            flags.apply(Control("stop_keep"))
    assert events[-1] == Stopped(step=3, kept=True)
    assert not any(isinstance(event, Continued) for event in events)


def test_that_a_new_learning_rate_is_in_force_and_survives_a_resume(tmp_path: Path) -> None:
    flags = ControlFlags()
    events = stop_at(tmp_path, 0, flags, lambda: flags.apply(Control("set", {"learning_rate": 0.2})))
    rates = np.concatenate([e.values["learning_rate"] for e in events if isinstance(e, Metrics)])
    np.testing.assert_allclose(rates[:4], [0.05, 0.05, 0.05, 0.2], rtol=1e-6)
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.learning_rate == 0.2


class DivergingTrainer(NumpyTrainer):
    bad_at = 16


def test_that_a_nan_loss_ends_the_run_names_the_step_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path), make=DivergingTrainer))
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.LOSS_NOT_FINITE.value
    assert last.facts["step"] == 16
    assert math.isnan(logged(tmp_path, "loss")[16])
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.step == 14
    record = read_run(tmp_path / "run")
    assert (record.state, record.code) == ("failed", ErrorCode.LOSS_NOT_FINITE.value)


def test_that_patience_ends_the_run_and_the_best_weights_are_tested(tmp_path: Path) -> None:
    # A huge rate after the first epochs only makes it worse.
    job = small_job(tmp_path, learning_rate=3.0, momentum=0.99, epochs=50, patience=3)
    events = list(run_small(job))
    validated = [event for event in events if isinstance(event, Validated)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["ended"] == "patience"
    values = [event.values["loss"] for event in validated]
    best = int(np.argmin(values))
    assert len(values) == best + 4
    assert last.summary["best_step"] == validated[best].step
    assert last.summary["best_validation_loss"] == values[best]


def test_that_the_monitor_decides_the_direction(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, monitor="validation_accuracy")))
    values = [event.values["accuracy"] for event in events if isinstance(event, Validated)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["best_validation_accuracy"] == max(values)


def test_that_without_validation_the_last_weights_are_the_result(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, validate_every=0)))
    assert not any(isinstance(event, Validated) for event in events)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["best_step"] == STEPS
    assert not list_checkpoints(tmp_path / "run" / "checkpoints", "best")


def test_that_old_checkpoints_go_but_the_best_one_spoken_of_stays(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path, epochs=12)))
    folder = tmp_path / "run" / "checkpoints"
    steps = list_checkpoints(folder)
    assert len(steps) == 2
    for path in steps:
        best = load_checkpoint(path).record.early_stopping.best_step
        assert (folder / f"best-{best:09d}.safetensors").exists()


def test_that_checkpoints_of_tiny_epochs_are_spaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVING_SHARE", 1_000_000)
    events = list(run_small(small_job(tmp_path)))
    saved = [event.step for event in events if isinstance(event, CheckpointSaved) and not event.best]
    assert saved == [7, STEPS]


def test_that_long_epochs_are_saved_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LONGEST_GAP", -1.0)
    events = list(run_small(small_job(tmp_path, epochs=1)))
    saved = [event.step for event in events if isinstance(event, CheckpointSaved) and not event.best]
    assert saved == [3, 6, 7]


def test_that_a_damaged_checkpoint_is_passed_over_with_a_note(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    calm = logged(tmp_path, "loss")
    newest = list_checkpoints(tmp_path / "run" / "checkpoints")[-1]
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(data)
    events = list(run_small(small_job(tmp_path, resume=True)))
    notes = [event.text for event in events if isinstance(event, Log)]
    assert any(newest.name in note for note in notes)
    started = next(event for event in events if isinstance(event, Started))
    assert started.first_step == 35
    np.testing.assert_array_equal(logged(tmp_path, "loss"), calm)


def test_that_a_run_without_any_whole_checkpoint_is_refused_not_begun_anew(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    for path in list_checkpoints(tmp_path / "run" / "checkpoints"):
        path.write_bytes(b"rubbish")
    last = list(run_small(small_job(tmp_path, resume=True)))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.CHECKPOINT_NONE.value


def test_that_other_data_are_refused_on_resume(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    job = small_job(tmp_path, resume=True)
    other = dataclasses.replace(job, manifest=dataclasses.replace(job.manifest, digest="f" * 64))
    last = list(run_small(other))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DATA_CHANGED.value


def test_that_a_design_for_other_inputs_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    first = dataclasses.replace(job.spec.layers[0], output_shape=(99,))
    spec = dataclasses.replace(job.spec, layers=(first, *job.spec.layers[1:]))
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(dataclasses.replace(job, spec=spec)))
    assert caught.value.code is ErrorCode.DESIGN_DATA_INPUT
    assert caught.value.facts["node"] == "input"
    assert not (tmp_path / "run").exists()


def test_that_an_empty_training_split_is_refused(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    small_data(tmp_path / "data", samples=40, validation=20, test=20)
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(job))
    assert caught.value.code is ErrorCode.DATA_SAMPLES_FEW


def test_that_a_run_is_never_overwritten_by_another(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(small_job(tmp_path)))
    assert caught.value.code is ErrorCode.RUN_EXISTS


def test_that_two_writers_cannot_share_a_run(tmp_path: Path) -> None:
    first = run_small(small_job(tmp_path))
    next(first)
    with pytest.raises(WorkbenchError) as caught:
        next(run_small(small_job(tmp_path, resume=True)))
    assert caught.value.code is ErrorCode.RUN_BUSY
    first.close()


def test_that_an_unknown_fault_is_recorded_and_raised(tmp_path: Path) -> None:
    class BrokenTrainer(NumpyTrainer):
        def run_chunk(self, *given: Any) -> Any:
            raise KeyError("inside")

    with pytest.raises(KeyError):
        list(run_small(small_job(tmp_path), make=BrokenTrainer))
    assert read_run(tmp_path / "run").code == ErrorCode.UNEXPECTED.value


def test_that_the_event_log_tells_the_run_without_the_metrics(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path)))
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == [event.kind for event in events if not isinstance(event, Metrics)]


def test_that_a_data_set_smaller_than_a_batch_makes_one_step_an_epoch(tmp_path: Path) -> None:
    started = next(run_small(small_job(tmp_path, batch_size=1000)))
    assert isinstance(started, Started)
    assert (started.steps_per_epoch, started.batch_size) == (1, 60)


def test_that_the_record_of_a_failed_run_says_what_its_last_event_says(tmp_path: Path) -> None:
    class Greedy(NumpyTrainer):
        def run_chunk(self, *given: Any) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        list(run_small(small_job(tmp_path), make=Greedy))
    record = read_run(tmp_path / "run")
    assert (record.state, record.code) == ("failed", ErrorCode.OUT_OF_MEMORY.value)


def test_that_a_setting_given_at_a_resume_is_in_force_and_stays_so(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    changed = small_job(tmp_path, resume=True, learning_rate=0.003, epochs=8)
    seen = run_small(changed)
    next(event for event in seen if isinstance(event, Metrics))
    seen.close()  # type: ignore[attr-defined]  # killed before its next checkpoint
    assert read_recipe(tmp_path / "run") == changed.recipe
    assert verify(tmp_path / "run") == ()
    last = list(run_small(changed))[-1]
    assert isinstance(last, Finished)
    assert last.summary["step"] == 8 * 7
    assert set(logged(tmp_path, "learning_rate")[13:]) == {np.float32(0.003)}


def test_that_another_monitor_begins_with_no_best_value(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    changed = {"metrics": ("accuracy", "f1"), "monitor": "validation_f1"}
    last = list(run_small(small_job(tmp_path, resume=True, **changed)))[-1]
    assert isinstance(last, Finished)
    history = RunHistory(tmp_path / "run")
    while history.refresh():
        pass
    assert last.summary["best_validation_f1"] == history.validations("f1")[1].max()


def test_that_a_run_killed_when_its_patience_was_over_trains_no_further(tmp_path: Path) -> None:
    job = small_job(tmp_path, epochs=200, patience=2, learning_rate=1.0)
    calm = [*run_small(dataclasses.replace(job, run=str(tmp_path / "calm")))][-1]
    assert isinstance(calm, Finished)
    killed = run_small(job)
    ended = 0
    for event in killed:
        ended = event.step if isinstance(event, CheckpointSaved) and not event.best else ended
        if ended == calm.summary["step"]:
            break
    killed.close()  # type: ignore[attr-defined]
    last = [*run_small(dataclasses.replace(job, resume=True))][-1]
    assert isinstance(last, Finished)
    for name in ("step", "best_step", "ended", "test_loss"):
        assert last.summary[name] == calm.summary[name]


def test_that_a_line_cut_short_costs_no_later_event(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "validated", "st')
    list(run_small(small_job(tmp_path, resume=True)))
    history = RunHistory(tmp_path / "run")
    while history.refresh():
        pass
    assert [event.kind for event in history.events].count("started") == 2


def test_that_a_value_given_in_a_pause_is_in_force_when_the_run_goes_on(tmp_path: Path) -> None:
    flags = ControlFlags()
    flags.pause()
    for event in run_small(small_job(tmp_path), flags):
        if isinstance(event, Paused):
            flags.set_values({"learning_rate": 0.004})
            flags.resume()
    rates = logged(tmp_path, "learning_rate")
    assert set(rates[:3]) == {np.float32(0.05)}
    assert set(rates[3:]) == {np.float32(0.004)}
