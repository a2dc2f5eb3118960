"""From a comparison's record to what the Compare room shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.engine_facts.titles import titles
from app.messages import comparing
from engines.contract.comparison import ONSET_STEPS, Comparison, CurvePair, Entrant, FileProof, Verdict
from engines.runs.engine_comparison import BOUND_STEPS, judge
from widgets.comparing.shown import Cell, ComparisonView, EngineLine

_SETTLED = {"check": ("checked", "trained", "done"), "whole": ("trained", "done")}


def view_of(folder: Path, found: Comparison, *, running: bool) -> ComparisonView:
    """Return what is shown of a comparison; ``running``: this window works on it."""
    known, verdict = comparing.titles_of(found, titles()), judge(found)
    further = (
        comparing.whole_words(found, verdict),
        comparing.files_words(verdict),
        comparing.failed_words(verdict, known),
    )
    figure, note = _figure(found, verdict)
    return ComparisonView(
        key=str(folder),
        title=found.title,
        where=_where(found),
        verdict=comparing.verdict_words(found, verdict, known),
        severity=comparing.severity(verdict),
        further=tuple(words for words in further if words),
        figure=figure,
        figure_note=note,
        figure_severity={"agree": "good", "differ": "bad"}.get(verdict.word, ""),
        engines=tuple(_line(folder, found, one, known[one.key]) for one in found.entrants),
        files=tuple(one.key for one in found.entrants if one.file),
        cells={(proof.file, proof.against): _cell(proof, known) for proof in found.proofs},
        notes=tuple(comparing.notes(found, known)),
        measure_name=found.metric or "loss",
        parts=found.parts,
        bounds=(0.0 if found.masks else max(found.bound, verdict.explained), found.check_bound),
        steps=(found.total_steps, found.check_steps),
        double=found.precision == "fp64",
        running=running,
        resumable=found.state != "finished" or any(one.state == "failed" for one in found.entrants),
        stage=_stage(found, known) if running else "",
        share=_share(found),
    )


def known_title(found: Comparison) -> str:
    """Return what a comparison is called in a list of them: ``digits-cnn · 001, 23 Nov``."""
    number = found.id[11:14]
    return f"{found.title} · {number}, {found.created[:10]}"


def _where(found: Comparison) -> str:
    parts = [found.title, f"data {Path(found.data).stem}", f"seed {found.seed}", _devices(found)]
    if "whole" in found.parts:
        plural = "epoch" if found.epochs == 1 else "epochs"
        parts.append(f"{found.epochs:,} {plural} in {found.precision.upper()}")
    return " · ".join(parts)


def _devices(found: Comparison) -> str:
    """Return what the engines train on: ``CPU``, or ``CPU and CUDA:0``."""
    return " and ".join(device.upper() for device in found.devices)


def _figure(found: Comparison, verdict: Verdict) -> tuple[str, str]:
    worst = verdict.worst
    if worst is None:
        return "", ""
    if verdict.word in ("masks", "unbounded"):
        return comparing.figure(worst.largest), f"{worst.steps:,} steps"
    if worst.part == "whole" and verdict.explained:
        if worst.onset > worst.bound:
            about = f"first {ONSET_STEPS} steps, {found.precision.upper()}"
            return comparing.figure(worst.onset), f"bound {comparing.figure(worst.bound)} · {about}"
        explained = f"rounding explains {comparing.figure(verdict.explained)}"
        return comparing.figure(worst.early), f"{explained} · {_about(found, worst)}"
    return comparing.figure(worst.early), f"bound {comparing.figure(worst.bound)} · {_about(found, worst)}"


def _about(found: Comparison, pair: CurvePair) -> str:
    if pair.part == "check":
        return f"{found.check_steps:,} steps, FP64"
    return f"{min(BOUND_STEPS, found.total_steps):,} steps, {found.precision.upper()}"


def _line(folder: Path, found: Comparison, one: Entrant, title: str) -> EngineLine:
    words, severity = comparing.STATES[one.state]
    run = one.run or one.check

    def value(name: str) -> float | None:
        number = one.summary.get(name)
        return float(number) if isinstance(number, (int, float)) else None

    return EngineLine(
        key=one.key,
        title=title,
        state=words,
        severity=severity,
        reason=comparing.reason(one),
        loss=value("test_loss"),
        measure=value(f"test_{found.metric}"),
        rate=value("samples_per_second"),
        memory=value("peak_memory_bytes"),
        seconds=value("seconds"),
        start=value("start_seconds"),
        run=str(folder.parent.parent / run) if run else "",
        device="" if set(found.devices) == {"cpu"} else found.device_of(one).upper(),
    )


def _cell(proof: FileProof, known: Mapping[str, str]) -> Cell:
    named = f"The file of {known.get(proof.file)} against the answers of {known.get(proof.against)}"
    if proof.proof is None:
        return Cell("not run", "bad", f"{named} could not be run.")
    found = proof.proof
    words, bound = comparing.proof_words(proof) or "passed", comparing.figure(found.bound)
    tip = (
        f"{named}: {words}. Largest error {comparing.figure(found.max_abs_error)} on {found.samples:,} "
        f"samples, bound {bound} + {bound} · {found.reference_max:.3g}."
    )
    return Cell(comparing.figure(found.max_abs_error), "good" if proof.passed else "bad", tip)


def _stage(found: Comparison, known: Mapping[str, str]) -> str:
    for one in found.entrants:
        if one.state in ("checking", "training", "exporting"):
            words = {"checking": "is checked in FP64", "training": "trains", "exporting": "exports"}
            return f"{known[one.key]} {words[one.state]}"
    return "Proving the files" if found.weights_of else "Starting the engine"


def _share(found: Comparison) -> float:
    """Return how much is done: every part, export and row of proofs of every engine counts alike."""
    done = sum(
        one.state == "failed" or one.state in _SETTLED[part] for part in found.parts for one in found.entrants
    )
    exported = sum(bool(one.file) or one.state == "failed" for one in found.entrants)
    count = len(found.entrants)
    proven = len(found.proofs) / max(1, count)
    return (done + exported + proven) / max(1, count * (len(found.parts) + 2))
