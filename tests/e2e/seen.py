"""Looking at a page for what a person would stumble over: cut words, overlaps, sideways scrolling."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QGraphicsView,
    QLabel,
    QPlainTextEdit,
    QWidget,
)

from tests.widgets.shown import cut

WORDS = (QLabel, QAbstractButton)


def scrolls_sideways(root: QWidget) -> list[str]:
    """Return the areas, but for drawings, tables and logs, that have to be scrolled to the side."""
    free = (QGraphicsView, QAbstractItemView, QPlainTextEdit)
    areas = [area for area in root.findChildren(QAbstractScrollArea) if not isinstance(area, free)]
    return [
        f"{_owner(area)} scrolls sideways by {area.horizontalScrollBar().maximum()}"
        for area in areas
        if area.isVisible() and area.horizontalScrollBar().maximum() > 0
    ]


def overlaps(root: QWidget) -> list[str]:
    """Return the words and buttons that lie over one another."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, WORDS) and w.isVisible() and _said(w)]
    places = {widget: _shown_place(widget, root) for widget in found}
    return [
        f"{_said(one)!r} lies over {_said(other)!r}"
        for one, other in combinations(found, 2)
        if _area(places[one] & places[other]) > 4
        and not one.isAncestorOf(other)
        and not other.isAncestorOf(one)
    ]


def hidden_words(root: QWidget) -> list[str]:
    """Return the words and buttons that stick out of the page where nothing scrolls."""
    return [
        f"{_said(child)!r} sticks out"
        for child in root.findChildren(QWidget)
        if isinstance(child, WORDS)
        and child.isVisible()
        and _said(child)
        and not _in_scroll(child, root)
        and not root.rect()
        .adjusted(-1, -1, 1, 1)
        .contains(QRect(child.mapTo(root, child.rect().topLeft()), child.size()))
    ]


def faults(root: QWidget) -> list[str]:
    """Return all that a person would stumble over on a page."""
    return [*cut(root), *overlaps(root), *hidden_words(root), *scrolls_sideways(root)]


def _said(widget: QWidget) -> str:
    return str(widget.property("text") or widget.objectName())


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())


def _shown_place(widget: QWidget, root: QWidget) -> QRect:
    visible = widget.visibleRegion().boundingRect()
    return QRect(widget.mapTo(root, visible.topLeft()), visible.size()) if not visible.isEmpty() else QRect()


def _in_scroll(widget: QWidget, root: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def _owner(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return parent.objectName() or type(parent).__name__
