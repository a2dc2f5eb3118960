"""``modelwright code`` writes a file, or says what is wrong and writes none."""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path

import pytest

from app.cli.application import run
from engines.design.code import write_code
from engines.design.freeze import freeze
from engines.design.templates import open_design


def test_that_a_template_becomes_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.py"
    assert run(["code", "digits-cnn", "--engine", "torch", "--to", str(path), "--json"]) == 0
    design = open_design("digits-cnn")
    assert path.read_text(encoding="utf-8") == write_code(freeze(design), design.recipe)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["kind"], last["summary"]["file"]) == ("finished", str(path))


def test_that_the_recipes_changed_values_are_in_the_script(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    assert run(["code", "digits-mlp", "--to", str(path), "--set", "epochs=7", "--set", "optimizer=sgd"]) == 0
    text = path.read_text(encoding="utf-8")
    assert "range(7)" in text
    assert "torch.optim.SGD" in text
    ast.parse(text)


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_that_a_console_that_lacks_letters_costs_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    path, written = tmp_path / "größe → 1.py", io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252"))
    assert run(["code", "digits-mlp", "--to", str(path), *option]) == 0
    assert path.is_file()
    said = written.getvalue().decode("cp1252")
    file = json.loads(said)["summary"]["file"] if option else said
    assert ("größe → 1.py" if option else "größe ? 1.py") in file


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["digits-cnn", "--engine", "abacus"], "abacus"),
        (["digits-cn"], "digits-cn"),
        (["gone.json"], "gone.json"),
    ],
)
def test_that_a_fault_is_told_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    path = tmp_path / "model.py"
    assert run(["code", *arguments, "--to", str(path)]) == 1
    assert told in capsys.readouterr().err
    assert not path.exists()


def test_that_an_unwritable_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gone" / "model.py"
    assert run(["code", "digits-mlp", "--to", str(path)]) == 1
    assert str(path) in capsys.readouterr().err
