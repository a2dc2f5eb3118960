"""The optimizer keeps what numbers prove and rejects the rest with its reason."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx.reference import ReferenceEvaluator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished, Progress, Stopped
from engines.contract.jobs import OptimizeJob
from engines.contract.views import OptimizeView
from engines.graph import jobs
from engines.graph.jobs import optimize
from engines.graph.onnx_file import load_model, save_model
from engines.graph.optimize import Optimization, begin, first_differing_node, run_passes
from engines.graph.passes import PASSES, Pass, chosen
from engines.graph.profile import before_and_after
from engines.graph.reference import make_reference
from engines.training.control import ControlFlags
from tests.graph.models import conv_chain, dense, model_of, numbers, set_weight, weight


@pytest.fixture(autouse=True)
def brief_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure as ever, yet not for seconds: no test here asks how steady the figures are."""
    monkeypatch.setattr(jobs, "before_and_after", partial(before_and_after, seconds=0.05))


def optimized(model: onnx.ModelProto, passes: tuple[Pass, ...] = PASSES) -> Optimization:
    work = begin(model, make_reference(model))
    list(run_passes(work, passes))
    return work


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@settings(max_examples=12)
@given(st.integers(1, 4), st.sampled_from([1, 2, 4]), st.booleans(), st.integers(0, 1000))
def test_that_batch_norm_folds_into_convolutions(blocks: int, groups: int, bias: bool, seed: int) -> None:
    model = conv_chain(blocks, groups, bias, seed)
    work = optimized(model)
    assert operators(work.model) == ["Conv", "Relu"] * blocks
    samples = np.random.default_rng(seed).standard_normal((5, 4, 6, 6)).astype(np.float32)
    before = ReferenceEvaluator(model).run(None, {"x": samples})[0]
    after = ReferenceEvaluator(work.model).run(None, {"x": samples})[0]
    assert np.abs(before - after).max() <= 1e-5 * (1 + np.abs(before).max())


def test_that_every_pass_says_what_it_did() -> None:
    work = optimized(conv_chain(3))
    steps = {step.name: step for step in work.steps}
    assert [step.name for step in work.steps] == [row.name for row in PASSES]
    assert steps["drop_identities"].state == "applied"
    assert steps["drop_identities"].nodes_before - steps["drop_identities"].nodes_after == 3
    assert steps["fold_batch_norm"].nodes_before - steps["fold_batch_norm"].nodes_after == 3
    assert 0 < steps["fold_batch_norm"].max_abs_error < 1e-4
    assert all(step.seconds > 0 for step in work.steps)
    assert {step.state for step in work.steps} <= {"applied", "no_effect", "rejected"}


def test_that_a_pass_without_effect_leaves_the_model_alone() -> None:
    work = optimized(dense(), chosen(["drop_dead_ends"]))
    assert work.steps[0].state == "no_effect"
    assert work.model == dense()


def _raise(model: onnx.ModelProto) -> onnx.ModelProto:
    raise KeyError("no such tensor")


def _break(model: onnx.ModelProto) -> onnx.ModelProto:
    del model.graph.node[0]
    return model


def _lie(model: onnx.ModelProto) -> onnx.ModelProto:
    set_weight(model, "v", weight(model, "v") * np.float32(1.001))
    return model


def _rename(model: onnx.ModelProto) -> onnx.ModelProto:
    model.graph.output[0].name = model.graph.node[-1].output[0] = "z"
    return model


def _grow(model: onnx.ModelProto) -> onnx.ModelProto:
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Identity", ["before"], ["y"]))
    return model


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (_raise, "raised: KeyError"),
        (_break, "checker: "),
        (_lie, "error_above_bound: y"),
        (_rename, "other_outputs: z"),
        (_grow, "more_nodes: 5"),
    ],
)
def test_that_a_bad_pass_is_rejected_and_the_graph_goes_on(run: object, reason: str) -> None:
    bad = Pass("bad", "Bad", run)  # type: ignore[arg-type]
    work = optimized(dense(), (bad, *chosen(["fold_batch_norm"])))
    assert work.steps[0].state == "rejected"
    assert work.steps[0].reason.startswith(reason)
    assert work.steps[0].nodes_after == 4
    assert work.steps[1].state == "applied"
    assert operators(work.model) == ["Gemm", "Relu", "MatMul"]


def test_that_an_unknown_pass_is_named_with_those_there_are() -> None:
    with pytest.raises(WorkbenchError) as caught:
        chosen(["fold_batch_norm", "fold_laundry"])
    assert caught.value.code is ErrorCode.PASS_UNKNOWN
    assert caught.value.facts["name"] == "fold_laundry"
    assert "onnxslim" in str(caught.value.facts["known"])


def test_that_passes_run_in_the_tables_order_whatever_was_asked() -> None:
    assert [row.name for row in chosen(["onnxslim", "fold_constants"])] == ["fold_constants", "onnxslim"]


