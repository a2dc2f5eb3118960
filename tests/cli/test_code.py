"""``modelwright code`` writes a file, or says what is wrong and writes none."""

from __future__ import annotations

import ast
import json
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
