"""The README tells what is there: its commands, folders and pictures exist."""

from __future__ import annotations

import configparser
import re

import pytest

from tests.helpers.packaging_scripts import ROOT, SCRIPTS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_that_the_first_lines_say_what_it_is_for_and_how_it_differs() -> None:
    first = README[:900]
    assert "desktop workbench for deep-learning models" in first
    assert "one model, any engine, and every step proven with numbers" in first


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:app|widgets|engines|tests|packaging|resources)/[\w./]*)`", README)
)
def test_that_every_place_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_that_the_commands_it_names_are_those_of_the_start_script() -> None:
    script = (SCRIPTS / "start.py").read_text(encoding="utf-8")
    for word in ("test", "bench", "setup", "--fast"):
        assert word in README
        assert f'"{word}"' in script


def test_that_the_desktop_file_starts_the_command() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(SCRIPTS / "modelwright.desktop", encoding="utf-8")
    section = entry["Desktop Entry"]
    assert section["Exec"].split()[0] == "modelwright"
    assert section["Type"] == "Application"
    assert section["Terminal"] == "false"
