"""XLA's chatter is held back, whichever engine brings it; every other line is let through."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

NOTES = (
    b"I0000 00:00:1795414537.920035   32285 port.cc:153] oneDNN custom operations are on.",
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    b"W0000 00:00:1795414537.920035   32285 gpu_device.cc:1] Cannot dlopen some GPU libraries.",
    b"E0000 00:00:1795414546.1 32285 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error",
)
OF_JAX = (
    b"E0000 00:00:1795414546.1 32285 cpu_aot_loader.cc:210] Loading XLA:CPU AOT result. Target machine",
    b"E0000 00:00:1795414546.1 32285 slow_operation_alarm.cc:73] Very slow compile? If you want to file",
)
ERRORS = (
    b"E0000 00:00:1 1 allocator.cc:9] out of memory",
    b"F0000 00:00:1 1 check.cc:9] Check failed",
    b"hello",
)
of_each = pytest.mark.parametrize("engine", ["jax", "tensorflow"])


def runtime_of(engine: str) -> Any:
    return importlib.import_module(f"engines.backends.{engine}.runtime")


@pytest.mark.parametrize(
    ("engine", "line"),
    [*((engine, line) for engine in ("jax", "tensorflow") for line in NOTES), *(("jax", x) for x in OF_JAX)],
)
def test_that_notes_about_what_is_absent_or_slow_are_chatter(engine: str, line: bytes) -> None:
    assert runtime_of(engine).CHATTER.fullmatch(line)


@of_each
@pytest.mark.parametrize("line", ERRORS)
def test_that_errors_are_none(engine: str, line: bytes) -> None:
    assert not runtime_of(engine).CHATTER.fullmatch(line)


@of_each
def test_that_what_is_said_beside_the_chatter_is_let_through_even_at_a_fault(
    engine: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError), runtime_of(engine).without_chatter():  # noqa: PT012 - both are to be seen
        os.write(2, b"I0000 00:00:1 1 a.cc:1] note\nsomething else\n")
        raise ValueError
    assert capfd.readouterr().err == "something else\n"
