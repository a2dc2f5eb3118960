"""Training with a debugger: the port is shown, and what an editor needs to attach is copied by one click."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.debugging import how_to_attach, launch_json, traced
from app.messages import words
from app.messages.message import Told
from app.workbench import Workbench
from engines.contract.events import Listening
from engines.contract.jobs import DebugChoice

SNIPPET = "copy_launch"


class DebuggingController(QObject):
    """Starts a debugged run and says how to attach. ``inside``: the engine shares the window's process."""

    def __init__(self, bench: Workbench, train: Callable[[DebugChoice], None], inside: bool) -> None:
        super().__init__(bench)
        self._bench, self._train, self._inside = bench, train, inside
        self._snippet = ""
        bench.shell.debug_requested.connect(self._on_debug_requested)
        bench.debugger_awaited.connect(self._on_listening)
        bench.offer(SNIPPET, self._copy)

    def _on_debug_requested(self, wait: bool) -> None:
        if self._inside:  # a breakpoint holds every thread of its process, the window's among them
            self._bench.say(words.DEBUG_INSIDE, "warning")
        else:
            self._train(DebugChoice(wait=wait))

    def _on_listening(self, event: Listening) -> None:
        if event.state == "attached":
            self._bench.shell.set_engine_state(words.ENGINE_STARTING, "busy")
            self._bench.say(words.ATTACHED)
            return
        self._snippet = launch_json(event.host, event.port)
        waiting = event.state == "waiting"
        what = words.DEBUG_WAITING if waiting else words.DEBUG_LISTENING
        why = words.DEBUG_TRACED if traced(self._bench.engine) else words.DEBUG_WHY
        told = Told(
            what.format(host=event.host, port=event.port),
            why,
            words.DEBUG_TODO,
            SNIPPET,
            how_to_attach(event),
        )
        self._bench.show_told(told, "info")
        if waiting:
            self._bench.shell.set_engine_state(words.ENGINE_DEBUGGED.format(port=event.port), "warning")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._snippet)
        self._bench.shell.message.button.setText(words.COPIED)
