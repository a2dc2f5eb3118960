"""Lists hold every package that they bring, on every system, and move their hash when one moves."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from engines.environments import builders
from engines.environments.locked import LOCKED, Locked

HELD = [name for name, locked in LOCKED.items() if locked.constraints is not None]
SYSTEMS = [
    {"sys_platform": system, "platform_system": name, "platform_machine": machine}
    for system, name, machine in (
        ("linux", "Linux", "x86_64"),
        ("darwin", "Darwin", "arm64"),
        ("win32", "Windows", "AMD64"),
    )
]


def held(name: str) -> list[Requirement]:
    path = LOCKED[name].constraints
    assert path is not None
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("name", HELD)
def test_that_what_holds_a_list_pins_each_package_once_for_every_system_and_python(name: str) -> None:
    lines = held(name)
    assert all([one.operator for one in line.specifier] == ["=="] for line in lines)
    for system in SYSTEMS:
        for python in LOCKED[name].pythons:
            versions = {"python_version": python, "python_full_version": f"{python}.4"}
            here = [
                builders.name_of(line.name)
                for line in lines
                if line.marker is None or line.marker.evaluate({**system, **versions})
            ]
            assert len(here) == len(set(here))
            assert {"numpy", "protobuf"} <= set(here) or name == "jax"


@pytest.mark.parametrize("name", HELD)
def test_that_it_agrees_with_the_list_and_leaves_cuda_to_the_wheels(name: str) -> None:
    lines = {builders.name_of(line.name): str(line.specifier) for line in held(name)}
    for requirement in map(Requirement, LOCKED[name].requirements):
        assert lines[builders.name_of(requirement.name)] == str(requirement.specifier)
    assert not [one for one in lines if one.startswith(("nvidia-", "cuda-", "triton"))]


def test_that_every_list_is_held_or_names_all_that_it_needs() -> None:
    assert set(LOCKED) - set(HELD) == {"mxnet"}


@pytest.mark.parametrize("name", HELD)
def test_that_both_installers_are_held_to_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builders, "find_uv", lambda: "/uv")
    for way in builders.ways(LOCKED[name], sys.executable, tmp_path, tmp_path / "python", gpu=False):
        words = way.commands[-1]
        assert words[words.index("--constraint") + 1] == str(LOCKED[name].constraints)


def test_that_another_version_of_anything_below_makes_another_hash(tmp_path: Path) -> None:
    file = tmp_path / "tiny.txt"
    file.write_text("below==1.0\n", encoding="utf-8")
    plain = Locked(("tiny==1.0",), pythons=("3.11",), oldest="1", below="2")
    locked = replace(plain, constraints=file)
    before = locked.digest("3.11")
    assert before != plain.digest("3.11")
    file.write_text("below==1.1\n", encoding="utf-8")
    assert locked.digest("3.11") != before
