from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe
from engines.design.document import Change, Design
from engines.design.names import RESERVED
from engines.design.storage import to_text
from tests.design.builders import chain, designs, residual

EDITS: list[tuple[str, Callable[[Design], object]]] = [
    ("add", lambda design: design.add("relu", "fresh")),
    ("remove", lambda design: design.remove("stem")),
    ("rename", lambda design: design.rename("stem", "first")),
    ("connect", lambda design: design.connect("conv", "sum", 0)),
    ("disconnect", lambda design: design.disconnect("stem", "conv")),
    ("set_setting", lambda design: design.set_setting("stem", "filters", 9)),
    ("move", lambda design: design.move("stem", (3.5, -4.0))),
    ("set_data", lambda design: design.set_data("iris")),
    ("set_recipe", lambda design: design.set_recipe(Recipe(epochs=3))),
]

REFUSED: list[tuple[ErrorCode, Callable[[Design], object]]] = [
    (ErrorCode.DESIGN_LAYER_UNKNOWN, lambda design: design.add("warp")),
    (ErrorCode.DESIGN_NAME_TAKEN, lambda design: design.add("relu", "stem")),
    (ErrorCode.DESIGN_NAME_INVALID, lambda design: design.add("relu", "two words")),
    (ErrorCode.DESIGN_NAME_INVALID, lambda design: design.add("relu", "forward")),
    (ErrorCode.DESIGN_NAME_INVALID, lambda design: design.add("relu", "class")),
    (ErrorCode.DESIGN_NAME_INVALID, lambda design: design.add("relu", "größe")),
    (ErrorCode.DESIGN_NAME_INVALID, lambda design: design.rename("stem", "x" * 65)),
    (ErrorCode.DESIGN_NAME_TAKEN, lambda design: design.rename("stem", "conv")),
    (ErrorCode.DESIGN_NODE_UNKNOWN, lambda design: design.rename("nobody", "somebody")),
    (ErrorCode.DESIGN_NODE_UNKNOWN, lambda design: design.remove("nobody")),
    (ErrorCode.DESIGN_NODE_UNKNOWN, lambda design: design.connect("nobody", "sum")),
    (ErrorCode.DESIGN_NODE_UNKNOWN, lambda design: design.connect("stem", "nobody")),
    (ErrorCode.DESIGN_NODE_UNKNOWN, lambda design: design.move("nobody", (0, 0))),
    (ErrorCode.DESIGN_EDGE_TAKEN, lambda design: design.connect("stem", "conv")),
    (ErrorCode.DESIGN_EDGE_UNKNOWN, lambda design: design.disconnect("conv", "stem")),
    (ErrorCode.DESIGN_INPUTS_FULL, lambda design: design.connect("image", "norm")),
    (ErrorCode.DESIGN_INPUTS_FULL, lambda design: design.connect("stem", "image")),
    (ErrorCode.DESIGN_CYCLE, lambda design: design.connect("logits", "sum")),
    (ErrorCode.DESIGN_CYCLE, lambda design: design.connect("sum", "sum")),
    (ErrorCode.DESIGN_SETTING_UNKNOWN, lambda design: design.set_setting("stem", "units", 3)),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "filters", 0)),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "filters", True)),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "filters", 2.0)),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "kernel", (3, 3, 3))),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "kernel", 3)),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "padding", "full")),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("norm", "epsilon", float("nan"))),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.add("dropout", "drop", {"rate": 1.0})),
    (ErrorCode.DESIGN_SETTING_INVALID, lambda design: design.set_setting("stem", "bias", "yes")),
]


@pytest.mark.parametrize("edit", [edit for _, edit in EDITS], ids=[name for name, _ in EDITS])
def test_that_undo_brings_back_the_very_same_file(edit: Callable[[Design], object]) -> None:
    design = residual()
    before, kept = to_text(design), design.snapshot()
    edit(design)
    after, edited = to_text(design), design.snapshot()
    assert after != before
    design.restore(kept)
    assert to_text(design) == before
    design.restore(edited)
    assert to_text(design) == after


@pytest.mark.parametrize(("code", "edit"), REFUSED)
def test_that_a_refused_edit_says_why_and_changes_nothing(
    code: ErrorCode, edit: Callable[[Design], object]
) -> None:
    design = residual()
    before = to_text(design)
    told: list[Change] = []
    design.observe(told.append)
    with pytest.raises(WorkbenchError) as caught:
        edit(design)
    assert caught.value.code is code
    assert to_text(design) == before
    assert told == []


@given(designs(), st.data())
def test_that_any_row_of_edits_is_undone_by_restoring(design: Design, data: st.DataObject) -> None:
    before, kept = to_text(design), design.snapshot()
    for _ in range(data.draw(st.integers(1, 5))):
        if not design.nodes:
            break
        name = data.draw(st.sampled_from(list(design.nodes)))
        data.draw(
            st.sampled_from(
                [design.remove, lambda n: design.rename(n, "zz"), lambda n: design.move(n, (1, 1))]
            )
        )(name) if name != "zz" else design.remove(name)
        if "zz" in design.nodes:
            design.remove("zz")
    design.restore(kept)
    assert to_text(design) == before


def test_that_observers_hear_of_each_change_until_they_leave() -> None:
    design = residual()
    told: list[Change] = []
    leave = design.observe(told.append)
    design.rename("stem", "first")
    design.set_setting("first", "filters", 8)
    leave()
    design.remove("first")
    assert told == [Change("renamed", "first"), Change("setting", "first")]


def test_that_a_renamed_layer_keeps_its_place_and_its_connections() -> None:
    design = residual()
    order = list(design.nodes)
    design.rename("stem", "first")
    assert list(design.nodes) == ["first" if name == "stem" else name for name in order]
    assert design.node("conv").inputs == ("first",)
    assert design.node("sum").inputs == ("norm", "first")
    assert design.consumers("first") == ("conv", "sum")


def test_that_a_removed_layer_leaves_no_connection_behind() -> None:
    design = residual()
    design.remove("stem")
    assert all("stem" not in node.inputs for node in design.nodes.values())


def test_that_layers_without_a_name_get_one_that_is_free() -> None:
    design = Design("fresh")
    assert [design.add("conv2d").name for _ in range(3)] == ["conv2d1", "conv2d2", "conv2d3"]
    design.remove("conv2d2")
    assert design.add("conv2d").name == "conv2d2"


def test_that_a_canvas_can_ask_before_it_connects() -> None:
    design = chain(("input", "image", {}), ("flatten", "flat", {}))
    design.add("relu", "act")
    design.check_connect("flat", "act")
    assert design.node("act").inputs == ()


def test_that_every_input_comes_before_what_uses_it() -> None:
    design = Design("backwards")
    for name in ("last", "middle"):
        design.add("relu", name)
    design.add("input", "image", {"shape": (3,)})
    design.connect("middle", "last")
    design.connect("image", "middle")
    assert [node.name for node in design.ordered()] == ["image", "middle", "last"]


def test_that_a_whole_number_is_taken_where_a_real_one_is_wanted() -> None:
    design = chain(("input", "image", {}), ("dropout", "drop", {"rate": 0}))
    value = design.node("drop").settings["rate"]
    assert (value, type(value)) == (0.0, float)


@pytest.mark.framework
def test_that_no_name_hides_an_attribute_of_a_torch_module() -> None:
    import subprocess
    import sys

    words = "import torch.nn as nn; print(*[n for n in dir(nn.Module()) if not n.startswith('_')])"
    found = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert set(found.stdout.split()) <= RESERVED
