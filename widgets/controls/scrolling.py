"""What does not fit scrolls; the bar stands in the gap beside the cards, so that it narrows none of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHideEvent, QMoveEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QScrollBar, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.look.tokens import GAP


class _Inner(QWidget):
    """What scrolls; it needs no more height than at its real width, where words take fewer lines."""

    @override
    def minimumSizeHint(self) -> QSize:
        asked, layout, view = super().minimumSizeHint(), self.layout(), self.parentWidget()
        if layout is None or view is None or not layout.hasHeightForWidth():
            return asked
        width = max(view.width(), asked.width())
        return QSize(asked.width(), min(asked.height(), layout.minimumHeightForWidth(width)))


class Scrolling(QScrollArea):
    """Parts above one another in ``column``; a page leaves a gap at its right, where ``bar`` stands."""

    def __init__(self, *parts: QWidget, width: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inner = _Inner()
        inner.setProperty("clear", True)
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GAP)
        self.setWidgetResizable(True)
        self.setWidget(inner)  # before its parts: what moves to another parent is styled anew
        for part in parts:
            self.column.addWidget(part)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if width:
            self.setFixedWidth(width)
        self.bar = QScrollBar(Qt.Orientation.Vertical, self)
        self.bar.hide()
        own = self.verticalScrollBar()
        own.valueChanged.connect(self.bar.setValue)
        own.rangeChanged.connect(self._place)
        self.bar.valueChanged.connect(own.setValue)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    @override
    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._place()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.bar.hide()

    def _place(self) -> None:
        """Lay the bar into the middle of the gap, as high as what scrolls."""
        own, wide = self.verticalScrollBar(), self.bar.sizeHint().width()
        page, left = self._page(), self.width() + (GAP - wide) // 2
        if self.bar.parentWidget() is not page:
            self.bar.setParent(page)
        self.bar.setRange(own.minimum(), own.maximum())
        self.bar.setPageStep(own.pageStep())
        self.bar.setSingleStep(own.singleStep())
        self.bar.setGeometry(QRect(self.mapTo(page, QPoint(left, 0)), QSize(wide, self.height())))
        self.bar.setVisible(self.isVisible() and own.maximum() > 0)
        self.bar.raise_()

    def _page(self) -> QWidget:
        """Return what is around both this and the gap beside it: a holder may end where this does."""
        page = self.parentWidget()
        while page is not None and page.parentWidget() is not None:
            if self.mapTo(page, self.rect().topRight()).x() + GAP < page.width():
                break
            page = page.parentWidget()
        return page if page is not None else self
