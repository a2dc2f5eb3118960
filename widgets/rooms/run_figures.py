"""What a run's settings and figures are called, and how their values are written beside another run's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from widgets.charts.numbers import number_text
from widgets.rooms.measures import measure_text, title_of_test
from widgets.rooms.pace import clock_text
from widgets.rooms.recipe_words import LAYOUTS, LOSSES, MODES, OPTIMIZERS, PRECISIONS, SCHEDULES

_CHOICES: Mapping[str, Mapping[str, str]] = {
    "loss": dict(LOSSES),
    "optimizer": dict(OPTIMIZERS),
    "schedule": dict(SCHEDULES),
    "precision": dict(PRECISIONS),
    "run_mode": dict(MODES) | {"": "Engine’s own"},
    "memory_layout": dict(LAYOUTS),
    "device": {"cpu": "CPU"},
    "ended": {"epochs": "all epochs", "steps": "a number of steps", "patience": "early stopping"},
}
_TITLES = {
    "seconds": "Training time",
    "samples_per_second": "Samples a second",
    "peak_memory_bytes": "Most memory",
    "step": "Steps",
    "best_step": "Best step",
    "ended": "Ended by",
}
_WRITTEN: Mapping[str, Callable[[float], str]] = {
    "seconds": lambda value: f"{value:.1f} s" if value < 60 else clock_text(value),
    "samples_per_second": lambda value: f"{value:,.0f}",
    "peak_memory_bytes": lambda value: f"{value / 1e6:,.0f} MB",
}


def figure_title(name: str) -> str:
    """Return what a figure is called: ``Test accuracy``, ``Batch size``."""
    if name in _TITLES:
        return _TITLES[name]
    if name.startswith("test_"):
        return title_of_test(name.removeprefix("test_"))
    return (name[:1].upper() + name[1:]).replace("_", " ")


def figure_text(name: str, value: object) -> str:
    """Return a figure as a person reads it; None where a run has none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return _CHOICES.get(name, {}).get(value, value.replace("_", " "))
    if isinstance(value, tuple):
        return f"{len(value)} layers"
    return _number(name, value) if isinstance(value, (int, float)) else str(value)


def _number(name: str, value: float) -> str:
    if name in _WRITTEN:
        return _WRITTEN[name](value)
    if name.startswith(("test_", "best_validation_")):
        return measure_text(name.removeprefix("test_").removeprefix("best_validation_"), value)
    return f"{value:,.0f}" if float(value).is_integer() else number_text(value)
