"""Ctrl+K: a line to type into, and every action of the window beneath it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from widgets.controls.fields import text_field
from widgets.controls.text import label, named
from widgets.look.theme import current, scaled

_ACTION = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def sentence(action: QAction) -> str:
    """Return what the palette says of ``action``: its property ``sentence``, else its text."""
    own = action.property("sentence")
    return str(own) if own else action.text().replace("&", "").rstrip(" …")


def find_actions(root: QWidget) -> list[QAction]:
    """Return every action beneath ``root`` that a person can name, by its sentence."""
    seen = {sentence(action): action for action in root.findChildren(QAction) if _is_listed(action)}
    return sorted(seen.values(), key=lambda action: (not action.isEnabled(), sentence(action).casefold()))


def _is_listed(action: QAction) -> bool:
    if not action.text() or action.property("unlisted"):
        return False
    return action.isVisible() and not action.isSeparator() and action.menu() is None


class _Delegate(QStyledItemDelegate):
    """Draws the shortcut, or why it cannot be done now, dimmed at the right."""

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        super().paint(painter, option, index)
        keys = str(index.data(_KEYS))
        box: QRect = option.rect.adjusted(0, 0, -12, 0)
        metrics: QFontMetrics = option.fontMetrics
        painter.setPen(QColor(current().dim))
        words = metrics.elidedText(keys, Qt.TextElideMode.ElideRight, box.width() // 2)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)


class CommandPalette(QDialog):
    """A dialog over ``root`` that finds and triggers its actions."""

    def __init__(self, root: QWidget) -> None:
        super().__init__(root, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._root = root
        self.query = text_field("palette_query", "Find an action", hint="Find an action")
        self.list = named(QListView(), "palette_list", "Actions found")
        self.none = label("No action is called so. Fewer letters find more.", "dim")
        self._model = QStandardItemModel(self)
        self.setObjectName("command_palette")
        self._build()
        self.query.textChanged.connect(self.refresh)
        self.list.clicked.connect(self._on_list_clicked)
        self.query.installEventFilter(self)

    def open_over(self) -> None:
        """Show the palette near the top of its window, empty and ready to type."""
        width = min(scaled(560), self._root.width() - 32)
        self.setFixedWidth(width)
        self.query.clear()
        self.refresh()
        corner = self._root.mapToGlobal(self._root.rect().topLeft())
        self.move(corner.x() + (self._root.width() - width) // 2, corner.y() + 64)
        self.show()
        self.query.setFocus()

    def refresh(self) -> None:
        """List the actions whose sentence holds every typed word."""
        words = self.query.text().casefold().split()
        self._model.clear()
        for action in find_actions(self._root):
            if all(word in sentence(action).casefold() for word in words):
                self._model.appendRow(_item(action))
        self.list.setCurrentIndex(self._model.index(0, 0))
        found = self._model.rowCount() > 0
        self.list.setVisible(found)
        self.none.setVisible(not found)
        self._fit()

    def _fit(self) -> None:
        """Be as high as what is found, as far as there is room."""
        wanted = self.list.sizeHintForRow(0) * self._model.rowCount() + 4
        most = min(scaled(400), self._root.height() - 96)
        self.list.setFixedHeight(min(wanted, most - self.query.sizeHint().height() - 32))
        self.adjustSize()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES:
                QApplication.sendEvent(self.list, event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_list_clicked(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _on_list_clicked(self, index: QModelIndex) -> None:
        action = index.data(_ACTION)
        if isinstance(action, QAction) and action.isEnabled():
            self.hide()
            action.trigger()

    def _build(self) -> None:
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(8)
        whole.addWidget(self.query)
        whole.addWidget(self.list)
        whole.addWidget(self.none)


def _item(action: QAction) -> QStandardItem:
    item = QStandardItem(sentence(action))
    item.setData(action, _ACTION)
    reason = "" if action.isEnabled() else action.toolTip()
    item.setData(reason or action.shortcut().toString(), _KEYS)
    item.setEnabled(action.isEnabled())
    return item
