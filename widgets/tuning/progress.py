"""How a tuning goes: what is in hand, for how long, and a button to take the best so far."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engines.contract.events import Tuning
from widgets.controls.buttons import Button
from widgets.controls.marks import ProgressBar
from widgets.controls.text import label
from widgets.tuning.words import doing_text, time_text

TICK_MS = 200
NEARLY = 0.95
"""So much of the stretch in hand is shown as done while its end is only expected."""
STOP_TIP = "Takes the fastest of what was measured; ■ in the header can discard it all"


class TuneProgress(QWidget):
    """A line of words, a bar that moves on while nobody is heard, and a way out that keeps what there is."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._event: Tuning | None = None
        self._since = 0.0
        self.doing = label("", "caption", wrap=True)
        self.time = label("", "caption")
        self.bar = ProgressBar("tune_progress", "Progress of the tuning")
        self.stop = Button("Stop and take the best so far", "tune_stop", small=True)
        self.stop.setToolTip(STOP_TIP)
        self._timer = QTimer(self)
        self._timer.setObjectName("tune_progress_timer")
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._build()
        self.end()

    def begin(self) -> None:
        """Show that it begins."""
        self._event = None
        self.doing.setText("Preparing the data and the engine")
        self.time.setText("")
        self.bar.set_share(0.0)
        self.stop.set_busy(False)
        self.setVisible(True)
        self._timer.start()

    def show_event(self, event: Tuning) -> None:
        """Show how it stands."""
        before = self._event
        same = before is not None and (before.doing, before.settings) == (event.doing, event.settings)
        if not same or event.doing != "compile":
            self._since = self._clock()
        self._event = event
        self.doing.setText(doing_text(event))
        self.tick()

    def stopping(self) -> None:
        """Show that it was told to stop."""
        self.stop.set_busy(True, "Stopping …")

    def end(self) -> None:
        """Show nothing any more."""
        self._timer.stop()
        self.setVisible(False)

    def tick(self) -> None:
        """Move on with the time."""
        event = self._event
        if event is None:
            return
        passed = self._clock() - self._since
        self.time.setText(time_text(event, passed))
        stretch = min(NEARLY, passed / max(event.takes, 0.1))
        self.bar.set_share(event.share + (event.next_share - event.share) * stretch)

    def _build(self) -> None:
        told = QHBoxLayout()
        told.setSpacing(12)
        told.addWidget(self.doing, 1)
        told.addWidget(self.time)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 8)
        whole.setSpacing(8)
        whole.addLayout(told)
        whole.addWidget(self.bar)
        whole.addWidget(self.stop)
        self.stop.clicked.connect(self.stop_requested)
