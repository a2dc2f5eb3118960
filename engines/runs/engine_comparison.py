"""Comparisons of engines: how far curves are apart, what bound they have, the verdict, and their folders.

Double precision decides whether engines mean the same: there rounding is a million times below the bound.
Single precision has no bound that fits every design. At the kinks of ReLU and max pooling a last bit decides
which way a gradient goes, and Adam's first steps are as long for a gradient of 1e-8 as for one of 1: now and
then a step sends a few weights of a small CNN the other way, and its curves are 1e-3 to 3e-2 apart within a
hundred steps, on one engine as between two. Whether and when that happens is luck: with other seeds the same
net stayed at 1e-5 on one engine and went to 3e-2 on another.

So the yardstick is measured: ``Comparison.own`` is how far each engine's whole curves are from those of its
own check, which trains the same in double precision. Two engines whose checks agree are at most as far apart
as both own distances together; ``EXPLAINS`` times the larger one bounds that. What computes something else in
single precision alone would excuse itself by its own large distance. It is looked for at the onset: engines
that only round differently were at most 4e-5 apart over ``ONSET_STEPS`` (11 nets and seeds on three engines),
so that the bound holds there. A learning rate one percent off makes 3e-3 there in the small CNN; a beta1 of
0.89 in place of 0.9 makes 3e-4, which the CNN's bound hides and that of a net without kinks does not (6e-5).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.comparison import EXPLAINS, ONSET_STEPS, Comparison, CurvePair, Entrant, Verdict
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.records import from_plain
from engines.contract.spec import GraphSpec, LayerSpec
from engines.design.catalogue import CATALOGUE
from engines.runs.history import RunHistory, whole_history
from engines.training.lock import is_locked

COMPARISONS, RECORD = "comparisons", "comparison.json"
BOUND_STEPS = 100
"""Rounding grows with every step under Adam, on one engine as between two: later steps are only shown."""
SMALL = 0.01
"""A loss below this counts as this: a tiny loss has no relative error worth the name."""
CALM = frozenset({"io", "dense", "activate", "shape", "other", "recurrent"})
"""Families of layers whose rounding stays small; normalization and sums over windows let it grow."""
CHECK_BOUND = 1e-9
"""In double precision; the curves of engines that mean the same stay a million times below it."""
_BOUNDS = {"fp64": (CHECK_BOUND, CHECK_BOUND), "fp32": (1e-5, 5e-4)}
Curve = tuple[npt.NDArray[Any], npt.NDArray[Any]]
"""Steps (a validation's: how many were done) and values."""


def curve_bound(spec: GraphSpec, precision: str) -> float:
    """Return how far the curves of two engines may be apart over ``BOUND_STEPS``; 0: nothing is promised."""
    families = {CATALOGUE[layer.layer].family for layer in spec.layers if layer.layer in CATALOGUE}
    calm, other = _BOUNDS.get(precision, (0.0, 0.0))
    return calm if families <= CALM else other


def draws_masks(spec: GraphSpec) -> bool:
    """Tell whether training draws random masks, which no two engines draw alike."""
    return any(_rates(layer) for layer in spec.layers)


def without_masks(spec: GraphSpec) -> GraphSpec:
    """Return the design with every dropout rate 0."""
    calm = tuple(
        replace(layer, settings={**layer.settings, **dict.fromkeys(_rates(layer), 0.0)})
        for layer in spec.layers
    )
    return replace(spec, layers=calm)


def _rates(layer: LayerSpec) -> list[str]:
    names = ("dropout", "rate") if layer.layer == "dropout" else ("dropout",)
    return [name for name in names if isinstance(rate := layer.settings.get(name), float) and rate > 0]


def differences(first: Curve, second: Curve) -> Curve:
    """Return |a - b| / max(|a|, 0.01) at the steps that both curves have; NaN where a is not finite."""
    steps, ours, theirs = np.intersect1d(first[0], second[0], assume_unique=True, return_indices=True)
    a, b = first[1][ours].astype(np.float64), second[1][theirs].astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinite in both
        return steps, np.abs(a - b) / np.maximum(np.abs(a), SMALL)


def measure(names: tuple[str, str], curve: str, apart: Curve, bound: float, part: str = "whole") -> CurvePair:
    """Return what lies between two curves, given their differences."""
    steps, values = apart[0], np.nan_to_num(apart[1], nan=np.inf, posinf=np.inf)
    if not len(steps):
        return CurvePair(*names, curve, 0, 0.0, -1, 0.0, -1, part=part, bound=bound)
    place = int(values.argmax())
    last = BOUND_STEPS if curve == "validation_loss" else BOUND_STEPS - 1
    early = values if part == "check" else values[steps <= last]
    peak = int(early.argmax()) if len(early) else -1
    onset = values[steps < ONSET_STEPS] if curve == "loss" else values[:0]
    over = np.flatnonzero(values > bound) if bound else np.zeros(0, np.int64)
    return CurvePair(
        *names,
        curve,
        steps=len(steps),
        largest=float(values[place]),
        at=int(steps[place]),
        early=float(early[peak]) if len(early) else 0.0,
        early_at=int(steps[peak]) if len(early) else -1,
        beyond=int(steps[over[0]]) if len(over) else -1,
        part=part,
        bound=bound,
        onset=float(onset.max(initial=0.0)),
    )


def curves_of(run: Path) -> dict[str, Curve]:
    """Read a run's loss of every step and its validations."""
    return history_curves(whole_history(run))


def history_curves(history: RunHistory) -> dict[str, Curve]:
    """Return what a history has read so far of the curves that are compared."""
    return {"loss": history.series("loss"), "validation_loss": history.validations("loss")}


def measure_all(home: Path, comparison: Comparison) -> tuple[CurvePair, ...]:
    """Measure every pair of engines that have curves, in the order of the comparison."""
    return tuple(pair for part in ("check", "whole") for pair in _measure_part(home, comparison, part))


def run_of(one: Entrant, part: str) -> str:
    """Return the run of a part, relative; "" where there is none."""
    return one.check if part == "check" else one.run


def measure_own(home: Path, comparison: Comparison) -> tuple[CurvePair, ...]:
    """Measure how far the whole curves of every engine are from those of its own check.

    That is its rounding only where the check trains the very first steps of the whole.
    """
    return tuple(
        measure((one.key, one.key), name, differences(check[name], whole[name]), 0.0, "own")
        for one in comparison.entrants
        if one.check and one.run
        for check, whole in [(curves_of(home / one.check), curves_of(home / one.run))]
        for name in ("loss", "validation_loss")
        if len(check[name][0]) and len(whole[name][0])
    )


def explained(comparison: Comparison, pair: CurvePair) -> float:
    """Return how far apart rounding may bring a pair of whole curves; 0 where that was not measured.

    Own distances that end before the bound does say nothing about the steps that follow.
    """
    if comparison.check_steps < min(comparison.bound_steps, comparison.total_steps):
        return 0.0
    own = {one.first: one.early for one in comparison.own if one.curve == pair.curve and one.early_at >= 0}
    if pair.part != "whole" or not pair.bound or not {pair.first, pair.second} <= own.keys():
        return 0.0
    larger = max(own[pair.first], own[pair.second])
    return max(pair.bound, EXPLAINS * larger) if np.isfinite(larger) else pair.bound


def is_unexplained(comparison: Comparison, pair: CurvePair) -> bool:
    """Tell whether a pair of whole curves is measured to be farther apart than rounding explains."""
    most = explained(comparison, pair)
    return most > 0 and (pair.early > most or pair.onset > pair.bound)


def _measure_part(home: Path, comparison: Comparison, part: str) -> list[CurvePair]:
    runs = {one.key: run_of(one, part) for one in comparison.entrants}
    curves = {name: curves_of(home / run) for name, run in runs.items() if run}
    bound = comparison.check_bound if part == "check" else comparison.bound
    return [
        measure((first, second), name, differences(ours[name], theirs[name]), bound, part)
        for (first, ours), (second, theirs) in combinations(curves.items(), 2)
        for name in ("loss", "validation_loss")
        if len(ours[name][0]) and len(theirs[name][0])
    ]


def judge(comparison: Comparison) -> Verdict:
    """Say what a comparison comes to."""
    failed = tuple(one.key for one in comparison.entrants if one.state == "failed")
    named = {name for pair in comparison.curves for name in (pair.first, pair.second)}
    engines = tuple(one.key for one in comparison.entrants if one.key in named)
    proven = sum(proof.passed for proof in comparison.proofs)
    verdict = Verdict("alone", engines, failed, proven=proven, asked=len(comparison.proofs))
    deciding = _deciding(comparison)
    if not deciding:
        return verdict
    word = max((_word(comparison, pair) for pair in deciding), key=_GRAVITY.index)
    worst = max((pair for pair in deciding if _word(comparison, pair) == word), key=_weight)
    wholes = [pair for pair in comparison.curves if pair.part == "whole"]
    whole = worst if worst in wholes else max(wholes, key=_early, default=None)
    rounding = explained(comparison, whole) if whole else 0.0
    return replace(verdict, word=word, worst=worst, whole=whole, explained=rounding)


_GRAVITY = ("agree", "unbounded", "masks", "not_judged", "differ")


def _deciding(comparison: Comparison) -> list[CurvePair]:
    """Return the pairs that decide: of two engines those in double precision, where they are there.

    In single precision only what rounding does not explain speaks beside them.
    """
    checked = {(pair.first, pair.second) for pair in comparison.curves if pair.part == "check"}
    return [
        pair
        for pair in comparison.curves
        if pair.part == "check"
        or (pair.first, pair.second) not in checked
        or (not comparison.masks and is_unexplained(comparison, pair))
    ]


def _word(comparison: Comparison, pair: CurvePair) -> str:
    if pair.part == "whole" and comparison.masks:
        return "masks"
    if not pair.bound:
        return "unbounded"
    if pair.early <= pair.bound:
        return "agree"
    judged = pair.part == "check" or comparison.precision == "fp64" or is_unexplained(comparison, pair)
    return "differ" if judged else "not_judged"


def _early(pair: CurvePair) -> tuple[float, float]:
    return pair.early, pair.largest


def _weight(pair: CurvePair) -> float:
    return pair.early if pair.bound else pair.largest


def read_comparison(folder: Path) -> Comparison:
    """Read a comparison's record; one that runs while nobody works on it counts as stopped.

    Raises:
        WorkbenchError: ``FILE_MISSING`` or ``FILE_DAMAGED``.
    """
    path = folder / RECORD
    try:
        stat = path.stat()
    except OSError:
        raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path)) from None
    found = _read(path, stat.st_ino, stat.st_mtime_ns, stat.st_size)
    if found.state == "running" and not is_locked(folder):
        return replace(found, state="stopped", entrants=_at_rest(found.entrants))
    return found


@lru_cache(maxsize=1024)
def _read(path: Path, *mark: int) -> Comparison:
    """Read a record again only where its file is another one: a list of all is often asked for."""
    try:
        found: Comparison = from_plain(Comparison, json.loads(read_bytes(path)))
    except (ValueError, WorkbenchError) as fault:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=str(fault)) from fault
    return found


def _at_rest(entrants: Sequence[Any]) -> tuple[Any, ...]:
    resting = {"checking": "stopped", "training": "stopped", "exporting": "trained"}
    return tuple(replace(one, state=resting.get(one.state, one.state)) for one in entrants)


def list_comparisons(home: Path) -> list[tuple[Path, Comparison]]:
    """Return the comparisons beneath ``home``, newest first; what cannot be read is left out."""
    found = []
    for path in (home / COMPARISONS).glob(f"*/{RECORD}"):
        try:
            found.append((path.parent, read_comparison(path.parent)))
        except WorkbenchError:
            continue
    return sorted(found, key=lambda pair: (pair[1].created, pair[0].name), reverse=True)
