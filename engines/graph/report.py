"""The optimizer's report as one HTML file: no outside reference, light and dark by the reader's system."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from engines.contract.files import write_text_atomic
from engines.contract.views import GraphView, ModelFacts, OptimizeView, PassView, ProofView
from engines.graph.picture import svg

_DRAWN_NODES = 400
_STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #1d2330; --soft: #5b6475;
  --line: #d9dde5; --good: #1a7f4b; --bad: #b3261e; --open: #8a5a00; --bar: #3b6fd4; }
@media (prefers-color-scheme: dark) { :root { --page: #14171d; --card: #1c2029; --text: #e7eaf0;
  --soft: #9aa3b5; --line: #323845; --good: #5fd097; --bad: #ff8a80; --open: #e9b44c; --bar: #7ea6ff; } }
body { margin: 0; padding: 32px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: auto; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px;
  margin: 16px 0; overflow-x: auto; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 0 0 12px; }
p { margin: 4px 0; color: var(--soft); overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; } td.n, th.n { text-align: right; }
.passed, .applied { color: var(--good); } .failed, .rejected { color: var(--bad); }
.not_provable { color: var(--open); } .no_effect { color: var(--soft); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; }
svg { width: 100%; height: auto; } .edge { fill: none; stroke: var(--soft); stroke-width: 1.4; }
.node { fill: var(--page); stroke: var(--line); stroke-width: 1.4; }
.convolution, .dense { stroke: var(--bar); } .normalize { stroke: var(--open); }
.activate { stroke: var(--good); } svg text { fill: var(--text); font: 14px system-ui, sans-serif; }
svg text.small { fill: var(--soft); font-size: 12px; }
"""


def write_report(view: OptimizeView, path: Path) -> None:
    """Write the report of ``view`` to ``path``, whole or not at all."""
    write_text_atomic(path, html(view))


def html(view: OptimizeView) -> str:
    """Return the report of one optimization as a page."""
    name = escape(Path(view.source).name)
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{name}, optimized</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main>",
        f"<h1>{name}, optimized</h1><p>{escape(view.source)} → {escape(view.target)}</p>",
        _section("Proof", _proof(view.proof)),
        _section("Before and after", _facts(view.before, view.after)),
        _section("Passes, in their order", _passes(view.passes)),
        _section("Operators", _operators(view.before, view.after)),
        _graphs(view.graph_before, view.graph_after),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """Return a table whose first ``words`` columns are text, the others numbers."""

    def cells(tag: str, row: Sequence[str]) -> str:
        marks = ("" if column < words else ' class="n"' for column in range(len(row)))
        return "".join(f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(marks, row))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', heads)}</tr></thead><tbody>{body}</tbody></table>"


def _proof(proof: ProofView) -> str:
    status = proof.status.replace("_", " ")
    lines = [f'<strong class="{proof.status}">{status}</strong>']
    if proof.reason:
        lines.append(escape(proof.reason.replace("_", " ")))
    if proof.where:
        lines.append(f"first at {escape(proof.where)}")
    agree = "" if proof.classes_agree < 0 else f", same class for {proof.classes_agree:.2%}"
    head = f"<p>{' · '.join(lines)}</p><p>{proof.samples} samples, bound {proof.bound:g}{agree}</p>"
    rows = [
        (str(batch.batch), _error(batch.max_abs_error), _error(batch.max_rel_error))
        for batch in proof.batches
    ]
    return head + _table(("Batch", "Largest error", "Relative to the largest answer"), rows)


def _facts(before: ModelFacts, after: ModelFacts) -> str:
    rows = [
        ("Nodes", f"{before.nodes:,}", f"{after.nodes:,}"),
        ("Bytes", f"{before.bytes:,}", f"{after.bytes:,}"),
        ("Stored numbers", f"{before.parameters:,}", f"{after.parameters:,}"),
        ("Median, ms, runtime's optimizer off", _ms(before.latency_plain_ms), _ms(after.latency_plain_ms)),
        ("Median, ms, runtime's optimizer on", _ms(before.latency_runtime_ms), _ms(after.latency_runtime_ms)),
    ]
    note = "<p>ONNX Runtime on the CPU, batch 1, one thread, interleaved runs.</p>"
    return _table(("", "Before", "After"), rows) + note


def _passes(passes: Iterable[PassView]) -> str:
    rows = [
        (
            escape(step.title),
            f'<span class="{step.state}">{step.state.replace("_", " ")}</span> {escape(step.reason)}',
            str(step.nodes_before),
            str(step.nodes_after),
            _error(step.max_abs_error),
            f"{step.seconds:.3f}",
        )
        for step in passes
    ]
    return _table(("Pass", "What it did", "Before", "After", "Largest error", "Seconds"), rows, words=2)


def _operators(before: ModelFacts, after: ModelFacts) -> str:
    names = dict.fromkeys((*before.operators, *after.operators))
    rows = [(escape(n), str(before.operators.get(n, 0)), str(after.operators.get(n, 0))) for n in names]
    return _table(("Operator", "Before", "After"), rows)


def _graphs(before: GraphView | None, after: GraphView | None) -> str:
    if before is None or after is None or max(len(before.nodes), len(after.nodes)) > _DRAWN_NODES:
        return ""
    pair = f"<div>{svg(before, 'Before')}</div><div>{svg(after, 'After')}</div>"
    return _section("Graphs", f'<div class="pair">{pair}</div>')


def _error(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}"


def _ms(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
