"""The palette: every kind of layer by family, with what it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from engines.contract.own_layers import OWN
from engines.design.catalogue import CATALOGUE
from engines.design.kinds import LayerKind
from widgets.controls.buttons import Button
from widgets.controls.fields import search_field
from widgets.controls.text import label, named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme

FAMILIES = {
    "io": "Input",
    "dense": "Dense",
    "sequence": "Sequence",
    "convolution": "Convolution",
    "pool": "Pool",
    "normalize": "Normalize",
    "activate": "Activate",
    "combine": "Combine",
    "shape": "Reshape",
    "other": "Regularize",
}
"""Headings of the families, in the order of the palette."""
_KEY = Qt.ItemDataRole.UserRole
_FAMILY = Qt.ItemDataRole.UserRole + 1
_HOW = "A double click or Enter adds a layer behind the one picked."
_NONE = "No layer is called so. Fewer letters find more."
_OWN_TIP = "Add a layer written in Python: a file of your project's"


class LayerPalette(QFrame):
    """A list to look through and search; the layer picked is explained beneath."""

    kind_picked = Signal(str)
    add_requested = Signal(str)
    own_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.search = search_field("palette_search", "Find a kind of layer", "Find a layer")
        self.list = named(QListWidget(), "palette_list", "Kinds of layers")
        self.about = label("", "caption", wrap=True)
        self.own = Button("Your layer …", "own_layer", icon_name="plus")
        self.own_files: Callable[[], tuple[str, ...]] = tuple
        """Says which files there are already."""
        self._reasons: dict[str, str] = {}
        self._build()
        self._fill("")
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._on_search_entered)
        self.search.installEventFilter(self)
        self.list.currentItemChanged.connect(self._on_picked)
        self.list.itemActivated.connect(self._on_activated)
        theme().themed.connect(self.list.viewport().update)

    def grey_out(self, reasons: Mapping[str, str]) -> None:
        """Offer these kinds no more, each with its reason; all others again."""
        self._reasons = dict(reasons)
        self._fill(self.search.text())
        self.own.setEnabled(OWN not in reasons)
        self.own.setToolTip(reasons.get(OWN, _OWN_TIP))

    def _build(self) -> None:
        self.list.setItemDelegate(_LayerDelegate(self.list))
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        metrics = QFontMetrics(interface_font(13, scale=theme().scale))
        widest = max(metrics.horizontalAdvance(row.title) for row in CATALOGUE.values())
        self.list.setMinimumWidth(widest + 40)  # its bar, and the scroll bar
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self.about)
        column.addWidget(self.own)
        self.own.setToolTip(_OWN_TIP)
        menu = QMenu(self.own)
        menu.setObjectName("own_layer_menu")
        menu.aboutToShow.connect(lambda: self._fill_own(menu))
        self.own.setMenu(menu)
        self._fill_own(menu)

    def _fill_own(self, menu: QMenu) -> None:
        menu.clear()
        made = menu.addAction("New file from the template …", lambda: self.own_requested.emit(""))
        made.setProperty("sentence", "Your layer: new file from the template …")
        for name in self.own_files():
            listed = menu.addAction(name, partial(self.own_requested.emit, name))
            listed.setProperty("sentence", f"Your layer: {name}")

    def _fill(self, text: str) -> None:
        self.list.clear()
        for family, title in FAMILIES.items():
            rows = [row for row in CATALOGUE.values() if row.family == family and _fits(row, text)]
            if rows and (len(rows) > 1 or rows[0].title != title):
                self._add_heading(title)
            for row in rows:
                self._add_row(row)
        self._on_picked(None)

    def _add_heading(self, title: str) -> None:
        item = QListWidgetItem(title, self.list)
        item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _add_row(self, row: LayerKind) -> None:
        item = QListWidgetItem(row.title, self.list)
        item.setData(_KEY, row.key)
        item.setData(_FAMILY, row.family)
        item.setToolTip(self._reasons.get(row.key, row.semantics))
        if row.key in self._reasons:
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _on_picked(self, item: QListWidgetItem | None) -> None:
        row = CATALOGUE.get(str(item.data(_KEY))) if item else None
        self.about.setText(_HOW if self.list.count() else _NONE)
        if row is not None:
            self.about.setText(f"{row.summary}.\nA double click or Enter adds it.")
            self.kind_picked.emit(row.key)

    def _first(self) -> QListWidgetItem | None:
        """Return the first layer of the list that can be added."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return next((item for item in items if item.flags() & Qt.ItemFlag.ItemIsEnabled), None)

    def _on_search_entered(self) -> None:
        first = self._first()
        if first is not None and self.search.text().strip():
            self._on_activated(first)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go down from the search to what it found."""
        down = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down
        first = self._first()
        if down and first is not None and event.type() == QEvent.Type.KeyPress:
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
            self.list.setCurrentItem(first)
            return True
        return super().eventFilter(watched, event)

    def _on_activated(self, item: QListWidgetItem) -> None:
        if item.data(_KEY):
            self.add_requested.emit(str(item.data(_KEY)))


def _fits(row: LayerKind, text: str) -> bool:
    words = f"{row.title} {row.key} {FAMILIES.get(row.family, '')}".lower()
    return all(word in words for word in text.lower().split())


class _LayerDelegate(QStyledItemDelegate):
    """Draws a heading, or a bar in the family's colour and the title."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        heading = index.data(_KEY) is None
        return QSize(80, scaled(30 if heading else 28))

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = current()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(_KEY) is None:
            painter.setFont(interface_font(11, scale=theme().scale))
            painter.setPen(QColor(tokens.dim))
            painter.drawText(rect.adjusted(0, 6, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data()))
            painter.restore()
            return
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            picked = bool(state & QStyle.StateFlag.State_Selected)
            painter.setBrush(QColor(tokens.accent_soft if picked else tokens.hover))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.family(str(index.data(_FAMILY)))))
        painter.drawRoundedRect(QRectF(rect.x() + 8, rect.center().y() - 7, 4, 14), 2, 2)
        painter.setFont(interface_font(13, scale=theme().scale))
        painter.setPen(QColor(tokens.text if state & QStyle.StateFlag.State_Enabled else tokens.dim))
        painter.drawText(rect.adjusted(20, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        painter.restore()
