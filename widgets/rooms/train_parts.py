"""Parts of the Train room: its header line and the list of checkpoints."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.buttons import Button, ToolButton
from widgets.controls.fields import FieldRow
from widgets.controls.marks import Chip, ProgressBar
from widgets.controls.text import Elided, label, set_property
from widgets.look.theme import scaled, theme
from widgets.rooms.pace import clock_text

SIDE = 320
_WIDE = 760
"""So wide a head has its bar between words and figures."""
STATES = {
    "training": ("training", "busy"),
    "paused": ("paused", "warning"),
    "finished": ("finished", "good"),
    "stopped": ("stopped", "warning"),
    "failed": ("failed", "bad"),
    "crashed": ("crashed", "bad"),
    "interrupted": ("interrupted", "warning"),
}
"""What the chip says of a run's state, and how grave it is."""


class RunHead(QWidget):
    """Title, where the run is, how far, how fast."""

    def __init__(self) -> None:
        super().__init__()
        self.title = Elided("", "title")
        self.chip = Chip()
        self.resume = Button("Resume", "run_resume", icon_name="play", small=True)
        self.resume.setAccessibleName("Resume this run")
        self.resume.setToolTip("Go on with this run from its last checkpoint")
        self.go_on = Button("Continue on …", "run_continue_on", small=True)
        self.go_on.setToolTip("Go on as a new run, on another engine or for more epochs")
        self.compare = ToolButton("compare", "Compare engines (Ctrl+E)", "train_compare")
        self.compare.setProperty("small", True)
        self.where = Elided("", "dim")
        self.bar = ProgressBar("run_progress", "Progress of the run")
        self.result_title, self.result = label("", "dim"), label("", "value")
        self.rate_title = label("Samples a second", "dim")
        self.rate = label("–", "value")
        self._build()

    def set_where(
        self, epochs: tuple[int, int], steps: tuple[int, int], gone: float, left: float | None
    ) -> None:
        """Say which epoch and step of how many; ``left`` None: no estimate."""
        words = f"Epoch {epochs[0]:,} of {epochs[1]:,} · step {steps[0]:,} of {steps[1]:,}"
        words += f" · {clock_text(gone)} gone"
        if left is not None:
            words += f", about {clock_text(left)} left"
        self.where.setText(words)

    def set_rate(self, samples: float) -> None:
        """Show samples a second, – where unknown."""
        self.rate.setText(f"{samples:,.0f}" if samples > 0 else "–")

    def set_result(self, title: str = "", value: str = "") -> None:
        """Show what the finished run is worth; nothing takes it away."""
        self.result_title.setText(title)
        self.result.setText(value)
        for part in (self.result_title, self.result):
            part.setVisible(bool(value))

    def _build(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addStrut(scaled(28))  # as high without its buttons as with them
        first.addWidget(self.title)
        first.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignVCenter)
        for button in (self.resume, self.go_on, self.compare):
            first.addWidget(button)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(first)
        words.addWidget(self.where)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        self._line = line = QHBoxLayout()
        whole.addLayout(line)
        line.setSpacing(32)
        line.addLayout(words)
        line.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
        set_property(self.result, "severity", "good")
        line.addLayout(_figure(self.result_title, self.result))
        line.addLayout(_figure(self.rate_title, self.rate))
        self.set_result()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the bar goes beneath the words, not between them."""
        super().resizeEvent(event)
        whole = self.layout()
        beneath = event.size().width() < scaled(_WIDE)
        assert isinstance(whole, QVBoxLayout)
        if beneath != (whole.indexOf(self.bar) >= 0):
            (self._line if beneath else whole).removeWidget(self.bar)
            if beneath:
                whole.addWidget(self.bar)
            else:
                self._line.insertWidget(1, self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
            self._line.setStretch(0, int(beneath))


def _figure(title: QLabel, value: QLabel) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(2)
    for part in (title, value):
        part.setAlignment(Qt.AlignmentFlag.AlignRight)
        column.addWidget(part)
    return column


class CheckpointRows(QWidget):
    """The best and the last checkpoint with what they were worth."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = {"best": FieldRow("best"), "last": FieldRow("last", last=True)}
        self.none = label("None yet.", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in (self.none, *self._rows.values()):
            column.addWidget(row)
        self.clear()

    def clear(self) -> None:
        """Forget all, for another run."""
        self.none.show()
        for row in self._rows.values():
            row.hide()

    def saved(self, epoch: int, step: int, worth: str, *, best: bool) -> None:
        """Note a checkpoint."""
        self.none.hide()
        for name in ("best", "last") if best else ("last",):
            row = self._rows[name]
            row.title.setText(f"{name} · epoch {epoch:,}")
            row.set_value(worth)
            row.setToolTip(f"After step {step:,}")
            row.show()


def side_width() -> int:
    """Return the recipe's width: with large text its words grow, its margins do not."""
    return SIDE + round(282 * (theme().scale - 1))
