"""What a canvas shows: frozen cards and edges, with no Qt in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

CARD_WIDTH = 184.0
CARD_HEIGHT = 52.0
ROW_GAP = 36.0
COLUMN_GAP = 32.0


@dataclass(frozen=True)
class Card:
    """One box: ``family`` colours its bar, ``mark`` (``good``, ``warning``) tints it, ``problem`` reddens it.

    ``layer`` is the design's node it stands for, ``layers`` all of them where others were merged into it;
    ``members`` counts what a folded scope holds (0: it is a node); ``scope`` is the path of the scopes
    around it, outermost first. Position is the left top corner in scene units.
    """

    id: str
    title: str
    family: str = "other"
    subtitle: str = ""
    count: str = ""
    problem: str = ""
    mark: str = ""
    scope: tuple[str, ...] = ()
    members: int = 0
    layer: str = ""
    layers: tuple[str, ...] = ()
    x: float = 0.0
    y: float = 0.0
    width: float = CARD_WIDTH
    height: float = CARD_HEIGHT

    def at(self, x: float, y: float) -> Card:
        """Return the same card at another place."""
        return replace(self, x=x, y=y)


@dataclass(frozen=True)
class Link:
    """An edge from card to card, by id; ``points`` is a polyline worked out elsewhere, if there is one."""

    source: str
    target: str
    tensor: str = ""
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A whole drawing."""

    cards: tuple[Card, ...] = ()
    links: tuple[Link, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Card]:
        """The cards by their ids."""
        return {card.id: card for card in self.cards}

    @cached_property
    def after(self) -> dict[str, tuple[str, ...]]:
        """Where the edges of each card lead, in order."""
        return _neighbours((link.source, link.target) for link in self.links)

    @cached_property
    def before(self) -> dict[str, tuple[str, ...]]:
        """Where the edges into each card come from, in order."""
        return _neighbours((link.target, link.source) for link in self.links)

    def card_of_layer(self, layer: str) -> str:
        """Return the id of the card that stands for a design's node, or that it was merged into."""
        own = [card for card in self.cards if layer and card.layer == layer]
        own = own or [card for card in self.cards if layer and layer in card.layers]
        best = min(own, key=lambda card: (card.family == "shape", not card.count), default=None)
        return best.id if best else ""

    @cached_property
    def reading_order(self) -> tuple[str, ...]:
        """Ids from top to bottom, then from left to right: the order of the Tab key."""
        return tuple(card.id for card in sorted(self.cards, key=lambda card: (card.y, card.x)))


def _neighbours(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for near, far in pairs:
        found.setdefault(near, {})[far] = None
    return {near: tuple(far) for near, far in found.items()}


def compact(count: float) -> str:
    """Write a count for a narrow place: 9,216, then 1.18 M."""
    for bound, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if count >= bound:
            return f"{count / bound:.3g} {unit}"
    return f"{count:,.0f}"


def byte_size(count: float) -> str:
    """Write a size in bytes with a decimal unit, as the command line does."""
    for bound, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= bound:
            return f"{count / bound:.1f} {unit}"
    return f"{count:.0f} B"
