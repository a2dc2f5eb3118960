"""A small layered layout, for sheets that change under the hand (folding scopes, new designs).

Longest-path rows after breaking cycles, a few median sweeps against crossings, then columns pulled
towards their neighbours. Big graphs come with a layout of their own, made in another process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from widgets.canvas.model import COLUMN_GAP, ROW_GAP, Card, Sheet

_SWEEPS = 6
Rows = list[list[str]]


def laid_out(sheet: Sheet) -> Sheet:
    """Return ``sheet`` with every card placed and the old polylines dropped."""
    rows = _ordered(_rows(sheet), sheet)
    centres = _columns(rows, sheet)
    placed: dict[str, Card] = {}
    top = 0.0
    for row in rows:
        height = max(sheet.by_id[name].height for name in row)
        for name in row:
            card = sheet.by_id[name]
            placed[name] = card.at(centres[name] - card.width / 2, top + (height - card.height) / 2)
        top += height + ROW_GAP
    links = tuple(replace(link, points=()) for link in sheet.links)
    return Sheet(tuple(placed[card.id] for card in sheet.cards), links)


def _forward_edges(sheet: Sheet) -> list[tuple[str, str]]:
    """Return the edges without those that close a cycle (depth first, without recursion)."""
    open_, done, kept = set[str](), set[str](), list[tuple[str, str]]()
    for card in sheet.cards:
        stack = [(card.id, iter(sheet.after.get(card.id, ())))] if card.id not in done else []
        open_.update(name for name, _ in stack)
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                open_.discard(name)
                done.add(name)
            elif target in open_ or target not in sheet.by_id:
                continue
            else:
                kept.append((name, target))
                if target not in done:
                    open_.add(target)
                    stack.append((target, iter(sheet.after.get(target, ()))))
    return kept


def _rows(sheet: Sheet) -> Rows:
    """Give each card the row after its lowest predecessor; sources sink to just above their targets."""
    edges = _forward_edges(sheet)
    level = dict.fromkeys(sheet.by_id, 0)
    order = _topological(sheet, edges)
    after: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)
    for name in order:
        for target in after.get(name, ()):
            level[target] = max(level[target], level[name] + 1)
    targets = {target for _, target in edges}
    for name in sheet.by_id:
        if name not in targets and after.get(name):
            level[name] = max(level[name], min(level[target] for target in after[name]) - 1)
    rows: Rows = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for name, row in level.items():
        rows[row].append(name)
    return [row for row in rows if row]


def _topological(sheet: Sheet, edges: list[tuple[str, str]]) -> list[str]:
    waiting = dict.fromkeys(sheet.by_id, 0)
    after: dict[str, list[str]] = {}
    for source, target in edges:
        waiting[target] += 1
        after.setdefault(source, []).append(target)
    ready = [name for name, count in waiting.items() if count == 0]
    for name in ready:  # grows while it is walked
        for target in after.get(name, ()):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return ready


def _ordered(rows: Rows, sheet: Sheet) -> Rows:
    """Order each row by the mean place of its neighbours above, then below, a few times."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = sheet.before if down else sheet.after
        place = _places(rows)
        for row in rows if down else reversed(rows):
            keys = {
                name: _mean((place[n] for n in near.get(name, ()) if n in place), place[name]) for name in row
            }
            row.sort(key=lambda name: keys[name])
            place |= _places([row])
    return rows


def _places(rows: Rows) -> dict[str, float]:
    return {name: (index + 0.5) / len(row) for row in rows for index, name in enumerate(row)}


def _columns(rows: Rows, sheet: Sheet) -> dict[str, float]:
    """Give each card its centre: near its neighbours' mean, never overlapping in its row."""
    centre: dict[str, float] = {}
    for row in rows:
        _spread(row, dict.fromkeys(row, 0.0), sheet, centre)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = sheet.before if down else sheet.after
        for row in rows if down else reversed(rows):
            wanted = {
                name: _mean((centre[n] for n in near.get(name, ()) if n in centre), centre[name])
                for name in row
            }
            _spread(row, wanted, sheet, centre)
    return centre


def _spread(row: list[str], wanted: dict[str, float], sheet: Sheet, centre: dict[str, float]) -> None:
    """Place a row from left to right without overlap, then shift it to its cards' mean wish."""
    left = float("-inf")
    for name in row:
        half = sheet.by_id[name].width / 2
        centre[name] = max(wanted[name], left + half)
        left = centre[name] + half + COLUMN_GAP
    shift = sum(wanted[name] - centre[name] for name in row) / len(row)
    for name in row:
        centre[name] += shift


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise
