"""The samples on JAX's device: what is asked for is there once, in its order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.small_training import small_data, small_spec

pytestmark = pytest.mark.framework


@pytest.mark.parametrize("size", [1, 7, 8, 60, 1000])
def test_that_equal_parts_hold_a_split_in_its_order(tmp_path: Path, size: int) -> None:
    from engines.backends.jax import runtime

    runtime.prepare()
    import jax

    from engines.backends.jax.build import build
    from engines.backends.jax.samples import Samples
    from engines.training.shards import open_shards

    small_data(tmp_path)
    shards = open_shards(str(tmp_path))
    samples = Samples(shards, build(small_spec(), "fp32"), "cross_entropy", jax.devices("cpu")[0])
    parts = [np.asarray(part) for part in samples.parts("train", size)]
    whole = np.concatenate(parts)
    count = samples.count("train")
    np.testing.assert_array_equal(whole[:count], shards.inputs[shards.indices["train"]])
    assert len({len(part) for part in parts}) == 1
    assert len(whole) - count < len(parts)
    assert max(len(part) for part in parts) <= 1.5 * size
