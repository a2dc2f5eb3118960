"""TensorFlow's chatter is held back; everything else on the error stream is let through."""

from __future__ import annotations

import os

import pytest

from engines.backends.tensorflow.runtime import CHATTER, lack_of_memory, without_chatter
from engines.training.chatter import held_back


@pytest.mark.parametrize(
    "line",
    [
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        b"I0000 00:00:1795414537.920035   32285 port.cc:153] oneDNN custom operations are on.",
        b"W0000 00:00:1795414537.920035   32285 gpu_device.cc:1] Cannot dlopen some GPU libraries.",
        b"E0000 00:00:1795414546.1 32285 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error",
    ],
)
def test_that_notes_about_what_is_absent_are_chatter(line: bytes) -> None:
    assert CHATTER.fullmatch(line)


@pytest.mark.parametrize(
    "line",
    [b"E0000 00:00:1 1 allocator.cc:9] out of memory", b"F0000 00:00:1 1 check.cc:9] Check failed", b"hello"],
)
def test_that_errors_are_none(line: bytes) -> None:
    assert not CHATTER.fullmatch(line)


def test_that_what_is_said_beside_the_chatter_is_let_through_even_at_a_fault(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError), without_chatter():  # noqa: PT012 - both are to be seen
        os.write(2, b"I0000 00:00:1 1 a.cc:1] note\nsomething else\n")
        raise ValueError
    assert capfd.readouterr().err == "something else\n"


def test_that_what_is_held_back_can_be_heard(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    with held_back(CHATTER, heard.append):
        os.write(2, b"E0000 00:00:1 1 a.cc:1] failed call to cuInit\nplain\n")
    assert heard == ["E0000 00:00:1 1 a.cc:1] failed call to cuInit"]
    assert capfd.readouterr().err == "plain\n"


IN_A_GRAPH = """Graph execution error:

Detected at node while/body/_1/gradient_tape/while/wide_1/flatten-0_1/transpose/transpose defined at (most \
recent call last):
<stack traces unavailable>
OOM when allocating tensor with shape[1149,8,8,4096] and type float on /job:localhost/replica:0/task:0/\
device:CPU:0 by allocator mklcpu
\t [[{{node while/body/_1/gradient_tape/while/wide_1/flatten-0_1/transpose/transpose}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add report_tensor_allocations_upon_oom
"""
"""What TensorFlow 2.21 said in a graph under a limit of the address space."""


def test_that_of_a_graph_s_fault_the_line_about_memory_is_told() -> None:
    assert lack_of_memory(IN_A_GRAPH).startswith("OOM when allocating tensor with shape[1149,8,8,4096]")
    assert lack_of_memory("failed to allocate\nmore") == "failed to allocate"
    assert lack_of_memory("") == "out of memory"
