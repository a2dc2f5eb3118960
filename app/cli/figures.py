"""Numbers as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: float) -> str:
    """Return a number with four significant digits, a whole or a large one with all before the point."""
    if math.isnan(value):
        return "–"
    if 1e3 <= abs(value) < (1e15 if float(value).is_integer() else 1e6):
        return f"{value:,.0f}"
    return f"{value:.4g}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.2e}"


def count(many: int, thing: str) -> str:
    """Return how many there are of ``thing``: “1 node”, “1,797 samples”."""
    return f"{many:,} {thing}{'' if many == 1 else 's'}"


def named(name: str, value: float | str) -> str:
    """Return what a summary keeps under ``name`` with the unit that the name tells of."""
    if isinstance(value, str):
        return value
    if name.endswith("bytes"):
        return size(int(value))
    if name.endswith("seconds"):
        return duration(value)
    return f"{number(value)} ms" if name.endswith("_ms") else number(value)


def size(count: int) -> str:
    """Return a size in bytes with its unit."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("not reached")


def duration(seconds: float) -> str:
    """Return a time such as ``4.2 s``, ``3:07`` or ``1:02:09``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, the first column to the left, the others to the right."""
    if not rows:
        return []
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths))
    ]
