"""Layers of one's own in a design: trusted or not, asked in a throw-away process, stored, told of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import own_layers
from app.own_layers import ask, demand_trusted, settle, trust_files, trusts
from app.project import Project
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.own_layers import DescribeLayerJob
from engines.design.freeze import freeze
from engines.design.storage import load, save
from engines.training.own_code import OwnCode
from tests.own.layers import BEND, design_with, put


def codes(folder: Path, name: str = "l.py", trusted: bool = True) -> dict[str, ErrorCode]:
    design = design_with(folder, name, trusted)
    return {node: fault.code for node, fault in design.problems().items()}


def failing(body: str) -> str:
    forward = "    def forward(self, xp, x, w):\n        return x\n"
    return f"class L:\n    def output_shape(self, x):\n        {body}\n{forward}"


def test_that_shapes_and_parameters_come_from_the_file(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND)
    design = design_with(tmp_path, "bend.py", rounds=3)
    layer = next(layer for layer in freeze(design).layers if layer.name == "own")
    units = layer.output_shape[0]
    assert [(one.name, one.shape, one.initializer) for one in layer.parameters] == [
        ("own/scale", (units,), "ones"),
        ("own/mix", (4, units), "glorot_uniform"),
    ]
    assert layer.settings["rounds"] == 3
    assert layer.settings["mode"] == "soft"
    assert (layer.source, layer.file) == (BEND, str(tmp_path / "layers" / "bend.py"))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_that_a_file_as_any_editor_saves_it_is_the_one_that_breakpoints_are_set_in(
    tmp_path: Path, mark: bytes, end: str
) -> None:
    path = put(tmp_path, "bend.py", "")
    path.write_bytes(mark + BEND.replace("\n", end).encode())
    (layer,) = freeze(design_with(tmp_path, "bend.py")).own_layers
    assert layer.source == BEND
    assert OwnCode.of(layer).place == str(path)


def test_that_a_file_nobody_trusted_is_not_run(tmp_path: Path) -> None:
    put(tmp_path, "l.py", failing(f"open({str(tmp_path / 'ran')!r}, 'w')"))
    design = design_with(tmp_path, "l.py", trusted=False)
    settle(design)
    assert design.problems()["own"].code is ErrorCode.OWN_LAYER_UNTRUSTED
    assert not (tmp_path / "ran").exists()


def test_that_trust_is_the_persons_and_ends_with_another_content(tmp_path: Path, home: Path) -> None:
    path = put(tmp_path, "bend.py", BEND)
    design = design_with(tmp_path, "bend.py")
    assert design.problems() == {}
    assert not any(part.name == "trusted.json" for part in tmp_path.rglob("*"))
    assert (home / "trusted.json").is_file()
    path.write_text(BEND.replace("0.5", "0.25"), encoding="utf-8")
    assert design.problems()["own"].code is ErrorCode.OWN_LAYER_UNTRUSTED
    path.write_text(BEND, encoding="utf-8")
    assert design.problems() == {}


def test_that_trust_in_one_project_is_none_in_another(tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        put(tmp_path / name, "bend.py", BEND)
    mine = own_layers.own_layers(tmp_path / "mine")
    trust_files(mine)
    assert trusts(tmp_path / "mine" / "layers", mine.file("bend.py").digest)
    assert not trusts(tmp_path / "theirs" / "layers", mine.file("bend.py").digest)


def test_that_an_answer_is_kept_for_the_next_session_and_another_setting_is_asked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "bend.py", BEND)
    design_with(tmp_path, "bend.py")
    asked: list[DescribeLayerJob] = []
    monkeypatch.setattr(own_layers, "ask", lambda question: asked.append(question) or ask(question))
    assert design_with(tmp_path, "bend.py").problems() == {}
    assert asked == []
    assert design_with(tmp_path, "bend.py", rounds=4).problems() == {}
    assert [question.settings["rounds"] for question in asked] == [4]


@pytest.mark.parametrize(
    ("body", "what", "why"),
    [
        ("return x + y", "NameError", "'y' is not defined"),
        ("return 5", "TypeError", "not iterable"),
        ("return (0,)", "ValueError", "above 0"),
        ("return (1.5,)", "ValueError", "whole numbers"),
    ],
)
def test_that_a_fault_in_the_file_names_its_line_and_what_stands_there(
    tmp_path: Path, body: str, what: str, why: str
) -> None:
    put(tmp_path, "l.py", failing(body))
    fault = design_with(tmp_path, "l.py").problems()["own"]
    assert fault.code is ErrorCode.OWN_LAYER_FAILED
    assert (fault.facts["what"], fault.facts["node"]) == (what, "own")
    assert why in str(fault.facts["why"])
    if fault.facts["line"]:
        assert (fault.facts["line"], fault.facts["text"]) == (3, body)


def test_that_a_file_that_ends_its_process_or_hangs_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = DescribeLayerJob(failing("import os; os._exit(3)"), "l.py", {}, ((4,),))
    crashed = ask(question)
    assert crashed.code == ErrorCode.OWN_LAYER_FAILED.value
    assert "it ended its process (exit code 3)" in str(crashed.facts["why"])
    monkeypatch.setattr(own_layers, "SECONDS", 1.0)
    hung = ask(DescribeLayerJob(failing("import time; time.sleep(600)"), "l.py", {}, ((4,),)))
    assert hung.code == ErrorCode.OWN_LAYER_FAILED.value
    assert hung.facts["file"] == "l.py"
    assert "a loop that never ends" in str(hung.facts["why"])


def test_that_a_file_that_would_exit_is_told_with_the_line_that_does_it(tmp_path: Path) -> None:
    answer = ask(DescribeLayerJob(failing("import sys; sys.exit(3)"), "l.py", {}, ((4,),)))
    assert answer.code == ErrorCode.OWN_LAYER_FAILED.value
    assert (answer.facts["what"], answer.facts["line"]) == ("SystemExit", 3)


@pytest.mark.skipif(
    os.name == "nt", reason="the address space is capped on Linux; elsewhere memory is watched"
)
def test_that_a_file_that_takes_all_memory_is_stopped(tmp_path: Path) -> None:
    answer = ask(DescribeLayerJob(failing("return len(bytearray(8 << 30)), 1"), "l.py", {}, ((4,),)))
    assert answer.code in (ErrorCode.OWN_LAYER_FAILED.value, ErrorCode.OUT_OF_MEMORY.value)


def test_that_the_answering_process_has_no_framework(tmp_path: Path) -> None:
    body = "import sys; return (1 + sum(one in sys.modules for one in ('torch', 'tensorflow', 'jax')),)"
    assert ask(DescribeLayerJob(failing(body), "l.py", {}, ((4,),))).shape == (1,)


def test_that_a_missing_and_a_broken_file_are_told(tmp_path: Path) -> None:
    put(tmp_path, "bad.py", "class L(:\n")
    assert codes(tmp_path, "gone.py")["own"] is ErrorCode.OWN_LAYER_MISSING
    assert codes(tmp_path, "bad.py")["own"] is ErrorCode.OWN_LAYER_BROKEN
    assert codes(tmp_path, "../layers/bad.py")["own"] is ErrorCode.OWN_LAYER_MISSING


def test_that_a_role_that_no_parameter_can_have_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND.replace('"scale": ("ones", x)', '"train": ("ones", x)'))
    assert codes(tmp_path, "bend.py")["own"] is ErrorCode.DESIGN_NAME_INVALID


def test_that_a_setting_out_of_its_bounds_is_refused_and_its_file_named(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND)
    design = design_with(tmp_path, "bend.py")
    with pytest.raises(WorkbenchError) as caught:
        design.set_setting("own", "rounds", 9)
    assert caught.value.code is ErrorCode.DESIGN_SETTING_INVALID
    design.set_setting("own", "rounds", 5)
    assert design.node("own").settings["rounds"] == 5


def test_that_a_design_with_such_a_layer_is_stored_and_read_again(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND)
    design = design_with(tmp_path, "bend.py", rounds=3, window=[5, 5])
    save(design, tmp_path / "d.json")
    again = load(tmp_path / "d.json")
    assert dict(again.node("own").settings) == {"file": "bend.py", "rounds": 3, "window": (5, 5)}


def test_that_a_project_gives_its_designs_its_layers(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p", "digits-mlp")
    put(project.folder, "bend.py", BEND)
    assert project.load_design().own.names == ("bend.py",)


def test_that_layers_feed_one_another(tmp_path: Path) -> None:
    put(tmp_path, "bend.py", BEND)
    design = design_with(tmp_path, "bend.py")
    design.add("python", "own2", {"file": "bend.py", "rounds": 1})
    design.disconnect("own", "logits")
    design.connect("own", "own2")
    design.connect("own2", "logits")
    settle(design)
    assert design.problems() == {}


def test_that_a_run_from_elsewhere_has_to_be_trusted_before_its_layers_run(
    tmp_path: Path, home: Path
) -> None:
    put(tmp_path, "bend.py", BEND)
    spec = freeze(design_with(tmp_path, "bend.py"))
    demand_trusted(tmp_path / "run", spec)
    (home / "trusted.json").unlink()
    with pytest.raises(WorkbenchError) as caught:
        demand_trusted(tmp_path / "run", spec)
    assert caught.value.code is ErrorCode.RUN_LAYERS_UNTRUSTED
    own_layers.trust_run(tmp_path / "run", spec)
    demand_trusted(tmp_path / "run", spec)
