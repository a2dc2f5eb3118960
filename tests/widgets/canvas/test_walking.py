"""Walking with the keyboard, and what a search finds."""

from __future__ import annotations

from tests.widgets.canvas.sheets import chain
from widgets.canvas.layering import laid_out
from widgets.canvas.model import Card, Link, Sheet, byte_size, compact
from widgets.canvas.walking import matching, neighbour, step


def diamond() -> Sheet:
    cards = tuple(Card(name, name, subtitle="N × 8") for name in ("top", "left", "right", "end"))
    pairs = (("top", "left"), ("top", "right"), ("left", "end"), ("right", "end"))
    return laid_out(Sheet(cards, tuple(Link(a, b) for a, b in pairs)))


def test_that_down_and_up_follow_the_edges() -> None:
    sheet = chain("a", "b", "c")
    assert [neighbour(sheet, "a", "down"), neighbour(sheet, "b", "down")] == ["b", "c"]
    assert neighbour(sheet, "c", "up") == "b"
    assert neighbour(sheet, "c", "down") == ""


def test_that_left_and_right_stay_in_the_row() -> None:
    sheet = diamond()
    order = sorted(("left", "right"), key=lambda name: sheet.by_id[name].x)
    assert neighbour(sheet, order[0], "right") == order[1]
    assert neighbour(sheet, order[1], "left") == order[0]
    assert neighbour(sheet, order[1], "right") == ""


def test_that_from_nowhere_every_arrow_leads_to_the_first() -> None:
    assert neighbour(diamond(), "", "left") == "top"
    assert neighbour(Sheet(), "", "left") == ""


def test_that_stepping_visits_every_card_once_and_then_leaves() -> None:
    sheet, seen, here = diamond(), list[str](), ""
    while here := step(sheet, here, 1):
        seen.append(here)
        if len(seen) > 4:
            break
        if not step(sheet, here, 1):
            break
    assert sorted(seen) == ["end", "left", "right", "top"]
    assert step(sheet, "end", 1) == ""
    assert step(sheet, "", -1) == "end"


def test_that_a_search_needs_every_word_somewhere() -> None:
    sheet = chain("conv1", "norm1", "conv2")
    assert matching(sheet, "CONV") == ("conv1", "conv2")
    assert matching(sheet, "conv × 4") == ("conv1", "conv2")
    assert matching(sheet, "conv1 nothing") == ()
    assert matching(sheet, "  ") == ()


def test_that_counts_and_sizes_are_short() -> None:
    assert [compact(9216), compact(1_180_000), compact(2.5e9)] == ["9,216", "1.18 M", "2.5 G"]
    assert [byte_size(12), byte_size(8000), byte_size(14_000_000)] == ["12 B", "8.0 KB", "14.0 MB"]
