"""Editors of a layer's settings, one kind of field a type of setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QSpinBox, QWidget
from typing_extensions import override

from engines.contract.spec import Setting
from engines.design.kinds import SettingKind
from widgets.controls.fields import choice, whole_field
from widgets.controls.text import label, named, set_property
from widgets.look.theme import scaled
from widgets.look.tokens import CONTROL

MOST = 2**31 - 1
_WIDTH = 172


class Editor(QWidget):
    """One setting's field. ``edited`` carries the new value, as the person meant it, unchecked."""

    edited = Signal(object)

    def __init__(self, kind: SettingKind) -> None:
        super().__init__()
        self.kind = kind
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self.setToolTip(f"{kind.help} ({kind.wanted})")
        self.setFixedWidth(scaled(_WIDTH))
        self.setMinimumHeight(scaled(CONTROL))

    def show_value(self, value: Setting) -> None:
        """Show ``value`` without saying that it was edited."""
        raise NotImplementedError

    def _named(self) -> tuple[str, str]:
        return f"setting_{self.kind.key}", f"{title_of(self.kind)}: {self.kind.help}"

    def _bounds(self) -> tuple[int, int]:
        low, high = self.kind.minimum, self.kind.maximum
        return int(max(low, -MOST)), int(min(high, MOST))


class WholeEditor(Editor):
    """A spin box."""

    def __init__(self, kind: SettingKind) -> None:
        super().__init__(kind)
        self.field = _spin(*self._named(), *self._bounds())
        self.field.valueChanged.connect(self.edited.emit)
        self._row.addWidget(self.field)
        self.setFocusProxy(self.field)

    @override
    def show_value(self, value: Setting) -> None:
        with QSignalBlocker(self.field):
            self.field.setValue(int(value) if isinstance(value, int) else 0)


class LineEditor(Editor):
    """A line to type a value in; no validator, since the document says what fits."""

    def __init__(self, kind: SettingKind) -> None:
        super().__init__(kind)
        self.field = named(QLineEdit(), *self._named())
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.editingFinished.connect(self._on_edited)
        self.field.installEventFilter(_UndoGuard(self.field, lambda: self.field.text() != self._shown))
        self._row.addWidget(self.field)
        self.setFocusProxy(self.field)
        self._shown = ""

    @override
    def show_value(self, value: Setting) -> None:
        self._shown = self._written(value)
        self.field.setText(self._shown)
        set_property(self.field, "wrong", False)

    def _on_edited(self) -> None:
        if self.field.text() != self._shown:
            self.edited.emit(self._read(self.field.text()))

    def _written(self, value: Setting) -> str:
        """Return the value as a person would type it."""
        raise NotImplementedError

    def _read(self, text: str) -> object:
        """Return the value that was typed, or the text where it is none."""
        raise NotImplementedError


class NumberEditor(LineEditor):
    """A line for a number such as 0.9 or 1e-5."""

    @override
    def _written(self, value: Setting) -> str:
        return f"{value:g}" if isinstance(value, (int, float)) else str(value)

    @override
    def _read(self, text: str) -> object:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text


class SwitchEditor(Editor):
    """A check box."""

    def __init__(self, kind: SettingKind) -> None:
        super().__init__(kind)
        self.field = named(QCheckBox("Off"), *self._named())
        self.field.toggled.connect(self._on_toggled)
        self._row.addWidget(self.field)
        self._row.addStretch()
        self.setFocusProxy(self.field)

    @override
    def show_value(self, value: Setting) -> None:
        with QSignalBlocker(self.field):
            self.field.setChecked(bool(value))
        self.field.setText("On" if value else "Off")

    def _on_toggled(self, checked: bool) -> None:
        self.field.setText("On" if checked else "Off")
        self.edited.emit(checked)


class ChoiceEditor(Editor):
    """A list to choose from."""

    def __init__(self, kind: SettingKind) -> None:
        super().__init__(kind)
        self.field: QComboBox = choice(*self._named(), [(key, key) for key in kind.choices])
        self.field.currentTextChanged.connect(self.edited.emit)
        _still(self.field)
        self._row.addWidget(self.field)
        self.setFocusProxy(self.field)

    @override
    def show_value(self, value: Setting) -> None:
        with QSignalBlocker(self.field):
            self.field.setCurrentText(str(value))


class SizesEditor(Editor):
    """One spin box an axis, with × between them."""

    def __init__(self, kind: SettingKind) -> None:
        super().__init__(kind)
        name, accessible = self._named()
        self.fields: list[QSpinBox] = []
        for axis in range(kind.length):
            field = _spin(f"{name}_{axis}", f"{accessible}, axis {axis + 1}", *self._bounds())
            field.setMinimumWidth(52)
            field.valueChanged.connect(self._on_edited)
            if axis:
                self._row.addWidget(label("×", "dim"))
            self._row.addWidget(field, 1)
            self.fields.append(field)
        self.setFocusProxy(self.fields[0])

    @override
    def show_value(self, value: Setting) -> None:
        sizes = value if isinstance(value, tuple) else ()
        for field, size in zip(self.fields, sizes):
            with QSignalBlocker(field):
                field.setValue(size)

    def _on_edited(self) -> None:
        self.edited.emit(tuple(field.value() for field in self.fields))


class ShapeEditor(LineEditor):
    """A line for any number of sizes: ``1 × 8 × 8``, or with commas or spaces."""

    @override
    def _written(self, value: Setting) -> str:
        return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    @override
    def _read(self, text: str) -> object:
        words = text.replace("×", " ").replace("x", " ").replace(",", " ").split()
        whole = all(word.isdecimal() for word in words) and bool(words)
        return tuple(int(word) for word in words) if whole else text


EDITORS: Mapping[str, Callable[[SettingKind], Editor]] = {
    "int": WholeEditor,
    "float": NumberEditor,
    "bool": SwitchEditor,
    "choice": ChoiceEditor,
    "sizes": lambda kind: SizesEditor(kind) if kind.length else ShapeEditor(kind),
}
"""From a setting's type to its editor."""


def title_of(kind: SettingKind) -> str:
    """Return a setting's name as a label."""
    return kind.title or kind.key.replace("_", " ").capitalize()


def _spin(name: str, accessible: str, low: int, high: int) -> QSpinBox:
    field = whole_field(name, accessible, low, high, low)
    field.setKeyboardTracking(False)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    _still(field)
    field.installEventFilter(_UndoGuard(field, lambda: field.text() != field.textFromValue(field.value())))
    return field


class _WheelGuard(QObject):
    """Lets the wheel scroll the page, not change a value that has no focus."""

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class _UndoGuard(QObject):
    """Lets Ctrl+Z take back the last edit of the design, unless what is being typed is not finished."""

    def __init__(self, field: QWidget, unfinished: Callable[[], bool]) -> None:
        super().__init__(field)
        self._unfinished = unfinished

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
        if not any(event.matches(key) for key in keys) or self._unfinished():
            return False
        event.ignore()
        return True


def _still(field: QWidget) -> None:
    field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    field.setMaximumWidth(scaled(_WIDTH))
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.installEventFilter(_WheelGuard(field))
