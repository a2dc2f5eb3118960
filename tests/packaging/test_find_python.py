"""Finding a supported Python, or saying how to get one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.packaging_scripts import load

find_python = load("find_python")
THIS_PYTHON = sys.executable


def fake_python(folder: Path, name: str, answer: str) -> Path:
    """Put a program on disk that answers as an interpreter would."""
    script = folder / name
    script.write_text(f"#!{THIS_PYTHON}\nprint({answer!r})\n")
    script.chmod(0o755)
    return script


def says(path: str, version: list[int], *, wide: bool = True, venv: bool = True) -> str:
    return json.dumps({"path": path, "version": version, "wide": wide, "venv": venv})


def test_that_this_interpreter_is_found_and_escapes_its_virtual_environment() -> None:
    paths = [Path(python.path).resolve() for python in find_python.find()]
    assert Path(sys._base_executable).resolve() in paths  # type: ignore[attr-defined]


posix = pytest.mark.skipif(sys.platform == "win32", reason="scripts as programs")


@posix
class TestForeignInterpreters:
    @pytest.fixture(autouse=True)
    def only_this_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))
        monkeypatch.setattr(find_python, "usual_folders", lambda *_: [])

    def test_that_a_supported_python_on_the_path_is_found(self, tmp_path: Path) -> None:
        fake_python(tmp_path, "python3.12", says("/opt/p312", [3, 12, 4]))
        assert [python.path for python in find_python.find()] == ["/opt/p312"]

    def test_that_one_which_can_make_environments_comes_first(self, tmp_path: Path) -> None:
        fake_python(tmp_path, "python3.11", says("/usr/bin/python3.11", [3, 11, 2], venv=False))
        fake_python(tmp_path, "python3.13", says("/opt/p313", [3, 13, 0]))
        assert [python.path for python in find_python.find()] == ["/opt/p313", "/usr/bin/python3.11"]

    @pytest.mark.parametrize(
        "answer",
        [
            says("/opt/old", [3, 10, 9]),
            says("/opt/new", [3, 14, 0]),
            says("/opt/narrow", [3, 12, 0], wide=False),
            "no JSON at all",
        ],
        ids=["too old", "too new", "32 bit", "no Python"],
    )
    def test_that_what_is_not_supported_is_passed_over(self, tmp_path: Path, answer: str) -> None:
        fake_python(tmp_path, "python3", answer)
        assert find_python.find() == []

    def test_that_a_shim_which_fails_is_passed_over(self, tmp_path: Path) -> None:
        shim = tmp_path / "python3.11"
        shim.write_text("#!/bin/sh\nexit 127\n")
        shim.chmod(0o755)
        assert find_python.find() == []


@pytest.mark.parametrize(
    "place", [".pyenv/versions/3.12.1/bin/python", ".local/share/uv/python/cpython-3.12.8-linux/bin/python3"]
)
def test_that_the_usual_folders_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    python = tmp_path / place
    python.parent.mkdir(parents=True)
    python.touch()
    assert python in find_python.usual_folders(3, 12, tmp_path)
    assert python not in find_python.usual_folders(3, 11, tmp_path)


@pytest.mark.parametrize(
    ("platform", "command"), [("win32", "winget"), ("darwin", "brew"), ("linux", "pyenv install")]
)
def test_that_every_system_is_told_a_command_of_its_own(platform: str, command: str) -> None:
    sentence = find_python.how_to_get(platform)
    assert command in sentence
    assert "3.11, 3.12 or 3.13" in sentence
