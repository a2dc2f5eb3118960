"""The pyramid and the smoothing: every extreme kept, however the series grew; means as NumPy has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.charts.growing import Growing
from widgets.charts.pyramid import BASE, Pyramid
from widgets.charts.smoothing import TrailingMean

lengths = st.integers(0, 5000)
seeds = st.integers(0, 2**32 - 1)


def noise(seed: int, count: int, missing: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    random = np.random.default_rng(seed)
    values = random.standard_cauchy(count).astype(np.float32)
    values[random.random(count) < missing] = np.nan
    return values


@given(seeds, lengths, st.lists(st.integers(0, 5000), max_size=6), st.integers(1, 400), st.data())
def test_that_any_stretch_keeps_its_extremes_however_the_series_grew(
    seed: int, count: int, stops: list[int], limit: int, data: st.DataObject
) -> None:
    values = noise(seed, count)
    pyramid = Pyramid()
    for stop in sorted(stop for stop in stops if stop <= count):
        pyramid.update(values[:stop])
    pyramid.update(values)
    start = data.draw(st.integers(0, count))
    stop = data.draw(st.integers(start, count))
    places, drawn = pyramid.drawn(start, stop, limit)
    if start == stop:
        assert len(drawn) == 0
        return
    assert drawn.min() == values[start:stop].min()
    assert drawn.max() == values[start:stop].max()
    assert len(drawn) == len(places)
    assert (np.diff(places) >= 0).all()
    assert places[0] == start
    assert places[-1] < stop


@given(seeds, st.integers(1, 5000), st.integers(16, 400))
def test_that_few_points_are_drawn_of_many(seed: int, count: int, limit: int) -> None:
    pyramid = Pyramid()
    pyramid.update(noise(seed, count))
    _, drawn = pyramid.drawn(0, count, limit)
    assert len(drawn) <= 2 * (BASE * limit + 2)


@given(seeds, st.integers(1, 3000))
def test_that_what_is_missing_hides_no_extreme(seed: int, count: int) -> None:
    values = noise(seed, count, missing=0.4)
    pyramid = Pyramid()
    pyramid.update(values)
    _, drawn = pyramid.drawn(0, count, 16)
    if np.isnan(values).all():
        assert np.isnan(drawn).all()
        return
    assert np.nanmin(drawn) == np.nanmin(values)
    assert np.nanmax(drawn) == np.nanmax(values)


def test_that_one_spike_among_a_million_is_drawn() -> None:
    values = np.zeros(1_000_000, np.float32)
    values[654_321] = 7
    pyramid = Pyramid()
    pyramid.update(values)
    places, drawn = pyramid.drawn(0, len(values), 1000)
    assert drawn.max() == 7
    assert abs(int(places[drawn.argmax()]) - 654_321) <= 1000
    assert len(drawn) < 10_000


def test_that_a_series_written_anew_is_drawn_as_it_is_now() -> None:
    pyramid = Pyramid()
    shared = noise(1, 4000)
    pyramid.update(shared)
    shared[2000:] = 0.5
    shared[3000:] = 0.25
    pyramid.update(shared)
    places, drawn = pyramid.drawn(2000, 4000, 16)
    assert set(drawn[places >= 2048].tolist()) <= {0.5, 0.25}


@given(seeds, st.integers(0, 600), st.integers(1, 50), st.lists(st.integers(0, 600), max_size=4))
def test_that_the_trailing_mean_is_the_mean_of_the_window(
    seed: int, count: int, window: int, stops: list[int]
) -> None:
    values = np.random.default_rng(seed).normal(1, 1, count).astype(np.float32)
    mean = TrailingMean(window)
    for stop in sorted(stop for stop in stops if stop <= count):
        mean.update(values[:stop])
    mean.update(values)
    wanted = [values[max(0, at + 1 - window) : at + 1].mean(dtype=np.float64) for at in range(count)]
    np.testing.assert_allclose(mean.values, wanted, rtol=1e-5, atol=1e-6)


def test_that_the_mean_leaves_out_what_is_not_finite_and_is_missing_where_nothing_is() -> None:
    mean = TrailingMean(2)
    mean.update(np.array([np.nan, np.inf, 3, np.nan, 5], np.float32))
    np.testing.assert_array_equal(mean.values, np.array([np.nan, np.nan, 3, 3, 5], np.float32))


@given(seeds, st.integers(1, 3000), st.integers(1, 100), st.data())
def test_that_a_sampled_mean_stands_for_all_that_lies_between(
    seed: int, count: int, wanted: int, data: st.DataObject
) -> None:
    values = np.random.default_rng(seed).normal(1, 1, count).astype(np.float32)
    mean = TrailingMean(3)
    mean.update(values)
    start = data.draw(st.integers(0, count - 1))
    places, means = mean.sampled(start, count, wanted)
    window = max(3, (count - start) // wanted)
    expected = [values[max(0, at + 1 - window) : at + 1].mean(dtype=np.float64) for at in places]
    np.testing.assert_allclose(means, expected, rtol=1e-5, atol=1e-6)
    assert (places[0], places[-1]) == (start, count - 1)
    assert len(places) <= 2 * wanted + 1


def test_that_another_window_smooths_the_past_too() -> None:
    values = np.arange(10, dtype=np.float32)
    mean = TrailingMean(1)
    mean.update(values)
    mean.set_window(10)
    assert mean.values[-1] == pytest.approx(4.5)
    assert len(mean.values) == 10


@given(st.lists(st.lists(st.integers(-1000, 1000), max_size=200), max_size=8))
def test_that_a_growing_array_holds_what_was_appended(parts: list[list[int]]) -> None:
    grown = Growing(np.int64)
    for part in parts:
        grown.append(np.array(part, np.int64))
    assert grown.values.tolist() == [value for part in parts for value in part]
    assert len(grown) == sum(map(len, parts))
