"""The help: whole sentences, no summary cut off, every option explained, and the version."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from app import VERSION
from app.cli.application import application
from tests.helpers.command import modelwright

ROOT = Path(__file__).resolve().parents[2]


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by its words, the groups too."""
    group = group or typer.main.get_group(application)
    yield path
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        elif name != "tour":
            yield (*path, name)


COMMANDS = list(commands())


@pytest.mark.parametrize("path", COMMANDS)
def test_that_every_help_is_whole_and_explains_all_it_names(path: tuple[str, ...], tmp_path: Path) -> None:
    outcome = modelwright(tmp_path, *path, "--help")
    assert outcome.status == 0
    assert "..." not in outcome.out.replace("[OPTIONS] COMMAND [ARGS]...", "").replace("[A B]...", "")
    assert modelwright(tmp_path, *path, "-h").out == outcome.out
    for word in ("<str>", "<list[", "``"):
        options = outcome.out.partition("Options:")[2]
        assert word not in options


def test_that_the_version_is_that_of_the_project(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert modelwright(tmp_path, "--version").out == f"Modelwright {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train",), "DESIGN"),
        (("train", "digits-mlp", "--checkpoint", "best"), "--resume"),
        (("train", "digits-mlp", "--resume", "run"), "own design"),
        (("train", "--resume", "run", "--data", "digits"), "own design"),
        (("evaluate", "run", "--split", "tst"), "'tst'"),
        (("export", "run", "--to", "m.onnx", "--checkpoint", "middle"), "'middle'"),
    ],
)
def test_that_what_cannot_be_meant_is_refused_before_anything_is_done(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    outcome = modelwright(tmp_path, *words)
    assert outcome.status == 2
    assert said in outcome.err
    assert not list(tmp_path.iterdir())


def test_that_an_onnx_file_is_evaluated_on_data_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").touch()
    outcome = modelwright(tmp_path / "home", "evaluate", tmp_path / "m.onnx")
    assert outcome.status == 2
    assert "--data" in outcome.err
