"""JAX's chatter is held back; everything else on the error stream is let through."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.backends.jax import runtime
from engines.backends.jax.runtime import CHATTER


@pytest.mark.parametrize(
    "line",
    [
        b"I0000 00:00:1795414537.920035   32285 port.cc:153] oneDNN custom operations are on.",
        b"W0000 00:00:1795414537.920035   32285 gpu_device.cc:1] Cannot dlopen some GPU libraries.",
        b"E0000 00:00:1795414546.1 32285 cpu_aot_loader.cc:210] Loading XLA:CPU AOT result. Target machine",
        b"E0000 00:00:1795414546.1 32285 slow_operation_alarm.cc:73] Very slow compile? If you want to file",
    ],
)
def test_that_notes_about_what_is_absent_or_slow_are_chatter(line: bytes) -> None:
    assert CHATTER.fullmatch(line)


@pytest.mark.parametrize(
    "line",
    [b"E0000 00:00:1 1 allocator.cc:9] out of memory", b"F0000 00:00:1 1 check.cc:9] Check failed", b"hello"],
)
def test_that_errors_are_none(line: bytes) -> None:
    assert not CHATTER.fullmatch(line)


def test_that_the_oldest_compiled_programs_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MOST_COMPILED_BYTES", 250)
    for age in range(5):
        path = tmp_path / f"program-{age}"
        path.write_bytes(bytes(100))
        os.utime(path, (1000 - age, 1000 - age))
    runtime.prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program-0", "program-1"]
