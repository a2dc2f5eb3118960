"""One child process and the threads that listen to it; whatever it says or does lands in ``inbox``."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import IO, Any

from engines.contract import wire
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.host.environment import child_environment
from engines.host.lines import Lines
from engines.host.worker.orders import Bye, Settings


@dataclass(frozen=True)
class Line:
    """One line the child wrote to ``stdout`` or ``stderr``."""

    stream: str
    text: str


@dataclass(frozen=True)
class Drained:
    """All output of a job was read (``ended``: the stream itself is at its end)."""

    stream: str
    ended: bool


@dataclass(frozen=True)
class HungUp:
    """The wire is at its end; ``error`` says why, where it was not the child's hanging up."""

    error: WorkbenchError | None = None


@dataclass(frozen=True)
class Exited:
    """The process is gone; a negative code is a signal."""

    code: int


Item = Event | Line | Drained | HungUp | Exited | None
"""What lands in the inbox; None only wakes the reader."""

STREAMS = ("stdout", "stderr")
NO_MEMORY: dict[str, str | int] = {"job": "start", "limit": 0}
"""The facts of a lack of memory that befell this process, not the child."""


class Child:
    """A started worker. Every method returns at once, but for ``close``."""

    def __init__(
        self,
        command: Sequence[str],
        engine: str,
        memory_bytes: int = 0,
        lost_seconds: float = 30.0,
        start_seconds: float = 0.0,
    ) -> None:
        self.engine = engine
        self.greeted = False
        self.started = time.monotonic()
        self.inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        key = secrets.token_bytes(32)
        self._gone = threading.Event()
        self._doomed = False
        self._listener = Listener(authkey=key)
        mark = f"\x1e{secrets.token_hex(16)}\x1e"
        self._settings = Settings(
            str(self._listener.address), key.hex(), engine, mark, memory_bytes, lost_seconds, start_seconds
        )
        self._lines = {stream: Lines(mark) for stream in STREAMS}
        try:
            self._process = _start(command)
        except OSError:
            self._listener.close()
            raise
        self._hand_over_settings()
        self._threads: list[threading.Thread] = []
        try:
            self._begin_to_listen()
        except RuntimeError:  # there is no memory for one more thread
            self._abandon()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return not self._gone.is_set()

    @property
    def usable(self) -> bool:
        """Whether the process is there and was not told to end."""
        return self.running and not self._doomed

    def send(self, record: Any) -> None:
        """Send ``record`` when the wire is free; never blocks."""
        self._outbox.put(record)

    def terminate(self) -> None:
        """Ask the system to end the process and all it started."""
        self._end_group(gently=True)

    def kill(self) -> None:
        """End the process and all it started."""
        self._end_group(gently=False)

    def stderr_tail(self) -> str:
        """Return the last lines of stderr."""
        return self._lines["stderr"].tail

    def exit_code(self, patience: float) -> int:
        """Wait up to ``patience`` seconds for the end and return its code; -SIGKILL if it does not come."""
        self._gone.wait(patience)
        code = self._process.returncode
        return -9 if code is None else code

    def resident_bytes(self) -> int:
        """Return the memory the process has; 0 once it is gone."""
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def close(self, patience: float) -> None:
        """Say bye, wait ``patience`` seconds for the end, then kill; joins every thread."""
        self.send(Bye())
        if not self._gone.wait(patience):
            self.kill()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(5.0)

    def _begin_to_listen(self) -> None:
        listening = [("exit", self._reap), ("wire", self._listen)]
        listening += [(stream, partial(self._read, stream)) for stream in STREAMS]
        for name, run in listening:
            self._threads.append(_thread(f"{self.engine} {name}", run))

    def _abandon(self) -> None:
        """End a process that nobody can listen to, and the threads that were begun."""
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(5.0)
        self._listener.close()
        for stream in STREAMS:
            getattr(self._process, stream).close()

    def _hand_over_settings(self) -> None:
        text = json.dumps(dataclasses.asdict(self._settings)) + "\n"
        stdin: Any = self._process.stdin
        with contextlib.suppress(OSError):  # a child that died at once is told of by its exit
            stdin.write(text.encode("ascii"))
        with contextlib.suppress(OSError):
            stdin.close()

    def _listen(self) -> None:
        """Wait for the child's call, then put every event into the inbox."""
        connection = self._accept()
        error: WorkbenchError | None = None
        if connection is not None:
            try:
                writer = _thread(f"{self.engine} writer", self._write, connection)
            except RuntimeError as fault:
                connection.close()
                self.inbox.put(HungUp(WorkbenchError(ErrorCode.OUT_OF_MEMORY, str(fault), **NO_MEMORY)))
                return
            try:
                while True:
                    self.inbox.put(wire.receive(connection, Event))
            except WorkbenchError as fault:
                error = fault
            except (EOFError, OSError):
                pass
            self._outbox.put(None)
            writer.join()
            connection.close()
        self.inbox.put(HungUp(error))

    def _accept(self) -> Connection | None:
        """Return the child's connection; None where the process ended without calling."""
        with self._listener:
            while True:
                try:
                    connection = self._listener.accept()
                except AuthenticationError:
                    continue
                except (EOFError, OSError):
                    if self.running:
                        continue
                    return None
                return connection

    def _write(self, connection: Connection) -> None:
        with contextlib.suppress(OSError):
            while (record := self._outbox.get()) is not None:
                wire.send(connection, record)

    def _reap(self) -> None:
        code = self._process.wait()
        self._sweep()
        self._gone.set()
        with contextlib.suppress(OSError, EOFError, AuthenticationError):
            Client(self._settings.address).close()  # wakes a listener that nobody called
        self.inbox.put(Exited(code))

    def _read(self, stream: str) -> None:
        pipe: IO[bytes] = getattr(self._process, stream)
        lines = self._lines[stream]
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                for text in lines.feed(chunk):
                    self.inbox.put(Drained(stream, ended=False) if text is None else Line(stream, text))
        for text in lines.rest():
            self.inbox.put(Line(stream, text))
        self.inbox.put(Drained(stream, ended=True))

    def _sweep(self) -> None:
        """End what the process left behind in its group."""
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _end_group(self, gently: bool) -> None:
        if not self.running:
            return
        self._doomed = True
        if sys.platform == "win32":
            _end_tree(self._process.pid)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGTERM if gently else signal.SIGKILL)


def _thread(name: str, run: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start ``command`` as the leader of a process group of its own, with pipes for all it says."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=child_environment(),
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def _end_tree(pid: int) -> None:
    """End a process and its descendants, where there are no process groups."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                one.kill()
