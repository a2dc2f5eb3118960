"""The values of a recipe: fields before a run, plain values while one goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from engines.contract.spec import Recipe
from widgets.controls.fields import FieldRow, choice, number_field, whole_field

Choices = Sequence[tuple[str, str]]

LOSSES: Choices = (
    ("cross_entropy", "Cross entropy"),
    ("binary_cross_entropy", "Binary cross entropy"),
    ("mean_squared_error", "Mean squared error"),
    ("mean_absolute_error", "Mean absolute error"),
    ("huber", "Huber"),
)
OPTIMIZERS: Choices = (("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD, momentum"), ("rmsprop", "RMSprop"))
SCHEDULES: Choices = (("constant", "Constant"), ("cosine", "Cosine"), ("step", "Step"))
PRECISIONS: Choices = (
    ("fp32", "FP32"),
    ("fp64", "FP64"),
    ("tf32", "TF32"),
    ("bf16", "BF16 mixed"),
    ("fp16", "FP16 mixed"),
)
_MOST = 2**31 - 1


@dataclass(frozen=True)
class _Row:
    name: str
    title: str
    low: float = 0
    high: float = 0
    whole: bool = True
    choices: Choices = ()
    off: str = ""  # what 0 means, where it means "off"


_ROWS = (
    _Row("epochs", "Epochs", 1, 100_000),
    _Row("batch_size", "Batch size", 1, 1_000_000),
    _Row("learning_rate", "Learning rate", 1e-12, 1e3, whole=False),
    _Row("optimizer", "Optimizer", choices=OPTIMIZERS),
    _Row("schedule", "Schedule", choices=SCHEDULES),
    _Row("warmup_steps", "Warm-up steps", 0, 1_000_000_000, off="off"),
    _Row("loss", "Loss", choices=LOSSES),
    _Row("weight_decay", "Weight decay", 0, 1e3, whole=False),
    _Row("precision", "Precision", choices=PRECISIONS),
    _Row("patience", "Early stopping", 0, 100_000, off="off"),
    _Row("seed", "Seed", 0, _MOST),
)


class RecipeForm(QWidget):
    """Emits ``recipe_changed`` with the one value that a person changed."""

    recipe_changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, QWidget] = {}
        self.recipe = Recipe()
        self._texts: dict[str, FieldRow] = {}
        self._edit, self._read = QWidget(), QWidget()
        self._build()
        self.set_recipe(self.recipe)

    def set_recipe(self, recipe: Recipe) -> None:
        """Show ``recipe``, without a signal."""
        self.recipe = recipe
        for row in _ROWS:
            value = getattr(recipe, row.name)
            _show(self.fields[row.name], value)
            self._texts[row.name].set_value(_text(row, value))

    def set_editable(self, editable: bool) -> None:
        """Show fields, or plain values."""
        self._edit.setVisible(editable)
        self._read.setVisible(not editable)

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        for holder in (self._edit, self._read):
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            for place, row in enumerate(_ROWS):
                last = place == len(_ROWS) - 1
                column.addWidget(
                    self._edit_row(row, last) if holder is self._edit else self._text_row(row, last)
                )
            whole.addWidget(holder)
        self.set_editable(True)

    def _edit_row(self, row: _Row, last: bool) -> FieldRow:
        self.fields[row.name] = field = _field(row)
        if isinstance(field, QComboBox):
            field.activated.connect(lambda _: self._on_field_edited(row, field.currentData()))
        elif isinstance(field, QSpinBox):
            field.setKeyboardTracking(False)
            field.valueChanged.connect(lambda value: self._on_field_edited(row, value))
        elif isinstance(field, QLineEdit):
            field.editingFinished.connect(lambda: self._on_field_edited(row, float(field.text())))
        return FieldRow(row.title, field, last=last)

    def _text_row(self, row: _Row, last: bool) -> FieldRow:
        self._texts[row.name] = made = FieldRow(row.title, "–", last=last)
        return made

    def _on_field_edited(self, row: _Row, value: Any) -> None:
        if value == getattr(self.recipe, row.name):
            return
        self.recipe = replace(self.recipe, **{row.name: value})
        self._texts[row.name].set_value(_text(row, value))
        self.recipe_changed.emit({row.name: value})


def _field(row: _Row) -> QWidget:
    name = f"recipe_{row.name}"
    if row.choices:
        return choice(name, row.title, row.choices)
    if not row.whole:
        return number_field(name, row.title, row.low, row.high, row.low)
    field = whole_field(name, row.title, int(row.low), int(row.high), int(row.low))
    field.setSpecialValueText(row.off)
    return field


def _show(field: QWidget, value: Any) -> None:
    field.blockSignals(True)
    if isinstance(field, QComboBox):
        field.setCurrentIndex(max(0, field.findData(value)))
    elif isinstance(field, QSpinBox):
        field.setValue(value)
    elif isinstance(field, QLineEdit):
        field.setText(f"{value:g}")
    field.blockSignals(False)


def _text(row: _Row, value: Any) -> str:
    if row.choices:
        return dict(row.choices).get(value, str(value))
    if row.off and not value:
        return row.off
    return f"{value:,}" if isinstance(value, int) and row.name != "seed" else f"{value:g}"
