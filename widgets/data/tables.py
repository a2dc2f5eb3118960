"""A table's columns with their statistics, and its samples row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from engines.contract.preview import ColumnView, DataPreview
from engines.contract.spec import DataManifest
from widgets.charts.numbers import number_text
from widgets.controls import Column, Table
from widgets.data.bars import paint_bins
from widgets.look.theme import scaled

_SPREAD = 5
_NUMBERS = (("Lowest", 0), ("Mean", 1), ("Highest", 0), ("Deviation", 2))
"""The columns of figures, and which go first where a name needs the room."""
PART_WORDS = {"train": "Training", "validation": "Validation", "test": "Test"}


def number(value: float) -> str:
    """Return a value as a person reads it in a table."""
    return number_text(value)


class _Bins(QStyledItemDelegate):
    """Draws a histogram where the value is a tuple of counts."""

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        option.text = ""
        super().paint(painter, option, index)
        counts = [int(count) for count in str(index.data()).split()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_bins(painter, QRectF(option.rect).adjusted(12, 6, -12, -6), counts)
        painter.restore()

    @override
    def displayText(self, value: Any, locale: Any) -> str:
        return ""


def column_table() -> Table:
    """Return an empty table for :func:`show_columns`."""
    numbers = [Column(title, number=True, shown=number, spare=spare) for title, spare in _NUMBERS]
    spread = Column("Spread", shown=lambda counts: " ".join(map(str, counts)), tip="How the values lie")
    made = Table([Column("Column"), *numbers, spread], "data_columns", "columns")
    made.view.setItemDelegateForColumn(_SPREAD, _Bins(made.view))
    header = made.view.horizontalHeader()
    header.setSectionResizeMode(_SPREAD, header.ResizeMode.Fixed)
    header.resizeSection(_SPREAD, scaled(168))
    return made


def show_columns(table: Table, columns: Sequence[ColumnView]) -> None:
    """Fill a table with the statistics of columns."""
    rows = [(c.name, c.minimum, c.mean, c.maximum, c.std, c.counts) for c in columns]
    table.set_rows([column.name for column in columns], rows)


def sample_table(manifest: DataManifest, preview: DataPreview) -> Table:
    """Return the samples of a preview as a table, the target first."""
    values = preview.samples.reshape(len(preview.samples), -1)
    names = manifest.features or tuple(f"{place + 1}" for place in range(values.shape[1]))
    columns = [
        Column(manifest.target),
        Column("Split"),
        *(Column(name, number=True, shown=number) for name in names),
    ]
    made = Table(columns, "data_samples", "samples")
    parts = preview.parts or ("",) * len(values)
    made.set_rows(
        [str(place) for place in range(len(values))],
        [
            (label, PART_WORDS.get(part, part), *map(float, row))
            for label, part, row in zip(preview.labels, parts, values)
        ],
    )
    header = made.view.horizontalHeader()
    header.setSectionResizeMode(0, header.ResizeMode.ResizeToContents)
    made.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    return made
