"""The networks that the onnx package carries: proven only once their constant weights are refilled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from engines.graph.optimize import begin, run_passes
from engines.graph.passes import PASSES
from engines.graph.proof import prove
from engines.graph.reference import answered, make_reference

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
NAMES = (
    "light_squeezenet",
    "light_shufflenet",
    pytest.param("light_resnet50", marks=pytest.mark.soak),
)


def light(name: str) -> onnx.ModelProto:
    path = LIGHT / f"{name}.onnx"
    if not path.exists():
        pytest.skip("this onnx carries no light models")
    return onnx.load(path)


def refilled(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace the nodes that make constant weights by weights that look trained."""
    random = np.random.default_rng(3)
    made = {n.output[0]: n for n in model.graph.node if n.op_type == "ConstantOfShape"}
    shapes = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    norms = {n.input[4]: n for n in model.graph.node if n.op_type == "BatchNormalization"}
    kept = [node for node in model.graph.node if node.output[0] not in made]
    for name, node in made.items():
        shape = tuple(int(n) for n in shapes[node.input[0]])
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        array = random.standard_normal(shape) * np.sqrt(2 / max(1, fan_in)) * (1 if len(shape) > 1 else 0.1)
        array = np.abs(array) + 0.5 if name in norms else array
        model.graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    model.ir_version = 8  # since 4 a weight need not be an input too; the shapes still are
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def test_that_constant_weights_prove_nothing() -> None:
    model = light("light_squeezenet")
    samples = make_reference(model, samples=2)
    view = prove(model, answered(samples, model), 1e-5)
    assert (view.status, view.reason) == ("not_provable", "constant_output")


@pytest.mark.parametrize("name", NAMES)
def test_that_refilled_networks_are_optimized_and_stay_true(name: str) -> None:
    model = refilled(light(name))
    onnx.checker.check_model(model)
    work = begin(model, make_reference(model, samples=2))
    list(run_passes(work, PASSES))
    assert len(work.model.graph.node) <= len(model.graph.node)
    assert not any(node.op_type == "BatchNormalization" for node in work.model.graph.node)
    assert len(work.model.graph.input) == 1
    assert not [step for step in work.steps if step.reason.startswith("error_above_bound")]
