"""An engine on another device than the CPU: what lies there, what it computes, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.spec import GraphSpec, Recipe
from tests.conformance.engine import ACCELERATOR, CPU, NAMES, PRETENDED, Engine, Engines
from tests.conformance.measures import curve_distance, forward_errors, question
from tests.conformance.nets import NETS, frozen, one_of_each_form
from tests.conformance.test_curves import Digits, bound_of, check_alike
from tests.conformance.test_modes import check_exact_resume, run

pytestmark = pytest.mark.framework

PRETENDING = tuple(name for name in NAMES if name != "torch")
"""Engines that can be made to list a second CPU; PyTorch has one: see ``tests/torch/test_placement.py``."""
WAYS: list[dict[str, Any]] = [{}, {"clip_norm": 0.5, "accumulate": 2}, {"precision": "fp16"}]


@pytest.fixture(scope="module")
def cpus() -> Iterator[Engines]:
    found = Engines(where=CPU)
    yield found
    assert not any(found.close().values())


@pytest.fixture(scope="module")
def pretended() -> Iterator[Engines]:
    found = Engines(PRETENDING, PRETENDED)
    yield found
    assert not any(found.close().values())


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", PRETENDING)
def test_that_all_that_trains_lies_on_the_chosen_device(
    pretended: Engines, digits: Digits, name: str, way: dict[str, Any]
) -> None:
    check_places(pretended[name], digits, way)


@pytest.mark.parametrize("net", ["cnn", "gru", "transformer"])
@pytest.mark.parametrize("name", PRETENDING)
def test_that_a_second_cpu_trains_as_the_first(
    pretended: Engines, digits: Digits, name: str, net: str
) -> None:
    there, here = (run(pretended, digits, name, net, {}, until=40, device=device) for device in ("", CPU))
    assert curve_distance(here.losses, there.losses) <= bound_of(net, "fp32")
    assert curve_distance(here.validations, there.validations) <= bound_of(net, "fp32")


@pytest.mark.parametrize("name", PRETENDING)
def test_that_a_layer_computes_the_same_on_a_second_cpu(pretended: Engines, name: str) -> None:
    """One of each form: what a layer keeps elsewhere is a matter of its kind, not of its shape."""
    asked = [question(spec, number) for number, spec in enumerate(one_of_each_form())]
    assert max(forward_errors(pretended[name], asked)) <= 1
    found = pretended[name].ask("gradients", questions=asked[:10], precision="fp64")
    assert len(found) == 10


def check_places(engine: Engine, digits: Digits, way: dict[str, Any]) -> None:
    engine.needs(way.get("precision", "fp32"))
    folder, manifest = digits
    recipe = Recipe(threads=1, **way)
    place, found = engine.ask(
        "places", spec=NETS["cnn"](), recipe=recipe, folder=str(folder), manifest=manifest
    )
    assert found == {place}


@pytest.fixture(scope="module")
def there() -> Iterator[Engines]:
    found = Engines(where=ACCELERATOR)
    yield found
    assert not any(found.close().values())


@pytest.mark.gpu
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_that_all_that_trains_lies_on_the_accelerator(
    there: Engines, digits: Digits, name: str, way: dict[str, Any]
) -> None:
    check_places(there[name], digits, way)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", NAMES)
def test_that_the_curve_on_the_accelerator_is_that_of_the_cpu(
    there: Engines, cpus: Engines, digits: Digits, name: str, net: str, precision: str
) -> None:
    way = {"precision": precision}
    first, second = (run(engines, digits, name, net, way, until=100) for engines in (there, cpus))
    check_alike(second, first, bound_of(net, precision))


@pytest.mark.gpu
@pytest.mark.parametrize("name", NAMES)
def test_that_tf32_rounds_products_alone_and_is_resumed_bit_for_bit(
    there: Engines, digits: Digits, name: str
) -> None:
    there[name].needs("tf32")
    rounded = check_exact_resume(there, digits, name, "cnn", {"precision": "tf32"}, 40, 21)
    plain = run(there, digits, name, "cnn", {}, until=40)
    assert rounded.losses[0] == pytest.approx(plain.losses[0], rel=1e-2)
    assert np.isfinite(rounded.losses).all()
    assert rounded.losses[-5:].mean() == pytest.approx(plain.losses[-5:].mean(), rel=0.2)


@pytest.mark.parametrize("device", ["cuda:7", "tpu:9", "nonsense"])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_device_that_vanished_is_named_with_those_that_are_there(
    engines: Engines, digits: Digits, name: str, device: str
) -> None:
    folder, manifest = digits
    facts = engines[name].ask(
        "refusal", spec=NETS["mlp"](), folder=str(folder), manifest=manifest, device=device
    )
    assert facts["code"] is ErrorCode.DEVICE_UNKNOWN
    assert facts["device"] == device
    assert facts["known"].split(", ")[0] == "cpu"


def too_big() -> GraphSpec:
    """A design of few weights whose 40 values of 8 GB each no device can keep for the way back."""
    rows: Any = [
        ("image", "input", {"shape": (1, 8, 8)}, ()),
        ("large", "upsample2d", {"factor": (32, 32)}, ("image",)),
    ]
    for number in range(40):
        before = rows[-1][0]
        rows.append((f"conv{number}", "conv2d", {"filters": 1000, "kernel": (1, 1)}, (before,)))
        rows.append((f"bend{number}", "tanh", {}, (f"conv{number}",)))
    rows.append(("pool", "global_average_pool", {}, (rows[-1][0],)))
    rows.append(("logits", "dense", {"units": 10}, ("pool",)))
    return frozen("too_big", rows)


@pytest.mark.gpu
@pytest.mark.parametrize("name", NAMES)
def test_that_a_lack_of_memory_on_the_accelerator_is_told_with_the_device_and_the_batch(
    digits: Digits, name: str
) -> None:
    """In a process of its own: what an allocator says of it, it may say on its error stream."""
    folder, manifest = digits
    engine = Engine(name, ACCELERATOR)
    try:
        found = engine.ask("lack_of_memory", spec=too_big(), folder=str(folder), manifest=manifest, batch=32)
        assert found["code"] is ErrorCode.DEVICE_MEMORY
        assert (found["device"], found["batch_size"]) == (engine.device, 32)
        assert found["why"]
    finally:
        engine.close()
