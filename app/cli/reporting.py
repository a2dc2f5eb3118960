"""From a command's events to what a person or a script reads, and to the exit status."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, Protocol

import typer

from app.cli.json_lines import event_line
from app.desk import Desk, Ended
from app.engine_facts.titles import titles
from app.messages import words
from app.messages.message import Told
from app.messages.table import tell, tell_error, tell_event, tell_log
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Answer,
    Crashed,
    Event,
    Failed,
    Finished,
    Log,
    Progress,
    Starting,
    Stopped,
)
from engines.contract.files import unwritable
from engines.contract.views import OptimizeView

STOPPED = 130
"""Exit status of what was interrupted, as shells have it."""
UNHEARD = 141
"""Exit status where the reader of stdout went away, as shells have it."""

Work = Callable[[Desk], Iterator[Event]]


class Printer(Protocol):
    """What shows a command's events."""

    def show(self, event: Event) -> None:
        """Show one event; the last one too."""


class JsonPrinter:
    """One event a line on stdout."""

    def show(self, event: Event) -> None:
        """Print the event as a line of JSON at once; of an optimization the figures, not both graphs."""
        if isinstance(event, Answer) and isinstance(event.record, OptimizeView):
            figures = dataclasses.replace(event.record, graph_before=None, graph_after=None)
            event = dataclasses.replace(event, record=figures)
        print(event_line(event, ascii_only=_lacks_letters()), flush=True)


def _lacks_letters() -> bool:
    return sys.stdout is not None and (sys.stdout.encoding or "utf-8").lower() != "utf-8"


class HumanPrinter:
    """Calm short lines. One line of progress where it can move.

    ``lines`` make a command's own of a record that was answered, or of an event, by its type; what is more
    than that comes in ``tell``.
    """

    def __init__(self, lines: Mapping[type, Callable[[Any], Iterable[str]]] | None = None) -> None:
        self._lines = lines or {}
        self._moving = sys.stdout is not None and sys.stdout.isatty()
        self._open_line = False
        self._awaited = ""
        self.run: Path | None = None

    def show(self, event: Event) -> None:
        """Print what a person wants to know of the event, if anything."""
        if isinstance(event, Progress):
            self.progress(_progress_text(event))
        elif isinstance(event, Log):
            if event.level in ("warning", "error"):
                self.line(tell_log(event))
        elif isinstance(event, Starting):
            self._await(event)
        else:
            self.tell(event)

    def _await(self, event: Starting) -> None:
        """Say once that an engine takes long to start, then for how long."""
        title = titles().get(event.engine, event.engine)
        if event.limit and self._awaited != event.engine:
            self._awaited = event.engine
            self.line(tell(ErrorCode.ENGINE_AWAITED, {"title": title, "limit": event.limit}).text)
        self.progress(words.ENGINE_SLOW.format(title=title, seconds=event.seconds))

    def tell(self, event: Event) -> None:
        """Print what this command has to say to ``event``."""
        told = event.record if isinstance(event, Answer) else event
        if type(told) in self._lines:
            for text in self._lines[type(told)](told):
                self.line(text)

    def line(self, text: str = "") -> None:
        """Print a line that stays."""
        if self._open_line:
            print("\r\x1b[2K", end="")
            self._open_line = False
        print(text, flush=True)

    def progress(self, text: str) -> None:
        """Show a line that the next one replaces; nothing where stdout is no terminal."""
        if self._moving:
            print(f"\r\x1b[2K{text}", end="", flush=True)
            self._open_line = True

    def close(self) -> None:
        """Leave the cursor on a fresh line."""
        if self._open_line:
            print("\r\x1b[2K", end="", flush=True)
            self._open_line = False


def file_line(event: Finished) -> Iterator[str]:
    """Say where the file lies that was written."""
    yield f"File: {event.summary['file']}"


