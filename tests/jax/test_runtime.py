"""What JAX compiled is kept within bounds; ``tests/conformance/test_chatter.py`` holds what it may say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.backends.jax import runtime


def test_that_the_oldest_compiled_programs_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MOST_COMPILED_BYTES", 250)
    for age in range(5):
        path = tmp_path / f"program-{age}"
        path.write_bytes(bytes(100))
        os.utime(path, (1000 - age, 1000 - age))
    runtime.prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program-0", "program-1"]
