"""How a process ended, in words: what its exit status or its signal means."""

from __future__ import annotations

_SIGNALS = {
    1: ("hung up", "SIGHUP"),
    2: ("interrupted", "SIGINT"),
    4: ("illegal instruction", "SIGILL"),
    5: ("trace trap", "SIGTRAP"),
    6: ("aborted by itself", "SIGABRT"),
    8: ("arithmetic fault", "SIGFPE"),
    9: ("killed", "SIGKILL"),
    11: ("segmentation fault", "SIGSEGV"),
    13: ("broken pipe", "SIGPIPE"),
    15: ("terminated", "SIGTERM"),
    24: ("out of processor time", "SIGXCPU"),
}
"""Those whose numbers are the same on Linux and macOS."""
_OF_WINDOWS = {
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC00000FD: "stack overflow",
    0xC0000135: "a library was not found",
    0xC0000409: "a buffer was overrun",
    0xC0000374: "the heap was spoilt",
}
_FROM_OUTSIDE = (1, 2, 9, 15)


def ending(status: int) -> str:
    """Return what ``status`` says; as Python has it, a signal is negative."""
    if status < 0:
        words, name = _SIGNALS.get(-status, ("signal", str(-status)))
        return f"{words}, {name}" if -status in _SIGNALS else f"{words} {name}"
    meant = _OF_WINDOWS.get(status & 0xFFFFFFFF)
    return f"{meant}, 0x{status & 0xFFFFFFFF:X}" if meant else f"exit code {status}"


def is_from_outside(signal: int) -> bool:
    """Tell whether it is another who sends this signal; the rest a program brings upon itself."""
    return signal in _FROM_OUTSIDE
