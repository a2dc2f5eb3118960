"""Silence is the pass condition: a test leaves nothing running and says nothing unexpected.

``Silence`` looks before and after a test: threads, child processes, QThreads, QTimers, windows left open,
messages from Qt, and log records of warning or above. A test that means to log asks for ``caplog``, one
that means to make Qt speak asks for ``qtlog``; they then look for themselves.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import weakref
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

GRACE = 10.0
"""Seconds that what is ending may still take; only a test that leaks pays for it."""

HELPERS = re.compile(r"resource_tracker|QtWebEngineProcess|forkserver")
"""Children that serve the whole process and outlive a test by design."""

HARMLESS = re.compile(r"^This plugin does not support|^Sandboxing disabled by user")
"""What the offscreen platform says of itself."""

QT = find_spec("PySide6") is not None


class Silence:
    """Compare what runs after a test with what ran before."""

    def __init__(self, *, logs: bool = True, qt_messages: bool = True) -> None:
        self._said: list[str] = []
        self._listener = _Listener(self._said)
        self._logs = logs
        self._qt_messages = qt_messages and QT
        self._threads = set(threading.enumerate())
        self._children = _child_ids()
        self._previous: Any = None

    def listen(self) -> None:
        """Start to note what is said."""
        if self._logs:
            logging.getLogger().addHandler(self._listener)
        if self._qt_messages:
            self._previous = _qt_core().qInstallMessageHandler(self._on_qt_message)

    def close(self) -> list[str]:
        """Stop to listen; return a line for everything said or left behind."""
        flush_deleted()
        logging.getLogger().removeHandler(self._listener)
        left = self._wait_for_the_ending()
        if self._qt_messages:
            _qt_core().qInstallMessageHandler(self._previous)
        return self._said + left

    def _on_qt_message(self, kind: Any, context: Any, message: str) -> None:
        if not HARMLESS.match(message):
            self._said.append(f"Qt said ({kind.name}): {message}")

    def _wait_for_the_ending(self) -> list[str]:
        deadline = time.monotonic() + GRACE
        left = self._left()
        while left and time.monotonic() < deadline:
            time.sleep(0.01)
            flush_deleted()
            left = self._left()
        return left

    def _left(self) -> list[str]:
        return [*self._left_threads(), *self._left_children(), *_left_qt()]

    def _left_threads(self) -> list[str]:
        # Python notes a QThread that ran its code as a dummy for ever: QThreads are watched by themselves.
        return [
            f"thread {thread.name!r} still runs"
            for thread in threading.enumerate()
            if thread not in self._threads and not isinstance(thread, threading._DummyThread)
        ]

    def _left_children(self) -> list[str]:
        found = (_describe_child(pid) for pid in _child_ids() - self._children)
        return [f"child process {child} still runs" for child in found if child]


class _Listener(logging.Handler):
    """Note log records of warning or above."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(f"logged ({record.levelname}, {record.name}): {record.getMessage()}")


def _child_ids() -> set[int]:
    """Return the children's ids, from the kernel where it keeps them: psutil reads every process."""
    if not _has_children():
        return set()
    tasks = Path(f"/proc/{os.getpid()}/task")
    try:
        lists = [(task / "children").read_text() for task in tasks.iterdir()]
    except OSError:
        return {child.pid for child in psutil.Process().children()}
    return {int(pid) for line in lists for pid in line.split()}


def _has_children() -> bool:
    """Ask for the end of any child, without taking note of it; True where the system cannot say."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _describe_child(pid: int) -> str:
    """Return id and command of a child that lives, or "" for one that is gone or may stay."""
    try:
        child = psutil.Process(pid)
        command = " ".join(child.cmdline()) or child.name()
        if child.status() == psutil.STATUS_ZOMBIE or HELPERS.search(command):
            return ""
    except psutil.Error:
        return ""
    return f"{pid} ({command[:160]})"


_qthreads: weakref.WeakSet[Any] = weakref.WeakSet()
_qtimers: weakref.WeakSet[Any] = weakref.WeakSet()


def _qt_core() -> Any:
    from PySide6 import QtCore

    return QtCore


@cache
def watch_qt() -> None:
    """Remember every QThread and QTimer that is started from Python (asking the collector costs 20 ms)."""
    if QT:
        core = _qt_core()
        _remember(core.QThread, _qthreads)
        _remember(core.QTimer, _qtimers)


def _remember(kind: Any, started: weakref.WeakSet[Any]) -> None:
    start = kind.start

    def remembered(self: Any, *args: Any) -> Any:
        started.add(self)
        return start(self, *args)

    kind.start = remembered


def _application() -> Any:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.instance() if widgets else None


def flush_deleted() -> None:
    """Let ``deleteLater`` take place, which waits for an event loop."""
    application = _application()
    if application is not None:
        core = _qt_core()
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


def _left_qt() -> list[str]:
    if _application() is None:
        return []
    import shiboken6

    threads = [thread for thread in _qthreads if shiboken6.isValid(thread) and thread.isRunning()]
    timers = [timer for timer in _qtimers if shiboken6.isValid(timer) and timer.isActive()]
    windows = [window for window in _top_level_widgets() if window.isVisible()]
    return [
        *(f"QThread {_name(thread)} still runs" for thread in threads),
        *(f"QTimer {_name(timer)} (every {timer.interval()} ms) still runs" for timer in timers),
        *(f"window {_name(window)} is still open" for window in windows),
    ]


def _top_level_widgets() -> list[Any]:
    application = _application()
    return list(application.topLevelWidgets()) if hasattr(application, "topLevelWidgets") else []


def _name(thing: Any) -> str:
    owner = thing.parent()
    of = f" of {type(owner).__name__} {owner.objectName()!r}" if owner is not None else ""
    return f"{type(thing).__name__} {thing.objectName()!r}{of}"
