"""The log of a run: one line an event, in the run's own time."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engines.contract import events
from widgets.charts.axis import number_text
from widgets.controls.text import named
from widgets.look.fonts import fixed_font
from widgets.look.theme import theme
from widgets.rooms.pace import clock_text

MOST_LINES = 5000


def measure_text(name: str, value: float) -> str:
    """Return a measure's value as it is read: shares as percent."""
    return f"{value:.1%}" if name in PERCENT else number_text(value)


PERCENT = ("accuracy", "f1", "auc")


def line_of(event: Any) -> str:
    """Return what the log says of ``event``, "" for events that it leaves out."""
    match event:
        case events.Started():
            threads = f", {event.threads} threads" if event.threads > 1 else ""
            return f"started on {event.device}{threads}, {event.total_steps:,} steps in {event.epochs} epochs"
        case events.Validated():
            values = (f"{n.removeprefix('validation_')} {_measure(n, v):<8}" for n, v in event.values.items())
            return f"epoch {event.epoch:<4} " + "  ".join(values).rstrip()
        case events.CheckpointSaved():
            return f"checkpoint at step {event.step:,}" + (", the best so far" if event.best else "")
        case events.Paused():
            return f"paused at step {event.step:,}"
        case events.Continued():
            return f"goes on at step {event.step:,}"
        case events.Log():
            return event.text if event.level in ("debug", "info") else f"{event.level}: {event.text}"
        case _:
            return _end_of(event)


def _measure(name: str, value: float) -> str:
    return measure_text(name.removeprefix("validation_"), value)


def _end_of(event: Any) -> str:
    match event:
        case events.Finished():
            values = (f"{n} {_measure(n, v)}" for n, v in event.summary.items() if isinstance(v, float))
            return "finished   " + "   ".join(values)
        case events.Stopped():
            return f"stopped at step {event.step:,}, " + ("kept" if event.kept else "discarded")
        case events.Failed():
            return f"failed: {event.code}"
        case events.Crashed():
            return f"the engine's process ended: {event.cause}"
        case _:
            return ""


class RunLog(QPlainTextEdit):
    """Follows its end while it is scrolled there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "run_log", "Log of the run")
        self.setProperty("plain", True)
        self.setReadOnly(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self._dress()
        theme().themed.connect(self._dress)

    def add(self, event: Any) -> None:
        """Add a line for ``event`` if the log speaks of it."""
        text = line_of(event)
        if not text:
            return
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        self.appendPlainText(f"{clock_text(event.t)}  {text}")
        if at_end:
            bar.setValue(bar.maximum())

    def _dress(self) -> None:
        self.setFont(fixed_font(scale=theme().scale))
