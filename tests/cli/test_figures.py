"""Numbers as a person reads them."""

from __future__ import annotations

import math

import pytest

from app.cli.figures import count, duration, named, number, size, table


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.97222, "0.9722"), (1e-7, "1.00e-07"), (12345.678, "12,346"), (math.nan, "–")],
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


@pytest.mark.parametrize(("value", "text"), [(999, "999"), (1797, "1,797"), (25_000_000, "25,000,000")])
def test_that_a_whole_number_keeps_its_digits(value: int, text: str) -> None:
    assert number(value) == text
    assert number(float(value)) == text
    assert number(1e30) == "1.00e+30"
    assert number(math.inf) == "inf"


@pytest.mark.parametrize(
    ("many", "text"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes"), (1000, "1,000 nodes")]
)
def test_that_one_of_a_thing_is_no_plural(many: int, text: str) -> None:
    assert count(many, "node") == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("peak_memory_bytes", 43_100_000.0, "43.1 MB"),
        ("bytes", 41213, "41.2 KB"),
        ("seconds", 187.0, "3:07"),
        ("latency_plain_ms", 0.00718, "0.00718 ms"),
        ("test_accuracy", 0.88056, "0.8806"),
        ("format", "onnx", "onnx"),
    ],
)
def test_that_a_summary_has_the_units_that_its_names_tell_of(
    name: str, value: float | str, text: str
) -> None:
    assert named(name, value) == text


def test_that_a_table_is_aligned() -> None:
    assert table([["a", "1"], ["long", "100"]]) == ["a       1", "long  100"]
    assert table([]) == []
