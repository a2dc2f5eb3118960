"""What the design's own exporter writes, run by ONNX Runtime and held against NumPy loops."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import LAYER_KEY, GraphSpec
from engines.design.catalogue import CATALOGUE
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.onnx_export import to_onnx
from engines.design.onnx_layers import LAYERS
from engines.design.templates import TEMPLATES, open_design
from tests.design.builders import chain, one_layer, residual, values_of
from tests.design.reference import answer
from tests.design.test_code import pictures, rows
from tests.design.test_semantics import CORNERS
from tests.helpers.source import run_python
from tests.torch.cases import cases

Arrays = Mapping[str, np.ndarray]

LAYER_CASES = {name: spec for name, (_, spec) in cases().items()}
CORNER_CASES = {
    f"{kind} {shape} {given}": freeze(one_layer(kind, given, shape)) for kind, given, shape in CORNERS
}
WHOLE = {
    **{name: freeze(open_design(name)) for name in TEMPLATES},
    "pictures": freeze(pictures()),
    "rows": freeze(rows()),
    "residual": freeze(residual()),
}
FURTHER = {
    **dict.fromkeys(("global_average_pool", "global_max_pool", "silu", "dense"), 1),
    "lstm": 3,
    "gru": 3,
    "multi_head_attention": 8,
}
"""How many operations beyond one a layer may have: what ONNX has no single operator for."""
CLUTTER = {"Shape", "Expand", "CastLike", "Cast", "Constant", "Gather", "Slice", "Identity", "Transpose"}


def random_weights(spec: GraphSpec, seed: int = 3) -> dict[str, np.ndarray]:
    """Weights as large as a trained layer's; scales and variances away from zero."""
    random = np.random.default_rng(seed)
    found = {}
    for parameter in spec.parameters:
        positive = len(parameter.shape) == 1 or parameter.name.endswith("running_var")
        made = (
            random.uniform(0.5, 1.5, parameter.shape)
            if positive
            else random.normal(0, max(1, parameter.fan_in) ** -0.5, parameter.shape)
        )
        found[parameter.name] = made.astype(np.float32)
    return found


def samples(spec: GraphSpec, count: int = 3, seed: int = 5) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    if any(layer.layer == "embedding" for layer in spec.layers):
        return [random.integers(-2, 12, (count, *spec.inputs[0].output_shape)).astype(np.float32)]
    return [random.normal(0, 2, (count, *layer.output_shape)).astype(np.float32) for layer in spec.inputs]


def run(model: onnx.ModelProto, inputs: list[np.ndarray]) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {put.name: array for put, array in zip(session.get_inputs(), inputs)})
    assert isinstance(found, np.ndarray)
    return found


def check(spec: GraphSpec, count: int = 3) -> float:
    """Hold the file against the reference; return the share of the bound that the error takes."""
    weights, inputs = random_weights(spec), samples(spec, count)
    found = run(to_onnx(spec, weights), inputs)
    doubled = {name: array.astype(np.float64) for name, array in weights.items()}
    expected = answer(spec, doubled, *(array.astype(np.float64) for array in inputs))
    assert found.shape == expected.shape
    share = float(np.abs(found - expected).max() / (1e-5 + 1e-5 * np.abs(expected).max()))
    assert share <= 1
    return share


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_that_every_layer_of_the_catalogue_has_its_onnx_form_and_is_tried() -> None:
    assert LAYERS.keys() == CATALOGUE.keys() - {"input"}
    assert {layer.layer for spec in LAYER_CASES.values() for layer in spec.layers} == CATALOGUE.keys()


@pytest.mark.parametrize("name", LAYER_CASES)
def test_that_a_layer_answers_as_the_catalogue_says(name: str) -> None:
    check(LAYER_CASES[name])


