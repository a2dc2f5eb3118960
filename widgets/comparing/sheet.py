"""The sheets: which engines are compared and how; on which engine a run goes on and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.comparing.shown import EngineChoice, GoOn
from widgets.controls.buttons import Button
from widgets.controls.card import Hairline
from widgets.controls.fields import FieldRow, choice, whole_field
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label, named
from widgets.look.theme import scaled
from widgets.rooms.recipe_words import PRECISIONS

_TITLE_BAR = 48
"""So much of the screen is left for what a system draws around a dialog."""
CPU, FP32 = "cpu", "fp32"
"""Where every engine is compared unless a person chooses otherwise."""


class Sheet(QDialog):
    """A small dialog: a title, a sentence, what is chosen, and two buttons at its foot."""

    def __init__(self, name: str, title: str, sentence: str, act: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setModal(True)
        self._area = Scrolling()
        self.body = self._area.column
        self._inner = cast("QWidget", self._area.widget())
        self.body.setSpacing(8)
        self.act = Button(act, f"{name}_act", kind="primary")
        self.cancel = Button("Cancel", f"{name}_cancel")
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.act)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 20, 20, 16)
        whole.setSpacing(12)
        whole.addWidget(label(title, "title"))
        words = label(sentence, "dim", wrap=True)
        words.setMinimumWidth(scaled(400))
        whole.addWidget(words)
        whole.addWidget(self._area, 1)
        whole.addWidget(Hairline())
        whole.addLayout(foot)
        self.act.setDefault(True)
        self.cancel.clicked.connect(self.reject)
        self._inner.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        """Be as high as all that is asked, but no higher than the screen: what is too much scrolls."""
        inner = self._inner
        least = inner.minimumSizeHint().width()
        self._area.setMinimumSize(least, 0)
        layout = self.body if self.body.hasHeightForWidth() else None
        high = layout.totalHeightForWidth(max(self._area.width(), least)) if layout else 0
        around = self.minimumSizeHint().height() - self._area.minimumSizeHint().height()
        most = self.screen().availableGeometry().height() - around - _TITLE_BAR
        self._area.setMinimumHeight(min(max(high, inner.sizeHint().height()), most))


class CompareSheet(Sheet):
    """Chooses engines and what each trains.

    ``chosen`` carries engines, parts, whether dropout stays, and device by engine where it is not the CPU. An
    engine that is compared with itself is there twice, then as ``ENGINE:MODE`` or ``ENGINE:DEVICE``.
    """

    chosen = Signal(list, list, bool, dict)

    def __init__(
        self,
        engines: Sequence[EngineChoice],
        epochs: int,
        precision: str,
        *,
        dropout: bool,
        parent: QWidget | None,
    ) -> None:
        sentence = "The same design, data, sample order and first weights on each, one after the other."
        super().__init__("compare_sheet", "Compare engines", sentence, "Compare", parent)
        self.engines: dict[str, QCheckBox] = {}
        self.devices: dict[str, QComboBox] = {}
        self.also: dict[str, QComboBox] = {}
        self.body.addWidget(label("Engines", "heading"))
        for engine in engines:
            self._add_engine(engine)
        if self.also:
            self._hint("Once, or beside itself: in another run mode, or on another device.")
        self.body.addSpacing(8)
        self.body.addWidget(label("What is trained", "heading"))
        self.check = self._box("compare_check", "Check in FP64: 100 steps, without dropout")
        self._hint("Decides whether the engines mean the same: rounding is too small to hide anything.")
        plural = "epoch" if epochs == 1 else "epochs"
        self.whole = self._box(
            "compare_whole", f"The whole training: {epochs:,} {plural} in {precision.upper()}"
        )
        self._hint("Shows speed, memory and how far rounding lets the curves drift apart.")
        self.dropout = self._box("compare_dropout", "Keep dropout in the whole training")
        self.dropout.setVisible(dropout)
        self.dropout.setChecked(False)
        self.dropout_hint = self._hint(
            "Every engine draws its own masks, so the curves then differ by nature."
        )
        self.dropout_hint.setVisible(dropout)
        self.act.clicked.connect(self._on_act)
        for box in (*self.engines.values(), self.check, self.whole):
            box.toggled.connect(self._judge)
        self._judge()

    def _add_engine(self, engine: EngineChoice) -> None:
        words = f"{engine.title}  {engine.detail}".strip()
        box = named(QCheckBox(words), f"compare_engine_{engine.key}", words)
        box.setChecked(engine.chosen and not engine.reason)
        box.setEnabled(not engine.reason)
        line = QHBoxLayout()
        line.addWidget(box, 1)
        if len(engine.devices) > 1 and not engine.reason:
            line.addWidget(self._device_choice(engine, box))
        if engine.also and not engine.reason:
            line.addWidget(self._also_choice(engine, box))
        self.body.addLayout(line)
        if engine.reason:
            self._hint(engine.reason)
        self.engines[engine.key] = box

    def _device_choice(self, engine: EngineChoice, box: QCheckBox) -> QComboBox:
        name = f"compare_device_{engine.key}"
        made = choice(name, f"Device of {engine.title}", engine.devices, CPU)
        box.toggled.connect(made.setEnabled)
        made.setEnabled(box.isChecked())
        made.currentIndexChanged.connect(self._judge)
        self.devices[engine.key] = made
        return made

    def _also_choice(self, engine: EngineChoice, box: QCheckBox) -> QComboBox:
        rows = [("", "Once"), *((key, f"And {title}") for key, title in engine.also)]
        made = choice(f"compare_also_{engine.key}", f"{engine.title} against itself", rows)
        made.setToolTip(f"Compares {engine.title} with itself: in another run mode, or on another device")
        box.toggled.connect(made.setEnabled)
        made.setEnabled(box.isChecked())
        made.currentIndexChanged.connect(self._judge)
        self.also[engine.key] = made
        return made

    def _chosen_engines(self) -> list[str]:
        """Return the engines, and beside them those that are compared with themselves."""
        found = []
        for key, box in self.engines.items():
            again = str(self.also[key].currentData()) if key in self.also else ""
            same = key in self.devices and again == self.devices[key].currentData()
            if box.isChecked():
                found += [key, f"{key}:{again}"] if again and not same else [key]
        return found

    def _box(self, name: str, words: str) -> QCheckBox:
        box = named(QCheckBox(words), name, words)
        box.setChecked(True)
        self.body.addWidget(box)
        return box

    def _hint(self, words: str) -> QWidget:
        hint = label(words, "caption", wrap=True)
        hint.setContentsMargins(scaled(24), 0, 0, 2)
        self.body.addWidget(hint)
        return hint

    def _judge(self) -> None:
        few = len(self._chosen_engines()) < 2
        nothing = not (self.check.isChecked() or self.whole.isChecked())
        reason = (
            "Choose two engines at least, or one against itself."
            if few
            else "Choose what is to be trained."
            if nothing
            else ""
        )
        self.act.set_enabled(not reason, reason)
        self.dropout.setEnabled(self.whole.isChecked())

    def _on_act(self) -> None:
        engines = self._chosen_engines()
        parts = [part for part, box in (("check", self.check), ("whole", self.whole)) if box.isChecked()]
        keep = self.dropout.isChecked() and self.dropout.isVisible()
        chosen = {key: str(field.currentData()) for key, field in self.devices.items() if key in engines}
        self.accept()
        self.chosen.emit(engines, parts, keep, {key: one for key, one in chosen.items() if one != CPU})


class ContinueSheet(Sheet):
    """Chooses how a run goes on as a new one; ``chosen`` carries a ``GoOn``.

    The run was trained on ``device`` in ``precision``: a device of that kind and that precision are
    proposed where the engine has them.
    """

    chosen = Signal(object)

    def __init__(
        self,
        title: str,
        engines: Sequence[EngineChoice],
        epochs: int,
        done: int,
        parent: QWidget | None,
        device: str = CPU,
        precision: str = FP32,
    ) -> None:
        sentence = (
            f"A new run goes on from {title} after epoch {done:,}, with its weights and its optimizer’s "
            "state. The run itself stays as it is."
        )
        super().__init__("continue_sheet", "Continue on another engine", sentence, "Continue", parent)
        self._engines = {engine.key: engine for engine in engines}
        self._device_kind, self._precision = device.partition(":")[0], precision
        usable = [(engine.key, engine.title) for engine in engines if not engine.reason]
        chosen = next((engine.key for engine in engines if engine.chosen and not engine.reason), "")
        self.engine = choice("continue_engine", "Engine", usable, chosen)
        self.device = choice("continue_device", "Device", ())
        self.precision = choice("continue_precision", "Precision", ())
        rows = [("last", "Last, with optimizer"), ("best", "Best weights alone")]
        self.checkpoint = choice("continue_checkpoint", "Checkpoint", rows)
        self.epochs = whole_field("continue_epochs", "Further epochs", 1, 100_000, max(1, epochs))
        self._build()
        self.engine.currentIndexChanged.connect(self._offer)
        self._offer()
        self.act.set_enabled(bool(usable), "No engine is installed.")
        self.act.clicked.connect(self._on_act)

    def _build(self) -> None:
        self._device_row = FieldRow("Device", self.device)
        self._precision_row = FieldRow("Precision", self.precision)
        self.body.addWidget(FieldRow("Engine", self.engine))
        self.body.addWidget(self._device_row)
        self.body.addWidget(self._precision_row)
        self.body.addWidget(FieldRow("Checkpoint", self.checkpoint))
        self.body.addWidget(FieldRow("Further epochs", self.epochs))
        for engine in self._engines.values():
            if engine.reason:
                self.body.addWidget(label(f"{engine.title}: {engine.reason}", "caption", wrap=True))

    def _offer(self) -> None:
        """Offer what the chosen engine has; where it has told of nothing, nothing is asked."""
        engine = self._engines.get(str(self.engine.currentData()))
        devices = engine.devices if engine else ()
        alike = next((key for key, _ in devices if key.partition(":")[0] == self._device_kind), CPU)
        _fill(self.device, devices, alike)
        self._device_row.setVisible(len(devices) > 1)
        titles = dict(PRECISIONS)
        had = engine.precisions if engine else ()
        _fill(self.precision, [(key, titles.get(key, key)) for key in had], self._precision)
        self._precision_row.setVisible(len(had) > 1)

    def _on_act(self) -> None:
        fields = (self.engine, self.device, self.precision, self.checkpoint)
        engine, device, precision, checkpoint = (str(field.currentData() or "") for field in fields)
        chosen = GoOn(engine, device, precision, checkpoint, self.epochs.value())
        self.accept()
        self.chosen.emit(chosen)


def _fill(field: QComboBox, rows: Sequence[tuple[str, str]], key: str) -> None:
    """Offer ``rows`` alone, the one of this key or else the first proposed."""
    field.clear()
    for row, words in rows:
        field.addItem(words, row)
    field.setCurrentIndex(max(0, field.findData(key)) if rows else -1)
