"""The flags that a control reader sets and a loop looks at between chunks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from engines.contract.events import Control


class ControlFlags:
    """What a person wants of a running job; any thread sets, the job's own thread looks.

    A loop asks ``should_stop`` at every chunk's end, then ``keep`` for what to leave behind, takes new
    values with ``take_values`` and waits in ``wait_while_paused``. Nothing here ever blocks a setter.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._stop = ""
        self._lost = False
        self._alone = False
        self._values: dict[str, float] = {}
        self._actions: dict[str, Callable[[], None]] = {
            "pause": self.pause,
            "resume": self.resume,
            "stop_keep": lambda: self.stop(keep=True),
            "stop_discard": lambda: self.stop(keep=False),
            "go_alone": self.go_alone,
        }

    def apply(self, control: Control) -> None:
        """Do what ``control`` says; an action of a newer version is ignored."""
        if control.action == "set":
            self.set_values(control.values)
        elif control.action in self._actions:
            self._actions[control.action]()

    def pause(self) -> None:
        """Ask the loop to wait at the next chunk's end."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Let a waiting loop go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self, keep: bool) -> None:
        """Ask the loop to end; a wish to keep is not taken back by a later discard, nor the reverse."""
        with self._changed:
            self._stop = self._stop or ("keep" if keep else "discard")
            self._changed.notify_all()

    def lose_controller(self) -> None:
        """Note that nobody listens any more; the loop ends unless it was told to go on alone."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def go_alone(self) -> None:
        """Let the job outlive its controller."""
        with self._changed:
            self._alone = True

    def set_values(self, values: Mapping[str, float]) -> None:
        """Hand over new values (``learning_rate`` …); a later one replaces an earlier one."""
        with self._changed:
            self._values.update(values)

    def take_values(self) -> dict[str, float]:
        """Return the values set since the last call, and forget them."""
        with self._changed:
            taken, self._values = self._values, {}
            return taken

    @property
    def should_stop(self) -> bool:
        """Whether the loop ends at this chunk's end."""
        with self._changed:
            return self._ending()

    @property
    def keep(self) -> bool:
        """Whether an ending loop leaves a checkpoint and the model; true unless told to discard."""
        with self._changed:
            return self._stop != "discard"

    @property
    def paused(self) -> bool:
        """Whether the loop waits at the next chunk's end."""
        with self._changed:
            return self._paused and not self._ending()

    @property
    def lost(self) -> bool:
        """Whether the controller is gone."""
        with self._changed:
            return self._lost

    @property
    def alone(self) -> bool:
        """Whether the job may outlive its controller."""
        with self._changed:
            return self._alone

    def wait_while_paused(self, timeout: float | None = None) -> bool:
        """Wait until resumed, stopped or ``timeout`` seconds passed; tell whether the wait is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._paused or self._ending(), timeout)

    def _ending(self) -> bool:
        return bool(self._stop) or (self._lost and not self._alone)