def test_that_constants_dead_ends_and_repeats_go() -> None:
    nodes = [
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Constant", [], ["three"], value_float=3.0),
        helper.make_node("Mul", ["two", "three"], ["six"]),
        helper.make_node("Mul", ["x", "six"], ["a"]),
        helper.make_node("Mul", ["x", "six"], ["b"]),
        helper.make_node("Sin", ["x"], ["nobody_wants_me"]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    work = optimized(model_of(nodes, {}, ("n", 3), ("n", 3)))
    assert operators(work.model) == ["Mul", "Add"]


def test_that_functions_are_inlined_though_nodes_grow() -> None:
    inner = [helper.make_node("Relu", ["a"], ["t"]), helper.make_node("Mul", ["t", "a"], ["b"])]
    function = helper.make_function("own", "Bent", ["a"], ["b"], inner, [helper.make_opsetid("", 20)])
    model = model_of(
        [helper.make_node("Bent", ["x"], ["y"], domain="own")], {}, ("n", 3), ("n", 3), [function]
    )
    work = optimized(model)
    assert operators(work.model) == ["Relu", "Mul"]
    assert not work.model.functions


def test_that_borders_and_metadata_outlive_every_library() -> None:
    model = conv_chain(2)
    helper.set_model_props(model, {"modelwright.classes": '["a", "b"]'})
    work = optimized(model)
    assert list(work.model.graph.input) == list(model.graph.input)
    assert list(work.model.graph.output) == list(model.graph.output)
    assert list(work.model.metadata_props) == list(model.metadata_props)


def test_that_the_first_differing_node_is_named() -> None:
    model, other = conv_chain(3), conv_chain(3)
    set_weight(other, "w1", weight(model, "w1") * np.float32(1.01))
    assert first_differing_node(model, other, make_reference(model)) == "conv1"
    assert first_differing_node(model, model, make_reference(model)) == ""


def test_that_a_model_of_before_2018_is_freed_of_its_weights_as_inputs() -> None:
    model = dense()
    model.ir_version = 3
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, 1, tensor.dims))
    model.opset_import[0].version = 13
    kept = optimized(model, chosen(["drop_dead_ends"]))
    assert len(kept.model.graph.input) == 4
    freed = optimized(model)
    assert [value.name for value in freed.model.graph.input] == ["x"]
    assert operators(freed.model) == ["Gemm", "Relu", "MatMul"]


def test_that_a_fixed_batch_length_is_kept_to() -> None:
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Relu", ["m"], ["y"])],
        {"w": numbers(0, 3, 2)},
        (4, 3),
        (4, 2),
    )
    work = optimized(model)
    assert work.reference.plan() == (4,)
    assert {step.state for step in work.steps} <= {"applied", "no_effect"}


def job(tmp_path: Path, model: onnx.ModelProto, **options: object) -> OptimizeJob:
    save_model(model, tmp_path / "m.onnx")
    return OptimizeJob(str(tmp_path / "m.onnx"), str(tmp_path / "o.onnx"), **options)  # type: ignore[arg-type]


def test_that_the_job_writes_the_model_and_answers_with_both_graphs(tmp_path: Path) -> None:
    events = list(optimize(job(tmp_path, conv_chain(2)), ControlFlags()))
    assert isinstance(events[-1], Finished)
    assert isinstance(events[-2], Answer)
    view = events[-2].record
    assert isinstance(view, OptimizeView)
    assert (view.before.nodes, view.after.nodes) == (8, 4)
    assert view.before.operators["BatchNormalization"] == 2
    assert "BatchNormalization" not in view.after.operators
    assert view.proof.status == "passed"
    assert view.after.latency_plain_ms > 0
    assert view.after.latency_runtime_ms > 0
    assert view.after.bytes < view.before.bytes
    assert view.graph_after is not None
    assert [node.op for node in view.graph_after.nodes if node.family != "io"] == ["Conv", "Relu"] * 2
    written = onnxruntime.InferenceSession(str(tmp_path / "o.onnx"), providers=["CPUExecutionProvider"])
    samples = numbers(9, 3, 4, 6, 6)
    wanted = ReferenceEvaluator(conv_chain(2)).run(None, {"x": samples})[0]
    assert written.run(None, {"x": samples})[0] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_that_progress_names_each_stage_and_never_runs_back(tmp_path: Path) -> None:
    events = list(optimize(job(tmp_path, dense()), ControlFlags()))
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == list(range(len(PASSES) + 4))
    assert {event.total for event in progress} == {len(PASSES) + 4}
    assert [event.stage for event in progress][-3:] == ["prove", "measure", "write"]


def test_that_a_stop_is_obeyed_between_passes_and_leaves_nothing(tmp_path: Path) -> None:
    flags = ControlFlags()
    events = []
    for event in optimize(job(tmp_path, dense()), flags):
        events.append(event)
        if isinstance(event, Progress) and event.stage == "drop_no_ops":
            flags.stop(keep=True)
    assert isinstance(events[-1], Stopped)
    assert not events[-1].kept
    assert not (tmp_path / "o.onnx").exists()


def test_that_the_source_file_is_never_touched(tmp_path: Path) -> None:
    work = job(tmp_path, conv_chain(1))
    before = (tmp_path / "m.onnx").read_bytes()
    list(optimize(work, ControlFlags()))
    assert (tmp_path / "m.onnx").read_bytes() == before
    assert load_model(tmp_path / "o.onnx").graph.name == "made"


def test_that_a_model_that_the_runtime_refuses_is_an_error(tmp_path: Path) -> None:
    function = helper.make_node("Nothing", ["x"], ["y"], domain="nobody")
    graph = helper.make_graph(
        [function],
        "strange",
        [helper.make_tensor_value_info("x", 1, ["n", 2])],
        [helper.make_tensor_value_info("y", 1, ["n", 2])],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("nobody", 1)]
    with pytest.raises(WorkbenchError) as caught:
        list(optimize(job(tmp_path, helper.make_model(graph, opset_imports=opsets)), ControlFlags()))
    assert caught.value.code is ErrorCode.MODEL_NOT_RUNNABLE
