"""Which of a dead process's lines tells why it died."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.environments.last_words import MOST, last_words, stands_at

SEGFAULT = """Fatal Python error: Segmentation fault

Thread 0x00007f1871bff6c0 (most recent call first):
  File "/lib/python3.11/multiprocessing/connection.py", line 395 in _recv

Current thread 0x00007f187ac01b80 (most recent call first):
  File "/site/torch/__init__.py", line 7 in <module>
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed

Extension modules: numpy._core._multiarray_umath, numpy.linalg._umath_linalg (total: 2)
"""
SHIM = """pyenv: python3.12: command not found

The `python3.12' command exists in these Python versions:
  3.12.1

Note: See 'pyenv help global' for tips on allowing both
      Python versions to be found at the same time.
"""
TRACEBACK = """warning: something failed before
Traceback (most recent call last):
  File "x.py", line 1, in <module>
ImportError: libcudart.so.12
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (SEGFAULT, "Segmentation fault (/site/torch/__init__.py, line 7)"),
        (SHIM, "pyenv: python3.12: command not found"),
        (TRACEBACK, "ImportError: libcudart.so.12"),
        ("GNU bash, version 5.2\n", "GNU bash, version 5.2"),
        ("Fatal Python error: init_fs_encoding: failed\n", "init_fs_encoding: failed"),
        (" \n\n", ""),
    ],
)
def test_that_the_line_with_the_reason_is_told(said: str, told: str) -> None:
    assert last_words(said) == told


@given(st.text())
def test_that_any_output_gives_one_short_line(said: str) -> None:
    told = last_words(said)
    assert len(told) <= MOST
    assert bool(told) is bool(said.strip())
    assert "\n" not in told


HANGING = """a line of the engine's own
Timeout (0:00:02)!
Thread 0x00007f1871bff6c0 (most recent call first):
  File "/lib/python3.11/multiprocessing/connection.py", line 395 in _recv

Thread 0x00007f187ac01b80 [python] (most recent call first):
  File "<frozen importlib._bootstrap_external>", line 7 in get_data
  File "/site/torch/licence.py", line 12 in ask_the_server
  File "/site/torch/__init__.py", line 3 in <module>
"""


def test_that_a_process_that_hangs_is_said_to_stand_where_its_main_thread_does() -> None:
    assert stands_at(HANGING) == ("/site/torch/licence.py", 12)


@pytest.mark.parametrize("said", ["", TRACEBACK, SEGFAULT, "Timeout (0:00:02)!\n", "Timeout ("])
def test_that_a_process_that_noted_nothing_is_not_said_to_stand_anywhere(said: str) -> None:
    assert stands_at(said) is None


@given(st.text())
def test_that_whatever_a_process_said_is_looked_through_for_where_it_stands(said: str) -> None:
    stands_at(said)
    stands_at(f"Timeout ({said}")
