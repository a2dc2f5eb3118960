"""What the Compare room shows of a record: the number that decides, the bound in force, who is who."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.comparison_views import view_of
from engines.contract.comparison import Comparison, CurvePair, Entrant
from tests.runs.test_engine_comparison import comparison, own, pair
from widgets.comparing.shown import ComparisonView

CHECK = pair(6.2e-15, 1e-9, "check")


def view(*curves: CurvePair, **changes: object) -> ComparisonView:
    found = comparison(*curves, check_steps=100, **changes)
    return view_of(Path("home/comparisons/c"), found, running=False)


def test_that_the_bound_that_is_drawn_is_what_rounding_explains() -> None:
    assert view(pair(1e-7, 1e-5), CHECK).bounds == (1e-5, 1e-9)
    assert view(pair(1e-2, 1e-5), CHECK, own=(own(2e-2, "a"), own(1e-6, "b"))).bounds == (4e-2, 1e-9)
    assert view(pair(1e-2, 1e-5), CHECK, masks=True).bounds == (0.0, 1e-9)


@pytest.mark.parametrize(
    ("curve", "distances", "figure", "note", "severity"),
    [
        (pair(1e-2, 1e-5), (2e-2, 1e-6), "6.2e-15", "bound 1e-9 · 100 steps, FP64", "good"),
        (pair(1e-2, 1e-5), (1e-6, 1e-6), "1e-2", "rounding explains 1e-5 · 100 steps, FP32", "bad"),
        (
            replace(pair(1e-2, 1e-5), onset=3e-4),
            (2e-2, 1e-6),
            "3e-4",
            "bound 1e-5 · first 5 steps, FP32",
            "bad",
        ),
    ],
)
def test_that_the_number_that_decides_stands_beside_what_it_is_held_against(
    curve: CurvePair, distances: tuple[float, float], figure: str, note: str, severity: str
) -> None:
    shown = view(curve, CHECK, own=tuple(map(own, distances, "ab")))
    assert (shown.figure, shown.figure_note, shown.figure_severity) == (figure, note, severity)


def test_that_what_is_not_judged_is_neither_good_nor_bad() -> None:
    shown = view(pair(9.7e-3, 5e-4))
    assert (shown.severity, shown.figure_severity) == ("", "")
    assert "not judged" in shown.verdict
    assert shown.bounds == (1e-5, 1e-9)  # the comparison's own


def test_that_two_of_one_engine_are_two_lines_with_titles_of_their_own() -> None:
    entrants = (
        Entrant("torch", "done", device="cpu", mode="eager", name="torch:eager"),
        Entrant("torch", "done", device="cpu", mode="compiled", name="torch:compiled"),
    )
    curve = replace(CHECK, first="torch:eager", second="torch:compiled")
    found: Comparison = replace(comparison(curve, check_steps=100), entrants=entrants)
    shown = view_of(Path("home/comparisons/c"), found, running=False)
    assert [(one.key, one.title) for one in shown.engines] == [
        ("torch:eager", "PyTorch (eager)"),
        ("torch:compiled", "PyTorch (compiled)"),
    ]
    assert shown.verdict.startswith("PyTorch (eager) and PyTorch (compiled) agree")
