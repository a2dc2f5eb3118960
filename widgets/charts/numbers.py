"""Numbers as a person reads them: round steps, few figures, powers of ten; needs no chart."""

from __future__ import annotations

import math

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
        places = max(0, -math.floor(math.log10(step) + 1e-9)) + (1 if _needs_place(step) else 0)
        return f"{value:,.{places}f}"
    return f"{value:,.4g}" if size < 1000 else f"{value:,.0f}"


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


def _needs_place(step: float) -> bool:
    return abs(step / 10.0 ** math.floor(math.log10(step) + 1e-9) - 2.5) < 1e-6
