"""Shapes are held against windows that are slid by hand, and parameters against a count of weights."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.catalogue import CATALOGUE
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.inference import infer
from tests.design.builders import chain, designs, one_layer, residual

small = st.integers(1, 6)


def slide(size: int, window: int, stride: int) -> int:
    """Count by hand the windows that start at 0, stride, 2·stride … and end inside."""
    return sum(1 for start in range(0, size, stride) if start + window <= size)


def covered_by_same(size: int, stride: int) -> int:
    """Count the starts inside the input: with enough padding each of them has its window."""
    return len(range(0, size, stride))


def shape_of(design: Design) -> tuple[int, ...]:
    return infer(design).shapes["layer"]


@given(
    axes=st.sampled_from([1, 2]),
    kind=st.sampled_from(["conv", "max_pool", "average_pool"]),
    padding=st.sampled_from(["same", "valid"]),
    data=st.data(),
)
def test_that_windows_are_counted_as_by_hand(axes: int, kind: str, padding: str, data: st.DataObject) -> None:
    draw = [data.draw(st.tuples(st.integers(1, 12), small, small)) for _ in range(axes)]
    sizes, windows, strides = (tuple(column) for column in zip(*draw, strict=True))
    key = "kernel" if kind == "conv" else "size"
    settings = {key: windows, "stride": strides, "padding": padding}
    design = one_layer(f"{kind}{axes}d", settings, (4, *sizes))
    if padding == "valid" and any(window > size for size, window, _ in draw):
        assert infer(design).problems["layer"].code is ErrorCode.DESIGN_KERNEL_TOO_BIG
        return
    if padding == "same":
        spatial = tuple(covered_by_same(size, stride) for size, _, stride in draw)
    else:
        spatial = tuple(slide(*numbers) for numbers in draw)
    assert shape_of(design) == (16 if kind == "conv" else 4, *spatial)


@given(
    channels=st.integers(1, 12),
    filters=st.integers(1, 12),
    groups=st.integers(1, 6),
    kernel=st.tuples(small, small),
    bias=st.booleans(),
)
def test_that_every_weight_of_a_convolution_is_counted(
    channels: int, filters: int, groups: int, kernel: tuple[int, int], bias: bool
) -> None:
    settings = {"filters": filters, "groups": groups, "kernel": kernel, "bias": bias}
    design = one_layer("conv2d", settings, (channels, 8, 8))
    if channels % groups or filters % groups:
        assert infer(design).problems["layer"].code is ErrorCode.DESIGN_GROUPS
        return
    # One weight for every pair of channel and filter in the same group, at every place of the kernel.
    pairs = sum(
        1
        for channel, filter_ in itertools.product(range(channels), range(filters))
        if channel // (channels // groups) == filter_ // (filters // groups)
    )
    weights = pairs * kernel[0] * kernel[1]
    cost = infer(design).costs["layer"]
    assert cost.parameters == weights + (filters if bias else 0)
    assert cost.multiply_adds == weights * 64
    assert cost.flops == 2 * cost.multiply_adds + (filters * 64 if bias else 0)
    assert cost.activation_bytes == filters * 64 * 4


@pytest.mark.parametrize(
    ("kind", "settings", "inputs", "output"),
    [
        ("dense", {"units": 7}, [(5,)], (7,)),
        ("global_average_pool", {}, [(3, 5, 6)], (3,)),
        ("global_max_pool", {}, [(3, 5)], (3,)),
        ("batch_norm", {}, [(3, 5, 6)], (3, 5, 6)),
        ("batch_norm", {}, [(9,)], (9,)),
        ("layer_norm", {}, [(3, 5)], (3, 5)),
        ("flatten", {}, [(3, 5, 6)], (90,)),
        ("reshape", {"shape": (6, 15)}, [(3, 5, 6)], (6, 15)),
        ("add", {}, [(3, 5), (3, 5), (3, 5)], (3, 5)),
        ("concatenate", {"axis": 0}, [(3, 5), (4, 5)], (7, 5)),
        ("concatenate", {"axis": 1}, [(3, 5), (3, 1)], (3, 6)),
        ("softmax", {}, [(10,)], (10,)),
        ("dropout", {"rate": 0.1}, [(3, 2)], (3, 2)),
    ],
)
def test_that_a_layer_gives_the_shape_it_says(
    kind: str, settings: dict[str, object], inputs: list[tuple[int, ...]], output: tuple[int, ...]
) -> None:
    assert shape_of(one_layer(kind, settings, *inputs)) == output


@pytest.mark.parametrize(
    ("kind", "settings", "inputs", "code", "facts"),
    [
        ("dense", {}, [(2, 3, 5)], ErrorCode.DESIGN_RANK, {"wanted": "(values) | (time, features)"}),
        ("lstm", {}, [(1, 8, 8)], ErrorCode.DESIGN_RANK, {"have": "1 × 8 × 8", "wanted": "(time, features)"}),
        ("gru", {}, [(64,)], ErrorCode.DESIGN_RANK, {"have": "64", "wanted": "(time, features)"}),
        ("multi_head_attention", {}, [(64,)], ErrorCode.DESIGN_RANK, {"wanted": "(time, features)"}),
        ("multi_head_attention", {}, [(5, 8), (7, 3), (6, 3)], ErrorCode.DESIGN_SHAPES_DIFFER, {}),
        (
            "multi_head_attention",
            {"heads": 3},
            [(5, 8)],
            ErrorCode.DESIGN_SHARES,
            {"setting": "heads", "parts": 3, "values": 8},
        ),
        ("group_norm", {"groups": 2}, [(3, 8)], ErrorCode.DESIGN_SHARES, {"setting": "groups", "values": 3}),
        ("layer_norm", {"over": "features"}, [(1, 8, 8)], ErrorCode.DESIGN_RANK, {"have": "1 × 8 × 8"}),
        ("embedding", {}, [(3, 8)], ErrorCode.DESIGN_RANK, {"wanted": "(time)"}),
        ("positional_encoding", {}, [(8,)], ErrorCode.DESIGN_RANK, {"wanted": "(time, features)"}),
        ("take_step", {"step": 5}, [(5, 2)], ErrorCode.DESIGN_STEP, {"step": 5, "time": 5}),
        ("take_step", {"step": -6}, [(5, 2)], ErrorCode.DESIGN_STEP, {"step": -6}),
        ("permute", {"axes": (0, 0)}, [(5, 2)], ErrorCode.DESIGN_PERMUTATION, {"have": "5 × 2"}),
        ("permute", {"axes": (1, 0)}, [(5, 2, 2)], ErrorCode.DESIGN_PERMUTATION, {"axes": "(1, 0)"}),
        ("upsample2d", {}, [(5, 2)], ErrorCode.DESIGN_RANK, {"wanted": "(channels, height, width)"}),
        ("embedding", {"vocabulary": 10**7, "units": 65536}, [(5,)], ErrorCode.DESIGN_TOO_BIG, {}),
        ("conv2d", {}, [(64,)], ErrorCode.DESIGN_RANK, {"have": "64", "wanted": "(channels, height, width)"}),
        ("conv1d", {}, [(3, 8, 8)], ErrorCode.DESIGN_RANK, {"wanted": "(channels, length)"}),
        ("batch_norm", {}, [(1, 2, 3, 4)], ErrorCode.DESIGN_RANK, {"have": "1 × 2 × 3 × 4"}),
        ("global_max_pool", {}, [(4,)], ErrorCode.DESIGN_RANK, {"have": "4"}),
        ("add", {}, [(3, 5), (3, 1)], ErrorCode.DESIGN_SHAPES_DIFFER, {"first": "3 × 5", "second": "3 × 1"}),
        ("add", {}, [(3, 5)], ErrorCode.DESIGN_INPUT_MISSING, {"have": 1, "wanted": 2}),
        ("relu", {}, [], ErrorCode.DESIGN_INPUT_MISSING, {"have": 0, "wanted": 1}),
        ("concatenate", {"axis": 2}, [(3, 5), (3, 5)], ErrorCode.DESIGN_AXIS, {"axis": 2}),
        ("concatenate", {}, [(3, 5), (3, 6)], ErrorCode.DESIGN_SHAPES_DIFFER, {"second": "3 × 6"}),
        ("concatenate", {}, [(3, 5), (3,)], ErrorCode.DESIGN_SHAPES_DIFFER, {"second": "3"}),
        ("softmax", {"axis": 1}, [(10,)], ErrorCode.DESIGN_AXIS, {"axis": 1, "have": "10"}),
        ("softmax", {"axis": -2}, [(10,)], ErrorCode.DESIGN_AXIS, {"axis": -2}),
        ("reshape", {"shape": (7,)}, [(2, 3)], ErrorCode.DESIGN_RESHAPE, {"have": "2 × 3", "wanted": "7"}),
        ("input", {"shape": (65536, 65536)}, [], ErrorCode.DESIGN_TOO_BIG, {"elements": 2**32}),
        ("dense", {"units": 65536}, [(65536,)], ErrorCode.DESIGN_TOO_BIG, {"elements": 2**32}),
        ("max_pool2d", {"size": (3, 3)}, [(1, 2, 9)], ErrorCode.DESIGN_KERNEL_TOO_BIG, {"kernel": "3 × 3"}),
    ],
)
def test_that_a_layer_that_cannot_work_names_itself_and_the_reason(
    kind: str,
    settings: dict[str, object],
    inputs: list[tuple[int, ...]],
    code: ErrorCode,
    facts: dict[str, object],
) -> None:
    problem = one_layer(kind, settings, *inputs).problems()["layer"]
    assert problem.code is code
    assert problem.facts["node"] == "layer"
    assert facts.items() <= dict(problem.facts).items()


def test_that_a_broken_layer_leaves_the_others_their_shapes() -> None:
    design = residual()
    design.set_setting("conv", "filters", 6)
    known = infer(design)
    assert known.problems["sum"].code is ErrorCode.DESIGN_SHAPES_DIFFER
    assert known.problems["pool"].code is ErrorCode.DESIGN_INPUT_BROKEN
    assert known.problems["pool"].facts["source"] == "sum"
    assert known.shapes == {
        "image": (3, 9, 7),
        "stem": (4, 9, 7),
        "conv": (6, 9, 7),
        "norm": (6, 9, 7),
    }


def test_that_a_second_end_is_a_dead_end() -> None:
    design = residual()
    design.add("relu", "aside")
    design.connect("stem", "aside")
    problem = design.problems()["aside"]
    assert (problem.code, problem.facts["output"]) == (ErrorCode.DESIGN_DEAD_END, "logits")


def test_that_a_frozen_design_holds_all_that_an_engine_needs() -> None:
    spec = freeze(residual())
    assert spec.layers[0].name == "image"
    assert spec.outputs == ("logits",)
    assert [layer.name for layer in spec.inputs] == ["image"]
    shapes = {parameter.name: parameter.shape for parameter in spec.parameters}
    assert shapes == {
        "stem/weight": (4, 3, 3, 3),
        "stem/bias": (4,),
        "conv/weight": (4, 4, 3, 3),
        "conv/bias": (4,),
        "norm/weight": (4,),
        "norm/bias": (4,),
        "norm/running_mean": (4,),
        "norm/running_var": (4,),
        "logits/weight": (5, 4),
        "logits/bias": (5,),
    }
    fixed = [parameter.name for parameter in spec.parameters if not parameter.trainable]
    assert fixed == ["norm/running_mean", "norm/running_var"]


def test_that_initial_weights_know_their_fans() -> None:
    weight = next(parameter for parameter in freeze(residual()).parameters if parameter.name == "stem/weight")
    assert (weight.initializer, weight.fan_in, weight.fan_out) == ("he_normal", 3 * 9, 4 * 9)
    dense = next(
        parameter for parameter in freeze(residual()).parameters if parameter.name == "logits/weight"
    )
    assert (dense.initializer, dense.fan_in, dense.fan_out) == ("glorot_uniform", 4, 5)


@pytest.mark.parametrize("design", [Design("empty"), chain(("input", "image", {}))])
def test_that_a_design_without_layers_cannot_be_trained(design: Design) -> None:
    with pytest.raises(WorkbenchError) as caught:
        freeze(design)
    assert caught.value.code is ErrorCode.DESIGN_EMPTY


def test_that_freezing_names_the_first_problem() -> None:
    design = residual()
    design.disconnect("image", "stem")
    with pytest.raises(WorkbenchError) as caught:
        freeze(design)
    assert (caught.value.code, caught.value.facts["node"]) == (ErrorCode.DESIGN_INPUT_MISSING, "stem")


@given(designs())
def test_that_every_node_of_any_design_has_a_shape_or_a_problem(design: Design) -> None:
    known = infer(design)
    for name in design.nodes:
        assert name in known.shapes or name in known.problems
    for name, layer in known.layers.items():
        assert all(size >= 1 for size in layer.output_shape)
        assert known.costs[name].parameters == sum(math.prod(entry.shape) for entry in layer.parameters)


def test_that_every_layer_says_what_it_computes_and_where_that_stands() -> None:
    for row in CATALOGUE.values():
        assert row.semantics, row.key
        assert row.source.startswith("https://") or row.key == "input", row.key
        assert all(setting.help for setting in row.settings), row.key


def test_that_every_default_is_a_value_that_fits() -> None:
    for row in CATALOGUE.values():
        assert list(row.complete({})) == [setting.key for setting in row.settings]
