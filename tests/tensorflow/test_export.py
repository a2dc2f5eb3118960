"""What TensorFlow writes of a recurrent design as ONNX: an LSTM or GRU for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from engines.contract.spec import LAYER_KEY, GraphSpec
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from tests.conformance.engine import Engine
from tests.conformance.measures import question
from tests.torch.cases import SEQUENCE, one_layer

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = Engine("tensorflow")
    yield found
    assert found.close() == ""


def exported(
    engine: Engine, spec: GraphSpec, folder: Path, weights: dict[str, Any] | None = None
) -> onnx.GraphProto:
    path = folder / "model.onnx"
    engine.ask("export", spec=spec, weights=weights or question(spec, 4)[1], target=str(path))
    return onnx.load(path).graph


def read_by(graph: onnx.GraphProto) -> list[tuple[str, str, str]]:
    """Return layer, operation and direction of each recurrent node; there is no loop, nor a gate by hand."""
    assert {node.op_type for node in graph.node} & {"Loop", "Scan", "Sigmoid", "Tanh"} == set()
    found = []
    for node in graph.node:
        if node.op_type in ("LSTM", "GRU"):
            layers = [entry.value for entry in node.metadata_props if entry.key == LAYER_KEY]
            ways = [entry.s.decode() for entry in node.attribute if entry.name == "direction"]
            found.append((*layers, node.op_type, *ways))
    return found


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("steps", [5, 40])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("every", [False, True])
def test_that_a_recurrent_layer_is_one_node(
    engine: Engine, tmp_path: Path, kind: str, steps: int, both: bool, every: bool
) -> None:
    settings = {"units": 3, "bidirectional": both, "return_sequences": every}
    graph = exported(engine, one_layer(kind, (steps, SEQUENCE[1]), settings), tmp_path)
    assert read_by(graph) == [("layer", kind.upper(), "bidirectional" if both else "forward")]


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_that_the_templates_nodes_tell_their_layers(engine: Engine, tmp_path: Path, kind: str) -> None:
    spec = freeze(TEMPLATES[f"digits-{kind}"].design())
    layers = [layer for layer in spec.layers if layer.layer == kind]
    ways = ["bidirectional" if layer.settings["bidirectional"] else "forward" for layer in layers]
    wanted = [(layer.name, kind.upper(), way) for layer, way in zip(layers, ways, strict=True)]
    assert read_by(exported(engine, spec, tmp_path)) == wanted


def test_that_layers_side_by_side_are_told_apart(engine: Engine, tmp_path: Path) -> None:
    design = Design("beside")
    design.add("input", "input", {"shape": SEQUENCE})
    for name in ("left", "right"):
        design.add("lstm", name, {"units": 4})
        design.connect("input", name)
    design.add("add", "sum", {})
    design.connect("left", "sum")
    design.connect("right", "sum")
    found = read_by(exported(engine, freeze(design), tmp_path))
    assert sorted(found) == [("left", "LSTM", "forward"), ("right", "LSTM", "forward")]


def test_that_layers_of_the_same_weights_are_told_apart(engine: Engine, tmp_path: Path) -> None:
    design = Design("twice")
    design.add("input", "input", {"shape": SEQUENCE})
    for before, name in (("input", "one"), ("one", "two")):
        design.add("lstm", name, {"units": SEQUENCE[1], "return_sequences": True})
        design.connect(before, name)
    spec = freeze(design)
    weights = question(spec, 4)[1]
    alike = {name: weights[name.replace("two", "one")] for name in weights}
    found = read_by(exported(engine, spec, tmp_path, alike))
    assert found == [("one", "LSTM", "forward"), ("two", "LSTM", "forward")]
