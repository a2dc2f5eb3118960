"""What a person sees of a model is what is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from onnx import TensorProto, helper, numpy_helper

from engines.contract.events import Answer, Finished
from engines.contract.jobs import ReadGraphJob
from engines.contract.records import from_plain, to_plain
from engines.contract.spec import LAYER_KEY
from engines.contract.views import GraphView
from engines.exchange.jobs import read_graph
from engines.graph import provenance
from engines.graph.families import FAMILIES, family_of
from engines.graph.onnx_file import save_model
from engines.graph.read_onnx import graph_view
from engines.graph.weights import weight_view
from engines.training.control import ControlFlags
from tests.graph.models import conv_chain, dense, model_of, numbers

KNOWN_FAMILIES = {
    "convolution", "normalize", "activate", "combine", "pool", "dense", "sequence", "shape", "io", "other"
}  # fmt: skip


def test_that_every_family_is_one_of_the_contracts_and_every_operator_exists() -> None:
    assert set(FAMILIES.values()) < KNOWN_FAMILIES
    standard = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    assert len([op for op in FAMILIES if op in standard]) > 0.85 * len(FAMILIES)


@pytest.mark.parametrize(
    ("op", "family"),
    [("Conv", "convolution"), ("Gemm", "dense"), ("BatchNormalization", "normalize"), ("Relu", "activate"),
     ("Add", "combine"), ("MaxPool", "pool"), ("Reshape", "shape"), ("Zebra", "other")],
)  # fmt: skip
def test_that_operators_have_the_family_a_person_expects(op: str, family: str) -> None:
    assert family_of(op) == family


def test_that_nodes_edges_shapes_and_attributes_are_shown() -> None:
    view = graph_view(conv_chain(1), "file")
    nodes = {node.id: node for node in view.nodes}
    assert list(nodes) == ["input:x", "conv0", "norm0", "same0", "relu0", "output:y"]
    assert [(edge.source, edge.target, edge.tensor) for edge in view.edges] == [
        ("input:x", "conv0", "x"),
        ("conv0", "norm0", "k0"),
        ("norm0", "same0", "n0"),
        ("same0", "relu0", "i0"),
        ("relu0", "output:y", "y"),
    ]
    assert nodes["conv0"].outputs[0].shape == ("n", "4", "6", "6")
    assert nodes["conv0"].outputs[0].type == "float"
    assert ("pads", "1, 1, 1, 1") in nodes["conv0"].attributes
    assert ("epsilon", "1e-05") in nodes["norm0"].attributes
    assert [weight.name for weight in nodes["norm0"].weights] == ["scale0", "shift0", "mean0", "var0"]
    assert view.parameters == 4 * 4 * 9 + 5 * 4
    assert view.facts["opset"] == "ai.onnx 20"
    assert view.facts["nodes"] == "4"


def test_that_a_writer_without_a_revision_is_named_without_none() -> None:
    model = conv_chain(1)
    model.producer_name, model.producer_version = "tf2onnx", "1.17.0 None"
    assert graph_view(model, "m").facts["producer"] == "tf2onnx 1.17.0"


def test_that_a_view_travels_as_plain_data() -> None:
    view = graph_view(dense(), "file")
    assert from_plain(GraphView, to_plain(view)) == view


@given(arrays(np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(-1e6, 1e6, width=32)))
def test_that_statistics_are_those_of_numpy_in_float64(array: np.ndarray) -> None:
    view = weight_view(numpy_helper.from_array(array, "w"))
    wide = array.astype(np.float64)
    assert (view.shape, view.bytes, view.type) == (array.shape, array.nbytes, "float")
    assert (view.minimum, view.maximum) == (wide.min(), wide.max())
    assert view.mean == pytest.approx(wide.mean(), rel=1e-12, abs=1e-9)
    assert view.std == pytest.approx(wide.std(), rel=1e-9, abs=1e-9)
    assert view.zeros == np.mean(array == 0)


@pytest.mark.parametrize(
    "kind", [TensorProto.BFLOAT16, TensorProto.FLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.INT4,
             TensorProto.BOOL, TensorProto.UINT8, TensorProto.DOUBLE, TensorProto.COMPLEX64],
)  # fmt: skip
def test_that_every_kind_of_number_has_statistics(kind: int) -> None:
    tensor = helper.make_tensor("w", kind, [3], [0, 1, 1])
    view = weight_view(tensor)
    assert (view.minimum, view.maximum) == (0, 1)
    assert view.zeros == pytest.approx(1 / 3)


def test_that_words_have_no_statistics_and_empty_arrays_neither() -> None:
    words = weight_view(helper.make_tensor("w", TensorProto.STRING, [2], [b"a", b"b"]))
    empty = weight_view(numpy_helper.from_array(np.zeros((0, 3), np.float32), "e"))
    assert np.isnan(words.mean)
    assert np.isnan(empty.mean)
    assert empty.shape == (0, 3)


def test_that_nodes_without_names_or_with_the_same_one_keep_apart() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"], name="twin"),
        helper.make_node("Relu", ["b"], ["y"], name="twin"),
    ]
    view = graph_view(model_of(nodes, {}, ("n", 2), ("n", 2)), "file")
    assert len({node.id for node in view.nodes}) == 5


def test_that_what_a_branch_takes_from_outside_is_an_edge() -> None:
    inner = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["inner"])],
        "then",
        [],
        [helper.make_tensor_value_info("inner", 1, ("n", 2))],
    )
    nodes = [
        helper.make_node("Constant", [], ["flag"], value=numpy_helper.from_array(np.array(True))),
        helper.make_node("If", ["flag"], ["y"], then_branch=inner, else_branch=inner, name="branch"),
    ]
    view = graph_view(model_of(nodes, {}, ("n", 2), ("n", 2)), "file")
    assert ("input:x", "branch") in {(edge.source, edge.target) for edge in view.edges}
    branch = next(node for node in view.nodes if node.id == "branch")
    assert ("then_branch", "graph of 1 nodes") in branch.attributes


def test_that_operators_of_other_makers_carry_their_domain() -> None:
    function = helper.make_function(
        "own",
        "Twice",
        ["a"],
        ["b"],
        [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 20)],
    )
    call = helper.make_node("Twice", ["x"], ["y"], domain="own", name="call")
    view = graph_view(model_of([call], {}, ("n", 2), ("n", 2), [function]), "file")
    assert next(node.op for node in view.nodes if node.id == "call") == "own::Twice"
    assert view.facts["functions"] == "1"


def test_that_shapes_that_contradict_leave_a_note_instead_of_an_error() -> None:
    model = dense()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 77
    view = graph_view(model, "file")
    assert view.notes
    assert view.notes[0].startswith("shape_inference")
    assert len(view.nodes) == 6


def test_that_old_models_that_list_weights_as_inputs_show_them_as_weights() -> None:
    model = dense()
    model.graph.input.append(helper.make_tensor_value_info("w", 1, [3, 8]))
    view = graph_view(model, "file")
    assert [tensor.name for tensor in view.inputs] == ["x"]


@pytest.mark.parametrize(
    ("written", "scope"),
    [
        ("['', 'conv1', 'conv2d']", ("conv1",)),
        ("['', 'stage', 'stage.block', 'stage.block.conv', 'conv2d']", ("stage", "block", "conv")),
        ("['', 'layers.0', 'relu']", ("layers", "0")),
        ("['', 'relu']", ()),
        ("not a list", ()),
        ("{'a': 1}", ()),
        ("[" * 2000, ()),
    ],
)
def test_that_the_module_path_is_read_from_pytorchs_metadata(written: str, scope: tuple[str, ...]) -> None:
    assert provenance.scopes_of({provenance.SCOPES_KEY: written}, "") == scope


def test_that_slashes_in_a_name_make_a_path() -> None:
    assert provenance.scopes_of({}, "/encoder/layer.0/MatMul") == ("encoder", "layer.0")


def test_that_origins_outlive_a_pass_that_drops_metadata() -> None:
    model = conv_chain(1)
    for node, layer in zip(model.graph.node, ("conv", "norm", "drop", "bend")):
        node.metadata_props.add(key=LAYER_KEY, value=layer)
    known = provenance.Known()
    known.learn(model)
    after = model_of(
        [
            helper.make_node("Conv", ["x", "w0", "new_bias"], ["i0"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["i0"], ["y"]),
        ],
        {"w0": numbers(0, 4, 4, 3, 3), "new_bias": numbers(1, 4)},
        ("n", 4, 6, 6),
        ("n", 4, 6, 6),
    )
    known.restore(after)
    shown = graph_view(after, "file").nodes
    assert (shown[1].layer, shown[1].merged) == ("conv", ("drop",))
    assert (shown[2].layer, shown[2].merged) == ("bend", ())


def test_that_the_job_answers_with_a_laid_out_graph(tmp_path: Path) -> None:
    save_model(dense(), tmp_path / "m.onnx")
    events = list(read_graph(ReadGraphJob(str(tmp_path / "m.onnx")), ControlFlags()))
    assert isinstance(events[-1], Finished)
    assert isinstance(events[-2], Answer)
    view = events[-2].record
    assert isinstance(view, GraphView)
    assert view.bytes == (tmp_path / "m.onnx").stat().st_size
    assert all(edge.points for edge in view.edges)


def reshaped(*shape: int) -> onnx.ModelProto:
    """Return a model that reshapes its input of (batch, 4, 6) and takes the sign of that."""
    text = f"""
        <ir_version: 10, opset_import: ["" : 20]>
        agraph (float[batch, 4, 6] x) => (float[M, K] z)
        <int64[{len(shape)}] shape = {{{", ".join(map(str, shape))}}}>
        {{
            y = Reshape (x, shape)
            z = Relu (y)
        }}
    """
    return onnx.parser.parse_model(text)


@pytest.mark.parametrize(
    ("shape", "shown"), [((-1, 24), ("batch", "24")), ((-1, 12), ("?", "12")), ((0, 24), ("batch", "24"))]
)
def test_that_the_batch_is_named_behind_a_reshape_to_the_rest_and_nothing_else_is(
    shape: tuple[int, ...], shown: tuple[str, ...]
) -> None:
    (found,) = [
        tensor
        for node in graph_view(reshaped(*shape), "m").nodes
        for tensor in node.outputs
        if tensor.name == "y"
    ]
    assert found.shape[1] == shown[1]
    assert (found.shape[0] == "batch") is (shown[0] == "batch")
