"""What JAX makes of a model: lowered to StableHLO, then compiled by XLA, which fuses operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from engines.backends.jax import hlo, stablehlo
from engines.backends.jax.build import DesignModel
from engines.backends.jax.evaluate import load_run
from engines.backends.jax.reference import own_order
from engines.contract.events import Event
from engines.contract.jobs import LowerJob
from engines.training import lowering
from engines.training.control import ControlFlags
from engines.training.lowering import BATCH, Stage

Array = npt.NDArray[Any]
_STAGES = 2


def lower(job: LowerJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the stages of a run's model."""
    model = load_run(Path(job.run), job.checkpoint)
    return lowering.lower(job, flags, "jax", f"XLA {jax.__version__}", stages(model), _STAGES)


def stages(model: DesignModel) -> Iterator[Stage]:
    """Make one stage after the other; the first is run operation by operation, nothing fused."""
    lowered = lower_answer(model)
    before = stablehlo.graph_of(lowered.compiler_ir("stablehlo"), model.spec.name, _borders(model))
    yield Stage("lowered", "As lowered (StableHLO)", before, _runner(model, compiled=False))
    numbered = {str(number): name for number, name in _borders(model).items()}
    after = hlo.graph_of(lowered.compile().as_text(), model.spec.name, "HLO", numbered)
    yield Stage("compiled", "As compiled by XLA (HLO)", after, _runner(model, compiled=True))


def lower_answer(model: DesignModel, batch: int = BATCH) -> Any:
    """Return the function that answers ``batch`` samples, lowered: ``as_text()`` is its StableHLO."""
    inputs = [np.zeros((batch, *layer.output_shape), np.float32) for layer in model.spec.inputs]
    given = tuple(own_order(value).astype(model.types.weights) for value in inputs)
    return jax.jit(model.answer).lower(model.arrays, given)


def _borders(model: DesignModel) -> dict[int, str]:
    """Return the arguments of a lowered answer that are the design's inputs: they come after the weights."""
    return {len(model.arrays) + number: layer.name for number, layer in enumerate(model.spec.inputs)}


def _runner(model: DesignModel, compiled: bool) -> Callable[[Array], Array]:
    answer = jax.jit(model.answer) if compiled else model.answer
    arrays = jax.device_put(model.arrays)

    def run(inputs: Array) -> Array:
        return np.asarray(answer(arrays, (own_order(inputs),)))

    return run
