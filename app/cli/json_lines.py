"""One event a line, as JSON that every reader takes: numbers that JSON lacks travel as strings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.contract.events import Event
from engines.contract.records import to_plain

_FIRST = ("kind", "run", "seq", "t")


def event_line(event: Event, *, ascii_only: bool = False) -> str:
    """Return the event as one line: ``kind``, ``run``, ``seq``, ``t``, then its own fields.

    Arrays become lists; NaN and infinities become ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, which
    ``float()`` reads back. ``ascii_only`` is for a console or pipe that lacks letters: they are escaped.
    """
    plain = to_plain(event)
    ordered = {key: plain.pop(key) for key in _FIRST} | plain
    return json.dumps(_valid(ordered), ensure_ascii=ascii_only, allow_nan=False)


def _valid(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _valid(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_valid(item) for item in value]
    if isinstance(value, np.ndarray):
        return [_valid(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return _valid(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
