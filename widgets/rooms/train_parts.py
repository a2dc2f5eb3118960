"""Parts of the Train room: its header line and the list of checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.charts.pyramid import Values
from widgets.charts.trace import Steps
from widgets.controls.buttons import Button, ToolButton
from widgets.controls.fields import FieldRow
from widgets.controls.marks import Chip, ProgressBar
from widgets.controls.messages import EmptyPage
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import Elided, label
from widgets.look.theme import scaled, theme
from widgets.look.tokens import GAP
from widgets.rooms.measures import measure_text
from widgets.rooms.pace import clock_text

SIDE = 320
NO_RUN = "No run yet. Press Train to see the loss of every step here as it comes."
NO_DESIGN = "There is no design to train yet. Start from a template."
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


_EXPORT = "Export …"
_PAIR = 780
"""So much two cards beside one another take, with all their tools and words."""
_EPOCHS = 8
"""So many epochs the charts of a long run show at least."""


def span_shown(step: int, total: int, epoch: int, *, ended: bool) -> int:
    """Return how many steps the charts have room for: of a run that has ended those that were done.

    While a run goes on: an eighth, a quarter, a half or the whole, that a long one is no hair at first.
    """
    if ended:
        return max(step, 1)
    parts = (total // part for part in (8, 4, 2))
    return next((part for part in parts if part >= max(step, _EPOCHS * epoch)), total)


def best_words(name: str, steps: Steps, values: Values, epoch: int) -> str:
    """Return what a card says of the validations so far: the best of them, and when."""
    if not len(values):
        return "every step, train and validation"
    best = int(values.argmin() if name in ("loss", "mae") else values.argmax())
    worth = measure_text(name, float(values[best]))
    return f"validation, best {worth} at epoch {-(-int(steps[best]) // epoch):,}"


class Steady(Elided):
    """A line that is as wide as its longest words, so that nothing beside it moves."""

    def __init__(self, role: str) -> None:
        super().__init__("", role)
        self._longest = ""

    def set_words(self, text: str, longest: str) -> None:
        """Show ``text`` in the room that ``longest`` takes."""
        self._longest = longest
        self.setText(text)

    @override
    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(max(hint.width(), self.fontMetrics().horizontalAdvance(self._longest)), hint.height())


class CardGrid(Scrolling):
    """Four cards, two in a row, or beneath one another where there is no room."""

    def __init__(self, cards: Sequence[QWidget]) -> None:
        super().__init__()
        self._cards, self._columns = tuple(cards), 0
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP)
        self.column.addLayout(self._grid)
        self._arrange(2)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(2 if self.width() >= max(scaled(520), _PAIR) - 3 * GAP else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // columns, place % columns)
            self._grid.setRowStretch(place, (5, 4)[min(place, 1)] if place < 4 // columns else 0)
        for column in (0, 1):
            self._grid.setColumnStretch(column, int(column < columns))


class NoRun(EmptyPage):
    """What the room shows before its first run."""

    def __init__(self) -> None:
        super().__init__("", "", "train_from_empty_page", icon_name="train")
        self.compare = Button("Compare engines", "compare_from_train", kind="quiet")
        self.add_below(self.compare)
        self.set_design(there=True)

    def set_design(self, *, there: bool) -> None:
        """Offer what can be done next: a run of the design, or first of all a design."""
        self.sentence.setText(NO_RUN if there else NO_DESIGN)
        self.button.setText("Train" if there else "Choose a template")
        self.button.setAccessibleName(self.button.text())
        self.compare.setVisible(there)


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
        self.ship = Button(_EXPORT, "run_export", icon_name="ship", small=True)
        self.ship.setToolTip("Save the model for use elsewhere, such as ONNX, on the Ship page")
        self.compare = ToolButton("compare", "Compare engines (Ctrl+E)", "train_compare")
        self.compare.setProperty("small", True)
        self.where = Steady("dim")
        self.bar = ProgressBar("run_progress", "Progress of the run")
        self.result_title, self.result = label("", "dim"), label("", "value")
        self.rate_title = label("Samples a second", "dim")
        self.rate = label("–", "value")
        self._build()

    def set_where(
        self, epochs: tuple[int, int], steps: tuple[int, int], gone: float, left: float | None
    ) -> None:
        """Say which epoch and step of how many; ``left`` None: no estimate."""
        self.where.set_words(
            _where(epochs[0], epochs[1], steps[0], steps[1], gone, left),
            _where(epochs[1], epochs[1], steps[1], steps[1], gone + (left or 0), left and gone + left),
        )

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
        for button in (self.resume, self.ship, self.go_on, self.compare):
            first.addWidget(button)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)  # so the two lines stand still, whatever buttons come and go
        words.addLayout(first)
        words.addWidget(self.where)
        words.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        self._line = line = QHBoxLayout()
        whole.addLayout(line)
        line.setSpacing(32)
        line.addLayout(words)
        line.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(_figure(self.result_title, self.result))
        line.addLayout(_figure(self.rate_title, self.rate))
        self.set_result()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the bar goes beneath the words, not between them."""
        super().resizeEvent(event)
        whole = self.layout()
        beneath = event.size().width() < scaled(_WIDE)
        self.ship.setText("" if beneath else _EXPORT)  # its icon and its tooltip stay
        assert isinstance(whole, QVBoxLayout)
        if beneath != (whole.indexOf(self.bar) >= 0):
            (self._line if beneath else whole).removeWidget(self.bar)
            if beneath:
                whole.addWidget(self.bar)
            else:
                self._line.insertWidget(1, self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
            self._line.setStretch(0, int(beneath))


def _where(epoch: int, epochs: int, step: int, steps: int, gone: float, left: float | None) -> str:
    words = f"Epoch {epoch:,} of {epochs:,} · step {step:,} of {steps:,} · {clock_text(gone)} gone"
    return words if left is None else f"{words}, about {clock_text(left)} left"


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
