"""What measures are called and how their values are written, in every room alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from widgets.charts.numbers import number_text

PERCENT = ("accuracy", "f1", "auc")
NAMES = {"accuracy": "Accuracy", "f1": "F1", "auc": "AUC", "mae": "Mean absolute error", "r2": "R²"}
_SHORT = {"f1": "F1", "auc": "AUC", "mae": "MAE", "r2": "R²"}


def measure_text(name: str, value: float) -> str:
    """Return a measure's value as it is read: shares as percent, all else with three figures."""
    if name in PERCENT:
        return f"{value:.1%}"
    return f"{value:#.3g}".rstrip(".") if 1e-3 <= abs(value) < 999.5 else number_text(value)


def title_of_test(name: str) -> str:
    """Return what a measure of the test split is called: ``Test accuracy``."""
    title = NAMES.get(name, name)
    return f"Test {title.lower() if title[1:].islower() else title}"


def short_name(name: str) -> str:
    """Return a measure's name as it stands within a line."""
    plain = name.removeprefix("validation_").removeprefix("test_")
    return _SHORT.get(plain, plain.replace("_", " "))


def measure_words(name: str, value: float) -> str:
    """Return name and value: ``accuracy 98.6%``."""
    plain = name.removeprefix("validation_").removeprefix("test_")
    return f"{short_name(plain)} {measure_text(plain, value)}"


def result_of(summary: Mapping[str, object], wanted: Iterable[str]) -> tuple[str, float] | None:
    """Return the first of the ``wanted`` measures that the test split was held against, and its value."""
    for name in (*wanted, "loss"):
        value = summary.get(f"test_{name}")
        if isinstance(value, (int, float)):
            return name, float(value)
    return None
