"""One child an engine for all tests here.

Every test that asks ``engines`` runs on the CPU and, marked ``gpu``, on each engine's first accelerator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
def exact(engines: Engines, asked: list[Question]) -> list[dict[str, Any]]:
    """Every layer's gradients in float64 from PyTorch on the CPU; a test holds them against the reference."""
    question = {"questions": asked, "precision": "fp64"}
    if engines["torch"].has_device() and engines["torch"].device == CPU:
        found: list[dict[str, Any]] = engines["torch"].ask("gradients", **question)
        return found
    child = Engine("torch")
    try:
        answer: list[dict[str, Any]] = child.ask("gradients", **question)
    finally:
        said = child.close()
    assert not said
    return answer
