"""How a sheet first stands in its canvas: whole where it can be read, else its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from widgets.look.theme import theme

if TYPE_CHECKING:
    from widgets.canvas.view import Canvas

FIT_LARGEST = 1.25
OPENING = 0.9
_MARGIN = 36.0


class Placing:
    """Finds zoom and middle for a canvas.

    A sheet first appears whole where that is no smaller than ``pleasant``, else at ``opening``. Of a pair
    both take the smaller zoom and begin at the top, so that what is alike lies side by side.
    """

    pleasant = 0.75

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.opening = OPENING
        self.aside = 0
        """So many pixels at the right lie under tools."""
        self._mate: Placing | None = None
        self._page: QWidget | None = None

    def pair_with(self, other: Placing, page: QWidget) -> None:
        """Show both at one zoom from here on, while both are to be seen on ``page``."""
        self._mate, other._mate = other, self
        self._page = other._page = page

    def settled(self) -> Iterator[tuple[Canvas, float, QPointF]]:
        """Say for the canvas, and the one beside it, how its sheet first appears."""
        both = [self, *self._beside()]
        scale = min(placing._first_scale() for placing in both)
        for placing in both:
            whole = len(both) == 1 and placing.fits(scale)
            yield placing._canvas, scale, placing.middle(scale) if whole else placing._beginning(scale)

    def fitting_scale(self, smallest: float) -> float:
        """Return the zoom that shows everything, no larger than is pleasant."""
        bounds, room = self._canvas.bounds, self._canvas.viewport().size()
        across = max(room.width() - 2 * _MARGIN, 40.0) / max(bounds.width(), 1.0)
        down = max(room.height() - 2 * _MARGIN, 40.0) / max(bounds.height(), 1.0)
        return max(min(across, down, FIT_LARGEST), smallest)

    def fits(self, scale: float) -> bool:
        """Tell whether everything is in sight at ``scale``."""
        return self.fitting_scale(0.0) >= scale

    def middle(self, scale: float) -> QPointF:
        """Return where to look to see everything."""
        return self._beside_tools(scale, self._canvas.bounds.center())

    def _beside(self) -> list[Placing]:
        mate = self._mate
        if mate is None or self._page is None or not mate._canvas.sheet.cards:
            return []
        return [mate] if mate._canvas.isVisibleTo(self._page) and mate._canvas.is_settled else []

    def _first_scale(self) -> float:
        whole = self.fitting_scale(0.0)
        return whole if whole >= self.pleasant else self._opening_scale()

    def _beginning(self, scale: float) -> QPointF:
        height = (self._canvas.viewport().height() - 2 * _MARGIN) / scale
        return self._beside_tools(
            scale, QPointF(self._first_middle(scale), self._canvas.bounds.top() + height / 2)
        )

    def _beside_tools(self, scale: float, centre: QPointF) -> QPointF:
        """Move what is seen to the left, from under the tools, as far as there is room for it."""
        bounds, half = self._canvas.bounds, self._canvas.viewport().width() / 2
        under = (bounds.right() - centre.x()) * scale - (half - self.aside)
        room = (bounds.left() - centre.x()) * scale + half - _MARGIN / 2
        return centre + QPointF(max(0.0, min(under, room)) / scale, 0)

    def _opening_scale(self) -> float:
        """Return ``opening``, or more where the width has room for it and the text is large."""
        room = (self._canvas.viewport().width() - _MARGIN - self.aside) / self._canvas.bounds.width()
        return max(self.opening, min(room, OPENING * theme().scale))

    def _first_middle(self, scale: float) -> float:
        """Return where to look across: the middle of all where that fits, else of the first card."""
        bounds, sheet = self._canvas.bounds, self._canvas.sheet
        first = sheet.by_id[sheet.reading_order[0]]
        fits = bounds.width() * scale <= self._canvas.viewport().width() - _MARGIN + 1
        return bounds.center().x() if fits else first.x + first.width / 2
