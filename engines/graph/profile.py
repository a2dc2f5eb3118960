"""How fast a model answers in ONNX Runtime: interleaved runs, medians, its own optimizer off and on.

ONNX Runtime folds batch norm and fuses by itself when it loads, so either figure alone misleads. Models are
run in turn, so that a busy machine disturbs them alike. One intra-operator thread, batch 1.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import onnx

from engines.contract.views import ModelFacts, ProfileView
from engines.graph import providers
from engines.graph.proof import prove
from engines.graph.read_onnx import parameter_count
from engines.graph.reference import Reference, answered
from engines.graph.runtime import Session

_WARM_UP = 3
_LEAST_RUNS = 9
_RECORDED = 30
BOUND = 1e-5
"""How far answers may be from the CPU's, as ``proof`` takes it."""


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
    models: Mapping[str, onnx.ModelProto], samples: Reference, provider: str = "", seconds: float = 1.0
) -> list[ProfileView]:
    """Measure models by their paths in turns on an execution provider: each whole, and node by node.

    Elsewhere than on the CPU the answers of all are held against those that the first one gives there.
    """
    files, elsewhere = list(models.values()), providers.named(provider) != providers.CPU
    plain = latencies(files, samples, seconds, optimize=False, provider=provider)
    there = [Session(model, optimize=True, provider=provider) for model in files]
    here = [Session(model, optimize=True) for model in files] if elsewhere else []
    runtime = _medians([*there, *here], samples, seconds)
    cpu = runtime[len(files) :] or [math.nan] * len(files)
    on_cpu = answered(samples, files[0]) if elsewhere else None
    return [
        _view(path, model, provider, samples, on_cpu, times)
        for (path, model), times in zip(models.items(), zip(plain, runtime, cpu))
    ]


def _view(
    path: str,
    model: onnx.ModelProto,
    provider: str,
    samples: Reference,
    on_cpu: Reference | None,
    times: tuple[float, float, float],
) -> ProfileView:
    """Time a model's nodes and hold it against ``on_cpu``; ``times``: plain, as it runs, as it runs there."""
    plain_ms, runtime_ms, cpu_ms = times
    session = _timed(model, samples, provider)
    return ProfileView(
        path,
        session.provider,
        facts_of(model, plain_ms, runtime_ms),
        dict(session.placement),
        session.nodes,
        prove(model, on_cpu, BOUND, provider) if on_cpu else None,
        cpu_ms,
    )


def _timed(model: onnx.ModelProto, samples: Reference, provider: str) -> Session:
    """Return a session that wrote down how long each node took; one sample, the runtime's optimizer on."""
    session = Session(model, optimize=True, provider=provider, recorded=_RECORDED)
    one = samples.cut(samples.fixed_batch or 1).inputs
    for _ in range(_RECORDED):
        session.run(one)
    return session


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
