"""One child with PyTorch for all tests here, and the digits prepared once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.contract.events import Answer
from engines.contract.jobs import PrepareDataJob
from engines.contract.spec import DataManifest
from engines.data.prepare import run as prepare
from engines.training.control import ControlFlags

Ask = Callable[..., Any]


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


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DataManifest]:
    """The digits, prepared: their folder and manifest."""
    home = tmp_path_factory.mktemp("data")
    events = prepare(PrepareDataJob(source="digits", folder=str(home)), ControlFlags())
    manifest = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(manifest, DataManifest)
    return home / manifest.digest, manifest
