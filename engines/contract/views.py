"""View records: what widgets show of graphs, proofs, passes and evaluations, worked out elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engines.contract.errors import Fact


@dataclass(frozen=True)
class TensorView:
    """A value that flows: ``shape`` entries are numbers or names such as ``batch``, as text."""

    name: str
    type: str
    shape: tuple[str, ...]


@dataclass(frozen=True)
class WeightView:
    """Statistics of one stored array (float64 arithmetic); NaN where it is no number."""

    name: str
    type: str
    shape: tuple[int, ...]
    bytes: int
    minimum: float
    maximum: float
    mean: float
    std: float
    zeros: float  # share of exact zeros, 0 … 1


@dataclass(frozen=True)
class NodeView:
    """One operation. ``layer`` is the design's node it came from ("" where unknown); ``scope`` the module
    path, outermost first; ``family`` one of convolution, normalize, activate, combine, pool, dense,
    sequence, shape, io, other. Position: left top corner and size in scene units, set by the layout.
    ``merged`` names further nodes of the design that an optimizer folded into this one."""

    id: str
    name: str
    op: str
    family: str
    layer: str = ""
    scope: tuple[str, ...] = ()
    inputs: tuple[TensorView, ...] = ()
    outputs: tuple[TensorView, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    weights: tuple[WeightView, ...] = ()
    x: float = 0.0
    y: float = 0.0
    width: float = 176.0
    height: float = 52.0
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class EdgeView:
    """A tensor from node to node (by id); ``points`` is its polyline in scene units, ``(x, y)`` pairs."""

    source: str
    target: str
    tensor: str = ""
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class GraphView:
    """A model's graph as a person looks at it, laid out."""

    kind: ClassVar[str] = "graph_view"
    name: str
    format: str
    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    inputs: tuple[TensorView, ...] = ()
    outputs: tuple[TensorView, ...] = ()
    bytes: int = 0
    parameters: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)  # producer, opset, ir version, metadata …
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchProof:
    """One batch size of a proof."""

    batch: int
    max_abs_error: float
    max_rel_error: float


@dataclass(frozen=True)
class ProofView:
    """Numbers that say whether a file answers as its reference does.

    ``status``: passed, failed, not_provable. ``error`` is max|a-b|, ``relative`` is max|a-b| divided by
    max|reference|; with m = max|reference|, ``bound`` was applied as ``bound * m + min(bound, m / 1000)``,
    which is ``bound + bound * m`` but for tiny answers. ``where`` names the first
    output or node that differs ("" if none); ``reason`` is a word for what made it fail or not provable:
    constant_output, no_answers, error_above_bound, shapes_differ, not_finite, classes_differ. ``provider``
    is ONNX Runtime's execution provider that answered, ``nodes_elsewhere`` how many nodes it left to others.
    """

    kind: ClassVar[str] = "proof"
    status: str
    samples: int
    max_abs_error: float
    max_rel_error: float
    bound: float
    reference_max: float = 0.0
    classes_agree: float = -1.0  # share of equal arg-max, -1 where there are no classes
    batches: tuple[BatchProof, ...] = ()
    where: str = ""
    reason: str = ""
    provider: str = ""
    nodes_elsewhere: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """Size and speed of one ONNX file; latencies are medians in milliseconds, batch 1 and NaN if not run.

    ``latency_plain_ms`` with ONNX Runtime's own optimizer off, ``latency_runtime_ms`` with it on.
    """

    nodes: int
    bytes: int
    parameters: int
    latency_plain_ms: float
    latency_runtime_ms: float
    operators: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeTime:
    """How long a node takes: the median over runs, in milliseconds, on the provider that ran it."""

    name: str
    op: str
    provider: str
    milliseconds: float


@dataclass(frozen=True)
class ProfileView:
    """How fast ONNX Runtime answers on ``provider``; ``placement``: how many nodes each provider ran.

    ``nodes`` are those that its own optimizer left, in the order they ran. ``against_cpu`` holds the answers
    against those of the CPU, where a sample takes ``cpu_ms``; None and NaN where that is the provider.
    """

    kind: ClassVar[str] = "profile_view"
    model: str
    provider: str
    facts: ModelFacts
    placement: Mapping[str, int] = field(default_factory=dict)
    nodes: tuple[NodeTime, ...] = ()
    against_cpu: ProofView | None = None
    cpu_ms: float = math.nan


