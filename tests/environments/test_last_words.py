"""Which of a dead process's lines tells why it died."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.environments.last_words import MOST, last_words

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
