"""Every dependency's licence is known, and none is taken in that would bind Modelwright itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.packaging_scripts import SCRIPTS, load

licenses = load("licenses")
PAGE = (SCRIPTS / "LICENSES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", licenses.direct())
def test_that_every_direct_dependency_is_listed(name: str) -> None:
    assert f"| {name} | " in PAGE


@pytest.mark.parametrize("name", licenses.direct())
def test_that_every_direct_dependency_is_pinned_with_the_others(name: str) -> None:
    lines = (SCRIPTS / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {licenses.requirement_name(line) for line in lines if "==" in line}
    assert name in pinned


@pytest.mark.parametrize("name", sorted(licenses.own()))
def test_that_what_only_an_engines_own_environment_holds_is_listed_too(name: str) -> None:
    assert f"| {name} | " in PAGE


@pytest.mark.parametrize("lock", sorted(licenses.ROOT.glob("engines/environments/locks/*.txt")), ids=str)
def test_that_what_the_locked_lists_hold_for_any_machine_is_listed(lock: Path) -> None:
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if f"| {licenses.requirement_name(line)} | " not in PAGE] == []


def test_that_what_an_extra_pulls_in_is_listed_too() -> None:
    assert "zipp" in licenses.closure(["orbax-checkpoint"])  # it asks for etils[epath]
    assert "| zipp | " in PAGE


def test_that_every_package_says_its_licence() -> None:
    assert "not declared" not in PAGE


def test_that_no_direct_dependency_is_under_the_gpl_alone_without_a_note() -> None:
    found = licenses.closure(licenses.direct())
    bound = {
        name
        for name in licenses.direct()
        if name in found and licenses.is_copyleft_only(licenses.licence(found[name]))
    }
    assert bound <= set(licenses.COPYLEFT_NOTES)
    assert all(f"**{name}**" in PAGE for name in bound)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("MIT", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("GNU General Public License (GPL)", True),
        ("AGPL-3.0-only", True),
        ("GPL-2.0-or-later OR AGPL-3.0-only", True),
        ("GNU General Public License v2 (GPLv2); MIT License", False),
    ],
)
def test_that_copyleft_is_told_from_a_choice(text: str, bound: bool) -> None:
    assert licenses.is_copyleft_only(text) is bound
