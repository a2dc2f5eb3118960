"""The ring around a button that the keyboard is at; a press of the mouse draws none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from widgets.controls.text import set_property

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object

_KEYS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Ringed(_Widget):
    """Mixed into a button: the stylesheet draws the ring where the property ``ring`` is true.

    A button that is disabled while it has the focus gives it to no other, and has it again afterwards.
    """

    by_keys = True
    """Whether it was the keyboard that last moved the focus; a move by the program follows it."""
    _parked = False

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in _KEYS:
            Ringed.by_keys = True
        elif event.reason() is Qt.FocusReason.MouseFocusReason:
            Ringed.by_keys = False
        set_property(self, "ring", Ringed.by_keys)
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        set_property(self, "ring", False)
        super().focusOutEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note the mouse also where it moves no focus: what the press brings gets no ring."""
        Ringed.by_keys = False
        set_property(self, "ring", False)
        super().mousePressEvent(event)

    @override
    def setEnabled(self, enabled: bool, /) -> None:
        if not enabled and self.hasFocus():
            self._parked = True
            self.clearFocus()  # Qt would give it to the next control, which nobody asked for
        super().setEnabled(enabled)
        if enabled and self._parked:
            self._parked = False
            if self.isVisible() and self.window().focusWidget() is None:
                self.setFocus()
