"""What is said about comparisons of engines: their faults, and the verdict with its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.messages.message import Message
from engines.contract.comparison import (
    EXPLAINS,
    ONSET_STEPS,
    Comparison,
    CurvePair,
    Entrant,
    FileProof,
    Verdict,
)
from engines.contract.errors import ErrorCode
from engines.contract.events import Crashed

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.ENGINES_FEW: Message(
        what="A comparison needs two engines at least; these are: {engines}.",
        why="Installed are: {installed}.",
        todo="Name two or more with commas between them: other engines, or one on two devices or in two run "
        "modes (torch:eager,torch:compiled).",
        button="show_engines",
    ),
    ErrorCode.ENGINES_DISAGREE: Message(
        what="The engines do not agree.",
        why="{verdict}",
        todo="See at which step it begins, and look at what that step computes first.",
    ),
    ErrorCode.ENGINE_LEFT_OUT: Message(
        what="Not every engine came to its end: {engines}.",
        why="{why}",
        todo="Mend what is named, or compare without it.",
    ),
    ErrorCode.ENGINE_OF_RUN: Message(
        what="{run} is a run of {engine}, and a run keeps its engine.",
        why="On another engine it goes on as a new run, which takes over weights and optimizer.",
        todo="Name another engine, or leave the engine away to resume the run itself.",
    ),
}

CURVES = {"loss": "loss", "validation_loss": "validation loss"}
STATES = {
    "waiting": ("waiting", ""),
    "checking": ("checking in FP64", "busy"),
    "checked": ("checked", "good"),
    "training": ("training", "busy"),
    "trained": ("trained", "good"),
    "exporting": ("exporting", "busy"),
    "done": ("done", "good"),
    "stopped": ("stopped", "warning"),
    "failed": ("failed", "bad"),
}
"""What is said of an engine in a comparison, and how grave it is."""

MASKS = (
    "Dropout is on: every engine draws its own random masks, so the curves differ by nature. "
    "Compare without dropout to see whether the engines agree."
)
DROPOUT_OFF = "Dropout is switched off in these runs, since every engine draws its own masks."
BOUND_NOTE = (
    "In single precision rounding grows with every step, on one engine as between two: "
    "its bound is about the first {steps} steps, and the check in FP64 decides."
)
OWN = "From its own check in FP64 the {precision} of each engine is over {steps} steps: {own}."
EXPLAINED = (
    "That is its own rounding, and {times} times the larger of two explains what lies between them; "
    "over the first {onset} steps it has not grown yet, and the bound holds."
)
DIFFERENCE = "The difference is |a − b| / max(|a|, 0.01), a being {engine}'s."
WEIGHTS = "All files hold the weights of {engine}'s run, so that only the exporters can differ."
NO_PROMISE = "In {precision} nothing is promised: every engine rounds in its own way."


def figure(value: float) -> str:
    """Return a difference as it is said: 2.9e-7, 0."""
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(power)}"


def titles_of(comparison: Comparison, titles: Mapping[str, str]) -> dict[str, str]:
    """Return what every entrant is called, by its key: PyTorch, or PyTorch (eager) and PyTorch (CUDA:0)."""
    return {
        one.key: _title(comparison, one, titles.get(one.engine, one.engine)) for one in comparison.entrants
    }


def _title(comparison: Comparison, one: Entrant, title: str) -> str:
    alike = [other for other in comparison.entrants if other.engine == one.engine]
    devices = {comparison.device_of(other) for other in alike}
    apart = [comparison.device_of(one).upper()] if len(devices) > 1 else []
    apart += [one.mode] if len({other.mode for other in alike}) > 1 else []
    return f"{title} ({', '.join(apart)})" if apart else title


def names(engines: Sequence[str], titles: Mapping[str, str]) -> str:
    """Return the engines' titles as one phrase."""
    said = [titles.get(name, name) for name in engines]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else "no engine"


def verdict_words(comparison: Comparison, verdict: Verdict, titles: Mapping[str, str]) -> str:
    """Return the sentences that a comparison comes to, with its numbers."""
    said, worst = names(verdict.engines, titles), verdict.worst
    if worst is None:
        return _alone(comparison, verdict, titles)
    where = f"{names((worst.first, worst.second), titles)}, {CURVES[worst.curve]}"
    precision = "FP64" if worst.part == "check" else comparison.precision.upper()
    steps = worst.steps if worst.part == "check" else min(comparison.bound_steps, comparison.total_steps)
    if worst.part == "check" and worst.curve == "validation_loss":
        steps = comparison.check_steps
    early, largest = figure(worst.early), figure(worst.largest)
    over = f"{early} over {steps:,} steps in {precision}, bound {figure(worst.bound)}"
    alone = "That may be rounding alone: the check in FP64 tells."
    if worst.part == "whole" and verdict.word == "differ" and verdict.explained:
        over = f"{early} over the first {steps:,} steps, where rounding explains {figure(verdict.explained)}"
        if worst.onset > worst.bound:
            over = (
                f"{figure(worst.onset)} over the first {ONSET_STEPS} steps, before rounding can have grown, "
            )
            over += f"bound {figure(worst.bound)}"
        return f"{said} do not agree in {precision}: {over} ({where}). In FP64 they agree."
    return {
        "agree": f"{said} agree: {over}.",
        "differ": f"{said} do not agree: {over} ({where}), above it from step {worst.beyond:,} on.",
        "not_judged": f"{said} are not judged: {over} ({where}). {alone}",
        "masks": f"{said} drew different dropout masks: their curves are up to {largest} apart.",
        "unbounded": f"{said} are up to {largest} apart over {worst.steps:,} steps in {precision}.",
    }[verdict.word]


