from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import DataManifest, Recipe
from engines.design.arrange import GAP_X, GAP_Y, HEIGHT, WIDTH, arrange, drawing
from engines.design.document import Design
from engines.design.fit import check_fit
from engines.design.freeze import freeze
from engines.design.storage import save
from engines.design.templates import TEMPLATES, open_design
from tests.design.builders import designs, residual


def overlap(first: tuple[float, float], second: tuple[float, float], gap: float) -> bool:
    across = abs(first[0] - second[0]) < WIDTH + gap
    return across and abs(first[1] - second[1]) < HEIGHT + gap


def manifest(**changes: object) -> DataManifest:
    facts = {
        "name": "set",
        "source": "set",
        "task": "classification",
        "digest": "0",
        "input_shape": (1, 8, 8),
        "target_shape": (),
        "samples": 100,
        "splits": {},
        "classes": tuple("0123456789"),
    }
    return DataManifest(**{**facts, **changes})  # type: ignore[arg-type]


def test_that_the_start_page_has_eight_templates_in_order() -> None:
    digits = [f"digits-{net}" for net in ("cnn", "mlp", "resnet", "lstm", "gru", "transformer")]
    assert list(TEMPLATES) == [*digits, "breast-cancer", "diabetes"]
    for template in TEMPLATES.values():
        assert template.title
        assert template.description
        assert template.data in ("digits", "breast-cancer", "diabetes")
        assert len(template.drawing.nodes) == len(template.snapshot.nodes)


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_that_every_template_freezes_and_lies_where_it_is_arranged(name: str) -> None:
    design = open_design(name)
    assert not design.problems()
    assert freeze(design).name == name
    assert {node.name: node.position for node in design.nodes.values()} == arrange(design)


def test_that_the_mlp_is_64_128_10() -> None:
    spec = freeze(open_design("digits-mlp"))
    assert [parameter.shape for parameter in spec.parameters] == [(128, 64), (128,), (10, 128), (10,)]


def test_that_the_cnn_has_batch_norm_and_a_residual() -> None:
    kinds = [layer.layer for layer in freeze(open_design("digits-cnn")).layers]
    assert {"conv2d", "batch_norm", "add"} <= set(kinds)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("digits-resnet", {"conv2d", "batch_norm", "add", "global_average_pool"}),
        ("digits-lstm", {"lstm"}),
        ("digits-gru", {"gru"}),
        ("digits-transformer", {"multi_head_attention", "positional_encoding", "layer_norm", "add"}),
    ],
)
def test_that_a_template_has_the_layers_it_is_named_after(name: str, kinds: set[str]) -> None:
    spec = freeze(open_design(name))
    assert kinds <= {layer.layer for layer in spec.layers}
    # Two engines draw their own masks: without dropout their curves can be held against one another.
    assert "dropout" not in {layer.layer for layer in spec.layers}


def test_that_each_opened_template_is_a_design_of_its_own() -> None:
    open_design("digits-mlp").remove("hidden")
    assert "hidden" in open_design("digits-mlp").nodes


def test_that_a_file_opens_by_its_path(tmp_path: Path) -> None:
    save(residual(), tmp_path / "mine.json")
    assert open_design(str(tmp_path / "mine.json")).snapshot() == residual().snapshot()


def test_that_an_unknown_design_is_told_with_the_templates() -> None:
    with pytest.raises(WorkbenchError) as caught:
        open_design("digits-cn")
    assert caught.value.code is ErrorCode.DESIGN_UNKNOWN
    assert "digits-cnn" in str(caught.value.facts["templates"])


def test_that_a_missing_file_is_told_as_such() -> None:
    with pytest.raises(WorkbenchError) as caught:
        open_design("gone.json")
    assert caught.value.code is ErrorCode.FILE_MISSING


@given(designs())
def test_that_no_two_nodes_of_any_design_touch_and_values_flow_down(design: Design) -> None:
    places = arrange(design)
    assert set(places) == set(design.nodes)
    listed = list(places.values())
    for number, place in enumerate(listed):
        assert not any(overlap(place, other, 32) for other in listed[:number])
    for node in design.nodes.values():
        assert all(places[source][1] + HEIGHT < places[node.name][1] for source in node.inputs)
    assert not listed or min(x for x, _ in listed) == 0


def test_that_a_branch_goes_beside_what_it_skips() -> None:
    design = residual()
    design.disconnect("stem", "sum")
    for before, after in (("stem", "aside"), ("aside", "sum")):
        if after not in design.nodes:
            design.add("relu", after)
        design.connect(before, after)
    places = arrange(design)
    assert places["aside"][0] - places["conv"][0] == WIDTH + GAP_X
    assert places["conv"][1] - places["stem"][1] == HEIGHT + GAP_Y


def test_that_a_drawing_has_every_box_and_line() -> None:
    design = residual()
    for name, position in arrange(design).items():
        design.move(name, position)
    picture = drawing(design)
    assert {box.name for box in picture.nodes} == set(residual().nodes)
    assert ("stem", "sum") in picture.edges
    assert len(picture.edges) == 7
    assert picture.height == max(box.y for box in picture.nodes) + HEIGHT
    assert {box.name: box.family for box in picture.nodes}["conv"] == "convolution"


def test_that_a_design_that_fits_its_data_passes() -> None:
    design = open_design("digits-cnn")
    check_fit(freeze(design), design.recipe, manifest())


@pytest.mark.parametrize(
    ("data", "recipe", "code", "facts"),
    [
        (
            manifest(input_shape=(64,)),
            Recipe(),
            ErrorCode.DESIGN_DATA_INPUT,
            {"have": "1 × 8 × 8", "wanted": "64"},
        ),
        (manifest(classes=("a", "b")), Recipe(), ErrorCode.DESIGN_DATA_OUTPUT, {"have": "10", "wanted": "2"}),
        (manifest(), Recipe(loss="huber"), ErrorCode.DESIGN_DATA_LOSS, {"task": "classification"}),
        (
            manifest(task="regression", target_shape=(1,), classes=()),
            Recipe(loss="huber"),
            ErrorCode.DESIGN_DATA_OUTPUT,
            {"wanted": "1"},
        ),
    ],
)
def test_that_a_design_that_does_not_fit_says_what_the_data_needs(
    data: DataManifest, recipe: Recipe, code: ErrorCode, facts: dict[str, str]
) -> None:
    with pytest.raises(WorkbenchError) as caught:
        check_fit(freeze(open_design("digits-cnn")), recipe, data)
    assert caught.value.code is code
    assert facts.items() <= dict(caught.value.facts).items()
