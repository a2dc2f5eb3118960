"""The commands from end to end, with the scripted engine in a real child process."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.project import Project
from engines.registry import ENGINES
from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.commands

LAST = {"finished", "stopped", "failed", "crashed"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all tests here, so that the data are prepared once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A run of two epochs, and how its command ended."""
    run = tmp_path_factory.mktemp("runs") / "first"
    settings = ("--set", "epochs=2", "--out", run, "--json")
    return run, modelwright(shared, "train", "digits-mlp", "--data", "digits", "--engine", "fake", *settings)


def assert_told(outcome: Outcome, *words: str) -> None:
    """A failure is a clear sentence on stderr: what, and what to do; never a traceback."""
    assert outcome.status != 0
    assert outcome.err.startswith("Error: ")
    assert len(outcome.err.splitlines()) >= 2
    assert "Traceback" not in outcome.err
    for word in words:
        assert word in outcome.err


def test_that_training_prints_one_event_a_line_with_one_end(trained: tuple[Path, Outcome]) -> None:
    _, outcome = trained
    assert outcome.status == 0
    events = outcome.events
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["kind"] in LAST for event in events] == [False] * (len(events) - 1) + [True]
    assert outcome.last["kind"] == "finished"
    assert outcome.last["run"] == "first"
    assert all(isinstance(event["t"], float) for event in events)
    assert outcome.err == ""


def test_that_every_step_is_in_the_metrics(trained: tuple[Path, Outcome]) -> None:
    _, outcome = trained
    started = next(event for event in outcome.events if event["kind"] == "started")
    metrics = [event for event in outcome.events if event["kind"] == "metrics"]
    steps = [
        event["first_step"] + place for event in metrics for place in range(len(event["values"]["loss"]))
    ]
    assert steps == list(range(started["total_steps"]))


def test_that_the_settings_are_in_the_run_folder(trained: tuple[Path, Outcome]) -> None:
    run, _ = trained
    assert json.loads((run / "recipe.json").read_text())["epochs"] == 2
    assert json.loads((run / "run.json").read_text())["state"] == "finished"


