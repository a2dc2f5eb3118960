"""A proof says passed only where numbers carry it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer
from engines.contract.jobs import ProveJob
from engines.contract.spec import LAYER_KEY
from engines.contract.views import ProofView
from engines.graph.onnx_file import save_model
from engines.graph.onnx_jobs import prove as prove_job
from engines.graph.proof import allowed, prove, varies
from engines.graph.reference import Reference, answered, make_reference, read_reference
from engines.graph.runtime import Session, with_outputs
from engines.training.control import ControlFlags
from tests.graph.models import constant, conv_chain, dense, numbers, set_weight, weight


def by_the_specification(model: onnx.ModelProto, samples: Reference) -> Reference:
    """Answers of ONNX' own reference implementation, which shares no code with ONNX Runtime."""
    output = model.graph.output[0].name
    outputs = {output: ReferenceEvaluator(model).run([output], dict(samples.inputs))[0]}
    return replace(samples, outputs=outputs)


@pytest.mark.parametrize("model", [dense(), conv_chain(2), conv_chain(2, groups=2, bias=False)])
def test_that_a_model_is_proven_against_the_specification(model: onnx.ModelProto) -> None:
    view = prove(model, by_the_specification(model, make_reference(model)), 1e-5)
    assert (view.status, view.reason, view.where) == ("passed", "", "")
    assert view.samples == 256
    assert [batch.batch for batch in view.batches] == [1, 17, 256]
    assert view.max_abs_error <= 1e-5 * (1 + view.reference_max)
    assert view.max_rel_error == pytest.approx(view.max_abs_error / view.reference_max, rel=0.5)


@pytest.mark.parametrize("name", ["w", "b", "v"])
def test_that_one_weight_moved_by_one_percent_fails_the_proof(name: str) -> None:
    model = dense()
    reference = answered(make_reference(model), model)
    array = weight(model, name)
    largest = np.unravel_index(np.abs(array).argmax(), array.shape)
    array[largest] *= 1.01
    set_weight(model, name, array)
    view = prove(model, reference, 1e-5)
    assert view.status == "failed"
    assert view.reason in ("error_above_bound", "classes_differ")
    assert view.where == "y"


