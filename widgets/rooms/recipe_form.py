"""The values of a recipe: fields before a run, plain values while one goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from engines.contract.spec import Recipe
from widgets.controls.buttons import Disclosure
from widgets.controls.drops import DropRow, DropSection
from widgets.controls.fields import FieldRow, choice, number_field, whole_field
from widgets.rooms.recipe_words import LAYOUTS, LOSSES, MODES, OPTIMIZERS, PRECISIONS, SCHEDULES, Choices

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
    tip: str = ""


_ROWS = (
    _Row("epochs", "Epochs", 1, 100_000, tip="How often the model sees every training sample"),
    _Row("batch_size", "Batch size", 1, 1_000_000, tip="So many samples share one update of the weights"),
    _Row(
        "learning_rate",
        "Learning rate",
        1e-12,
        1e3,
        whole=False,
        tip="How far an update moves the weights: too far and the loss jumps, too little and it hardly falls",
    ),
    _Row("optimizer", "Optimizer", choices=OPTIMIZERS, tip="How gradients become updates"),
    _Row("schedule", "Schedule", choices=SCHEDULES, tip="How the learning rate changes over the run"),
    _Row("loss", "Loss", choices=LOSSES, tip="What training makes small"),
    _Row(
        "precision",
        "Precision",
        choices=PRECISIONS,
        tip="The numbers that layers compute in; half precision can be faster on a GPU",
    ),
    _Row(
        "run_mode",
        "Run mode",
        choices=(("", "Engine’s default"), *MODES),
        tip="Step by step, or compiled first: slower to start, often faster then",
    ),
    _Row(
        "patience",
        "Early stopping",
        0,
        100_000,
        off="off",
        tip="Ends the run after so many epochs without a better validation; 0: never",
    ),
)
_MORE = (
    _Row(
        "warmup_steps",
        "Warm-up steps",
        0,
        1_000_000_000,
        off="off",
        tip="The learning rate rises to its value over so many steps; 0: at once",
    ),
    _Row(
        "weight_decay",
        "Weight decay",
        0,
        1e3,
        whole=False,
        tip="Pulls the weights towards zero, against overfitting; 0: not at all",
    ),
    _Row(
        "seed",
        "Seed",
        0,
        _MOST,
        tip="The same seed gives the same first weights and the same order of samples",
    ),
    _Row(
        "clip_norm",
        "Clip gradients",
        0,
        1e9,
        whole=False,
        off="off",
        tip="The gradients’ joint L2 norm is cut to this; 0: never",
    ),
    _Row(
        "accumulate",
        "Batch in parts",
        1,
        1_000_000,
        tip="A batch goes through in so many equal parts, their gradients averaged before the one update",
    ),
    _Row("memory_layout", "Memory layout", choices=LAYOUTS, tip="How images lie in memory"),
)
"""What few recipes need: out of sight until it is asked for, or is not as usual."""


class RecipeForm(QWidget):
    """Emits ``recipe_changed`` with the one value that a person changed."""

    recipe_changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, QWidget] = {}
        self.recipe = Recipe()
        self.more = Disclosure("More", "recipe_more")
        self._texts: dict[str, FieldRow] = {}
        self._offers: dict[str, Sequence[DropRow]] = {}
        self._edit, self._read = QWidget(), QWidget()
        self._build()
        self.set_recipe(self.recipe)

    def set_recipe(self, recipe: Recipe) -> None:
        """Show ``recipe``, without a signal."""
        self.recipe = recipe
        for row in (*_ROWS, *_MORE):
            value = getattr(recipe, row.name)
            _show(self.fields[row.name], value)
            self._texts[row.name].set_value(self._text(row, value))
        for row in _MORE:
            self._texts[row.name].setVisible(_is_unusual(recipe, row))
        if any(_is_unusual(recipe, row) for row in _MORE):
            self.more.setChecked(True)

    def set_offers(self, sections: Sequence[DropSection]) -> None:
        """Offer what the chosen engine has; what does not go is grey, with the reason as its tooltip."""
        for section in sections:
            field = self.fields[section.key]
            if isinstance(field, QComboBox):
                self._offers[section.key] = section.rows
                _offer(field, section.rows)
        self.set_recipe(self.recipe)

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
            make = self._edit_row if holder is self._edit else self._text_row
            for row in _ROWS:
                column.addWidget(make(row))
            if holder is self._edit:
                self._build_more(column)
            else:
                for row in _MORE:
                    column.addWidget(make(row))
            whole.addWidget(holder)
        self.set_editable(True)

    def _build_more(self, column: QVBoxLayout) -> None:
        rows = QWidget()
        inner = QVBoxLayout(rows)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        for row in _MORE:
            inner.addWidget(self._edit_row(row))
        rows.hide()
        self.more.toggled.connect(rows.setVisible)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(rows)

    def _edit_row(self, row: _Row) -> FieldRow:
        self.fields[row.name] = field = _field(row)
        if isinstance(field, QComboBox):
            field.activated.connect(lambda _: self._on_field_edited(row, field.currentData()))
        elif isinstance(field, QSpinBox):
            field.setKeyboardTracking(False)
            field.valueChanged.connect(lambda value: self._on_field_edited(row, value))
        elif isinstance(field, QLineEdit):
            field.editingFinished.connect(lambda: self._on_field_edited(row, float(field.text())))
        field.setToolTip(row.tip)
        made = FieldRow(row.title, field, last=True)
        made.setToolTip(row.tip)
        return made

    def _text_row(self, row: _Row) -> FieldRow:
        self._texts[row.name] = made = FieldRow(row.title, "–")
        made.setToolTip(row.tip)
        return made

    def _on_field_edited(self, row: _Row, value: Any) -> None:
        if value == getattr(self.recipe, row.name):
            return
        self.recipe = replace(self.recipe, **{row.name: value})
        self._texts[row.name].set_value(self._text(row, value))
        self.recipe_changed.emit({row.name: value})

    def _text(self, row: _Row, value: Any) -> str:
        offered = {each.key: each.title for each in self._offers.get(row.name, ())}
        return offered.get(value) or _text(row, value)


def _is_unusual(recipe: Recipe, row: _Row) -> bool:
    return bool(getattr(recipe, row.name) != getattr(Recipe(), row.name))


def _field(row: _Row) -> QWidget:
    name = f"recipe_{row.name}"
    if row.choices:
        return choice(name, row.title, row.choices)
    if not row.whole:
        return number_field(name, row.title, row.low, row.high, row.low)
    field = whole_field(name, row.title, int(row.low), int(row.high), int(row.low))
    field.setSpecialValueText(row.off)
    return field


def _offer(field: QComboBox, rows: Sequence[DropRow]) -> None:
    field.blockSignals(True)
    field.clear()
    for place, row in enumerate(rows):
        field.addItem(row.title, row.key)
        field.setItemData(place, row.reason or row.detail, Qt.ItemDataRole.ToolTipRole)
        model = field.model()
        assert isinstance(model, QStandardItemModel)
        model.item(place).setEnabled(not row.reason)
    field.blockSignals(False)


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
