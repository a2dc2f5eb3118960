"""Thousands of cards at once: NumPy masks for what is seen, integer device arrays for what is drawn.

One ``drawRects`` a colour and one ``drawLines`` in all, from memory that NumPy filled; edges shorter
than three pixels are dropped and duplicates merged. Every mask looks at all cards: that is index enough.
Import this only for a big sheet: it brings NumPy.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLine, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform
from shiboken6 import Shiboken

from widgets.canvas.model import Sheet
from widgets.look.tokens import Tokens

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_SHORT = 3
_BEND = 12.0


class BulkPainter:
    """The arrays of one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._boxes = np.array([(c.x, c.y, c.x + c.width, c.y + c.height) for c in sheet.cards], np.float64)
        names = sorted({card.family for card in sheet.cards})
        self._families = names
        self._family = np.array([names.index(card.family) for card in sheet.cards], np.int16)
        self._bad = np.array([bool(card.problem) for card in sheet.cards], np.bool_)
        place = {card.id: index for index, card in enumerate(sheet.cards)}
        ends = [(place.get(link.source, -1), place.get(link.target, -1)) for link in sheet.links]
        self._ends = np.array(ends, np.int64).reshape(-1, 2)
        self._lines = self._line_ends()
        low, high = (
            np.minimum(self._lines[:, :2], self._lines[:, 2:]),
            np.maximum(self._lines[:, :2], self._lines[:, 2:]),
        )
        self._spans: Floats = np.concatenate((low, high), axis=1)
        self._ways = _with_points(self._spans, sheet)

    def _line_ends(self) -> Floats:
        source, target = self._boxes[self._ends[:, 0]], self._boxes[self._ends[:, 1]]
        middle = (
            (source[:, 0] + source[:, 2]) / 2,
            source[:, 3],
            (target[:, 0] + target[:, 2]) / 2,
            target[:, 1],
        )
        lines: Floats = np.stack(middle, axis=1)
        lines[(self._ends < 0).any(axis=1)] = np.nan
        return lines

    def cards_in(self, exposed: QRectF) -> list[int]:
        """Return the places of the cards that touch ``exposed``."""
        return [int(index) for index in _touching(self._boxes, exposed).nonzero()[0]]

    def links_in(self, exposed: QRectF) -> list[int]:
        """Return the places of the links whose way touches ``exposed``."""
        return [int(index) for index in _touching(self._ways, exposed).nonzero()[0]]

    def paint(
        self, painter: QPainter, exposed: QRectF, tokens: Tokens, matches: frozenset[str] | None
    ) -> None:
        """Draw everything in ``exposed`` as plain rectangles and lines, at whole pixels of the screen."""
        view, ratio = painter.worldTransform(), painter.device().devicePixelRatioF()
        device = (view.m11() * ratio, view.dx() * ratio, view.dy() * ratio)
        painter.save()
        painter.setTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_lines(painter, exposed, device, tokens)
        self._paint_boxes(painter, exposed, device, tokens, matches)
        painter.restore()

    def _paint_lines(
        self, painter: QPainter, exposed: QRectF, view: tuple[float, float, float], tokens: Tokens
    ) -> None:
        scale, dx, dy = view
        lines = self._lines[_touching(self._spans, exposed)] * scale + (dx, dy, dx, dy)
        device: Ints = np.floor(lines).astype(np.int32)  # so that a pan moves every end by the same pixels
        length = np.abs(device[:, 2] - device[:, 0]) + np.abs(device[:, 3] - device[:, 1])
        device = _distinct(np.ascontiguousarray(device[length >= _SHORT]))
        if len(device):
            painter.setPen(QPen(QColor(tokens.faint), 0))
            lines_there = cast("QLine", Shiboken.wrapInstance(device.ctypes.data, QLine))
            painter.drawLines(lines_there, len(device))

    def _paint_boxes(
        self,
        painter: QPainter,
        exposed: QRectF,
        view: tuple[float, float, float],
        tokens: Tokens,
        matches: frozenset[str] | None,
    ) -> None:
        scale, dx, dy = view
        seen = _touching(self._boxes, exposed)
        device: Ints = np.floor(self._boxes[seen] * scale + (dx, dy, dx, dy)).astype(np.int32)
        device[:, 2:] = np.maximum(device[:, 2:] - 1, device[:, :2])  # QRect holds its last pixel
        family, bad = self._family[seen], self._bad[seen]
        lit = self._lit(seen, matches)
        painter.setPen(Qt.PenStyle.NoPen)
        for number, name in enumerate(self._families):
            colour = QColor(tokens.family(name))
            _draw(painter, device[(family == number) & ~bad & lit], colour)
            colour.setAlphaF(0.25)
            _draw(painter, device[(family == number) & ~bad & ~lit], colour)
        _draw(painter, device[bad], QColor(tokens.bad))

    def _lit(self, seen: Mask, matches: frozenset[str] | None) -> Mask:
        if matches is None:
            return np.ones(int(seen.sum()), np.bool_)
        cards = self._sheet.cards
        return np.array([cards[index].id in matches for index in seen.nonzero()[0]], np.bool_)


def _touching(boxes: Floats, exposed: QRectF) -> Mask:
    """Tell of each rectangle (left, top, right, bottom) whether it touches ``exposed``."""
    seen: Mask = (
        (boxes[:, 0] <= exposed.right())
        & (boxes[:, 2] >= exposed.left())
        & (boxes[:, 1] <= exposed.bottom())
        & (boxes[:, 3] >= exposed.top())
    )
    return seen


def _with_points(spans: Floats, sheet: Sheet) -> Floats:
    """Return the rectangles around whole ways: a line's ends, how far it bends beyond them, its points."""
    ways: Floats = np.add(spans, (0.0, -_BEND, 0.0, _BEND))
    for index, link in enumerate(sheet.links):
        if link.points:
            points = np.array(link.points)
            ways[index] = (*points.min(axis=0), *points.max(axis=0))
    return ways


def _draw(painter: QPainter, boxes: Ints, colour: QColor) -> None:
    distinct = _distinct(np.ascontiguousarray(boxes))
    if len(distinct):
        painter.setBrush(colour)
        boxes_there = cast("QRect", Shiboken.wrapInstance(distinct.ctypes.data, QRect))
        painter.drawRects(boxes_there, len(distinct))


def _distinct(rows: Ints) -> Ints:
    """Drop rows of four equal to another: at a far view most fall on the same pixels."""
    if len(rows) < 2:
        return rows
    _, first = np.unique(_keys(rows), return_index=True)
    return np.ascontiguousarray(rows[first])


def _keys(rows: Ints) -> npt.NDArray[np.int64]:
    wide = rows.astype(np.int64) & 0xFFFF
    keys: npt.NDArray[np.int64] = (wide[:, 0] << 48) | (wide[:, 1] << 32) | (wide[:, 2] << 16) | wide[:, 3]
    return keys
