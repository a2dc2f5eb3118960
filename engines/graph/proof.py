"""Numbers that say whether a model answers as its reference does.

The bound is scaled by the reference: ``bound * m + min(bound, m / 1000)`` with ``m`` the largest reference
value, which is ``bound + bound * m`` except where answers are tiny, since an absolute bound says nothing
about answers near 1e-28.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx

from engines.contract.views import BatchProof, ProofView
from engines.graph.provenance import layer_of, metadata_of
from engines.graph.reference import Reference
from engines.graph.runtime import Array, Arrays, Session, with_outputs


@dataclass(frozen=True)
class Difference:
    """How two groups of arrays differ; ``fault`` is "" or a reason of ``ProofView``."""

    error: float = 0.0
    scale: float = 0.0
    fault: str = ""
    where: str = ""

    @property
    def relative(self) -> float:
        """The error divided by the largest reference value."""
        if self.error == 0:
            return 0.0
        return self.error / self.scale if self.scale else math.inf


def prove(model: onnx.ModelProto, reference: Reference, bound: float, provider: str = "") -> ProofView:
    """Hold ``model`` against ``reference`` in every batch size of its plan, on an execution provider.

    Raises:
        WorkbenchError: ``MODEL_NOT_RUNNABLE`` where ONNX Runtime refuses the model or the samples,
            ``PROVIDER_UNKNOWN``, ``PROVIDER_FAILED``, ``PROVIDER_FELL_BACK``.
    """
    session = Session(model, provider=provider)
    answers, batches, worst = {}, [], Difference()
    for batch in reference.plan():
        answers = session.run_in_batches(reference.inputs, batch)
        found = difference(_expected(reference, batch), answers, bound)
        batches.append(BatchProof(batch, found.error, found.relative))
        worst = max(worst, found, key=_severity)
    agree = _classes_agree(model, reference.outputs, answers, bound)
    status, reason = _verdict(reference.outputs, worst, agree, bound)
    return ProofView(
        status=status,
        samples=reference.samples,
        max_abs_error=worst.error,
        max_rel_error=worst.relative,
        bound=bound,
        reference_max=max((_largest(array) for array in reference.outputs.values()), default=0.0),
        classes_agree=agree,
        batches=tuple(batches),
        where=(first_difference(model, reference, bound) or worst.where) if status == "failed" else "",
        reason=reason,
        provider=session.provider,
        nodes_elsewhere=session.nodes_elsewhere,
    )


def difference(expected: Arrays, actual: Arrays, bound: float) -> Difference:
    """Compare arrays by name (the first samples, where ``expected`` has fewer) and return the worst."""
    worst = Difference()
    for name, wanted in expected.items():
        worst = max(worst, _difference(name, wanted, actual.get(name), bound), key=_severity)
    return worst


def allowed(bound: float, scale: float) -> float:
    """Return the largest error that passes where the largest reference value is ``scale``."""
    return bound * scale + min(bound, scale / 1000)


def varies(outputs: Iterable[Array], bound: float) -> bool:
    """Tell whether any answer moves with its sample by more than an error that would pass."""
    return any(_spread(array) > 2 * allowed(bound, _largest(array)) for array in outputs)


def first_difference(model: onnx.ModelProto, reference: Reference, bound: float) -> str:
    """Return the first node of the design whose inner values differ, "" where the reference cannot tell."""
    ends = {layer: tensor for layer, tensor in _layer_ends(model) if layer in reference.layers}
    if not ends:
        return ""
    count = min(len(reference.layers[layer]) for layer in ends)
    if reference.fixed_batch:
        count = reference.fixed_batch if count >= reference.fixed_batch else 0
    if not count:
        return ""
    inputs = {name: array[:count] for name, array in reference.inputs.items()}
    values = Session(with_outputs(model, list(ends.values()))).run(inputs, list(ends.values()))
    for layer, tensor in ends.items():
        wanted = reference.layers[layer][:count]
        if wanted.size == values[tensor].size:
            found = _difference(layer, wanted.reshape(values[tensor].shape), values[tensor], bound)
            if found.fault:
                return layer
    return ""


def _layer_ends(model: onnx.ModelProto) -> list[tuple[str, str]]:
    """Return each layer with the last tensor it makes, in the order of the graph."""
    ends: dict[str, str] = {}
    for node in model.graph.node:
        layer = layer_of(metadata_of(node))
        if layer and node.output and node.output[0]:
            ends.pop(layer, None)
            ends[layer] = node.output[0]
    return list(ends.items())


def _expected(reference: Reference, batch: int) -> Arrays:
    """Return the answers in that batch size; what was not asked so is held against the answers to all."""
    asked = dict(reference.by_batch.get(batch, {}))
    for name, whole in reference.outputs.items():
        first = asked.get(name)
        if first is None:
            asked[name] = whole
        elif first.ndim and whole.ndim and len(first) < len(whole) and first.shape[1:] == whole.shape[1:]:
            asked[name] = np.concatenate([first, whole[len(first) :]])
    return asked


def _difference(name: str, wanted: Array, found: Array | None, bound: float) -> Difference:
    if found is None or wanted.shape[1:] != found.shape[1:] or wanted.shape[:1] > found.shape[:1]:
        return Difference(math.inf, _largest(wanted), "shapes_differ", name)
    if not np.issubdtype(wanted.dtype, np.number) and wanted.dtype != np.bool_:
        same = bool(np.array_equal(wanted, found[: len(wanted)]))
        return Difference(*((0.0, 1.0, "", "") if same else (math.inf, 1.0, "error_above_bound", name)))
    exact, near = _wide(wanted), _wide(found[: len(wanted)] if wanted.ndim else found)
    if not (np.isfinite(exact).all() and np.isfinite(near).all()):
        return Difference(math.inf, _largest(wanted), "not_finite", name)
    error = float(np.abs(exact - near).max(initial=0.0))
    scale = _largest(wanted)
    fault = "error_above_bound" if error > allowed(bound, scale) else ""
    return Difference(error, scale, fault, name if fault else "")


def _wide(array: Array) -> Array:
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)


def _severity(found: Difference) -> tuple[bool, float]:
    return (bool(found.fault), found.error)


def _largest(array: Array) -> float:
    if not np.issubdtype(array.dtype, np.number):
        return 1.0
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0.0))


def _spread(array: Array) -> float:
    if array.ndim == 0 or len(array) < 2 or not array.size:
        return 0.0
    if not np.issubdtype(array.dtype, np.number):
        return 0.0 if (array == array[0]).all() else math.inf
    wide = _wide(array)
    return float(np.abs(wide - wide[0]).max()) if np.isfinite(wide).all() else math.inf


def _verdict(outputs: Arrays, worst: Difference, agree: float, bound: float) -> tuple[str, str]:
    if worst.fault == "error_above_bound" and 0 <= agree < 1:
        return "failed", "classes_differ"
    if worst.fault:
        return "failed", worst.fault
    if not varies(outputs.values(), bound):
        return "not_provable", "constant_output"
    return "passed", ""


def _classes_agree(model: onnx.ModelProto, wanted: Arrays, found: Arrays, bound: float) -> float:
    """Return the share of samples with the same class; a tie within the bound counts as the same."""
    task = next((e.value for e in model.metadata_props if e.key == "modelwright.task"), "")
    name = next(iter(wanted), "")
    if task == "regression" or name not in found or found[name].shape != wanted[name].shape:
        return -1.0
    a, b = wanted[name].reshape(len(wanted[name]), -1), found[name].reshape(len(wanted[name]), -1)
    if not (np.issubdtype(a.dtype, np.floating) and np.isfinite(a).all() and np.isfinite(b).all()):
        return -1.0
    slack = 2 * allowed(bound, _largest(a))
    if task == "binary":
        same = ((a > 0) == (b > 0)) | (np.abs(a) <= slack)
        return float(same.mean())
    if a.shape[1] < 2:
        return -1.0
    top = np.sort(a, axis=1)
    same = (a.argmax(axis=1) == b.argmax(axis=1)) | (top[:, -1] - top[:, -2] <= slack)
    return float(same.mean())
