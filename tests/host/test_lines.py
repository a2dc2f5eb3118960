"""Bytes to lines: the same lines however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engines.host.lines import Lines

MARK = "\x1ethe end\x1e"


def fed(*chunks: bytes, longest: int = 8192) -> list[str | None]:
    lines = Lines(MARK, longest)
    found: list[str | None] = []
    for chunk in chunks:
        found += lines.feed(chunk)
    return [*found, *lines.rest()]


def test_that_lines_end_in_every_common_way() -> None:
    assert fed(b"one\ntwo\r\nthree\rfour") == ["one", "two", "three", "four"]


def test_that_empty_lines_are_left_out() -> None:
    assert fed(b"\n\none\n  \n\ntwo\n") == ["one", "two"]


def test_that_the_mark_counts_behind_an_unfinished_line() -> None:
    assert fed(b"one\nno end" + MARK.encode() + b"\nmore\n") == ["one", "no end", None, "more"]
    assert fed(MARK.encode() + b"\n") == [None]


def test_that_broken_text_is_shown_as_far_as_it_goes() -> None:
    assert fed(b"caf\xe9\n") == ["caf\ufffd"]


def test_that_an_endless_line_is_cut() -> None:
    assert fed(b"x" * 25, longest=10) == ["x" * 10, "x" * 10, "x" * 5]


def test_that_the_tail_remembers_the_last_lines_alone() -> None:
    lines = Lines(MARK, remembered=2)
    list(lines.feed(b"one\ntwo\nthree\n"))
    assert lines.tail == "two\nthree"


WORDS = st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1), max_size=8)


@given(WORDS, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 200), max_size=6))
def test_that_cuts_anywhere_change_nothing(words: list[str], end: str, cuts: list[int]) -> None:
    data = "".join(word + end for word in words).encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[begin:stop] for begin, stop in pairwise(places)]
    assert fed(*chunks) == words
