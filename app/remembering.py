"""The window is remembered as it changes, not when it closes: one that is killed comes back as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from app.session import load_session, save_session
from engines.contract.errors import WorkbenchError

AFTER_MS = 500
"""So long after the last change it is written; a border that is dragged is written once."""
_MOVED = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.WindowStateChange)


class Remembering(QObject):
    """Writes what ``standing`` tells of the window into the session, wherever that differs from before.

    Other windows write the same file: only what ``standing`` tells is ours, the rest stays as they left it.
    """

    def __init__(
        self,
        window: QWidget,
        standing: Callable[[], Mapping[str, Any]],
        tell: Callable[[WorkbenchError], object],
    ) -> None:
        super().__init__(window)
        self._standing, self._tell = standing, tell
        self._written: Mapping[str, Any] = standing()
        self._failed = False
        self._timer = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._timer.timeout.connect(self.write)
        window.installEventFilter(self)

    def soon(self, *_: object) -> None:
        """Write after a moment without further changes."""
        self._timer.start()

    def write(self) -> None:
        """Write now; where that fails it is told once, and tried again with the next change."""
        self._timer.stop()
        now = self._standing()
        if now == self._written:
            return
        try:
            save_session(replace(load_session(), **now))
        except WorkbenchError as fault:
            if not self._failed:
                self._tell(fault)
            self._failed = True
        else:
            self._written, self._failed = now, False

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVED:
            self.soon()
        return False
