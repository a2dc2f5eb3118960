"""Python's garbage is collected on the GUI thread alone, between two events.

Left to itself, Python collects in whatever thread happens to allocate; widgets that only a cycle holds
would then be destroyed in a worker thread, and Qt crashes on that now and then.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1_000


class Collector(QObject):
    """Takes collection over from ``begin`` to ``end``; create and use it on the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)

    def begin(self) -> None:
        """Collect from here on; what is there already is set aside, so that looking stays quick."""
        if not self._timer.isActive():
            gc.disable()
            gc.freeze()
            self._timer.start()

    def end(self) -> None:
        """Leave collection to Python again."""
        if self._timer.isActive():
            self._timer.stop()
            gc.unfreeze()
            gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold())]
        if any(due):
            gc.collect(max(place for place, is_due in enumerate(due) if is_due))
