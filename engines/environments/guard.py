"""Runs one command for a process that may be killed: when its end of the pipe closes, the command ends too.

A program of its own, started with standard input as that pipe; it prints nothing of itself unless the command
cannot be started. An installer that outlived its window would write into an environment that nobody holds.

It may be killed itself, so a second one of its kind, in a session of its own, ends the command in its stead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

NOT_STARTED = 127
_OF_A_SIGNAL = 128
_FOR_ANOTHER = "--for-another"
"""Instead of a command: be the second one, which is told on its standard input what to end."""


def main(command: list[str]) -> int:
    """Run ``command`` and return its exit status, 128 and its number for a signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started it, and that one decides
    second = _second()
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=sys.platform != "win32"
        )
    except OSError as fault:
        sys.stderr.write(f"{command[0]}: {fault.strerror or fault}\n")
        return NOT_STARTED
    _tell(second, process.pid)
    for name in ("SIGTERM", "SIGHUP"):  # sent to a whole group, or by a terminal that closes
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, lambda *_: _end(process.pid))
    threading.Thread(target=_watch, args=(process.pid,), name="watch the pipe", daemon=True).start()
    status = process.wait()
    _tell(second, 0)
    return status if status >= 0 else _OF_A_SIGNAL - status


def _watch(pid: int) -> None:
    """Wait until nobody holds the pipe any more, then end the command with all that it started."""
    with contextlib.suppress(OSError):
        os.read(0, 1)  # not sys.stdin: its lock would be held at this process's end
    _end(pid)


def _second() -> subprocess.Popen[bytes]:
    """Start the second one first, so that no command is ever without it; it holds none of our streams."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, _FOR_ANOTHER],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=sys.platform != "win32",
    )


def _tell(second: subprocess.Popen[bytes], pid: int) -> None:
    """Tell the second one what to end if this process is killed; 0: nothing any more."""
    assert second.stdin is not None
    with contextlib.suppress(OSError):  # it may have been killed; then this one still watches
        second.stdin.write(b"%d\n" % pid)


def watch_for_another() -> int:
    """Read the ids of processes until the one that writes them is gone, and end the last that was named."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pid = 0
    for line in sys.stdin.buffer:
        pid = int(line)
    if pid:
        _end(pid)
    return 0


def _end(pid: int) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], check=False, capture_output=True)
    else:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(watch_for_another() if sys.argv[1:] == [_FOR_ANOTHER] else main(sys.argv[1:]))
