"""The environment that an engine's process is started in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engines.host.environment import child_environment

FAULTS = """
import resource
def steps(count):
    for _ in range(count):
        held = [bytes(8_000_000) for _ in range(6)]
        del held
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
steps(3)
begin = faults()
steps(10)
print(faults() - begin)
"""
"""What a training does with its tensors: large ones come and go with every step."""


def faults(environment: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="tells of the GNU C library")
def test_that_memory_freed_by_a_step_is_not_taken_page_by_page_in_the_next() -> None:
    environment = child_environment()
    bare = {name: value for name, value in environment.items() if name != "GLIBC_TUNABLES"}
    assert faults(environment) < 0.1 * faults(bare)


@pytest.mark.parametrize("name", ["GLIBC_TUNABLES", "MALLOC_ARENA_MAX"])
def test_that_what_a_person_set_about_memory_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for known in ("GLIBC_TUNABLES", "MALLOC_ARENA_MAX"):
        monkeypatch.delenv(known, raising=False)
    assert "glibc.malloc.trim_threshold=" in child_environment()["GLIBC_TUNABLES"]
    monkeypatch.setenv(name, "mine")
    assert child_environment()[name] == "mine"
    assert child_environment().get("GLIBC_TUNABLES", "mine") == "mine"


def test_that_all_else_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWRIGHT_OWN", "yes")
    assert child_environment()["MODELWRIGHT_OWN"] == "yes"
