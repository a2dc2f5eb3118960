"""The borders between a room's parts: where a person moved them to is kept, and comes back with the room."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QSplitter, QWidget


class Borders:
    """Follows every named splitter of the rooms; ``kept`` holds by name, as text, where its borders are."""

    def __init__(self, kept: Mapping[str, str], on_moved: Callable[[], object] = lambda: None) -> None:
        self.kept = dict(kept)
        self._on_moved = on_moved

    def watched(self, make: Callable[[], QWidget]) -> Callable[[], QWidget]:
        """Return what makes a room, and brings its borders back."""

        def made() -> QWidget:
            room = make()
            for splitter in room.findChildren(QSplitter):
                self._follow(splitter)
            return room

        return made

    def _follow(self, splitter: QSplitter) -> None:
        name = splitter.objectName()
        if not name:
            return
        if name in self.kept:
            splitter.restoreState(bytes_of(self.kept[name]))

        def keep() -> None:
            self.kept[name] = text_of(splitter.saveState())
            self._on_moved()

        splitter.splitterMoved.connect(keep)


def text_of(state: QByteArray) -> str:
    """Return Qt's bytes as text for the session."""
    return base64.b64encode(state.data()).decode("ascii")


def bytes_of(text: str) -> QByteArray:
    """Return Qt's bytes of such text; none of anything else, which Qt then leaves alone."""
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except ValueError:
        return QByteArray()
