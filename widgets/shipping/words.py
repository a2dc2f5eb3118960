"""A proof in words: the verdict, what it rests on, why it failed or says nothing."""

from __future__ import annotations

import math
from datetime import datetime

from engines.contract.views import ProofView

VERDICTS = {
    "passed": ("Proven", "good"),
    "failed": ("Failed", "bad"),
    "not_provable": ("Not provable", "warning"),
}
_REASONS = {
    "constant_output": "The answers do not change with the input, so that equal numbers prove nothing.",
    "no_answers": "There are no answers of the engine to hold the file against.",
    "error_above_bound": "The largest error is above the bound.",
    "shapes_differ": "The file answers in another shape.",
    "not_finite": "The file or the engine answers with infinity or not a number.",
    "classes_differ": "The file predicts other classes.",
}
_HEADLINES = {
    "failed": "{subject} does not answer as the engine does.",
    "not_provable": "Nothing can be proven about {subject}.",
}
_ADVICE = {
    "failed": "Do not ship this file. Export it again; if it fails again, look at that node in Graph.",
    "not_provable": "Train the model, or prove it on samples that differ, before you rely on this file.",
}
_ADVICE_ELSEWHERE = "Keep to the CPU, or let {provider} compute in full precision."


def figure(value: float) -> str:
    """Return an error as a person reads it: 0, 2.4e-7, infinite."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(power)}"


def time_words(when: str) -> str:
    """Return an ISO time as a person reads it, by the clock on the wall: 2026-11-23 14:02."""
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when


def share(value: float) -> str:
    """Return the share of agreeing classes; never 100% where one differs."""
    if value < 0:
        return "–"
    return "100%" if value == 1 else f"{min(value, 0.9999):.2%}"


def basis(proof: ProofView, provider: str = "", *, against_engine: bool = True) -> str:
    """Return what a proof rests on; ``provider`` is where the file ran, "" for the CPU."""
    sizes = [f"{batch.batch:,}" for batch in proof.batches]
    batches = " and ".join([", ".join(sizes[:-1]), sizes[-1]] if len(sizes) > 1 else sizes)
    run = f", in batches of {batches}" if batches else ""
    on = f" on {provider}" if provider else ""
    samples = f"{proof.samples:,} held-out samples" if against_engine else f"{proof.samples:,} samples"
    return (
        f"{samples} through ONNX Runtime{on}{run}, "
        f"against {'the engine' if against_engine else 'the CPU'}. "
        f"Allowed: {figure(proof.bound)} × the largest answer ({proof.reference_max:.3g}), "
        f"and {figure(proof.bound)} more."
    )


def headline(proof: ProofView, provider: str = "") -> str:
    """Return what did not pass; ``provider`` is where the file ran, "" for the CPU."""
    said = _HEADLINES[proof.status].format(subject=f"this file on {provider}" if provider else "this file")
    return said[:1].upper() + said[1:]


def why(proof: ProofView) -> str:
    """Return why a proof did not pass, and where the difference begins."""
    reason = _REASONS.get(proof.reason, proof.reason.replace("_", " "))
    return f"{reason} It begins at “{proof.where}”." if proof.where else reason


def advice(proof: ProofView, provider: str = "") -> str:
    """Return what to do about a proof that did not pass; ``provider`` is where the file ran."""
    if provider and proof.status == "failed":
        return _ADVICE_ELSEWHERE.format(provider=provider)
    return _ADVICE.get(proof.status, "")
