"""Walking a sheet with the keyboard: along the edges, across a row, through all cards, to a match."""

from __future__ import annotations

from widgets.canvas.model import Card, Sheet


def neighbour(sheet: Sheet, here: str, direction: str) -> str:
    """Return the card that an arrow key leads to ("" where there is none).

    ``up`` and ``down`` follow edges against and with their direction, the straightest first; ``left``
    and ``right`` go to the nearest card of the same row. From nowhere every arrow leads to the first.
    """
    card = sheet.by_id.get(here)
    if card is None:
        return sheet.reading_order[0] if sheet.cards else ""
    if direction in ("up", "down"):
        return _along(sheet, card, sheet.before if direction == "up" else sheet.after)
    return _across(sheet, card, direction)


def step(sheet: Sheet, here: str, by: int) -> str:
    """Return the card after (or before) ``here`` in reading order, "" past the ends."""
    order = sheet.reading_order
    if here not in sheet.by_id:
        return order[0 if by > 0 else -1] if order else ""
    place = order.index(here) + by
    return order[place] if 0 <= place < len(order) else ""


def matching(sheet: Sheet, text: str) -> tuple[str, ...]:
    """Return the cards whose title, shape, layer or scope holds every word of ``text``, in reading order."""
    words = text.lower().split()
    if not words:
        return ()
    return tuple(name for name in sheet.reading_order if _holds(sheet.by_id[name], words))


def _holds(card: Card, words: list[str]) -> bool:
    text = " ".join((card.title, card.subtitle, card.layer, card.id, *card.scope)).lower()
    return all(word in text for word in words)


def _along(sheet: Sheet, card: Card, lead: dict[str, tuple[str, ...]]) -> str:
    options = [sheet.by_id[name] for name in lead.get(card.id, ()) if name in sheet.by_id]
    best = min(
        options, key=lambda other: (abs(other.y - card.y), abs(_middle(other) - _middle(card))), default=None
    )
    return best.id if best else ""


def _across(sheet: Sheet, card: Card, direction: str) -> str:
    sign = 1 if direction == "right" else -1
    row = [
        other
        for other in sheet.cards
        if (other.x - card.x) * sign > 0 and abs(other.y - card.y) < max(card.height, other.height)
    ]
    best = min(row, key=lambda other: abs(other.x - card.x), default=None)
    return best.id if best else ""


def _middle(card: Card) -> float:
    return card.x + card.width / 2
