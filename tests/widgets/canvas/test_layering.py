"""The small layout: rows follow the flow, nothing overlaps, cycles do no harm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.canvas.sheets import chain
from widgets.canvas.layering import laid_out
from widgets.canvas.model import Card, Link, Sheet

PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40)


def sheet_of(pairs: list[tuple[int, int]]) -> Sheet:
    cards = tuple(Card(str(number), str(number)) for number in range(12))
    return laid_out(Sheet(cards, tuple(Link(str(a), str(b)) for a, b in pairs)))


def overlap(a: Card, b: Card) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@given(PAIRS)
def test_that_no_two_cards_overlap_whatever_the_edges(pairs: list[tuple[int, int]]) -> None:
    cards = sheet_of(pairs).cards
    assert not [(a.id, b.id) for i, a in enumerate(cards) for b in cards[i + 1 :] if overlap(a, b)]


@given(PAIRS)
def test_that_every_card_stays_whatever_the_edges(pairs: list[tuple[int, int]]) -> None:
    assert [card.id for card in sheet_of(pairs).cards] == [str(number) for number in range(12)]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda p: p[0] < p[1]), max_size=40))
def test_that_without_cycles_every_edge_leads_down(pairs: list[tuple[int, int]]) -> None:
    sheet = sheet_of(pairs)
    rising = [link for link in sheet.links if sheet.by_id[link.source].y >= sheet.by_id[link.target].y]
    assert rising == []


def test_that_a_chain_is_a_straight_column() -> None:
    sheet = chain("a", "b", "c", "d", skips=(("a", "d"),))
    assert len({card.x for card in sheet.cards}) == 1
    assert [card.id for card in sorted(sheet.cards, key=lambda card: card.y)] == ["a", "b", "c", "d"]


def test_that_a_deep_chain_does_not_exhaust_the_stack() -> None:
    sheet = chain(*(f"n{number}" for number in range(3000)))
    assert len({card.y for card in sheet.cards}) == 3000


def test_that_an_empty_sheet_stays_empty() -> None:
    assert laid_out(Sheet()).cards == ()
