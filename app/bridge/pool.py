"""Who runs what: a warmed spare for the next training, one thread for the tools, one for each run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic

from PySide6.QtCore import QObject

from app.bridge.worker_thread import EngineThread
from engines.host.process import ProcessHost
from engines.host.protocol import Host

MakeHost = Callable[[str, bool], Host]
"""Makes a host of an engine; the second argument says whether it serves many jobs."""


def make_process_host(engine: str, reusable: bool) -> Host:
    """Return a host with a child process of this interpreter."""
    return ProcessHost(engine, reusable=reusable)


class HostPool(QObject):
    """Hands out engine threads; all belong to it and end with it."""

    def __init__(self, make_host: MakeHost = make_process_host, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_host = make_host
        self._threads: list[EngineThread] = []
        self._spare: EngineThread | None = None
        self._tools: EngineThread | None = None
        self._engine = ""
        self._closed = False

    @property
    def engine(self) -> str:
        """The chosen engine; "" before one is chosen."""
        return self._engine

    @property
    def threads(self) -> tuple[EngineThread, ...]:
        """Every thread that has not ended, the spare and the tools' among them."""
        return tuple(self._threads)

    def choose(self, engine: str) -> None:
        """Make ``engine`` the one whose spare stands by; its import begins at once, elsewhere."""
        if engine == self._engine:
            return
        self._engine = engine
        if self._spare is not None:
            self._spare.retire()
            self._spare = None
        self._warm_spare()

    def take(self) -> EngineThread:
        """Return the spare for one run; a new one warms when the run has ended."""
        thread = self._spare or self._new(self._engine, reusable=False)
        self._spare = None
        thread.job_ended.connect(partial(self._on_run_ended, thread))
        return thread

    def once(self, engine: str, host: Host | None = None) -> EngineThread:
        """Return a thread for one job of ``engine`` (a probe, an export), in a child of its own."""
        thread = self._new(engine, reusable=False, host=host)
        thread.job_ended.connect(partial(self._retire, thread))
        return thread

    def tools(self) -> EngineThread:
        """Return the one thread whose child serves all tools jobs."""
        if self._tools is None:
            self._tools = self._new("tools", reusable=True)
        return self._tools

    def shutdown(self, deadline: float) -> bool:
        """End every thread within about ``deadline`` seconds; tell whether all ended."""
        self._closed = True
        threads = list(self._threads)
        for thread in threads:
            thread.stop(keep=True)
            thread.retire()
        end = monotonic() + deadline
        ended = [thread.shutdown(max(0.1, end - monotonic())) for thread in threads]
        self._threads.clear()
        return all(ended)

    def _warm_spare(self) -> None:
        if self._engine and self._spare is None and not self._closed:
            self._spare = self._new(self._engine, reusable=False)
            self._spare.warm()

    def _new(self, engine: str, reusable: bool, host: Host | None = None) -> EngineThread:
        number = len(self._threads)
        thread = EngineThread(host or self._make_host(engine, reusable), f"{engine} {number}", self)
        self._threads.append(thread)
        thread.finished.connect(partial(self._on_thread_finished, thread))
        return thread

    def _on_run_ended(self, thread: EngineThread, last: object) -> None:
        self._retire(thread, last)
        self._warm_spare()

    @staticmethod
    def _retire(thread: EngineThread, last: object) -> None:
        thread.retire()

    def _on_thread_finished(self, thread: EngineThread) -> None:
        if thread in self._threads:
            self._threads.remove(thread)
            thread.deleteLater()
