"""A StableHLO module is read as a graph that knows the design's layers, its inputs and its weights."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("jaxlib", reason="JAX is not installed")

TEXT = """
#dense = loc("jit(answer)/layer.dense/dot_general")
#relu = loc("jit(answer)/layer.relu/jit(relu)")
#sum = loc("jit(answer)/layer.total/reduce_sum")
module @jit_answer {
  func.func public @main(%w: tensor<3x4xf32>, %steps: tensor<i64>, %x: tensor<2x3xf32>) -> tensor<2xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32> loc(#dense)
    %1 = func.call @relu(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32> loc(#relu)
    %2 = func.call @relu(%1) : (tensor<2x4xf32>) -> tensor<2x4xf32> loc(#relu)
    %3 = stablehlo.reduce(%2 init: %zero) applies stablehlo.add across dimensions = [1]
      : (tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32> loc(#sum)
    func.return %3 : tensor<2xf32>
  }
  func.func private @relu(%given: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %wide = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<2x4xf32>
    %top = stablehlo.maximum %given, %wide : tensor<2x4xf32>
    func.return %top : tensor<2x4xf32>
  }
}
"""


@pytest.fixture(scope="module")
def module() -> Any:
    from jax._src.interpreters.mlir import make_ir_context
    from jaxlib.mlir import ir

    with make_ir_context():
        return ir.Module.parse(TEXT)


@pytest.mark.framework
def test_that_calls_are_read_where_they_are_made_and_layers_known(module: Any) -> None:
    from engines.backends.jax.stablehlo import graph_of

    graph = graph_of(module, "net", {2: "image"})
    assert [(node.op.removeprefix("stablehlo."), node.layer) for node in graph.nodes] == [
        ("Input", ""),
        ("dot_general", "dense"),
        ("broadcast_in_dim", "relu"),
        ("maximum", "relu"),
        ("broadcast_in_dim", "relu"),
        ("maximum", "relu"),
        ("reduce", "total"),
    ]
    start, product, _, first, _, second, total = (node.id for node in graph.nodes)
    chain = [(edge.source, edge.target) for edge in graph.edges if "broadcast" not in edge.source]
    assert chain == [(start, product), (product, first), (first, second), (second, total)]


@pytest.mark.framework
def test_that_shapes_settings_and_weights_are_told(module: Any) -> None:
    from engines.backends.jax.stablehlo import graph_of

    graph = graph_of(module, "net", {2: "image"})
    product, total = graph.nodes[1], graph.nodes[-1]
    assert graph.nodes[0].name == "image"
    assert (product.outputs[0].type, product.outputs[0].shape) == ("f32", ("2", "4"))
    assert total.outputs[0].shape == ("2",)
    assert ("operations", "add") in total.attributes
    assert "dot_dimension_numbers" in dict(product.attributes)
    assert graph.parameters == 3 * 4 + 1
    assert graph.bytes == 3 * 4 * 4 + 8
