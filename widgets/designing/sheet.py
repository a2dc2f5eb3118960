"""A design as a sheet: titles, shapes, counts, problems, at the places where it was drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.arrange import WIDTH
from engines.design.document import Design, Node, Position
from engines.design.inference import Inference
from engines.design.own_layers import FILE
from widgets.canvas.layering import laid_out
from widgets.canvas.model import CARD_WIDTH, Card, Link, Sheet, compact
from widgets.canvas.painting import needed_width

Tell = Callable[[WorkbenchError], str]
_WIDEST = 208.0  # the document leaves 224 for a column


def design_sheet(design: Design, known: Inference, tell: Tell) -> Sheet:
    """Draw ``design``; nodes without places of their own are laid out."""
    cards = tuple(_card(node, known, tell) for node in design.nodes.values())
    width = min(max([CARD_WIDTH, *(needed_width(card) for card in cards)]), _WIDEST)
    width = math.ceil(width / 8) * 8.0
    cards = tuple(replace(card, width=width, x=card.x + (WIDTH - width) / 2) for card in cards)
    links = tuple(Link(source, node.name) for node in design.nodes.values() for source in node.inputs)
    sheet = Sheet(cards, links)
    return sheet if _has_places(cards) else laid_out(sheet)


def _card(node: Node, known: Inference, tell: Tell) -> Card:
    cost, layer = known.costs.get(node.name), known.layers.get(node.name)
    fault = known.problems.get(node.name)
    return Card(
        id=node.name,
        title=f"{node.name} · {short_title(node)}",
        family=node.row.family,
        subtitle=shape_words(layer.output_shape) if layer else "shape not known yet",
        count=compact(cost.parameters) if cost and cost.parameters else "",
        problem=tell(fault) if fault and is_cause(fault) else "",
        layer=node.name,
        x=node.position[0],
        y=node.position[1],
    )


def is_cause(fault: WorkbenchError) -> bool:
    """Tell whether a problem begins here, and does not only follow from one further up."""
    return fault.code is not ErrorCode.DESIGN_INPUT_BROKEN


def short_title(node: Node) -> str:
    """Return a kind's title for a narrow place: ``Conv 3×3``, ``Max pool 2×2``, ``Batch norm``."""
    if node.row.free:
        return str(node.settings.get(FILE, node.row.title))
    title = node.row.title.replace("Convolution", "Conv")
    window = node.settings.get("kernel", node.settings.get("size"))
    if isinstance(window, tuple):
        return f"{title.removesuffix(f' {len(window)}-D')} {'×'.join(map(str, window))}"
    return title


def shape_words(shape: tuple[int, ...]) -> str:
    """Write a per-sample shape with its batch: ``N × 32 × 8 × 8``."""
    return " × ".join(["N", *map(str, shape)])


def drawn_places(sheet: Sheet) -> Mapping[str, Position]:
    """Return the document's place of each card: cards are wider than it thinks, about the same middle."""
    return {card.id: (card.x - (WIDTH - card.width) / 2, card.y) for card in sheet.cards}


def _has_places(cards: tuple[Card, ...]) -> bool:
    """Tell whether the design says where its nodes are: no two of them on one spot."""
    return len({(card.x, card.y) for card in cards}) == len(cards)
