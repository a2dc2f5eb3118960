"""Run a long command: what it says line by line, and an end that takes its whole family with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

KEPT_LINES = 40
NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Keeps Windows from opening a console for each child."""

Started = Callable[[Callable[[], None]], object]
"""Is handed what ends the command at once, from any thread."""


class CommandFailed(Exception):  # noqa: N818 - it is an outcome; the caller says what it means
    """A command did not end well; ``said`` are its last lines, ``ended`` is whether somebody ended it."""

    def __init__(self, status: int, said: str, ended: bool = False) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.said = said
        self.ended = ended


def lines_of(
    command: Sequence[str],
    started: Started = lambda end: None,
    environment: Mapping[str, str | None] | None = None,
) -> Iterator[str]:
    """Run ``command`` and yield its lines, of both streams; closing the generator ends it.

    It also ends, with all it started, when this process is killed.

    ``environment`` is laid over this process's; None takes a variable away.

    Raises:
        CommandFailed: it did not end well, or could not be started (its name is in what it said).
    """
    said: deque[str] = deque(maxlen=KEPT_LINES)
    try:
        process = _start(command, environment or {})
    except OSError as fault:
        raise CommandFailed(-1, f"{command[0]}: {fault.strerror or fault}") from fault
    ended: list[bool] = []

    def end() -> None:
        ended.append(True)
        end_family(process.pid)

    with process:
        assert process.stdout is not None
        started(end)
        try:
            for line in process.stdout:
                said.append(line.rstrip())
                yield line.rstrip()
        except GeneratorExit:
            end_family(process.pid)
            raise
    if process.returncode != 0:
        raise CommandFailed(process.returncode, "\n".join(said), bool(ended))


def end_family(pid: int) -> None:
    """End a process and all that it started."""
    import psutil  # takes its time, and the window's first paint needs none of it

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
        for one in family:
            with contextlib.suppress(psutil.Error):
                one.kill()


def _guard() -> tuple[str, ...]:
    """What runs a command so that it ends with this process; it holds the other end of standard input."""
    if getattr(sys, "frozen", False):  # there is no interpreter to run it
        return ()
    return sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))


def _start(command: Sequence[str], environment: Mapping[str, str | None]) -> subprocess.Popen[str]:
    laid_over = {**os.environ, **environment}
    return subprocess.Popen(
        [*_guard(), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={name: value for name, value in laid_over.items() if value is not None},
        creationflags=NO_WINDOW,
    )