def conclude(work: Work, printer: HumanPrinter, as_json: bool) -> NoReturn:
    """Run ``work`` on a desk, show its events, tell what went wrong, and exit with the status."""
    shown: Printer = JsonPrinter() if as_json else printer
    last: Event | None = None
    unheard: OSError | None = None
    with Desk() as desk, stopping_by_interrupt(desk):
        for event in stamped(desk, guarded(work, desk)):
            last = event
            printer.run = desk.run_folder
            if unheard is None and (unheard := _fault_of(shown, event)):
                desk.stop()
    if unheard:
        _leave_unheard(unheard)
    printer.close()
    if isinstance(last, Crashed) and desk.killed:
        complain(tell_event(dataclasses.replace(last, cause="asked")))
        raise typer.Exit(STOPPED)
    if isinstance(last, (Failed, Crashed)):
        complain(tell_event(last))
    raise typer.Exit(exit_status(last))


def _fault_of(printer: Printer, event: Event) -> OSError | None:
    """Show an event; return why stdout did not take it, None where it did."""
    try:
        printer.show(event)
    except OSError as fault:
        return fault
    return None


def _leave_unheard(fault: OSError) -> NoReturn:
    """Exit after a stop that kept what was there: in silence for ``| head``, told for a full disk."""
    with suppress(OSError, ValueError):  # what is left in its buffer goes nowhere, too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(fault, BrokenPipeError):
        raise typer.Exit(UNHEARD)
    complain(tell_error(unwritable(Path("stdout"), fault)))
    raise typer.Exit(1)


def guarded(work: Work, desk: Desk) -> Iterator[Event]:
    """Yield the work's events; whatever goes wrong becomes its last one."""
    try:
        yield from work(desk)
    except Ended as ended:
        yield ended.event
    except WorkbenchError as fault:
        yield Failed(fault.code.value, fault.facts, fault.details)
    except Exception as fault:  # noqa: BLE001 - the one place where a bug becomes a message
        facts = {"what": type(fault).__name__, "why": str(fault) or "It gave no reason."}
        yield Failed(ErrorCode.UNEXPECTED.value, facts, traceback.format_exc())


def stamped(desk: Desk, events: Iterator[Event]) -> Iterator[Event]:
    """Number the events of a whole command, which may be several jobs, from 0 on."""
    began = time.monotonic()
    for number, event in enumerate(events):
        run = desk.run_folder.name if desk.run_folder else ""
        yield dataclasses.replace(event, run=run, seq=number, t=round(time.monotonic() - began, 6))


def exit_status(last: Event | None) -> int:
    """Return 0 only if the work finished."""
    if isinstance(last, Finished):
        return 0
    return STOPPED if isinstance(last, Stopped) else 1


def complain(told: Told) -> None:
    """Say on stderr what happened, why and what to do; details last, but no traceback of a known fault."""
    print(f"Error: {told.what}", file=sys.stderr)
    for sentence in (told.why, told.todo):
        if sentence:
            print(f"  {sentence}", file=sys.stderr)
    if _is_news(told):
        print("Details:", file=sys.stderr)
        for line in told.details.strip().splitlines()[-20:]:
            print(f"  {line}", file=sys.stderr)


def _is_news(told: Told) -> bool:
    """Tell whether the details say more than the sentences, and are no trace of a fault that is known."""
    details = told.details.strip()
    trace = details.startswith("Traceback") and told.button != "copy_details"
    return bool(details) and details not in told.why and not trace


@contextmanager
def stopping_by_interrupt(desk: Desk) -> Iterator[None]:
    """Make the first Ctrl+C stop and keep, the second one kill."""
    presses = 0

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses == 1:
            print("Stopping; what is there will be kept. Ctrl+C again ends it at once.", file=sys.stderr)
            desk.stop()
        else:
            desk.kill()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _progress_text(event: Progress) -> str:
    words = event.stage.replace("_", " ")
    return f"{words}  {event.done:,}/{event.total:,}" if event.total else f"{words}  {event.done or '…'}"
