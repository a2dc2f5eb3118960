"""How a process ended, in words."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.endings import ending, is_from_outside

ALIKE = [
    name for name in ("SIGILL", "SIGABRT", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGTERM") if hasattr(signal, name)
]


@pytest.mark.parametrize("name", ALIKE)
def test_that_a_signal_is_told_by_the_name_that_the_system_gives_it(name: str) -> None:
    assert ending(-getattr(signal, name)).endswith(f", {name}")


@pytest.mark.parametrize(("name", "outside"), [("SIGTERM", True), ("SIGINT", True), ("SIGSEGV", False)])
def test_that_what_another_sends_is_told_from_what_a_program_brings_upon_itself(
    name: str, outside: bool
) -> None:
    assert is_from_outside(getattr(signal, name)) is outside


def test_that_the_codes_with_which_windows_ends_a_broken_program_are_named() -> None:
    assert ending(0xC0000005) == "access violation, 0xC0000005"
    assert ending(0xC0000135).startswith("a library was not found")


@given(st.integers(-64, 255))
def test_that_every_status_has_words_and_keeps_its_number_or_name(status: int) -> None:
    words = ending(status)
    assert str(abs(status)) in words or "SIG" in words
