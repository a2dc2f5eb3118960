"""Somebody else's ONNX file in the real window: profiled on the CPU, where it is the only provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.e2e.person import Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]


def dense() -> onnx.ModelProto:
    """A layer with a neutral step that the optimizer takes away."""
    weights = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="dense"),
        helper.make_node("Identity", ["a"], ["b"], name="nothing"),
        helper.make_node("Tanh", ["b"], ["y"], name="bend"),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("x", 6), ("y", 4))
    ]
    graph = helper.make_graph(nodes, "dense", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("theirs") / "dense.onnx"
    onnx.save(dense(), path)
    return path


def operations(table: Any) -> list[str]:
    return [line.split(",")[1] for line in table.csv().splitlines()[1:]]


def test_that_ship_times_each_node_of_an_opened_file_and_offers_no_choice(person: Person, file: Path) -> None:
    person.drop(file)
    person.hand.wait(lambda: person.shell.key == "graph", 60, "the graph")
    person.hand.wait(lambda: not person.composition.models.busy, 60, "the end of reading")
    card = person.go("ship").proof  # type: ignore[attr-defined]
    assert "no answers of an engine" in card.message.why.text()
    person.hand.click("ship_each_node")
    person.hand.wait(lambda: card.nodes.isVisible(), 60, "each node's time")
    assert operations(card.nodes) == ["MatMul", "Tanh"]
    assert {line.split(",")[2] for line in card.nodes.csv().splitlines()[1:]} == {"CPU"}
    assert not card.provider.isVisible()


def test_that_the_optimizer_s_report_does_so_of_the_optimized_file(person: Person, file: Path) -> None:
    report = person.go("graph").report  # type: ignore[attr-defined]
    person.hand.click("graph_optimize")
    person.hand.wait(lambda: report.isVisible() and bool(report.verdict.text()), 90, "the report")
    person.hand.wait(lambda: not person.composition.models.busy, 60, "the end of optimizing")
    person.hand.click("graph_each_node")
    person.hand.wait(lambda: bool(report.nodes.model.rows), 60, "each node's time")
    assert operations(report.nodes) == ["MatMul", "Tanh"]
    assert not report.provider.isVisible()
    assert not person.shell.message.isVisible()
