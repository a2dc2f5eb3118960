"""Numbers as a person reads them: round steps, few figures, powers of ten; needs no chart."""

from __future__ import annotations

import math
from collections.abc import Sequence

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def nice_step(span: float, wanted: int, *, whole: bool = False) -> float:
    """Return a round step (a ``whole`` number if asked) that puts at most ``wanted`` ticks into ``span``."""
    if not (span > 0 and math.isfinite(span)):
        return 1.0
    rough = span / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = [power * nice for nice in _NICE if not (whole and nice == 2.5)]
    step = next(step for step in steps if step >= rough * (1 - 1e-9))
    return max(1.0, step) if whole else step


def number_text(value: float, step: float = 0.0) -> str:
    """Return ``value`` as a person reads it on an axis or in a readout."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = max(abs(value), step)
    small = step or size
    if size and (small < 1e-3 or size >= 1e6):
        return power_text(value, _figures(value, step)) if value else "0"
    if step:
        return f"{value:,.{_places(step)}f}"
    return f"{value:,.4g}" if size < 1000 else f"{value:,.0f}"


def tick_texts(values: Sequence[float], step: float) -> list[str]:
    """Return the numbers of one axis, all written alike: 0.00095, 0.00100 or 9.5e-4, 9e-4."""
    largest = max(map(abs, values), default=0.0)
    if 1e-3 <= largest < 1e6 and 1e-6 <= step < 1e-3:
        return [f"{value:.{_places(step)}f}" for value in values]
    return [number_text(value, step) for value in values]


def decade_texts(powers: Sequence[float]) -> list[str]:
    """Return the numbers of a logarithmic axis, as powers of ten where any is far from one."""
    if any(not -3 <= power <= 5 for power in powers):
        return [power_text(10.0**power) for power in powers]
    return [number_text(10.0**power) for power in powers]


def power_text(value: float, places: int = 1) -> str:
    """Return ``value`` with its power of ten: 2.4e-7."""
    mantissa, _, power = f"{value:.{places}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if places else mantissa}e{int(power)}"


def _figures(value: float, step: float) -> int:
    """Return how many places ``value`` needs so that it is told from its neighbours ``step`` away."""
    if not step:
        return 1
    apart = math.floor(math.log10(abs(value)) + 1e-9) - math.floor(math.log10(step) + 1e-9)
    return max(0, apart) + (1 if _needs_place(step) else 0)


def _places(step: float) -> int:
    """Return how many places behind the point tell numbers apart that are ``step`` away."""
    return max(0, (1 if _needs_place(step) else 0) - math.floor(math.log10(step) + 1e-9))


def _needs_place(step: float) -> bool:
    return abs(step / 10.0 ** math.floor(math.log10(step) + 1e-9) - 2.5) < 1e-6
