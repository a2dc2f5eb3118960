"""An environment is made from a Python for which there are builds, or it is said which are wanted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments import bases
from engines.environments.asked import Asked
from engines.environments.bases import find_base
from engines.environments.locked import Locked

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def wanting(*versions: str) -> Locked:
    return Locked(("x==1", "numpy==1"), versions, oldest="1", below="2")


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two other Pythons, and one that is none."""
    answers = {"/a": Asked("/a", "2.7.18", "/a"), "/b": Asked("/b", "2.6.1", "/base/b")}

    def ask(python: str) -> Asked:
        if python not in answers:
            raise WorkbenchError(ErrorCode.INTERPRETER_DIES, python=python, status=1, why="")
        return answers[python]

    monkeypatch.setattr(bases, "ask", ask)
    return [Path(path) for path in ("/none", "/a", "/b")]


def test_that_this_interpreter_is_taken_where_its_version_goes(others: list[Path]) -> None:
    base = find_base(wanting("2.7", HERE), "x", "X", others)
    assert (base.python, base.version) == (sys.executable, HERE)


def test_that_a_packed_application_is_no_python(others: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert find_base(wanting(HERE, "2.7"), "x", "X", others).python == "/a"


def test_that_of_the_others_the_best_version_is_taken_by_its_base(others: list[Path]) -> None:
    assert find_base(wanting("2.6", "2.7"), "x", "X", others).python == "/base/b"


def test_that_uv_fetches_one_where_none_goes(others: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "find_uv", lambda: "/uv")
    assert find_base(wanting("2.5", "2.4"), "x", "X", others).python == "2.5"


def test_that_without_any_the_versions_are_named(others: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "find_uv", lambda: "")
    with pytest.raises(WorkbenchError) as caught:
        find_base(wanting("2.5", "2.4"), "x", "X", others)
    assert caught.value.code is ErrorCode.ENVIRONMENT_NO_BASE
    assert caught.value.facts["wanted"] == "2.5, 2.4"
