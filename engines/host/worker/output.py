"""The child's standard streams: captured by the host, marked at a job's end, silenced when nobody reads."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
from io import TextIOWrapper


def prepare() -> None:
    """Take the host's input away from the job, and let whole lines out at once."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    faulthandler.enable()


def mark(text: str) -> None:
    """Write ``text`` behind all that the job has written, so that the host knows it has seen it all."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    with contextlib.suppress(OSError, AttributeError):
        library = "ucrtbase" if sys.platform == "win32" else None
        ctypes.CDLL(library).fflush(None)  # what C code printed waits in a buffer of its own
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            os.write(descriptor, f"{text}\n".encode())


def note_after(seconds: float) -> None:
    """Write down after so many seconds where every thread stands, unless ``note_no_more`` comes first.

    0: never. C code does it, so that an import that holds the interpreter's lock is seen, too.
    """
    if seconds:
        faulthandler.dump_traceback_later(seconds)


def note_no_more() -> None:
    """Forget what ``note_after`` was asked for."""
    faulthandler.cancel_dump_traceback_later()


def silence() -> None:
    """Let further output vanish, since a pipe that nobody reads would end the writer."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def end_group() -> None:
    """End this process at once, with all it started."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
