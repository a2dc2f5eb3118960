"""What tests of the environments that Modelwright keeps ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.environments.kept import Kept, make
from engines.environments.locked import LOCKED
from tests.environments.fake_pythons import write_wheel
from tests.environments.tiny import BASE, TINY, scripted, silently


@pytest.fixture
def a_tiny_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the engine ``tiny`` be installable from a folder of wheels, without a network."""
    monkeypatch.setitem(LOCKED, "tiny", TINY)
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "tiny", "1.0", {"tiny.py": ""})
    write_wheel(wheels, "tinier", "2.0", {"tinier.py": ""})
    for installer in ("PIP", "UV"):
        monkeypatch.setenv(f"{installer}_NO_INDEX", "1")
        monkeypatch.setenv(f"{installer}_FIND_LINKS", str(wheels))


@pytest.fixture
def own(a_tiny_engine: None, tmp_path: Path) -> Kept:
    """Where the tiny engine's environment is to be."""
    return Kept("tiny", tmp_path / "environments" / "tiny")


@pytest.fixture
def whole(own: Kept, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The tiny engine's environment, made."""
    scripted(monkeypatch, own, "MAKE")
    list(make(own, BASE, False, silently))
    return own