@dataclass(frozen=True)
class PassView:
    """One pass of the optimizer: what it did and what it cost. ``state``: applied, no_effect, rejected."""

    name: str
    title: str
    state: str
    nodes_before: int
    nodes_after: int
    max_abs_error: float
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class OptimizeView:
    """The optimizer's report: both graphs, every pass, facts before and after, the whole proof.

    ``measured`` is when, ISO 8601 in UTC. ``files``: the SHA-256 of what was read and written, by path as
    seen from the folder of the target; the report is about these files as they were then.
    """

    kind: ClassVar[str] = "optimize_view"
    source: str
    target: str
    before: ModelFacts
    after: ModelFacts
    passes: tuple[PassView, ...]
    proof: ProofView
    graph_before: GraphView | None = None
    graph_after: GraphView | None = None
    measured: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """Loss and metrics on one split; ``confusion`` is row-major counts, rows true, columns predicted.

    ``provider`` is ONNX Runtime's execution provider where that answered, ``nodes_elsewhere`` how many nodes
    it left to others.
    """

    kind: ClassVar[str] = "evaluation"
    split: str
    samples: int
    values: Mapping[str, float]
    classes: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    provider: str = ""
    nodes_elsewhere: int = 0


@dataclass(frozen=True)
class ReferenceView:
    """Where an engine's own answers lie, and to how many samples."""

    kind: ClassVar[str] = "reference_view"
    reference: str
    samples: int


@dataclass(frozen=True)
class ExportView:
    """What an exporter wrote."""

    kind: ClassVar[str] = "export_view"
    target: str
    reference: str
    bytes: int
    opset: int
    exporter: str


@dataclass(frozen=True)
class SavedView:
    """A file in its engine's own format and its proof, as they were measured then (see ``OptimizeView``)."""

    kind: ClassVar[str] = "saved_view"
    view: ExportView
    proof: ProofView
    measured: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class StageView:
    """A model's graph at one stage of its engine's compiler.

    ``latency_ms`` is the median of one batch of the view's ``batch`` (NaN where it cannot be run by itself),
    ``max_abs_error`` what it answers against the first stage; ``reason`` says why there is no graph.
    """

    key: str
    title: str
    graph: GraphView
    latency_ms: float
    max_abs_error: float
    reason: str = ""


@dataclass(frozen=True)
class LoweredView:
    """What an engine makes of a model, from as it was built to as it runs.

    An error is within the bound where it is at most ``bound + bound * reference_max``. ``measured`` and
    ``files`` (the run's checkpoints) are as those of ``OptimizeView``.
    """

    kind: ClassVar[str] = "lowered_view"
    engine: str
    compiler: str  # name and version: "Grappler 2.21.0"
    stages: tuple[StageView, ...]
    samples: int
    batch: int
    reference_max: float
    bound: float = 1e-5
    measured: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


CLEARLY = 1.03
"""So much faster a way has to be than the one before …"""
NOISES = 2.0
"""… and by so many times the noise of the pairs that were measured."""


@dataclass(frozen=True)
class TuneRow:
    """One way to train that was measured: ``settings`` are the recipe's fields that it tried.

    ``stage``: threads, way (mode and memory layout), batch_size, chunk_steps, check (before and after).
    ``samples_per_second`` is the median of interleaved repeats, ``spread`` how wide their middle half lies,
    divided by it.
    ``gain`` is how many times as fast as the first way of its question it was, turn against turn: the median
    of those pairs, half of which lie within ``noise`` of it; 0 for the first way itself. ``compile_seconds``
    went by before. A way that could not be run has a message's ``code`` with its facts.
    """

    stage: str
    settings: Mapping[str, str | int]
    samples_per_second: float = 0.0
    spread: float = 0.0
    compile_seconds: float = 0.0
    chosen: bool = False
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    gain: float = 0.0
    noise: float = 0.0

    @property
    def is_told_apart(self) -> bool:
        """Whether it is faster or slower than the first way beyond the noise."""
        return abs(self.gain - 1) > max(CLEARLY - 1, NOISES * self.noise)


@dataclass(frozen=True)
class TuneView:
    """What a tuning found on this machine: ``chosen`` are the recipe's fields to set, none where nothing
    was clearly faster than the recipe as it is.

    ``before`` and ``after``: samples a second of the recipe as it was and of the fastest way, measured in
    turns at the end, where half of the pairs lay within ``noise`` of the gain; 0 where that was not come to.
    ``early``: it was stopped, and this is the best so far.
    ``elsewhere``: thread counts that only a process of their own can measure. ``created``: when, ISO 8601 in
    UTC; ``about``: SHA-256 of the design it is about.
    """

    kind: ClassVar[str] = "tune_view"
    engine: str
    device: str
    rows: tuple[TuneRow, ...] = ()
    chosen: Mapping[str, str | int] = field(default_factory=dict)
    before: float = 0.0
    after: float = 0.0
    elsewhere: tuple[int, ...] = ()
    created: str = ""
    early: bool = False
    noise: float = 0.0
    about: str = ""
