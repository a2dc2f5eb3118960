"""What is JAX's own in training: chunks, half precision, recipes, what it compiled, what it refuses.

``tests/conformance/test_runs.py`` holds what every engine's runs have to be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Failed, Finished
from engines.contract.jobs import ProbeJob, TrainJob
from engines.contract.spec import Recipe
from engines.training.initial_weights import initial_weights
from tests.conformance.data import digits_in
from tests.conformance.nets import mlp
from tests.helpers.real_runs import (
    Ask,
    Digits,
    check_alike,
    check_kills,
    events_of,
    finished,
    losses_of,
    noisy_job,
    said,
    standing,
    state_of,
)

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def do() -> Iterator[Ask]:
    """Does jobs that leave nothing behind, in one process for all."""
    with standing("jax") as found:
        yield found


def plain_job(run: Path, digits: Digits, **changes: Any) -> TrainJob:
    """A job whose net has neither batch norm nor dropout."""
    values = {"epochs": 2, "batch_size": 32, "threads": 1, "chunk_steps": 5, **changes}
    return TrainJob(str(run), mlp(), Recipe(**values), str(digits[0]), digits[1])


def test_that_a_kill_in_half_precision_changes_no_bit(tmp_path: Path, digits: Digits, do: Ask) -> None:
    check_kills("jax", do, tmp_path, digits, kills=1, precision="fp16", epochs=20)


def test_that_the_length_of_a_chunk_changes_no_bit(tmp_path: Path, digits: Digits, do: Ask) -> None:
    for steps in (1, 7, 1000):
        finished(do, noisy_job(tmp_path / str(steps), digits, epochs=2, chunk_steps=steps))
    check_alike(tmp_path / "1", tmp_path / "7")
    check_alike(tmp_path / "1", tmp_path / "1000")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_that_half_precision_learns_like_single(
    tmp_path: Path, digits: Digits, do: Ask, precision: str
) -> None:
    runs = {name: tmp_path / name for name in (precision, "fp32")}
    ends = {name: finished(do, noisy_job(run, digits, precision=name)) for name, run in runs.items()}
    half, single = (float(end.summary["test_loss"]) for end in ends.values())
    assert half == pytest.approx(single, rel=0.2)
    state = state_of(runs[precision])
    weights = {array.dtype for name, array in state.items() if name.startswith("model/")}
    assert weights == {np.dtype("float32")}
    assert ("engine/loss_scale" in state) == (precision == "fp16")


def test_that_a_batch_in_parts_is_the_whole_batch(tmp_path: Path, digits: Digits, do: Ask) -> None:
    for parts in (1, 4):
        job = plain_job(tmp_path / str(parts), digits, accumulate=parts, precision="fp64")
        finished(do, job)
    whole, parted = (losses_of(tmp_path / name) for name in ("1", "4"))
    np.testing.assert_allclose(parted, whole, rtol=1e-6)


def test_that_gradients_are_cut_to_their_joint_norm(tmp_path: Path, digits: Digits, do: Ask) -> None:
    """With plain SGD the weights then move by the rate times the norm, at most, in one step."""
    changes = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.5, "epochs": 1}
    job = plain_job(tmp_path / "run", digits, clip_norm=0.01, batch_size=1150, **changes)
    finished(do, job)
    before = initial_weights(job.spec, 0)
    state = state_of(tmp_path / "run")
    moved = np.sqrt(sum(((state[f"model/{name}"] - array) ** 2).sum() for name, array in before.items()))
    steps = len(losses_of(tmp_path / "run"))
    assert moved == pytest.approx(0.5 * 0.01 * steps, rel=1e-2)


def test_that_the_probe_names_flax_and_what_does_not_go(do: Ask) -> None:
    report = next(event.record for event in do(ProbeJob()) if isinstance(event, Answer))
    assert report.facts["flax"][0].isdigit()
    assert report.modes == ("jit",)
    on_gpu = any(device.name.startswith("cuda") for device in report.devices)
    assert ("tf32" in report.precisions) == on_gpu
    assert on_gpu or report.refusals == {"precision/tf32": "no_gpu"}


def test_that_what_was_compiled_lies_beside_the_data_and_a_broken_file_there_breaks_nothing(
    tmp_path: Path,
) -> None:
    digits = digits_in(tmp_path)
    job = noisy_job(tmp_path / "first", digits, epochs=1)
    finished("jax", job)
    kept = list((digits[0].parent / "compiled-jax").iterdir())
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:50])
    again = list(events_of("jax", dataclasses.replace(job, run=str(tmp_path / "second"))))
    assert isinstance(again[-1], Finished), again[-1]
    assert said(again) == []
    np.testing.assert_array_equal(losses_of(tmp_path / "first"), losses_of(tmp_path / "second"))


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ({"precision": "tf32"}, ErrorCode.PRECISION_MISSING),
        ({"run_mode": "eager"}, ErrorCode.RUN_MODE_MISSING),
        ({"memory_layout": "channels_first"}, ErrorCode.LAYOUT_MISSING),
    ],
)
def test_that_a_recipe_that_does_not_go_is_told_by_code_and_leaves_no_run(
    tmp_path: Path, digits: Digits, do: Ask, recipe: dict[str, Any], code: ErrorCode
) -> None:
    last = do(noisy_job(tmp_path / "run", digits, **recipe))[-1]
    assert isinstance(last, Failed)
    assert last.code == code.value
    assert not (tmp_path / "run").exists()
