"""A chunk of steps is one call where XLA's loops are fast, and a call a step where they are not."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engines.contract.spec import GraphSpec
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.training.initial_weights import initial_weights
from engines.training.loop import best_arrays
from engines.training.order import epoch_batches
from engines.training.shards import open_shards
from tests.helpers.real_runs import Digits, noisy_job
from tests.helpers.small_training import small_data, small_job

if TYPE_CHECKING:
    from engines.backends.jax.train import JaxTrainer

pytestmark = pytest.mark.framework


@pytest.fixture(autouse=True)
def jax_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from engines.backends.jax import runtime

    monkeypatch.setenv("NPROC", "1")
    runtime.prepare()


def spec_of(template: str) -> GraphSpec:
    return freeze(TEMPLATES[template].design())


def trainer_for(folder: Path, digits: Digits, looped: bool, **changes: Any) -> JaxTrainer:
    from engines.backends.jax.steps import Steps
    from engines.backends.jax.train import JaxTrainer

    job = noisy_job(folder / "run", digits, **changes)
    trainer = JaxTrainer(job, open_shards(job.data))
    trainer._steps = Steps(trainer.model, trainer.optimizer, job.recipe, trainer._room(), looped)
    trainer.load_state(best_arrays(initial_weights(job.spec, 0)), 0)
    return trainer


@pytest.mark.parametrize("changes", [{"precision": "fp64"}, {"precision": "fp64", "accumulate": 4}])
def test_that_steps_called_one_by_one_are_those_of_the_loop(
    tmp_path: Path,
    digits: Digits,
    changes: dict[str, Any],
) -> None:
    batches = epoch_batches(1000, 32, 0, 0)[:6]
    rates = np.full(6, 0.01)
    told, states = [], []
    for looped in (True, False):
        trainer = trainer_for(tmp_path, digits, looped, **changes)
        first = trainer.run_chunk(0, batches[:4], rates[:4])
        second = trainer.run_chunk(4, batches[4:], rates[4:])
        told.append(np.concatenate([first["loss"], second["loss"]]))
        states.append(trainer.state())
    np.testing.assert_allclose(told[0], told[1], rtol=1e-9)
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        np.testing.assert_allclose(value, states[1][name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("template", "loop"), [("digits-cnn", False), ("digits-mlp", True)])
def test_that_on_the_cpu_no_convolution_stands_in_a_loop_where_it_is_slow(
    tmp_path: Path,
    digits: Digits,
    template: str,
    loop: bool,
) -> None:
    from engines.backends.jax.train import JaxTrainer

    job = dataclasses.replace(noisy_job(tmp_path / "run", digits, accumulate=2), spec=spec_of(template))
    trainer = JaxTrainer(job, open_shards(job.data))
    given = trainer._steps.given(trainer.samples, 0, 0, epoch_batches(1000, 32, 0, 0)[:2], np.zeros(2))
    lowered = trainer._steps.lowered(trainer._state, given).as_text()
    text = lowered.split("func.func private")[0]  # what is called for random numbers has loops of its own
    assert ("stablehlo.convolution" in lowered) is not loop
    assert ("stablehlo.while" in text) is loop


def test_that_steps_are_measured_without_a_validation_split(tmp_path: Path) -> None:
    from engines.backends.jax.train import JaxTrainer

    job = small_job(tmp_path)
    small_data(tmp_path / "data", validation=0)
    trainer = JaxTrainer(job, open_shards(job.data))
    trainer.load_state(best_arrays(initial_weights(job.spec, 0)), 0)
    assert trainer.measure(1, epoch_batches(80, 8, 0, 0)) > 0
