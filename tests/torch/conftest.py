"""One child with PyTorch for all tests here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract.events import Event
from engines.contract.jobs import EngineJob
from tests.helpers.real_runs import standing

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def do() -> Iterator[Callable[[EngineJob], list[Event]]]:
    """Does jobs that leave nothing behind, in one process for all."""
    with standing("torch") as found:
        yield found


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """``ask("function", **arguments)`` calls a function of ``tests/torch/work.py`` in the child."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.torch.child"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None

    def call(function: str, **arguments: Any) -> Any:
        child.stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
        child.stdin.flush()
        answer = json.loads(child.stdout.readline())
        assert "fault" not in answer, answer["fault"]
        return answer["answer"]

    yield call
    child.stdin.close()
    child.wait(30)
    child.stdout.close()
