"""What an engine exports answers as the engine does, layer by layer and for every template."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from engines.contract.spec import LAYER_KEY, GraphSpec
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.training.initial_weights import initial_weights
from tests.conformance.engine import NAMES, Engines
from tests.conformance.measures import FORWARD, error, question
from tests.conformance.nets import NETS, one_of_each
from tests.conformance.work import Question

pytestmark = pytest.mark.framework

DESIGNS = {
    **{f"template {name}": freeze(template.design()) for name, template in TEMPLATES.items()},
    **{f"net {name}": make() for name, make in NETS.items()},
    **one_of_each(),
}


def answer_of(path: Path, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def asked_of(design: str) -> Question:
    """Return what is asked of a design: of a template near the weights that its training begins with.

    A template's GRU with normal weights of deviation 1 is so ill-conditioned that float32 itself is up to 2.6
    bounds from float64 (JAX and ONNX Runtime, three seeds, in whatever way the gates are written). A tenth of
    them is added to the first weights, so that no bias, scale or running mean is the 0 or 1 it begins with.
    """
    spec = DESIGNS[design]
    _, weights, x, seed = question(spec, 4)
    if design.startswith("template "):
        first = initial_weights(spec, 4)
        weights = {name: first[name] + 0.1 * array for name, array in weights.items()}
    return spec, weights, x, seed


def check_names(path: Path, spec: GraphSpec) -> None:
    model = onnx.load(path)
    graph = model.graph
    shape = spec.inputs[0].output_shape
    axes = graph.input[0].type.tensor_type.shape.dim
    assert [value.name for value in (*graph.input, *graph.output)] == [spec.inputs[0].name, "answer"]
    assert [axis.dim_param or axis.dim_value for axis in axes] == ["batch", *shape]
    layers = {entry.value for node in graph.node for entry in node.metadata_props if entry.key == LAYER_KEY}
    assert layers <= {layer.name for layer in spec.layers}
    assert layers or {node.op_type for node in graph.node} <= {"Identity"}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", NAMES)
def test_that_the_exported_file_answers_as_the_engine(
    engines: Engines, tmp_path: Path, name: str, design: str
) -> None:
    spec = DESIGNS[design]
    asked = asked_of(design)
    path = tmp_path / "model.onnx"
    engines[name].ask("export", spec=spec, weights=asked[1], target=str(path))
    (theirs,) = engines[name].ask("forwards", questions=[asked], precision="fp32")
    check_names(path, spec)
    x = asked[2].astype(np.float32)
    assert error(answer_of(path, x), theirs.astype(np.float64), FORWARD) <= 1
    alone = np.concatenate([answer_of(path, row[None]) for row in x])
    assert error(alone, theirs.astype(np.float64), FORWARD) <= 1
