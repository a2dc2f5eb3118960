"""The log of a run: one line an event, in the run's own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget
from typing_extensions import override

from engines.contract import events
from widgets.controls.text import named
from widgets.look.fonts import interface_font
from widgets.look.theme import scaled, theme
from widgets.rooms.measures import measure_words
from widgets.rooms.pace import clock_text

MOST_LINES = 5000
_PIXELS, _TABS = 12, (46, 110)


Words = Callable[[Any], str]
"""What a note, a failure or a crash says."""


def plain_words(event: Any) -> str:
    """Return what such an event itself says, where nobody knows better words."""
    match event:
        case events.Failed():
            return event.code
        case events.Crashed():
            return event.cause
        case _:
            return str(event.text)


def line_of(event: Any, words: Words = plain_words) -> str:
    """Return what the log says of ``event``, "" for events that it leaves out."""
    match event:
        case events.Started():
            return _start_of(event)
        case events.Validated():
            values = " · ".join(measure_words(name, value) for name, value in event.values.items())
            return f"epoch {event.epoch}\t{values}"
        case events.CheckpointSaved():
            return f"checkpoint at step {event.step:,}" + (", the best so far" if event.best else "")
        case events.Paused():
            return f"paused at step {event.step:,}"
        case events.Continued():
            return f"goes on at step {event.step:,}"
        case events.Log():
            text = words(event)
            return text if event.level in ("debug", "info") else f"{event.level}: {text}"
        case events.Failed() | events.Crashed():
            return words(event)
        case _:
            return _end_of(event)


def _start_of(event: events.Started) -> str:
    threads = f", {event.threads} threads" if event.threads > 1 else ""
    mode = f", {event.mode}" if event.mode else ""
    kind, *place = event.device.partition(":")
    device = kind.upper() + "".join(place)
    epochs = "1 epoch" if event.epochs == 1 else f"{event.epochs:,} epochs"
    if event.first_step:
        return f"goes on at step {event.first_step:,} on {device}{mode}{threads}"
    return f"started on {device}{mode}{threads}, {event.total_steps:,} steps in {epochs}"


def _end_of(event: Any) -> str:
    match event:
        case events.Finished():
            return _finish_of(event)
        case events.Stopped():
            return f"stopped at step {event.step:,}, " + ("kept" if event.kept else "discarded")
        case _:
            return ""


def _finish_of(event: events.Finished) -> str:
    """Return what the best checkpoint is worth on samples that nothing has seen before."""
    worth = [
        measure_words(name, value)
        for name, value in event.summary.items()
        if name.startswith("test_") and isinstance(value, float)
    ]
    return "finished" + ("\n\ttest\t" + " · ".join(worth) if worth else "")


class RunLog(QPlainTextEdit):
    """Follows its end while it is scrolled there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "run_log", "Log of the run")
        self.words: Words = plain_words
        """Whoever knows the table of messages puts its words here."""
        self._best_step = -1
        self._gathered: list[str] | None = None
        self.setProperty("plain", True)
        self.setReadOnly(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self._dress()
        theme().themed.connect(self._dress)

    def add(self, event: Any) -> None:
        """Add a line for ``event`` if the log speaks of it; a checkpoint that is best and last has one."""
        text = line_of(event, self.words)
        if not text or self._is_said(event):
            return
        line = f"{clock_text(event.t)}\t{text}"
        if self._gathered is None:
            self._append(line)
        else:
            self._gathered.append(line)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Gather what is added meanwhile and write it as one: line by line a long run takes seconds."""
        self._gathered = []
        try:
            yield
        finally:
            lines, self._gathered = self._gathered, None
            if lines:
                self._append("\n".join(lines[-MOST_LINES:]))

    def _append(self, text: str) -> None:
        with self._following():
            self.appendPlainText(text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        with self._following():
            super().resizeEvent(event)

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Stay at the end of the log, where it is scrolled there."""
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        yield
        if at_end:
            bar.setValue(bar.maximum())

    def _is_said(self, event: Any) -> bool:
        if not isinstance(event, events.CheckpointSaved):
            return False
        if event.best:
            self._best_step = event.step
        return not event.best and event.step == self._best_step

    def _dress(self) -> None:
        self.setFont(interface_font(_PIXELS, scale=theme().scale))
        option = self.document().defaultTextOption()
        option.setTabs([QTextOption.Tab(scaled(at), QTextOption.TabType.LeftTab) for at in _TABS])
        self.document().setDefaultTextOption(option)
