"""The optimizer: pass after pass, each proven against the source model, none trusted.

A pass that raises, leaves an invalid model, changes the model's inputs or outputs, adds nodes or moves the
answers beyond the bound is rejected with its reason; the graph goes on without it.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import onnx

from engines.contract.errors import WorkbenchError
from engines.contract.views import PassView
from engines.graph import provenance
from engines.graph.passes import Pass
from engines.graph.proof import difference
from engines.graph.reference import Reference, answered
from engines.graph.runtime import Session, with_outputs

BOUND = 1e-5
_CHECKED_SAMPLES = 64
"""Samples that each pass is held against; the whole result is proven on all of them afterwards."""


@dataclass
class Optimization:
    """A model on its way: ``model`` is the result so far, ``steps`` what each pass did."""

    source: onnx.ModelProto
    model: onnx.ModelProto
    reference: Reference  # the source's own answers, ONNX Runtime's optimizer off
    bound: float = BOUND
    steps: list[PassView] = field(default_factory=list)
    known: provenance.Known = field(default_factory=provenance.Known)


class _RejectedError(Exception):
    """A pass is not kept; ``args[0]`` is the reason."""


def begin(source: onnx.ModelProto, samples: Reference, bound: float = BOUND) -> Optimization:
    """Run the source once, so that each pass can be held against it.

    Raises:
        WorkbenchError: ``MODEL_NOT_RUNNABLE`` where ONNX Runtime refuses the source itself.
    """
    few = samples.cut(_round_up(_CHECKED_SAMPLES, samples.fixed_batch))
    known = provenance.Known()
    known.learn(source)
    return Optimization(source, _copy(source), answered(few, source), bound, known=known)


def run_passes(work: Optimization, passes: Sequence[Pass]) -> Iterator[PassView]:
    """Run one pass after the other; yield what each did."""
    for step in passes:
        view = _run_pass(work, step)
        work.steps.append(view)
        yield view


def _run_pass(work: Optimization, step: Pass) -> PassView:
    before = len(work.model.graph.node)
    start = time.perf_counter()
    error, state, reason = 0.0, "applied", ""
    try:
        candidate, error = _attempt(work, step)
        if _fingerprint(candidate) == _fingerprint(work.model):
            state = "no_effect"
        else:
            work.model = candidate
    except _RejectedError as rejected:
        state, reason = "rejected", str(rejected.args[0])
        error = float(rejected.args[1]) if len(rejected.args) > 1 else 0.0
    after, seconds = len(work.model.graph.node), time.perf_counter() - start
    return PassView(step.name, step.title, state, before, after, error, seconds, reason)


def _attempt(work: Optimization, step: Pass) -> tuple[onnx.ModelProto, float]:
    try:
        with _quiet():
            candidate = step.run(_copy(work.model))
    except Exception as error:
        raise _RejectedError(f"raised: {_first_line(error)}") from error
    _keep_borders(candidate, work.source)
    work.known.restore(candidate)
    try:
        onnx.checker.check_model(candidate)
    except Exception as error:
        raise _RejectedError(f"checker: {_first_line(error)}") from error
    if not step.may_grow and len(candidate.graph.node) > len(work.model.graph.node):
        raise _RejectedError(f"more_nodes: {len(candidate.graph.node)}")
    return candidate, _error_of(work, candidate)


def _error_of(work: Optimization, candidate: onnx.ModelProto) -> float:
    worst = 0.0
    try:
        session = Session(candidate)
        for batch in work.reference.plan():
            answers = session.run_in_batches(work.reference.inputs, batch)
            found = difference(work.reference.by_batch[batch], answers, work.bound)
            if found.fault:
                raise _RejectedError(f"{found.fault}: {found.where}", found.error)
            worst = max(worst, found.error)
    except WorkbenchError as error:
        raise _RejectedError(f"not_runnable: {error.facts.get('why', '')}") from error
    return worst


def first_differing_node(
    source: onnx.ModelProto, target: onnx.ModelProto, reference: Reference, bound: float = BOUND
) -> str:
    """Return the first node of ``target`` whose tensor differs from that of the same name in ``source``."""
    there = {output for node in source.graph.node for output in node.output if output}
    shared = [
        (node.name or node.op_type, output)
        for node in target.graph.node
        for output in node.output
        if output in there
    ]
    tensors = [output for _, output in shared]
    if not tensors:
        return ""
    inputs = reference.cut(reference.fixed_batch or 17).inputs
    wanted = Session(with_outputs(source, tensors)).run(inputs, tensors)
    found = Session(with_outputs(target, tensors)).run(inputs, tensors)
    for name, output in shared:
        if difference({output: wanted[output]}, found, bound).fault:
            return str(name)
    return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' notes about what they skip to themselves: the numbers tell what was done."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "onnxscript", "onnxslim")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _keep_borders(candidate: onnx.ModelProto, source: onnx.ModelProto) -> None:
    """Give back the shapes and metadata that libraries drop; refuse other inputs or outputs."""
    stored = {tensor.name for model in (candidate, source) for tensor in model.graph.initializer}
    for side in ("input", "output"):
        now, then = getattr(candidate.graph, side), getattr(source.graph, side)
        names = [value.name for value in now]
        kept = [value for value in then if value.name in names or value.name not in stored]
        if [name for name in names if name not in stored] != [v.name for v in kept if v.name not in stored]:
            raise _RejectedError(f"other_{side}s: {', '.join(names)[:80]}")
        del now[:]
        now.extend(kept)
    del candidate.metadata_props[:]
    candidate.metadata_props.extend(source.metadata_props)
    candidate.producer_name, candidate.producer_version = source.producer_name, source.producer_version
    candidate.graph.name = source.graph.name


def _fingerprint(model: onnx.ModelProto) -> tuple[object, ...]:
    graph = model.graph
    nodes = tuple(
        (n.op_type, n.domain, len(n.input), tuple(sorted(a.SerializeToString() for a in n.attribute)))
        for n in graph.node
    )
    stored = sorted((tensor.data_type, tuple(tensor.dims)) for tensor in graph.initializer)
    return nodes, tuple(stored), len(model.functions), len(graph.input), model.ir_version


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _round_up(samples: int, batch: int) -> int:
    return -(-samples // batch) * batch if batch else samples


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
