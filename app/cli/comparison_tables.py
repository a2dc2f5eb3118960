"""A comparison of engines as lines: the verdict, a row an engine, the pairs, the proofs of files."""

from __future__ import annotations

from collections.abc import Mapping

from app.cli.figures import duration, number, size, table
from app.engine_facts.titles import titles
from app.messages import comparing
from engines.contract.comparison import Comparison, Entrant, FileProof
from engines.runs.engine_comparison import explained, judge


def comparison_lines(found: Comparison) -> list[str]:
    """Return the whole comparison as a person reads it."""
    known, verdict = comparing.titles_of(found, titles()), judge(found)
    lines = [comparing.verdict_words(found, verdict, known)]
    further = (
        comparing.whole_words(found, verdict),
        comparing.files_words(verdict),
        comparing.failed_words(verdict, known),
    )
    lines += [words for words in further if words]
    for rows in (_engine_rows(found, known), _pair_rows(found, known), _proof_rows(found, known)):
        if len(rows) > 1:
            lines += ["", *table(rows)]
    failed = [f"{known[one.key]}: {comparing.reason(one)}" for one in found.entrants if one.code]
    return [*lines, "", *failed, *comparing.notes(found, known), f"Kept as comparison {found.id}"]


def _engine_rows(found: Comparison, known: Mapping[str, str]) -> list[list[str]]:
    metric = f"test_{found.metric}"
    figures = ["test loss", metric.replace("_", " "), "samples/s", "peak memory", "start", "training"]
    rows = [_engine_row(one, known[one.key], found.device_of(one), metric) for one in found.entrants]
    return [["engine", "device", "state", *figures], *rows]


def _engine_row(one: Entrant, title: str, device: str, metric: str) -> list[str]:
    def shown(name: str, words: object = number) -> str:
        value = one.summary.get(name)
        return words(value) if isinstance(value, float) and callable(words) else "–"

    return [
        title,
        device,
        comparing.STATES[one.state][0],
        shown("test_loss"),
        shown(metric),
        shown("samples_per_second", lambda value: f"{value:,.0f}"),
        shown("peak_memory_bytes", lambda value: size(int(value))),
        shown("start_seconds", duration),
        shown("seconds", duration),
    ]


def _pair_rows(found: Comparison, known: Mapping[str, str]) -> list[list[str]]:
    head = [
        "curves",
        "steps",
        f"first {found.bound_steps} steps",
        "bound",
        "explained",
        "whole run",
        "at step",
    ]
    rows = [
        [
            comparing.pair_words(pair, known),
            f"{pair.steps:,}",
            comparing.figure(pair.early) if pair.early_at >= 0 else "–",
            comparing.figure(pair.bound) if pair.bound and (pair.part == "check" or not found.masks) else "–",
            comparing.figure(rounding) if (rounding := explained(found, pair)) else "–",
            comparing.figure(pair.largest),
            f"{pair.at:,}",
        ]
        for pair in found.curves
    ]
    return [head, *rows]


def _proof_rows(found: Comparison, known: Mapping[str, str]) -> list[list[str]]:
    engines = [one.key for one in found.entrants if one.file]
    cells = {(proof.file, proof.against): _cell(proof) for proof in found.proofs}
    head = ["ONNX file of", *(f"answers of {known[name]}" for name in engines)]
    rows = [[known[file], *(cells.get((file, other), "–") for other in engines)] for file in engines]
    return [head, *rows]


def _cell(proof: FileProof) -> str:
    if proof.proof is None:
        return "not run"
    return f"{proof.proof.status.replace('_', ' ')} {comparing.figure(proof.proof.max_abs_error)}"
