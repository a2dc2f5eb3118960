"""How the fake engine shall behave, read from a job's device: ``fake``, ``fake:slow``, ``fake:crash@3`` …"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Log, Progress, Stamp


@dataclass(frozen=True)
class Script:
    """A misbehaviour and the number of the event (from 0, before which it comes) that brings it on."""

    name: str = ""
    at: int = 1


@dataclass(frozen=True)
class Nonsense(Stamp):
    """An event that no host knows."""

    kind: ClassVar[str] = "nonsense"
    text: str = "colourless green ideas"


def read_script(device: str) -> Script:
    """Return the script in a device's name; a plain ``fake`` or ``cpu`` behaves well."""
    _, _, text = device.partition(":")
    name, _, at = text.partition("@")
    if name and name not in MISBEHAVIOURS:
        raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="fake", job=device)
    return Script(name, int(at) if at.isdecimal() else 1)


def perform(script: Script, events: Generator[Event, None, None]) -> Iterator[Event]:
    """Yield ``events`` as the script spoils them; what it raises is raised inside the training."""
    act = MISBEHAVIOURS.get(script.name)
    for number, event in enumerate(events):
        if act is not None and (number == script.at or script.name in _ALWAYS):
            try:
                yield from act()
            except Exception as error:  # noqa: BLE001 - the training is to meet it
                yield events.throw(error)
        yield event


def _slow() -> Iterator[Event]:
    time.sleep(0.02)
    return iter(())


def _deaf() -> Iterator[Event]:
    """Work for ever, whoever asks for an end."""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError):  # only a main thread may
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    done = 0
    while True:
        yield Progress("deaf", done, 0)
        done += 1
        time.sleep(0.02)


def _silent() -> Iterator[Event]:
    while True:
        time.sleep(1)


def _chatty() -> Iterator[Event]:
    for number in range(2000):
        yield Log("debug", f"chat {number}")


def _crash() -> Iterator[Event]:
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(9)


def _exit() -> Iterator[Event]:
    sys.stderr.write("the fake engine exits\n")
    sys.stderr.flush()
    os._exit(3)


def _segfault() -> Iterator[Event]:
    ctypes.string_at(0)
    return iter(())


def _garbage() -> Iterator[Event]:
    nonsense: Any = Nonsense()
    yield nonsense


def _object() -> Iterator[Event]:
    anything: Any = object()
    yield anything


def _raise() -> Iterator[Event]:
    raise RuntimeError("the fake engine was told to raise")


def _quit() -> Iterator[Event]:
    sys.exit("the fake engine was told to quit")


def _oom() -> Iterator[Event]:
    raise MemoryError


def _hungry() -> Iterator[Event]:
    eaten = []
    while True:
        eaten.append(bytearray(b"x" * (16 << 20)))
        yield Progress("hungry", len(eaten), 0)


def _full() -> Iterator[Event]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full/disk")


def _print() -> Iterator[Event]:
    """Write with Python and past it, with and without a line's end."""
    sys.stdout.write("printed by python\n")
    sys.stderr.write("warned by python\n")
    sys.stdout.flush()
    os.write(1, b"written to the descriptor\nand no end")
    return iter(())


_ALWAYS = {"slow", "chatty"}
MISBEHAVIOURS: dict[str, Callable[[], Iterator[Event]]] = {
    "slow": _slow,
    "deaf": _deaf,
    "silent": _silent,
    "chatty": _chatty,
    "crash": _crash,
    "exit": _exit,
    "segfault": _segfault,
    "garbage": _garbage,
    "object": _object,
    "raise": _raise,
    "quit": _quit,
    "oom": _oom,
    "hungry": _hungry,
    "full": _full,
    "print": _print,
}
"""Every way in which the fake engine can misbehave."""