@pytest.mark.parametrize("name", CORNER_CASES)
def test_that_a_layer_does_so_where_libraries_differ(name: str) -> None:
    check(CORNER_CASES[name])


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("count", [1, 4])
def test_that_a_whole_design_answers_in_a_batch_of_any_length(name: str, count: int) -> None:
    check(WHOLE[name], count)


@st.composite
def windowed(draw: st.DrawFn) -> GraphSpec:
    """A convolution or pool with any kernel, stride, padding and groups that fit."""
    axes = draw(st.integers(1, 2))
    groups = draw(st.integers(1, 3))
    channels, spatial = groups * draw(st.integers(1, 2)), [draw(st.integers(1, 9)) for _ in range(axes)]
    padding = draw(st.sampled_from(["same", "valid"]))
    kernel = tuple(draw(st.integers(1, 6 if padding == "same" else size)) for size in spatial)
    chosen = {"stride": tuple(draw(st.integers(1, 4)) for _ in spatial), "padding": padding}
    if draw(st.booleans()):
        filters = groups * draw(st.integers(1, 3))
        more = {"kernel": kernel, "filters": filters, "groups": groups, "bias": draw(st.booleans())}
        return freeze(one_layer(f"conv{axes}d", chosen | more, (channels, *spatial)))
    kind = draw(st.sampled_from(["max", "average"]))
    return freeze(one_layer(f"{kind}_pool{axes}d", chosen | {"size": kernel}, (channels, *spatial)))


@settings(max_examples=60, deadline=None)
@given(windowed())
def test_that_windows_of_any_kind_lie_where_the_catalogue_says(spec: GraphSpec) -> None:
    check(spec)


