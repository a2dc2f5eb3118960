"""What a process that died had to say: of all its lines the one that names the reason."""

from __future__ import annotations

import re

MOST = 300
_FATAL = "Fatal Python error:"
_EXCEPTION = re.compile(r"[A-Za-z_.]*(Error|Exception|Interrupt|Exit)\b")
_COMPLAINT = re.compile(r"error|not found|cannot|can't|could not|no such|failed|fatal|denied|abort", re.I)
_NOTED = "Timeout ("
_THREADS = re.compile(r"^(?:Current thread|Thread) 0x.*\n", re.M)
_FRAME = re.compile(r'\s*File "(.+)", line (\d+)')


def last_words(said: str) -> str:
    """Return the line of ``said`` that tells most of a death; "" where nothing was said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return ""
    fatal = next((place for place, line in enumerate(lines) if line.startswith(_FATAL)), None)
    if fatal is not None:
        return _with_place(lines, fatal)[:MOST]
    complaints = [line for line in lines if _COMPLAINT.search(line)]
    told = lines[-1] if names_exception(lines[-1]) or not complaints else complaints[-1]
    return told[:MOST]


def stands_at(said: str) -> tuple[str, int] | None:
    """Return the file and line at which the main thread stood when a process noted where it hangs."""
    _, noted, threads = said.rpartition(_NOTED)
    *_, main = _THREADS.split(threads)  # Python names the oldest thread last
    frames = (_FRAME.match(line) for line in (main.splitlines() if noted else ()))
    return next(
        (
            (frame.group(1), int(frame.group(2)))
            for frame in frames
            if frame and not frame.group(1).startswith("<frozen importlib")
        ),
        None,
    )


def names_exception(line: str) -> bool:
    """Tell whether a line is the end of a Python traceback."""
    return _EXCEPTION.match(line) is not None


def _with_place(lines: list[str], fatal: int) -> str:
    """Return Python's own words for a fatal fault, with the line of the thread that it befell."""
    words = lines[fatal][len(_FATAL) :].strip() or lines[fatal]
    here = next((at for at, line in enumerate(lines) if line.startswith("Current thread")), fatal)
    frame = next((found for line in lines[here:] if (found := _FRAME.match(line))), None)
    return f"{words} ({frame.group(1)}, line {frame.group(2)})" if frame else words
