"""Looking at a window as a person does: what takes input, what is cut, what Tab reaches."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from widgets.controls.text import Elided

INPUTS = (QAbstractButton, QLineEdit, QAbstractSpinBox, QComboBox, QAbstractItemView, QPlainTextEdit)
WHOLES = (QLineEdit, QAbstractSpinBox, QComboBox, QAbstractItemView)


def inputs(root: QWidget) -> list[QWidget]:
    """Return every widget beneath ``root`` that takes input, without the parts that Qt makes inside them."""
    found = [child for child in root.findChildren(QWidget) if isinstance(child, INPUTS)]
    return [child for child in found if not _is_part(child)]


def _is_part(widget: QWidget) -> bool:
    parents = []
    parent = widget.parentWidget()
    while parent is not None:
        parents.append(parent)
        parent = parent.parentWidget()
    inside = any(isinstance(parent, WHOLES) for parent in parents)
    return inside or isinstance(widget, QHeaderView) or widget.objectName().startswith("qt_")


def nameless(root: QWidget) -> list[str]:
    """Return what takes input and has no object name or no accessible name."""
    return [
        f"{type(child).__name__} {child.objectName()!r} {child.accessibleName()!r}"
        for child in inputs(root)
        if not child.objectName() or not child.accessibleName()
    ]


def cut(root: QWidget) -> list[str]:
    """Return the visible labels and buttons that have less room than their text needs."""
    found = []
    for child in root.findChildren(QWidget):
        if not child.isVisible() or isinstance(child, Elided):
            continue
        if isinstance(child, QLabel) and child.text() and child.wordWrap():
            if child.height() < child.heightForWidth(child.width()):
                found.append(f"label {child.text()!r} is {child.height()} high")
        elif isinstance(child, (QLabel, QAbstractButton)) and child.text():
            wanted = child.minimumSizeHint()
            if child.width() < wanted.width() or child.height() < min(
                wanted.height(), child.sizeHint().height()
            ):
                found.append(f"{child.text()!r} has {child.size()} of {wanted}")
    return found


def outside(root: QWidget) -> list[str]:
    """Return the visible children that stick out of ``root`` at its sides."""
    return [
        child.objectName() or type(child).__name__
        for child in root.findChildren(QWidget)
        if child.isVisible()
        and (isinstance(child, (QAbstractButton, QLabel)))
        and not root.rect().adjusted(-1, -1, 1, 1).contains(child.mapTo(root, child.rect().center()))
    ]
