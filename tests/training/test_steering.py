"""Steering a run: pause, stop, a lost controller, a new learning rate."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engines.contract.events import (
    CheckpointSaved,
    Continued,
    Control,
    Finished,
    Metrics,
    Paused,
    Started,
    Stopped,
)
from engines.training import loop
from engines.training.checkpoints import latest_valid
from engines.training.control import ControlFlags
from engines.training.run_folder import read_run
from tests.helpers.small_training import (
    logged,
    run_small,
    small_job,
    stop_at,
)

pytestmark = pytest.mark.usefixtures("every_epoch_is_saved")


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


class LongPause(ControlFlags):
    """A person who pauses at once and comes back after a while by ``clock``."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__()
        self._clock = clock
        self.pause()

    def wait_while_paused(self, timeout: float | None = None) -> bool:
        """Let the while pass."""
        self._clock[0] += 1000.0
        self.resume()
        return True


def test_that_a_pause_is_no_time_that_a_run_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    *_, last = run_small(small_job(tmp_path), LongPause(clock))
    assert isinstance(last, Finished)
    assert clock == [1000.0]
    assert last.summary["seconds"] == read_run(tmp_path / "run").seconds == 0.0


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