@pytest.mark.parametrize("samples", [21, 5])
@pytest.mark.parametrize("batch", [8, 17])
def test_that_a_model_of_one_batch_length_is_proven_on_whole_batches(
    tmp_path: Path, samples: int, batch: int
) -> None:
    free = dense()
    for name in ("r", "y"):
        node = next(node for node in free.graph.node if name in node.output)
        node.metadata_props.add(key=LAYER_KEY, value=name)
    x = numbers(9, samples, 3)
    answers = Session(with_outputs(free, ["r"])).run({"x": x}, ["y", "r"])
    arrays = {"inputs": x, "outputs": answers["y"], "outputs_17": answers["y"], "layer/r": answers["r"]}
    np.savez(tmp_path / "r.npz", **arrays)
    fixed = onnx.ModelProto()
    fixed.CopyFrom(free)
    for value in (*fixed.graph.input, *fixed.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    view = prove(fixed, read_reference(tmp_path / "r.npz", fixed), 1e-5)
    assert (view.status, view.samples) == ("passed", max(batch, samples - samples % batch))
    set_weight(fixed, "w", weight(fixed, "w") * 1.5)
    view = prove(fixed, read_reference(tmp_path / "r.npz", fixed), 1e-5)
    assert (view.status, view.where) == ("failed", "r" if samples >= batch else "y")


def test_that_answers_that_never_change_prove_nothing() -> None:
    model = constant()
    view = prove(model, answered(make_reference(model), model), 1e-5)
    assert (view.status, view.reason) == ("not_provable", "constant_output")
    assert view.max_abs_error == 0


def test_that_one_sample_proves_nothing() -> None:
    model = dense()
    view = prove(model, answered(make_reference(model, samples=1), model), 1e-5)
    assert view.status == "not_provable"


def test_that_tiny_answers_are_held_to_their_own_scale() -> None:
    model = dense()
    set_weight(model, "v", weight(model, "v") * np.float32(1e-28))
    reference = answered(make_reference(model), model)
    assert prove(model, reference, 1e-5).status == "passed"
    set_weight(model, "v", weight(model, "v") * np.float32(1.01))
    assert prove(model, reference, 1e-5).status == "failed"


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_that_answers_that_are_no_numbers_are_told(poison: float) -> None:
    model = dense()
    reference = answered(make_reference(model), model)
    array = weight(model, "b")
    array[:] = poison
    set_weight(model, "b", array)
    view = prove(model, reference, 1e-5)
    assert (view.status, view.reason) == ("failed", "not_finite")


def test_that_a_reference_of_nan_never_passes() -> None:
    model = dense()
    reference = answered(make_reference(model), model)
    broken = np.array(reference.outputs["y"])
    broken[3, 2] = np.nan
    view = prove(model, replace(reference, outputs={"y": broken}, by_batch={}), 1e-5)
    assert (view.status, view.reason, view.where) == ("failed", "not_finite", "y")


def test_that_another_shape_is_told_as_such() -> None:
    reference = answered(make_reference(dense(5)), dense(5))
    view = prove(dense(4), reference, 1e-5)
    assert (view.status, view.reason) == ("failed", "shapes_differ")
    assert math.isinf(view.max_abs_error)


def test_that_classes_are_counted_over_all_samples() -> None:
    model = dense()
    reference = answered(make_reference(model), model)
    swapped = weight(model, "v")[:, ::-1].copy()
    set_weight(model, "v", swapped)
    view = prove(model, reference, 1e-5)
    flipped = reference.outputs["y"][:, ::-1]
    expected = np.mean(flipped.argmax(1) == reference.outputs["y"].argmax(1))
    assert view.classes_agree == pytest.approx(expected)
    assert view.reason == "classes_differ"


def test_that_a_regression_has_no_classes() -> None:
    model = dense()
    onnx.helper.set_model_props(model, {"modelwright.task": "regression"})
    assert prove(model, answered(make_reference(model), model), 1e-5).classes_agree == -1


def test_that_a_binary_model_agrees_by_the_sign_of_its_logit() -> None:
    model = dense(1)
    onnx.helper.set_model_props(model, {"modelwright.task": "binary"})
    reference = answered(make_reference(model), model)
    assert prove(model, reference, 1e-5).classes_agree == 1
    set_weight(model, "v", -weight(model, "v"))
    wrong = prove(model, reference, 1e-5)
    zeros = np.mean(np.abs(reference.outputs["y"]) <= 2 * allowed(1e-5, wrong.reference_max))
    assert wrong.classes_agree == pytest.approx(zeros)


@given(st.floats(1e-30, 1e30), st.sampled_from([1e-3, 1e-5, 1e-7]))
def test_that_what_passes_is_small_beside_the_reference(scale: float, bound: float) -> None:
    passing = allowed(bound, scale)
    assert passing <= bound + bound * scale
    assert passing <= scale * (bound + 1e-3) * (1 + 1e-9)
    if scale >= 1000 * bound:
        assert passing == pytest.approx(bound + bound * scale)


@given(st.integers(2, 50), st.floats(0.01, 1e6))
def test_that_only_answers_that_differ_between_samples_vary(count: int, scale: float) -> None:
    same = np.full((count, 3), scale)
    assert not varies([same], 1e-5)
    other = same.copy()
    other[-1, 0] *= 1.1
    assert varies([same, other], 1e-5)


def saved(model: onnx.ModelProto, tmp_path: Path, **arrays: np.ndarray) -> ProveJob:
    save_model(model, tmp_path / "m.onnx")
    np.savez(tmp_path / "r.npz", **arrays)  # type: ignore[arg-type]
    return ProveJob(str(tmp_path / "m.onnx"), str(tmp_path / "r.npz"))


def test_that_a_model_is_never_held_against_its_own_answers(tmp_path: Path) -> None:
    model = dense()
    (inputs,) = make_reference(model).inputs.values()
    events = list(prove_job(saved(model, tmp_path, inputs=inputs), ControlFlags()))
    assert isinstance(events[-2], Answer)
    assert isinstance(events[-2].record, ProofView)
    assert (events[-2].record.status, events[-2].record.reason) == ("not_provable", "no_answers")


def test_that_answers_to_fewer_samples_than_there_are_prove_nothing(tmp_path: Path) -> None:
    model = dense()
    reference = answered(make_reference(model), model)
    (inputs,), (outputs,) = reference.inputs.values(), reference.outputs.values()
    job = saved(model, tmp_path, inputs=inputs, outputs=outputs[:2])
    with pytest.raises(WorkbenchError) as caught:
        list(prove_job(job, ControlFlags()))
    assert caught.value.code is ErrorCode.REFERENCE_BROKEN


@pytest.mark.parametrize(
    "spoil", [lambda good: good[:, :2], lambda good: good[:, :, None], lambda good: good * np.nan]
)
def test_that_inputs_of_another_shape_or_without_values_are_refused_before_anything_runs(
    spoil: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    model = dense()
    (inputs,) = make_reference(model).inputs.values()
    with pytest.raises(WorkbenchError) as caught:
        list(prove_job(saved(model, tmp_path, inputs=spoil(inputs)), ControlFlags()))
    assert caught.value.code is ErrorCode.REFERENCE_BROKEN


def test_that_one_by_one_the_last_sample_counts_too() -> None:
    """An exporter asks its engine for 64 samples one by one; the rest is held against its answers to all."""
    model = dense()
    reference = answered(make_reference(model), model)
    first = {batch: {"y": outputs["y"][:64]} for batch, outputs in reference.by_batch.items()}
    reference.outputs["y"][200] += 1.0
    view = prove(model, replace(reference, by_batch={1: first[1]}), 1e-5)
    assert view.status == "failed"
    assert [batch.max_abs_error > 0.9 for batch in view.batches] == [True, True, True]