def whole_words(comparison: Comparison, verdict: Verdict) -> str:
    """Return what the whole trainings add to a verdict decided in double precision; "" if nothing."""
    pair = verdict.whole
    if pair is None or verdict.worst is None or verdict.worst.part != "check":
        return ""
    steps, precision = min(comparison.bound_steps, comparison.total_steps), comparison.precision.upper()
    if comparison.masks:
        return f"With dropout their curves are up to {figure(pair.largest)} apart: the masks differ."
    if verdict.word == "agree" and 0 < pair.bound < pair.early <= verdict.explained:
        over = f"bound {figure(pair.bound)}, but rounding explains up to {figure(verdict.explained)}"
        return f"In {precision}: {figure(pair.early)} over the first {steps:,} steps, {over}."
    return f"In {precision}: {figure(pair.early)} over the first {steps:,} steps."


def _alone(comparison: Comparison, verdict: Verdict, titles: Mapping[str, str]) -> str:
    if comparison.state == "running":
        return "The engines train one after the other; the curves are compared as they come."
    if verdict.failed:
        return f"Nothing to compare: {names(verdict.failed, titles)} did not come to an end."
    return "Stopped before two engines had a curve."


def files_words(verdict: Verdict) -> str:
    """Return what the proofs of files come to; "" while there are none."""
    if not verdict.asked:
        return ""
    if verdict.proven == verdict.asked:
        return f"All {verdict.asked} proofs of the ONNX files passed."
    return f"{verdict.asked - verdict.proven} of {verdict.asked} proofs of the ONNX files failed."


def failed_words(verdict: Verdict, titles: Mapping[str, str]) -> str:
    """Return which engines are left out of the verdict; "" where none is."""
    return f"{names(verdict.failed, titles)} did not come to an end." if verdict.failed else ""


def notes(comparison: Comparison, titles: Mapping[str, str]) -> list[str]:
    """Return what a person has to know to read the figures right."""
    said = []
    if comparison.masks:
        said.append(MASKS)
    elif comparison.dropout_off:
        said.append(DROPOUT_OFF)
    if not comparison.bound:
        said.append(NO_PROMISE.format(precision=comparison.precision))
    elif "whole" in comparison.parts and not comparison.masks:
        said.append(BOUND_NOTE.format(steps=comparison.bound_steps))
    if comparison.own:
        said.append(own_words(comparison, titles))
        if comparison.bound:
            said.append(EXPLAINED.format(times=f"{EXPLAINS:g}", onset=ONSET_STEPS))
    if comparison.curves:
        first = comparison.curves[0].first
        said.append(DIFFERENCE.format(engine=titles.get(first, first)))
    if comparison.weights_of:
        said.append(WEIGHTS.format(engine=titles.get(comparison.weights_of, comparison.weights_of)))
    return said


def own_words(comparison: Comparison, titles: Mapping[str, str]) -> str:
    """Return what the engines' own rounding comes to: the yardstick of single precision."""
    losses = [pair for pair in comparison.own if pair.curve == "loss"]
    own = ", ".join(f"{titles.get(pair.first, pair.first)} {figure(pair.early)}" for pair in losses)
    precision = comparison.precision.upper()
    return OWN.format(precision=precision, steps=comparison.bound_steps, own=own)


def severity(verdict: Verdict) -> str:
    """Return how grave a verdict is."""
    if verdict.word == "alone":
        return "bad" if verdict.failed else ""
    if verdict.word == "differ" or verdict.proven < verdict.asked:
        return "bad"
    if verdict.word == "not_judged":
        return "warning" if verdict.failed else ""
    return "good" if verdict.word == "agree" and not verdict.failed else "warning"


def proof_words(proof: FileProof) -> str:
    """Return why a proof failed, in a few words; "" where it passed."""
    if proof.passed:
        return ""
    if proof.proof is None:
        return "not run"
    return proof.proof.reason.replace("_", " ") or proof.proof.status.replace("_", " ")


def pair_words(pair: CurvePair, titles: Mapping[str, str]) -> str:
    """Return a pair as it is called: PyTorch – TensorFlow, loss."""
    first, second = (titles.get(name, name) for name in (pair.first, pair.second))
    part = " in FP64" if pair.part == "check" else ""
    return f"{first} – {second}, {CURVES[pair.curve]}{part}"


def reason(entrant: Entrant) -> str:
    """Return why an engine failed, as a sentence; "" where it did not."""
    from app.messages.table import tell, tell_event

    if not entrant.code:
        return ""
    if entrant.code == "crashed":
        facts = entrant.facts
        cause, status = str(facts.get("cause", "exit")), int(facts.get("exit_code", 0))
        return tell_event(Crashed(cause, status, int(facts.get("signal", 0)), entrant.details)).what
    told = tell(entrant.code, entrant.facts)
    return f"{told.what} {told.why}".strip()
