"""What other windows and programs do to the open project while this window is open."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from typing_extensions import override

from app.home import user_data
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder
from engines.training.lock import FolderLock

OPEN = "open"
"""The folder with a lock for each project that a window has open."""


class ElsewhereController(QObject):
    """Looks at the project's files when a person comes back to the window, and tells of a second window."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._held: FolderLock | None = None
        self._folder: Path | None = None
        self._away = False
        bench.project_changed.connect(self._on_project_changed)
        bench.run_ended.connect(self.look)  # a run may have failed of what is told then
        bench.shell.window().installEventFilter(self)

    def end(self) -> None:
        """Let another window be the only one."""
        if self._held is not None:
            self._held.release()
        self._held = self._folder = None

    def look(self) -> None:
        """Show what was saved elsewhere; tell, once, that the project or the run that is shown is away."""
        bench = self._bench
        if bench.project is None or bench.shell.header.state != "idle":
            return
        self._hold()  # the other window may be closed by now
        there = bench.project.folder.is_dir()
        if there or not self._away:
            bench.agree()
        self._away = not there
        if there and bench.run and not Path(bench.run).is_dir():
            fault = WorkbenchError(ErrorCode.RUN_AWAY, run=Path(bench.run).name)
            bench.choose_run("")
            bench.runs_changed.emit()
            bench.tell(fault, "warning")

    def _on_project_changed(self) -> None:
        folder = self._bench.project.folder if self._bench.project is not None else None
        if folder == self._folder:
            return
        self.end()
        self._folder, self._away = folder, False
        if self._hold() is ErrorCode.RUN_BUSY:
            self._bench.tell(WorkbenchError(ErrorCode.PROJECT_OPEN_TWICE, path=str(folder)), "info")

    def _hold(self) -> ErrorCode | None:
        """Let other windows know that the project is open here; return what keeps it from them."""
        if self._held is None and self._folder is not None:
            try:
                self._held = _lock(self._folder)
            except WorkbenchError as fault:
                return fault.code
        return None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowActivate:
            self.look()
        return False


def is_open_elsewhere(folder: Path) -> bool:
    """Tell whether another window that lives has the project in ``folder`` open."""
    try:
        _lock(folder).release()
    except WorkbenchError as fault:
        return fault.code is ErrorCode.RUN_BUSY
    return False


def _lock(folder: Path) -> FolderLock:
    place = user_data() / OPEN
    make_folder(place)
    return FolderLock(place, hashlib.sha256(str(folder).encode()).hexdigest()[:16], patience=0.0)
