"""Qt's system libraries: nothing is done where they load, and one command is said where it may not be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.packaging_scripts import load

libraries = load("system_libraries")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian's packages")


@pytest.fixture
def fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "fonts"
    folder.mkdir()
    (folder / "some.ttf").touch()
    monkeypatch.setattr(libraries, "FONTS", (str(folder),))
    return folder


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what would be run; nothing is."""
    ran: list[list[str]] = []

    def call(command: list[str], **_: Any) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    return ran


def test_that_nothing_is_missing_where_everything_loads(fonts: Path) -> None:
    assert libraries.missing(loads=lambda _: True) == []


def test_that_only_what_does_not_load_is_asked_for(fonts: Path) -> None:
    assert libraries.missing(loads=lambda name: name != "libxcb-cursor.so.0") == ["libxcb-cursor0"]


def test_that_a_machine_without_fonts_gets_one(fonts: Path) -> None:
    (fonts / "some.ttf").unlink()
    assert libraries.missing(loads=lambda _: True) == ["fonts-dejavu-core"]


def test_that_a_machine_without_display_gets_a_virtual_screen(
    fonts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries.shutil, "which", lambda _: None)
    assert libraries.missing(loads=lambda _: True, display=False) == ["xvfb"]


def test_that_a_library_of_the_system_loads_and_an_invented_one_does_not() -> None:
    assert libraries.loads("libc.so.6")
    assert not libraries.loads("libnobody-wrote-this.so.1")


def test_that_root_installs_without_questions(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "as_root", list)
    monkeypatch.setattr(libraries, "_is_known", lambda _: False)
    said: list[str] = []
    assert libraries.install(["libegl1"], said.append)
    assert commands[-1][-2:] == ["install", "libegl1"]
    assert "-y" in commands[-1]
    assert "DEBIAN_FRONTEND=noninteractive" in commands[-1]
    assert said == []


def test_that_who_may_not_install_is_told_the_one_command(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "as_root", lambda: ["?"])
    monkeypatch.setattr(libraries, "_is_known", lambda _: True)
    said: list[str] = []
    assert not libraries.install(["libasound2", "libegl1"], said.append)
    assert said[-1].strip() == "sudo apt-get install libasound2t64 libegl1"
    assert commands == []
