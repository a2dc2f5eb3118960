"""Rows of a form: label at the left, value or field at the right, a hairline beneath."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAction, QDoubleValidator
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.card import Hairline
from widgets.controls.text import Elided, named
from widgets.look.icons import icon
from widgets.look.theme import scaled
from widgets.look.tokens import CONTROL

FIELD_WIDTH = 168


class FieldRow(QWidget):
    """One row: ``title`` dimmed at the left; a widget, or text that ``set_value`` changes, at the right."""

    def __init__(
        self, title: str, value: str | QWidget = "", *, last: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = QLabel(title)
        self.title.setProperty("role", "dim")
        self.field: QWidget = value if isinstance(value, QWidget) else _text(value)
        line = QHBoxLayout()
        room = 2 if isinstance(value, QWidget) else 4  # a field brings a frame of its own
        line.setContentsMargins(0, room, 0, room)
        line.setSpacing(12)
        line.addWidget(self.title)
        if isinstance(value, QWidget):
            line.addStretch(1)
            line.addWidget(value)
            self.title.setBuddy(value)
        else:
            line.addWidget(self.field, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(line)
        if not last:
            whole.addWidget(Hairline())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_value(self, text: str) -> None:
        """Change the text at the right; only where the row was made with text."""
        if isinstance(self.field, QLabel):
            self.field.setText(text)


def _text(value: str) -> QLabel:
    made = Elided(value)
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made.setMinimumHeight(24)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def whole_field(name: str, accessible: str, low: int, high: int, value: int) -> QSpinBox:
    """Return a field for a whole number between ``low`` and ``high``."""
    made = named(QSpinBox(), name, accessible)
    made.setRange(low, high)
    made.setValue(value)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    _shape(made)
    return made


def number_field(name: str, accessible: str, low: float, high: float, value: float) -> QLineEdit:
    """Return a field for a number such as 0.001 or 1e-4, typed as a person writes it."""
    made = named(QLineEdit(f"{value:g}"), name, accessible)
    validator = QDoubleValidator(low, high, 12, made)
    validator.setLocale(QLocale.c())
    made.setValidator(validator)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    _shape(made)
    return made


def text_field(name: str, accessible: str, text: str = "", hint: str = "") -> QLineEdit:
    """Return a field for a line of text."""
    made = named(QLineEdit(text), name, accessible)
    made.setPlaceholderText(hint)
    return made


_CLEAR = "_q_qlineeditclearaction"
"""Qt's name for the cross that empties a line."""


def search_field(name: str, accessible: str, hint: str) -> QLineEdit:
    """Return a field to look for something: a glass at its left, a cross at its right to empty it."""
    made = text_field(name, accessible, hint=hint)
    made.setProperty("search", True)
    made.setClearButtonEnabled(True)
    clear = made.findChild(QAction, _CLEAR)
    if clear is not None:  # else Qt's own cross stays
        clear.setIcon(icon("close", "dim"))
    made.addAction(icon("search", "dim"), QLineEdit.ActionPosition.LeadingPosition)
    return made


def choice(name: str, accessible: str, rows: Iterable[tuple[str, str]], key: str = "") -> QComboBox:
    """Return a list to choose from; ``rows`` are pairs of key (its data) and words."""
    made = named(QComboBox(), name, accessible)
    for row, words in rows:
        made.addItem(words, row)
    made.setCurrentIndex(max(0, made.findData(key)))
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(8)
    _shape(made)
    return made


def _shape(field: QWidget) -> None:
    field.setFixedSize(scaled(FIELD_WIDTH), scaled(CONTROL))
