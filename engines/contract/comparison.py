"""One design trained on several engines, and what lies between them; written as ``comparison.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engines.contract.errors import Fact
from engines.contract.views import ProofView

EXPLAINS = 2.0
"""So many times the larger of two engines' own distances is what rounding explains between the two: as far
apart they are where both round as much, in opposite ways."""
ONSET_STEPS = 5
"""In the first steps rounding has had no time to grow: nothing above the bound is explained by it there."""


@dataclass(frozen=True)
class Entrant:
    """One engine of a comparison. ``state``: waiting, checking, checked, training, trained, exporting, done,
    stopped, failed.

    ``check`` is the folder of its strict run in double precision, ``run`` that of the whole training and
    ``file`` its ONNX file, all relative to what holds ``comparisons/``, with ``/``; "" while there is none.
    ``summary`` is that of the whole training, where there is one. ``code`` and ``facts`` tell what failed,
    ``stage`` at what: check, train or export. One that failed at its check may have done the rest.
    ``device``: what it trains on, "" the comparison's own. ``mode``: the way it runs, "" the recipe's. Where
    an engine takes part several times, ``name`` says which this is: ``torch:cuda:0`` or ``torch:compiled``.
    """

    engine: str
    state: str = "waiting"
    check: str = ""
    run: str = ""
    file: str = ""
    summary: Mapping[str, float | str] = field(default_factory=dict)
    stage: str = ""
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    details: str = ""
    device: str = ""
    mode: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """What it is called in its comparison: its engine's name, unless that takes part several times."""
        return self.name or self.engine


@dataclass(frozen=True)
class CurvePair:
    """How far two curves are apart: |a - b| / max(|a|, 0.01), ``first`` being a; both are entrants' keys.

    ``curve``: loss (every step) or validation_loss. ``largest`` of all ``steps`` is after step ``at``;
    ``early`` is the largest of those that ``bound`` is about, after ``early_at`` (-1: there are none);
    ``onset`` is the largest of the first few steps, in which rounding has not grown yet (losses alone).
    ``beyond`` is the first step above the bound, -1 where none is or where there is none (``bound`` 0).
    ``part``: check (both in double precision), whole, or own: one engine's check (a) and its whole curve.
    """

    first: str
    second: str
    curve: str
    steps: int
    largest: float
    at: int
    early: float
    early_at: int
    beyond: int = -1
    part: str = "whole"
    bound: float = 0.0
    onset: float = 0.0


@dataclass(frozen=True)
class FileProof:
    """One engine's file held against the answers of another (or its own); ``code`` where that failed.

    Both are entrants' keys.
    """

    file: str
    against: str
    proof: ProofView | None = None
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the file was proven."""
        return self.proof is not None and self.proof.status == "passed"


@dataclass(frozen=True)
class Comparison:
    """The same design, data, recipe and seed on several engines.

    ``parts``: check (``check_steps`` steps in double precision, without random masks: it decides whether the
    engines mean the same) and whole (the recipe as it is). ``state``: running, finished, stopped. ``bound``
    is what the whole curves of the first ``bound_steps`` steps are held against, 0 where nothing is promised
    (half precision). ``own`` is how far each engine's whole curves are from those of its own check: what its
    rounding alone does, by which single precision is judged; none where the check is missing or trains
    something else than the first steps of the whole. ``masks``: layers draw random masks, which every engine
    does for itself, so that the whole curves differ by nature; ``dropout_off``: those layers were switched
    off for the comparison. Every ONNX file holds the same weights: those of ``weights_of``'s run.
    """

    kind: ClassVar[str] = "comparison"
    id: str
    title: str
    data: str
    created: str
    device: str
    precision: str
    seed: int
    epochs: int
    total_steps: int
    steps_per_epoch: int
    bound: float
    bound_steps: int
    entrants: tuple[Entrant, ...]
    metric: str = ""
    masks: bool = False
    dropout_off: bool = False
    parts: tuple[str, ...] = ("check", "whole")
    check_steps: int = 0
    check_bound: float = 0.0
    state: str = "running"
    updated: str = ""
    weights_of: str = ""
    curves: tuple[CurvePair, ...] = ()
    own: tuple[CurvePair, ...] = ()
    proofs: tuple[FileProof, ...] = ()
    version: int = 1

    def device_of(self, one: Entrant) -> str:
        """Return what an engine trains on."""
        return one.device or self.device

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device that an engine trains on, each once, in the order of the engines."""
        return tuple(dict.fromkeys(self.device_of(one) for one in self.entrants))


@dataclass(frozen=True)
class Verdict:
    """What a comparison comes to. ``word``: agree, differ, not_judged (single precision is above its bound,
    which rounding alone can do, and nothing in double precision decides), masks, unbounded (measured, nothing
    promised), alone (fewer than two engines have a curve).

    ``engines`` have curves; ``worst`` is the pair that decided; ``whole`` the pair of whole curves that are
    farthest apart over the bound's steps, and ``explained`` how far apart rounding may bring these two (0:
    that was not measured); ``proven`` of ``asked`` proofs of files passed; ``failed`` engines did not come
    to their end.
    """

    word: str
    engines: tuple[str, ...]
    failed: tuple[str, ...]
    worst: CurvePair | None = None
    whole: CurvePair | None = None
    explained: float = 0.0
    proven: int = 0
    asked: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing speaks against it: no engine failed, no curve and no file is known to differ."""
        fine = ("agree", "masks", "unbounded", "not_judged")
        return self.word in fine and not self.failed and self.proven == self.asked