@st.composite
def rearranged(draw: st.DrawFn) -> GraphSpec:
    """A layer that depends on the shape alone: softmax, concatenate, reshape, flatten, norms, sums."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    axis = draw(st.integers(0, len(shape) - 1))
    kind = draw(st.sampled_from(["softmax", "concatenate", "reshape", "flatten", "layer_norm", "add"]))
    match kind:
        case "softmax":
            given = {"axis": axis - draw(st.sampled_from([0, len(shape)]))}
        case "concatenate":
            given = {"axis": axis}
        case "reshape":
            given = {
                "shape": draw(st.sampled_from([shape, shape[::-1], (*shape, 1), (int(np.prod(shape)),)]))
            }
        case _:
            given = {}
    many = draw(st.integers(2, 4)) if kind in ("concatenate", "add") else 1
    return freeze(one_layer(kind, given, *[shape] * many))


@settings(max_examples=60, deadline=None)
@given(rearranged())
def test_that_axes_and_shapes_are_counted_as_the_catalogue_says(spec: GraphSpec) -> None:
    check(spec)


@st.composite
def sequential(draw: st.DrawFn) -> GraphSpec:
    """A layer over time with any length, width and settings that fit; attention across others, too."""
    time, features = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    kind = draw(st.sampled_from(["lstm", "gru", "attention", "positional_encoding", "take_step", "permute"]))
    flag = st.booleans()
    match kind:
        case "lstm" | "gru":
            given = {
                "units": draw(st.integers(1, 4)),
                "return_sequences": draw(flag),
                "bidirectional": draw(flag),
            }
        case "attention":
            heads = draw(st.integers(1, 3))
            given = {"heads": heads, "causal": draw(flag), "bias": draw(flag)}
            keys = draw(st.integers(1, 6))
            widths = [draw(st.integers(1, 5)) for _ in range(draw(st.integers(0, 2)))]
            shapes = [(time, heads * features), *((keys, width) for width in widths)]
            return freeze(one_layer("multi_head_attention", given, *shapes))
        case "positional_encoding":
            given = {"form": draw(st.sampled_from(["sinusoidal", "learned"]))}
        case "take_step":
            given = {"step": draw(st.integers(-time, time - 1))}
        case _:
            given = {"axes": draw(st.permutations([0, 1]).map(tuple))}
    return freeze(one_layer(kind, given, (time, features)))


@settings(max_examples=80, deadline=None)
@given(sequential())
def test_that_sequences_of_any_shape_are_read_as_the_catalogue_says(spec: GraphSpec) -> None:
    check(spec)


@st.composite
def tuned(draw: st.DrawFn) -> GraphSpec:
    """A layer whose settings are numbers, with any that fit."""
    kind = draw(st.sampled_from(["leaky_relu", "elu", "batch_norm", "layer_norm", "dropout"]))
    chosen = {setting.key: draw(values_of(setting)) for setting in CATALOGUE[kind].settings}
    return freeze(one_layer(kind, chosen, (3, 4)))


@settings(max_examples=40, deadline=None)
@given(tuned())
def test_that_numbers_mean_what_the_catalogue_says(spec: GraphSpec) -> None:
    check(spec)


def test_that_a_batch_of_no_samples_passes_through() -> None:
    spec = freeze(one_layer("reshape", {"shape": (3, 2)}, (6,)))
    assert run(to_onnx(spec, {}), samples(spec, 0)).shape == (0, 3, 2)


@pytest.mark.parametrize("name", WHOLE)
def test_that_a_file_holds_no_clutter(name: str) -> None:
    spec = WHOLE[name]
    model = to_onnx(spec, random_weights(spec))
    turned = sum(layer.layer in ("lstm", "gru") for layer in spec.layers)
    assert (CLUTTER - {"Transpose"}).isdisjoint(operators(model))
    assert operators(model).count("Transpose") == 2 * turned  # ONNX' own read time first
    more = sum(FURTHER.get(layer.layer, 0) for layer in spec.layers)
    assert len(model.graph.node) <= len(spec.layers) + more


def test_that_sequences_have_native_operators_and_the_opset_that_knows_them() -> None:
    found = {name: to_onnx(WHOLE[name], random_weights(WHOLE[name])) for name in WHOLE}
    assert operators(found["digits-lstm"]).count("LSTM") == 2
    assert operators(found["digits-gru"]).count("GRU") == 2
    assert operators(found["digits-transformer"]).count("Attention") == 2
    assert operators(found["digits-transformer"]).count("LayerNormalization") == 5
    opsets = {name: model.opset_import[0].version for name, model in found.items()}
    assert opsets.pop("digits-transformer") == 23
    assert set(opsets.values()) == {20}


def test_that_the_digits_have_one_node_a_layer_and_none_for_dropout() -> None:
    model = to_onnx(WHOLE["digits-cnn"], random_weights(WHOLE["digits-cnn"]))
    layers = [node.metadata_props[0].value for node in model.graph.node]
    wanted = [layer.name for layer in WHOLE["digits-cnn"].layers if layer.layer not in ("input", "dropout")]
    assert layers == wanted
    assert operators(model).count("BatchNormalization") == 3


@pytest.mark.parametrize("name", WHOLE)
def test_that_nodes_values_and_shapes_speak_the_designs_language(name: str) -> None:
    spec = WHOLE[name]
    model = to_onnx(
        spec, random_weights(spec), outputs=["answer"], facts={"modelwright.loss": "huber", "a": ""}
    )
    shapes = {layer.name: layer.output_shape for layer in spec.layers}
    for node in model.graph.node:
        assert {entry.key for entry in node.metadata_props} == {LAYER_KEY}
        assert re.fullmatch(rf"{node.metadata_props[0].value}/{node.op_type}(_\d+)?", node.name)
        assert node.metadata_props[0].value in shapes
    assert len({node.name for node in model.graph.node}) == len(model.graph.node)
    assert [value.name for value in model.graph.input] == [layer.name for layer in spec.inputs]
    assert [value.name for value in model.graph.output] == ["answer"]
    for value in (*model.graph.input, *model.graph.value_info):
        batch, *rest = value.type.tensor_type.shape.dim
        assert batch.dim_param == "batch"
        assert tuple(dim.dim_value for dim in rest) == shapes[value.name]
    assert {entry.key: entry.value for entry in model.metadata_props} == {"modelwright.loss": "huber"}
    assert model.graph.name == spec.name
    kept = {p.name for p in spec.parameters if "/reverse_" not in p.name}  # both ways are one array in ONNX
    assert {tensor.name for tensor in model.graph.initializer} >= kept


def test_that_a_layer_called_like_the_output_steps_aside() -> None:
    design = chain(
        ("input", "x", {"shape": (4,)}),
        ("dense", "logits", {"units": 3}),
        ("relu", "logits_", {}),
        ("dense", "last", {"units": 2}),
    )
    spec = freeze(design)
    weights = random_weights(spec)
    model = to_onnx(spec, weights, outputs=["logits"])
    assert [node.output[0] for node in model.graph.node] == ["logits__", "logits_", "logits"]
    np.testing.assert_allclose(run(model, samples(spec)), run(to_onnx(spec, weights), samples(spec)))


@pytest.mark.parametrize("kind", ["dropout", "flatten"])
def test_that_a_layer_that_does_nothing_may_be_the_last_or_the_only_one(kind: str) -> None:
    alone = freeze(one_layer(kind, {}, (5,)))
    model = to_onnx(alone, {}, outputs=["value"])
    assert operators(model) == ["Identity"]
    np.testing.assert_array_equal(run(model, samples(alone)), samples(alone)[0])
    last = freeze(chain(("input", "x", {"shape": (5,)}), ("tanh", "bent", {}), (kind, "end", {})))
    model = to_onnx(last, {}, outputs=["value"])
    assert operators(model) == ["Tanh"]
    np.testing.assert_allclose(run(model, samples(last)), np.tanh(samples(last)[0]), rtol=1e-6)


def test_that_an_array_that_is_missing_or_of_another_shape_is_named() -> None:
    spec = WHOLE["digits-mlp"]
    weights = random_weights(spec)
    turned = weights | {"hidden/weight": weights["hidden/weight"].T}
    without = {name: array for name, array in weights.items() if name != "logits/bias"}
    for arrays, name in ((turned, "hidden/weight"), (without, "logits/bias")):
        with pytest.raises(WorkbenchError) as caught:
            to_onnx(spec, arrays)
        assert caught.value.code is ErrorCode.CHECKPOINT_UNFIT
        assert caught.value.facts["array"] == name


def test_that_an_opset_without_the_operator_is_refused_by_the_checker() -> None:
    spec = freeze(one_layer("gelu", {}, (4,)))
    with pytest.raises(WorkbenchError) as caught:
        to_onnx(spec, {}, opset=17)
    assert caught.value.code is ErrorCode.EXPORT_FAILED
    assert "Gelu" in str(caught.value.facts["why"])


@pytest.mark.parametrize("opset", [18, 22])
def test_that_other_opsets_give_the_same_answers(opset: int) -> None:
    spec = WHOLE["residual"]
    weights = random_weights(spec)
    model = to_onnx(spec, weights, opset=opset)
    assert model.opset_import[0].version == opset
    np.testing.assert_allclose(
        run(model, samples(spec)), run(to_onnx(spec, weights), samples(spec)), rtol=1e-6
    )


def test_that_two_inputs_keep_the_order_of_the_design() -> None:
    design = Design("two")
    design.add("input", "right", {"shape": (2,)})
    design.add("input", "left", {"shape": (3,)})
    design.add("concatenate", "joined", {"axis": 0})
    for source in ("left", "right"):
        design.connect(source, "joined")
    spec = freeze(design)
    found = run(to_onnx(spec, {}), samples(spec))
    right, left = samples(spec)
    np.testing.assert_array_equal(found, np.concatenate([left, right], axis=1))


def test_that_onnx_is_imported_only_to_export() -> None:
    code = "import sys, engines.design.onnx_export as e; assert 'onnx' not in sys.modules, 'imported'"
    run_python(code)
