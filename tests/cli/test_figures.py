"""Numbers as a person reads them."""

from __future__ import annotations

import math

import pytest

from app.cli.figures import duration, number, size, table


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.97222, "0.9722"), (1e-7, "1.00e-07"), (12345.678, "1.235e+04"), (math.nan, "–")],
)
def test_that_a_number_has_four_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (12_345_678, "12.3 MB"), (5_000_000_000_000, "5000.0 GB")],
)
def test_that_a_size_has_its_unit(value: int, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (187, "3:07"), (3729.4, "1:02:09"), (59.99, "60.0 s")],
)
def test_that_a_time_is_short(value: float, text: str) -> None:
    assert duration(value) == text


def test_that_a_table_is_aligned() -> None:
    assert table([["a", "1"], ["long", "100"]]) == ["a       1", "long  100"]
    assert table([]) == []
