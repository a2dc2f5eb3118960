"""The open design is written a moment after each change."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app import rescue
from engines.contract.errors import ErrorCode, WorkbenchError

if TYPE_CHECKING:
    from app.messages.message import Told
    from app.workbench import Workbench

AFTER_MS = 400


class Autosave(QObject):
    """Saves the workbench's design; where that fails it says so, keeps it elsewhere, and goes on trying."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._unsaved = False
        self._at = 0.0
        self._fault: Told | None = None
        """What was told when the design could not be saved, as long as that is so."""
        self._timer = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._timer.timeout.connect(self.save)

    def note_change(self) -> None:
        """Save soon; who goes on changing is saved meanwhile."""
        self._unsaved = True
        if not self._timer.isActive():
            self._timer.start()

    def save(self) -> bool:
        """Write the design now, if it changed; tell where that fails and keep trying with the next change."""
        if self._bench.attempt(self.write):
            return True
        self._fault = self._bench.told
        self.show()
        if self._bench.project is not None and self._bench.design is not None:
            with suppress(WorkbenchError):  # that it is not saved has been told
                rescue.keep(self._bench.project, self._bench.design)
        return False

    def write(self) -> None:
        """Write the design now, if it changed; raises what writing raises."""
        self._timer.stop()
        project, design = self._bench.project, self._bench.design
        if project is None or design is None or not self._unsaved:
            return
        kept = project.save_design(design)
        self.note_written()
        if kept:
            name = project.current_design
            fault = WorkbenchError(ErrorCode.DESIGN_CHANGED_ELSEWHERE, design=name, kept=kept)
            self._bench.tell(fault, "warning")

    def note_written(self) -> None:
        """Know that the design is in its file as it is now."""
        self._timer.stop()
        self._unsaved, self._at = False, monotonic()
        if self._bench.project is not None:
            rescue.drop(self._bench.project)
        if self._fault is not None:
            self._bench.take_back(self._fault)
        self._fault = None
        self.show()

    def show(self) -> None:
        """Say how long ago the design was written, or that it could not be."""
        if self._fault is not None:
            self._bench.shell.set_saved("Not saved")
        elif self._bench.project is not None and self._at:
            age = monotonic() - self._at
            ago = "just now" if age < 2 else f"{age:.0f} s ago" if age < 60 else f"{age / 60:.0f} min ago"
            self._bench.shell.set_saved(f"Saved {ago}")
