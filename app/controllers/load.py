"""What the machine does: CPU, memory, and how long ago things were saved, in the status line."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.workbench import Workbench

EVERY_MS = 2_000


class LoadMonitor(QObject):
    """Looks every two seconds; psutil comes after the first paint."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Look now and from here on."""
        import psutil

        psutil.cpu_percent()
        self._timer.start()

    def end(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self) -> None:
        import psutil

        memory = psutil.virtual_memory()
        self._bench.shell.set_load(psutil.cpu_percent(), memory.used, memory.total)
        self._bench.saving.show()
