"""The text of XLA's programs is read as a graph that knows the design's layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.backends.jax.hlo import graph_of, read_hlo
from engines.contract.events import Answer, Finished
from engines.contract.jobs import LowerJob
from engines.contract.views import LoweredView
from tests.helpers.real_runs import Digits, events_of, finished, noisy_job

TEXT = """HloModule jit_answer, is_scheduled=true

%fused (param_0: f32[2,4], param_1: f32[4]) -> f32[2,4] {
  %param_0 = f32[2,4]{1,0} parameter(0)
  %param_1 = f32[4]{0} parameter(1)
  %wide = f32[2,4]{1,0} broadcast(%param_1), dimensions={1}, metadata={op_name="jit(answer)/layer.dense/add"}
  %sum = f32[2,4]{1,0} add(%param_0, %wide), metadata={op_name="jit(answer)/layer.dense/add"}
  ROOT %top = f32[2,4]{1,0} maximum(%sum, %sum), metadata={op_name="jit(answer)/layer.relu/max"}
}

ENTRY %main (weight: f32[3,4], bias: f32[4], x: f32[2,3]) -> f32[2,4] {
  %weight = f32[3,4]{1,0} parameter(0)
  %bias = f32[4]{0} parameter(1)
  %x = f32[2,3]{1,0} parameter(2)
  %dot.1 = f32[2,4]{1,0} dot(%x, %weight), metadata={op_name="jit(answer)/layer.dense/dot_general"}
  ROOT %fusion = f32[2,4]{1,0} fusion(%dot.1, %bias), kind=kLoop, calls=%fused
}
"""


def test_that_a_program_is_read_by_computation() -> None:
    entry, computations = read_hlo(TEXT)
    assert entry == "main"
    assert [row.op for row in computations["main"]] == [
        "parameter",
        "parameter",
        "parameter",
        "dot",
        "fusion",
    ]
    assert computations["main"][3].operands == ("x", "weight")
    assert computations["fused"][-1].operands == ("sum", "sum")


def test_that_a_fusion_tells_its_operations_and_the_layers_they_came_from() -> None:
    graph = graph_of(TEXT, "net", "HLO", {"2": "image"})
    start, product, fusion = graph.nodes
    assert (start.name, start.op, start.family) == ("image", "Input", "io")
    assert (product.op, product.layer, product.outputs[0].shape) == ("dot", "dense", ("2", "4"))
    assert (fusion.layer, fusion.merged) == ("dense", ("relu",))
    assert fusion.attributes == (("operations", "broadcast, add, maximum"),)
    assert [(edge.source, edge.target) for edge in graph.edges] == [("x", "dot.1"), ("dot.1", "fusion")]
    assert (graph.parameters, graph.bytes) == (16, 64)


def test_that_text_of_another_kind_is_an_empty_graph() -> None:
    assert graph_of("hello\n}\n", "net", "HLO", {}).nodes == ()


@pytest.mark.framework
def test_that_a_run_shows_what_xla_makes_of_its_model(
    tmp_path: Path,
    digits: Digits,
) -> None:
    run = tmp_path / "run"
    finished("jax", noisy_job(run, digits, epochs=1))
    events = list(events_of("jax", LowerJob(str(run), str(digits[0]))))
    assert isinstance(events[-1], Finished), events[-1]
    view = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(view, LoweredView)
    before, after = view.stages
    assert len(before.graph.nodes) > len(after.graph.nodes) > 1
    assert before.graph.format == "StableHLO"
    assert {"stablehlo.convolution", "stablehlo.dot_general"} <= {node.op for node in before.graph.nodes}
    assert {"conv", "norm", "head"} <= {node.layer for node in before.graph.nodes}
    assert after.max_abs_error <= view.bound * (1 + view.reference_max)
    assert after.latency_ms > 0
