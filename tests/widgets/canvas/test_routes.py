"""Edges: from card to card, and skips keep clear of what they skip."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from tests.widgets.canvas.sheets import chain
from widgets.canvas.model import Card, Link, Sheet
from widgets.canvas.routes import arrow, plain_route, routes


def rect(card: Card) -> QRectF:
    return QRectF(card.x, card.y, card.width, card.height)


def crossed(sheet: Sheet, index: int) -> list[str]:
    """The cards that a link's way runs through, its own ends apart."""
    link, path = sheet.links[index], routes(sheet)[index]
    points = [path.pointAtPercent(step / 400) for step in range(401)]
    others = [card for card in sheet.cards if card.id not in (link.source, link.target)]
    return [card.id for card in others if any(rect(card).contains(point) for point in points)]


def test_that_neighbours_are_joined_by_a_straight_line() -> None:
    sheet = chain("a", "b")
    path = routes(sheet)[0]
    assert path.elementCount() == 2
    assert path.pointAtPercent(0).y() == sheet.by_id["a"].y + sheet.by_id["a"].height
    assert path.pointAtPercent(1).y() == sheet.by_id["b"].y


@given(st.integers(2, 9), st.data())
def test_that_a_skip_never_runs_through_a_card(length: int, data: st.DataObject) -> None:
    names = [f"n{number}" for number in range(length + 1)]
    start = data.draw(st.integers(0, length - 2))
    end = data.draw(st.integers(start + 2, length))
    sheet = chain(*names, skips=((names[start], names[end]),))
    assert crossed(sheet, len(sheet.links) - 1) == []


def test_that_two_skips_over_the_same_cards_take_two_lanes() -> None:
    sheet = chain("a", "b", "c", "d", "e", skips=(("a", "d"), ("a", "e")))
    first, second = (path.boundingRect() for path in routes(sheet)[-2:])
    assert abs(first.right() - second.right()) > 5


def test_that_a_skip_takes_the_free_side_when_a_neighbour_stands_on_the_other() -> None:
    sheet = chain("a", "b", "c", skips=(("a", "c"),))
    a = sheet.by_id["a"]
    beside = Sheet((*sheet.cards, Card("x", "x").at(a.x + a.width + 10, a.y)), sheet.links)
    assert crossed(beside, 2) == []


def test_that_the_head_points_along_the_edge() -> None:
    sheet = chain("a", "b")
    head = arrow(routes(sheet)[0])
    tip, left, right = (head.at(place) for place in range(3))
    assert tip.y() > left.y()
    assert left.y() == right.y()


def test_that_given_points_are_followed() -> None:
    sheet = Sheet(chain("a", "b").cards, (Link("a", "b", points=((0, 0), (40, 20), (0, 40))),))
    path = routes(sheet)[0]
    assert (path.pointAtPercent(1).x(), path.pointAtPercent(1).y()) == (0, 40)
    assert path.boundingRect().right() >= 39


def test_that_an_edge_to_nowhere_is_no_edge() -> None:
    sheet = Sheet(chain("a", "b").cards, (Link("a", "gone"),))
    assert routes(sheet)[0].isEmpty()
    assert plain_route(sheet, sheet.links[0]).isEmpty()
