"""One child an engine for all tests here, and the digits prepared once.

Every test that asks ``engines`` runs on the CPU and, marked ``gpu``, on each engine's first accelerator.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract.spec import DataManifest
from tests.conformance.data import digits_in
from tests.conformance.engine import ACCELERATOR, CPU, Engine, Engines
from tests.conformance.measures import questions
from tests.conformance.work import Question


@pytest.fixture(scope="session", params=[CPU, pytest.param(ACCELERATOR, marks=pytest.mark.gpu)])
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    """The engines' processes; none of them may have said anything in the end."""
    found = Engines(where=request.param)  # before the first test, which may leave no process behind
    yield found
    said = found.close()
    assert not any(said.values()), said


@pytest.fixture(scope="session")
def asked() -> list[Question]:
    return questions()


@pytest.fixture(scope="session")
def exact(asked: list[Question]) -> list[dict[str, Any]]:
    """Every layer's gradients in float64 from PyTorch on the CPU; a test holds them against the reference."""
    child = Engine("torch")
    try:
        answer: list[dict[str, Any]] = child.ask("gradients", questions=asked, precision="fp64")
    finally:
        said = child.close()
    assert not said
    return answer


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DataManifest]:
    return digits_in(tmp_path_factory.mktemp("conformance"))
