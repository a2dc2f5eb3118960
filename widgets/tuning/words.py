"""What the table of a tuning says, in a few words a cell."""

from __future__ import annotations

from engines.contract.views import TuneRow, TuneView

_UNITS = {
    "threads": ("{} thread", "{} threads"),
    "batch_size": ("batches of {}", "batches of {}"),
    "chunk_steps": ("{} step a call", "{} steps a call"),
}


def way_text(row: TuneRow) -> str:
    """Return what a row tried."""
    return ", ".join(_setting(key, value) for key, value in row.settings.items())


def _setting(key: str, value: str | int) -> str:
    one, many = _UNITS.get(key, ("{}", "{}"))
    return (one if value == 1 else many).format(f"{value:,}" if isinstance(value, int) else _plain(value))


_SHORT = {"xla": "XLA", "channels_first": "NCHW", "channels_last": "NHWC"}
"""Memory layouts by the order of their axes, so that a row fits."""


def _plain(value: str) -> str:
    return _SHORT.get(value, value.replace("_", " "))


def summary_text(view: TuneView) -> str:
    """Return what came of it in one sentence."""
    if not (view.before and view.after):
        return ""
    ratio = view.after / view.before
    gain = f"{ratio:.2f} times as fast" if ratio >= 1.03 else "as fast as before"
    ways = dict.fromkeys(way_text(row) for row in view.rows if row.chosen)
    taken = f" Taken: {', '.join(ways)}." if ways else ""
    return f"{view.before:,.0f} → {view.after:,.0f} samples/s: {gain}.{taken}"
