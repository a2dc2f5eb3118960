"""What a layer's file says of itself is read without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controllers.own_layers import TEMPLATE
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.own_declaration import read_declaration
from tests.own.layers import BEND
from widgets.help import page

LAYER = (
    "class L:\n    {settings}\n    def output_shape(self, x):\n        return x\n"
    "    def forward(self, xp, x, w):\n        return x\n"
)


def broken(source: str) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        read_declaration(source, "l.py")
    assert caught.value.code is ErrorCode.OWN_LAYER_BROKEN
    return caught.value


def test_that_settings_methods_and_words_are_found() -> None:
    found = read_declaration(BEND, "bend.py")
    assert (found.title, found.about, found.engines, found.inputs) == (
        "Bend",
        "Bend every value.",
        ("forward",),
        (1, 1),
    )
    types = {kind.key: (kind.type, kind.default) for kind in found.settings}
    assert types == {
        "rounds": ("int", 2),
        "mode": ("choice", "soft"),
        "strength": ("float", 0.5),
        "flip": ("bool", False),
        "window": ("sizes", (3, 3)),
    }
    assert found.settings[0].wanted == "int 1…5"


def test_that_reading_runs_nothing(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    read_declaration(trap + LAYER.format(settings="pass"), "l.py")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("arguments", "inputs"),
    [("self, x", (1, 1)), ("self, a, b", (2, 2)), ("self, a, b=None", (1, 2)), ("self, *x", (1, 16))],
)
def test_that_output_shape_says_how_many_inputs_there_are(arguments: str, inputs: tuple[int, int]) -> None:
    source = LAYER.format(settings="pass").replace("output_shape(self, x)", f"output_shape({arguments})")
    assert read_declaration(source, "l.py").inputs == inputs


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        ("class L:\n    def output_shape(self, x)\n        return x\n", 2, "expected"),
        ("x = 1\n", 1, "no class"),
        ("class L:\n    pass\n", 1, "output_shape"),
        ("\nclass L:\n    def output_shape(self, x):\n        return x\n", 2, "forward"),
        ("import torch\n", 1, "inside the method"),
        ("from tensorflow import keras\n", 1, "inside the method"),
        (LAYER.format(settings="settings = make()"), 2, "literal"),
        (LAYER.format(settings="settings = [1]"), 2, "dict"),
        (LAYER.format(settings="settings = {'a': None}"), 2, "default"),
        (LAYER.format(settings="settings = {'file': 1}"), 2, "name"),
        (LAYER.format(settings="settings = {'two words': 1}"), 2, "name"),
        (LAYER.format(settings="pass").replace("(self, x):", "(self):", 1), 3, "each input"),
    ],
)
def test_that_what_cannot_be_is_told_with_its_line(source: str, line: int, word: str) -> None:
    fault = broken(source)
    assert fault.facts["line"] == line
    assert word in str(fault.facts["why"])
    assert fault.facts["text"] == source.splitlines()[line - 1].strip()


@given(st.text(max_size=200))
def test_that_no_text_of_no_layer_passes_for_one(source: str) -> None:
    broken(source)


def test_that_the_help_page_shows_a_layer_that_can_be_read_and_says_what_export_does() -> None:
    text = page("python")
    example = text.split("```python\n")[1].split("```")[0]
    assert read_declaration(example, "bend.py").engines == ("forward",)
    assert "## Export" in text


def test_that_the_template_is_a_layer_for_any_engine() -> None:
    found = read_declaration(TEMPLATE.read_text(encoding="utf-8").format(name="Mine"), "mine.py")
    assert (found.title, found.engines) == ("Mine", ("forward",))
