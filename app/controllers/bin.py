"""The bin of the open project: what is in it, and emptying it, after a question."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.desk import Desk
from app.messages import words
from app.messages.message import Told
from app.workbench import Workbench
from engines.contract.events import Event
from engines.runs.manage import BinContent, empty_bin, look_into_bin
from widgets.canvas.model import byte_size

if TYPE_CHECKING:
    from widgets.rooms.settings import SettingsRoom

EMPTY = "empty_bin"
"""The action of the message's button."""


class BinController(QObject):
    """Files are looked at and removed in a thread: a bin may be large."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: SettingsRoom | None = None
        self._found = BinContent()
        bench.project_changed.connect(self._look)
        bench.shell.room_chosen.connect(self._look)
        bench.offer(EMPTY, self._empty)

    def connect_room(self, room: SettingsRoom) -> None:
        """Show the bin in the room, and ask where it is to be emptied."""
        self._room = room
        room.empty_bin_requested.connect(self._ask)

    def _look(self) -> None:
        """See what the bin holds, where somebody sees it."""
        if self._room is None or self._bench.shell.key != "settings":
            return
        if self._bench.project is None:
            self._show(BinContent())
        else:
            self._work(self._bench.project.folder, empty=False)

    def _work(self, folder: Path, *, empty: bool) -> None:
        found: list[BinContent] = []

        def flow(_: Desk) -> Iterator[Event]:
            if empty:
                empty_bin(folder)
            found.append(look_into_bin(folder))
            yield from ()

        self._bench.work("bin", flow, on_end=partial(self._on_looked, folder, found, empty))

    def _on_looked(self, folder: Path, found: list[BinContent], emptied: bool, outcome: object) -> None:
        if isinstance(outcome, BaseException):
            self._bench.tell(outcome)
        if emptied:
            self._bench.bin_emptied.emit()
        project = self._bench.project
        if found and project is not None and project.folder == folder:
            self._show(found[0])
            if emptied:
                self._bench.say(words.BIN_EMPTIED)

    def _show(self, found: BinContent) -> None:
        self._found = found
        if self._room is not None:
            self._room.set_bin(_told(found) or words.BIN_EMPTY, can_be_emptied=bool(found.bytes))

    def _ask(self) -> None:
        what = words.BIN_QUESTION.format(found=_told(self._found))
        self._bench.show_told(Told(what, words.BIN_WARNING, "", EMPTY), "warning")

    def _empty(self) -> None:
        self._bench.quiet()
        if self._bench.project is not None:
            self._work(self._bench.project.folder, empty=True)


def _told(found: BinContent) -> str:
    """Return what is there in words, "" where nothing is."""
    counted = zip((found.runs, found.comparisons), words.BIN_THINGS)
    named = [f"{count} {one if count == 1 else many}" for count, (one, many) in counted if count]
    return f"{', '.join(named)}, {byte_size(found.bytes)}" if named else ""