def test_that_a_person_gets_short_lines_and_the_folder(shared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    outcome = modelwright(
        shared, "train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--out", run
    )
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Data: digits, 1,797 samples")
    assert any(line.startswith("epoch   1") for line in lines)
    assert lines[-1] == f"Run: {run}"
    assert max(map(len, lines[:-1])) <= 110


def test_that_without_a_folder_the_run_gets_the_days_next_number(shared: Path) -> None:
    outcome = modelwright(shared, "train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--json")
    assert outcome.last["run"].endswith("-digits-mlp")
    assert (shared / "runs" / outcome.last["run"] / "run.json").is_file()


def test_that_a_project_trains_its_own_design_into_its_own_runs(shared: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "mine", "digits-mlp")
    design = project.load_design()
    design.set_recipe(replace(design.recipe, epochs=1))
    project.save_design(design)
    project.choose_engine("fake", "cpu")
    outcome = modelwright(shared, "train", project.folder, "--json")
    assert outcome.status == 0
    assert outcome.last["kind"] == "finished"
    run = project.runs_folder / outcome.last["run"]
    assert json.loads((run / "recipe.json").read_text())["epochs"] == 1


def test_that_a_run_goes_on_from_its_last_checkpoint(trained: tuple[Path, Outcome], shared: Path) -> None:
    first, _ = trained
    run = first.with_name("resumed")
    shutil.copytree(first, run)
    outcome = modelwright(shared, "train", "--resume", run, "--set", "epochs=3", "--json")
    assert outcome.status == 0
    started = next(event for event in outcome.events if event["kind"] == "started")
    assert started["first_step"] == 2 * started["steps_per_epoch"]
    assert started["total_steps"] == 3 * started["steps_per_epoch"]


def test_that_a_crash_is_told_and_leaves_a_run_to_go_on_with(shared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = ("--engine", "fake", "--device", "fake:crash@12", "--set", "epochs=3", "--out", run, "--json")
    outcome = modelwright(shared, "train", "digits-mlp", *arguments)
    assert outcome.last["kind"] == "crashed"
    assert_told(outcome, "checkpoint")
    again = modelwright(shared, "train", "--resume", run, "--device", "cpu", "--json")
    assert again.last["kind"] == "finished"


def test_that_a_run_folder_in_use_is_never_overwritten(trained: tuple[Path, Outcome], shared: Path) -> None:
    run, _ = trained
    before = (run / "run.json").read_bytes()
    assert_told(modelwright(shared, "train", "digits-mlp", "--engine", "fake", "--out", run), str(run))
    assert (run / "run.json").read_bytes() == before


@pytest.mark.parametrize("name", ["design.json", "recipe.json", "split.npz", "data.json"])
def test_that_one_flipped_bit_in_what_a_run_needs_is_named(
    trained: tuple[Path, Outcome], shared: Path, tmp_path: Path, name: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    data = bytearray((run / name).read_bytes())
    data[len(data) // 2] ^= 1
    (run / name).write_bytes(data)
    assert_told(modelwright(shared, "train", "--resume", run, "--set", "epochs=3"), name)
    assert (run / name).read_bytes() == data


def test_that_one_flipped_bit_in_what_is_only_to_read_is_a_warning(
    trained: tuple[Path, Outcome], shared: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    (run / "README.txt").write_text("x")
    outcome = modelwright(shared, "train", "--resume", run, "--set", "epochs=3")
    assert outcome.status == 0
    assert "README.txt is damaged" in outcome.out


def test_that_two_runs_are_compared(trained: tuple[Path, Outcome], shared: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    arguments = ("--set", "epochs=2", "--set", "seed=7", "--out", other)
    assert modelwright(shared, "train", "digits-mlp", "--engine", "fake", *arguments).status == 0
    same = modelwright(shared, "compare", trained[0], trained[0], "--json").last["summary"]
    assert (same["first_difference"], same["max_abs_difference"]) == (-1, 0.0)
    found = modelwright(shared, "compare", trained[0], other, "--json").last["summary"]
    assert (found["first.seed"], found["second.seed"]) == (0, 7)
    assert found["max_abs_difference"] > 0
    shown = modelwright(shared, "compare", trained[0], other)
    assert shown.out.splitlines()[0].split() == ["first", "second"]


def test_that_one_engine_alone_is_no_comparison(shared: Path) -> None:
    arguments = ("--engines", "fake,fake", "--set", "epochs=1", "--json")
    outcome = modelwright(shared, "compare", "--design", "digits-mlp", "--data", "digits", *arguments)
    assert_told(outcome, "two engines at least", "Fake")
    assert outcome.last["code"] == "engines_few"


def test_that_a_run_and_a_file_are_not_compared(
    trained: tuple[Path, Outcome], shared: Path, tmp_path: Path
) -> None:
    model = tmp_path / "m.onnx"
    model.write_bytes(b"")
    assert_told(modelwright(shared, "compare", trained[0], model), "cannot be compared")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "moonshot"), ["moonshot", "digits-cnn"]),
        (("train", "nowhere.json"), ["nowhere.json"]),
        (("train", "digits-mlp", "--engine", "troch"), ["troch", "torch"]),
        (("train", "digits-mlp", "--set", "epoch=3"), ["epoch", "the nearest is “epochs”"]),
        (("train", "digits-mlp", "--set", "epochs=many"), ["many", "whole number"]),
        (("train", "digits-mlp", "--set", "loss=hinge"), ["hinge", "cross_entropy"]),
        (("train", "digits-mlp", "--engine", "fake", "--data", "moon"), ["moon", "digits"]),
        (("train", "digits-mlp", "--engine", "fake", "--data", "no.csv"), ["no.csv"]),
        (("train", "digits-mlp", "--engine", "fake", "--data", "breast-cancer"), ["breast-cancer"]),
        (("train", "--resume", "nowhere"), ["nowhere"]),
        (("evaluate", "nowhere.onnx", "--data", "digits"), ["nowhere.onnx"]),
        (("export", "nowhere", "--to", "m.onnx"), ["nowhere"]),
        (("optimize", "nowhere.onnx", "--to", "o.onnx"), ["nowhere.onnx"]),
        (("inspect", "nowhere.onnx"), ["nowhere.onnx"]),
        (("compare", "--design", "digits-mlp", "--engines", "troch"), ["troch"]),
        (("engines", "install", "troch"), ["troch", "torch"]),
    ],
)
def test_that_what_cannot_be_is_told_with_its_name(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = modelwright(shared, *arguments)
    assert_told(outcome, *words)
    assert list(tmp_path.iterdir()) == []


CSV = {
    "ragged": ("a,b,y\n1,2,0\n1,2\n", ["Line 3"]),
    "text where a number should be": ("a,b,y\n1,2,0\n1,x,1\n", ["line 3", "b"]),
    "a hole": ("a,b,y\n1,,0\n1,2,1\n", ["line 2", "b"]),
    "empty": ("", []),
    "one class": ("a,b,y\n" + "1,2,dog\n" * 20 + "1,2,cat\n", ["cat"]),
}


@pytest.mark.parametrize("case", CSV)
def test_that_a_bad_table_is_refused_with_line_and_column(shared: Path, tmp_path: Path, case: str) -> None:
    text, words = CSV[case]
    path = tmp_path / "table.csv"
    path.write_text(text)
    run = tmp_path / "run"
    arguments = ("--data", f"{path}?target=y", "--engine", "fake", "--out", run, "--json")
    outcome = modelwright(shared, "train", "breast-cancer", *arguments)
    assert outcome.last["kind"] == "failed"
    assert_told(outcome, "table.csv", *words)
    assert path.read_text() == text


def test_that_a_broken_design_and_a_newer_project_are_named(shared: Path, tmp_path: Path) -> None:
    design = tmp_path / "bad.json"
    design.write_text("{\n  oops\n}")
    assert_told(modelwright(shared, "train", design, "--engine", "fake"), "bad.json", "line 2")
    project = Project.create(tmp_path / "mine", "digits-mlp")
    (project.folder / "project.toml").write_text("version = 99\n")
    assert_told(modelwright(shared, "train", project.folder), "99", "Update Modelwright")


def test_that_a_design_whose_shapes_do_not_fit_names_the_layer(shared: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "mine", "digits-cnn")
    design = project.load_design()
    convolution = next(node for node in design.nodes.values() if node.kind == "conv2d")
    design.set_setting(convolution.name, "kernel", (50, 50))
    design.set_setting(convolution.name, "padding", "valid")
    project.save_design(design)
    assert_told(modelwright(shared, "train", project.folder, "--engine", "fake"), convolution.name)
    assert list(project.runs_folder.iterdir()) == []


def test_that_a_folder_that_is_a_file_is_named(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = tmp_path / "file" / "run"
    assert_told(modelwright(shared, "train", "digits-mlp", "--engine", "fake", "--out", run), "file")


def test_that_an_engine_that_is_not_installed_is_told_with_how_to_get_it(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, find = {row.package for row in ENGINES if row.visible}, importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in hidden else find(name))
    first = next(row for row in ENGINES if row.visible)
    command = f"modelwright engines install {first.name}"
    assert_told(modelwright(shared, "train", "digits-mlp", "--engine", first.name), first.title, command)
    listed = modelwright(shared, "engines")
    assert listed.status == 0
    assert command in listed.out


@pytest.mark.parametrize("arguments", [("train", "--moon"), ("export", "run"), ("compare", "a"), ("moon",)])
def test_that_a_wrong_command_line_says_how_to_get_help(shared: Path, arguments: tuple[str, ...]) -> None:
    outcome = modelwright(shared, *arguments)
    assert outcome.status == 2
    assert "--help" in outcome.err


def test_that_every_command_is_listed(shared: Path) -> None:
    listed = modelwright(shared, "--help")
    assert listed.status == 0
    for name in ("train", "evaluate", "export", "optimize", "inspect", "compare", "engines", "tour"):
        assert f"\n  {name} " in listed.out


def test_that_a_folder_is_inspected_as_what_it_is(shared: Path, tmp_path: Path) -> None:
    saved = tmp_path / "m.savedmodel"
    saved.mkdir()
    (saved / "saved_model.pb").write_bytes(b"")
    assert_told(modelwright(shared, "inspect", str(saved)), "TensorFlow SavedModel")
    assert_told(modelwright(shared, "inspect", str(tmp_path)), "is no run")
    project = Project.create(tmp_path / "digits", "digits-mlp").folder
    inspected = modelwright(shared, "inspect", str(project))
    assert inspected.status == 0
    assert "designs: digits-mlp" in inspected.out
