"""Bad input on the command line: status, and on stderr what happened, why and what to do; nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.project import Project
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid
from tests.e2e.test_bad_input import FILES, TABLE, flip, spoilt
from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.commands

FAST = ("--engine", "fake", "--set", "epochs=3")


def assert_told(outcome: Outcome, *words: str) -> None:
    """Three sentences at least, with these words, and no traceback of ours."""
    assert outcome.status == 1, outcome.err
    lines = outcome.err.strip().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("Error: "))
    assert len(lines) - first >= 3, outcome.err
    for word in words:
        assert word in outcome.err
    assert "Traceback" not in outcome.err


@pytest.fixture(scope="module")
def run(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    outcome = modelwright(home, "train", "digits-mlp", *FAST, "--out", folder)
    assert outcome.status == 0, outcome.err
    return folder


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """A run that may be spoilt."""
    return Path(shutil.copytree(run, tmp_path / "copy"))


TABLES = {
    "nan": (spoilt(4, "nan,2,3,cat"), "", ["line 4", "column 1"]),
    "infinite": (spoilt(4, "1,2,inf,cat"), "", ["line 4", "column 3"]),
    "no target": (spoilt(4, "1,2,3,"), "", ["line 4", "column 4"]),
    "one of a kind": (spoilt(4, "1,2,3,bird"), "", ["bird"]),
    "words to regress": (TABLE, "?target=kind&task=regression", ["“dog”", "line 2", "column 4", "“kind”"]),
    "unknown target": (TABLE, "?target=sort", ["“sort”", "a, b, c, kind"]),
    "one column": ("a\n1\n2\n", "", ["too few columns"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_that_a_bad_table_is_told_with_its_place(home: Path, tmp_path: Path, case: str) -> None:
    text, options, words = TABLES[case]
    table = tmp_path / "table.csv"
    table.write_text(text, encoding="utf-8")
    out = tmp_path / "run"
    outcome = modelwright(home, "train", "breast-cancer", "--data", f"{table}{options}", *FAST, "--out", out)
    assert_told(outcome, "table.csv", *words)
    assert table.read_text(encoding="utf-8") == text
    assert not (out / "run.json").exists()


def test_that_a_table_that_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    outcome = modelwright(home, "train", "breast-cancer", "--data", tmp_path / "gone.csv", *FAST)
    assert_told(outcome, "gone.csv")


def test_that_data_that_do_not_fit_the_design_name_both_shapes(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    outcome = modelwright(home, "train", "breast-cancer", "--data", table, *FAST)
    assert_told(outcome, "30", "3", "does not fit")


@pytest.mark.parametrize("name", FILES)
def test_that_a_file_is_named_for_what_it_is(home: Path, tmp_path: Path, name: str) -> None:
    make, word = FILES[name]
    make(tmp_path / name)
    outcome = modelwright(home, "inspect", tmp_path / name)
    assert_told(outcome, name)
    assert word.casefold() in outcome.err.casefold()


def test_that_a_newer_project_is_left_as_it_is(home: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "newer", "digits-mlp")
    file = project.folder / "project.toml"
    file.write_text(file.read_text().replace("version = 1", "version = 9"))
    before = file.read_bytes()
    assert_told(modelwright(home, "train", project.folder, *FAST), "version 9", "Update Modelwright")
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["design.json", "recipe.json", "split.npz", "data.json"])
@pytest.mark.parametrize("command", ["train", "export", "evaluate"])
def test_that_one_flipped_bit_in_a_run_is_named(
    home: Path, tmp_path: Path, copy: Path, name: str, command: str
) -> None:
    flip(copy / name)
    arguments: dict[str, tuple[object, ...]] = {
        "train": ("--resume", copy),
        "export": (copy, "--to", tmp_path / "m.onnx"),
        "evaluate": (copy, "--data", "digits"),
    }
    assert_told(modelwright(home, command, *arguments[command]), name, "damaged")
    assert not (tmp_path / "m.onnx").exists()


def test_that_a_flipped_bit_in_the_last_checkpoint_is_named_and_an_earlier_one_serves(
    home: Path, copy: Path
) -> None:
    path = max((copy / "checkpoints").glob("step-*.safetensors"))
    flip(path)
    outcome = modelwright(home, "train", "--resume", copy)
    assert outcome.status == 0, outcome.err
    assert path.name in outcome.err + outcome.out


def test_that_a_file_in_the_way_of_a_run_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "way").write_text("in the way")
    outcome = modelwright(home, "train", "digits-mlp", *FAST, "--out", tmp_path / "way")
    assert_told(outcome, "way")
    assert (tmp_path / "way").read_text() == "in the way"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("mount") is None or getattr(os, "geteuid", lambda: 1)() != 0:
        pytest.skip("a small disk can only be mounted by root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_that_a_full_disk_is_told_and_what_was_saved_stays(home: Path, small_disk: Path) -> None:
    run = small_disk / "run"
    arguments = ("--engine", "fake", "--set", "epochs=4000", "--out", run)
    outcome = modelwright(home, "train", "digits-mlp", *arguments)
    assert_told(outcome, "disk is full", str(run))
    if (run / "checkpoints").is_dir() and list((run / "checkpoints").iterdir()):
        assert latest_valid(run / "checkpoints")[0] is not None


def test_that_a_disk_on_which_nothing_can_be_written_is_named(
    home: Path, tmp_path: Path, run: Path, small_disk: Path
) -> None:
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    if subprocess.run(remount, capture_output=True).returncode:
        pytest.skip("this machine does not let root remount")
    outcome = modelwright(home, "train", "digits-mlp", *FAST, "--out", small_disk / "run")
    assert_told(outcome, "could not be written", str(small_disk))
    assert verify(run) == ()
