"""What the table of a tuning says, in a few words a cell."""

from __future__ import annotations

from engines.contract.events import Tuning
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


def gain_text(row: TuneRow) -> str:
    """Return how a row stands beside the first way of its question, where the noise lets that be told."""
    if not row.gain:
        return ""
    return f"{row.gain:.2f}× ± {row.noise:.2f}" if row.is_told_apart else "no difference"


def gain_word(row: TuneRow) -> str:
    """Return the same in a word, for a narrow column: noise is what hides it."""
    if not row.gain:
        return ""
    return f"{row.gain:.2f}×" if row.is_told_apart else "noise"


_DOING = {
    "start": "Starting a process: {}",
    "compile": "Compiling: {}",
    "measure": "Measuring: {}",
    "check": "Checking what was chosen",
}


def doing_text(event: Tuning) -> str:
    """Return what a tuning does now."""
    way = ", ".join(_setting(key, value) for key, value in event.settings.items())
    return _DOING[event.doing].format(way or "the recipe as it is")


def time_text(event: Tuning, passed: float) -> str:
    """Return how long it may still take, so many seconds after ``event``; a compiler tells nothing itself."""
    if event.doing == "compile":
        return f"{passed:.0f} s of about {max(1.0, event.takes):.0f} s"
    left = event.left - passed
    return f"about {left:.0f} s left" if left >= 1.5 else "nearly done"


def summary_text(view: TuneView) -> str:
    """Return what came of it in a sentence or two."""
    early = "Stopped early: the best so far. " if view.early else ""
    if not view.chosen:
        return f"{early}{_no_gain(view)} The recipe stays as it is."
    ways = [way_text(row) for row in view.rows if row.chosen and set(row.settings) & set(view.chosen)]
    taken = f"Taken: {', '.join(dict.fromkeys(ways))}."
    if not (view.before and view.after):
        return f"{early}{taken}"
    ratio = view.after / view.before
    noise = f" ± {view.noise:.2f}" if view.noise else ""
    gain = f"{ratio:.2f}{noise} times as fast" if ratio >= 1.03 else "as fast as before"
    return f"{early}{view.before:,.0f} → {view.after:,.0f} samples/s: {gain}. {taken}"


def _no_gain(view: TuneView) -> str:
    if view.before != view.after:
        sides = f"{view.before:,.0f} samples/s as it is, {view.after:,.0f} in what seemed faster"
        return f"Side by side there was no clear gain: {sides}."
    rate = f"{view.before:,.0f} samples/s: " if view.before else ""
    return f"{rate}nothing was clearly faster."
