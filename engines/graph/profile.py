"""How fast a model answers in ONNX Runtime: interleaved runs, medians, its own optimizer off and on.

ONNX Runtime folds batch norm and fuses by itself when it loads, so either figure alone misleads. Models are
run in turn, so that a busy machine disturbs them alike. One intra-operator thread, batch 1.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from collections.abc import Sequence

import onnx

from engines.contract.views import ModelFacts, ProfileView
from engines.graph.read_onnx import parameter_count
from engines.graph.reference import Reference
from engines.graph.runtime import Session

_WARM_UP = 3
_LEAST_RUNS = 9


def latencies(
    models: Sequence[onnx.ModelProto],
    samples: Reference,
    seconds: float = 2.0,
    optimize: bool = False,
    provider: str = "",
) -> list[float]:
    """Return each model's median time for one sample in milliseconds; runs take turns for ``seconds``."""
    sessions = [Session(model, optimize=optimize, provider=provider) for model in models]
    return _medians(sessions, samples, seconds)


def _medians(sessions: Sequence[Session], samples: Reference, seconds: float) -> list[float]:
    one = samples.cut(samples.fixed_batch or 1).inputs
    times: list[list[float]] = [[] for _ in sessions]
    for _ in range(_WARM_UP):
        for session in sessions:
            session.run(one)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < _LEAST_RUNS:
        for session, taken in zip(sessions, times):
            start = time.perf_counter()
            session.run(one)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) * 1000 for taken in times]


def profile(
    model: onnx.ModelProto, samples: Reference, path: str, provider: str = "", seconds: float = 1.0
) -> ProfileView:
    """Measure one model on an execution provider, and say which provider ran how many of its nodes."""
    plain, runtime = (Session(model, optimize=optimize, provider=provider) for optimize in (False, True))
    plain_ms, runtime_ms = (_medians([session], samples, seconds)[0] for session in (plain, runtime))
    placed = runtime.placement or {runtime.provider: len(model.graph.node)}
    return ProfileView(path, runtime.provider, facts_of(model, plain_ms, runtime_ms), placed)


def facts_of(
    model: onnx.ModelProto, plain_ms: float = math.nan, runtime_ms: float = math.nan, size: int = 0
) -> ModelFacts:
    """Return size and, where measured, speed of a model."""
    return ModelFacts(
        nodes=len(model.graph.node),
        bytes=size or model.ByteSize(),
        parameters=parameter_count(model),
        latency_plain_ms=plain_ms,
        latency_runtime_ms=runtime_ms,
        operators=dict(Counter(node.op_type for node in model.graph.node).most_common()),
    )


def before_and_after(
    source: onnx.ModelProto, target: onnx.ModelProto, samples: Reference, seconds: float = 1.0
) -> tuple[ModelFacts, ModelFacts]:
    """Measure both models against one another; ``seconds`` for each of the two settings."""
    plain = latencies((source, target), samples, seconds, optimize=False)
    runtime = latencies((source, target), samples, seconds, optimize=True)
    return facts_of(source, plain[0], runtime[0]), facts_of(target, plain[1], runtime[1])
