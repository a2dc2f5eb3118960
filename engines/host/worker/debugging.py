"""A debugger's way into this process: debugpy listens on this machine alone, and an editor attaches."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Listening, Stopped
from engines.contract.jobs import DebugChoice
from engines.training.control import ControlFlags

HOST = "127.0.0.1"
REQUIREMENT = "debugpy==1.8.22"
_LOOK_SECONDS = 0.05
_listening: list[tuple[str, int]] = []
"""Where this process listens already: debugpy can be asked once."""


def listen(choice: DebugChoice, flags: ControlFlags) -> Iterator[Event]:
    """Open a port and say so; where it was asked for, wait until an editor has set its breakpoints.

    Raises:
        WorkbenchError: ``DEBUGGER_MISSING`` or ``DEBUGGER_REFUSED``.
    """
    debugpy = _debugpy()
    host, port = _open(debugpy, choice.port)
    undebugged(threading.Thread(target=_let_go, args=(flags,), name="debugger watch", daemon=True)).start()
    if not choice.wait:
        yield Listening(host, port, "listening")
        return
    yield Listening(host, port, "waiting")
    while not debugpy.is_client_connected():  # true once the editor has said that it is configured
        if flags.should_stop:
            yield Stopped(step=0, kept=False)
            return
        time.sleep(_LOOK_SECONDS)
    yield Listening(host, port, "attached")


def undebugged(thread: threading.Thread) -> threading.Thread:
    """Keep a breakpoint, which holds every thread, from holding this one: stop has to come through."""
    marked: Any = thread
    marked.pydev_do_not_trace = marked.is_pydev_daemon_thread = True
    return thread


def _let_go(flags: ControlFlags) -> None:
    """Free a run that stands at a breakpoint when it has to end, or when its editor vanished.

    A debugger forgets an editor that says goodbye; one that was killed, or a run that is told to stop,
    would leave every thread standing for ever.
    """
    import pydevd  # debugpy brings it, and finds it
    from _pydevd_bundle.pydevd_api import PyDevdAPI

    while not flags.should_stop:
        debugger = pydevd.get_global_debugger()
        if debugger.is_attached() and not debugger.reader.is_alive():
            PyDevdAPI().request_disconnect(debugger, resume_threads=True)
        time.sleep(_LOOK_SECONDS)
    PyDevdAPI().request_disconnect(pydevd.get_global_debugger(), resume_threads=True)


def _debugpy() -> Any:
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # its note about frozen modules helps nobody
    try:
        import debugpy
    except ImportError as error:
        facts = {"python": sys.executable, "requirement": REQUIREMENT}
        raise WorkbenchError(ErrorCode.DEBUGGER_MISSING, str(error), **facts) from error
    return debugpy


def _open(debugpy: Any, port: int) -> tuple[str, int]:
    if not _listening:
        try:
            _demand_free(port)
            # Without an adapter of its own: that would be one more process, and outlive this one.
            _listening.append(debugpy.listen((HOST, port), in_process_debug_adapter=True))
        except (RuntimeError, OSError, ValueError) as error:
            raise WorkbenchError(ErrorCode.DEBUGGER_REFUSED, port=port, why=str(error)) from error
    host, found = _listening[0]
    return host, int(found)


def _demand_free(port: int) -> None:
    """Raise ``OSError`` for a port that is taken: debugpy would wait for it for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.bind((HOST, port))
