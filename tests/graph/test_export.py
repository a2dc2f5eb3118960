"""PyTorch's own exports, from run folder to proof: made once in a child, then looked at without PyTorch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, r2_score

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished
from engines.contract.jobs import EvaluateOnnxJob, OptimizeJob, ProveJob
from engines.contract.views import Evaluation, OptimizeView, ProofView
from engines.graph.evaluate import evaluate
from engines.graph.jobs import optimize
from engines.graph.onnx_file import load_model, save_model
from engines.graph.onnx_jobs import evaluate_onnx, prove
from engines.graph.proof import prove as hold_against
from engines.graph.read_onnx import graph_view
from engines.graph.reference import read_reference
from engines.training.control import ControlFlags
from tests.graph.models import dense, set_weight, weight

pytestmark = pytest.mark.framework


def proof_of(model: Path, reference: Path) -> ProofView:
    events = list(prove(ProveJob(str(model), str(reference)), ControlFlags()))
    assert isinstance(events[-1], Finished)
    assert isinstance(events[-2], Answer)
    assert isinstance(events[-2].record, ProofView)
    return events[-2].record


def stored(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


def test_that_the_exporter_says_nothing(exports: Path) -> None:
    assert (exports / "chatter.txt").read_text() == ""


@pytest.mark.parametrize(("name", "samples"), [("cnn", 359), ("deep", 359), ("table", 88)])
def test_that_an_export_answers_as_pytorch_does(exports: Path, name: str, samples: int) -> None:
    view = proof_of(exports / f"{name}.onnx", exports / f"{name}.npz")
    assert view.status == "passed"
    assert view.samples == samples
    assert [batch.batch for batch in view.batches] == [1, 17, samples]
    assert view.max_rel_error <= 1e-5
    assert view.classes_agree == (-1 if name == "table" else 1)


def test_that_batch_norm_is_still_there_and_the_batch_is_free(exports: Path) -> None:
    model = load_model(exports / "cnn.onnx")
    assert sum(node.op_type == "BatchNormalization" for node in model.graph.node) == 3
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert model.opset_import[0].version == 20


def test_that_inputs_outputs_and_metadata_speak_the_designs_language(exports: Path) -> None:
    model = load_model(exports / "cnn.onnx")
    assert [value.name for value in model.graph.input] == ["pixels"]
    assert [value.name for value in model.graph.output] == ["logits"]
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["modelwright.classes"]) == [str(digit) for digit in range(10)]
    assert json.loads(facts["modelwright.preparation"]) == {"scale": "1/16"}
    assert (facts["modelwright.design"], facts["modelwright.run"]) == ("cnn", "cnn")
    assert facts["modelwright.engine"].startswith("torch ")
    assert [value.name for value in load_model(exports / "table.onnx").graph.output] == ["value"]


def test_that_every_node_finds_its_way_back_to_the_design(exports: Path) -> None:
    view = graph_view(load_model(exports / "cnn.onnx"), "cnn")
    layers = {node.layer for node in view.nodes if node.family != "io" or node.op == "Input"}
    assert layers == {
        "pixels", "conv1", "norm1", "relu1", "conv2", "norm2", "sum", "relu2", "pool", "flat", "drop",
        "hidden", "norm3", "relu3", "logits",
    }  # fmt: skip
    assert next(node.scope for node in view.nodes if node.op == "Conv") == ("conv1",)


def test_that_no_path_of_this_machine_is_in_the_file(exports: Path) -> None:
    content = (exports / "cnn.onnx").read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


@pytest.mark.parametrize("layer", ["conv1", "conv2", "hidden", "logits"])
def test_that_one_weight_moved_by_one_percent_fails_and_is_found(
    exports: Path, tmp_path: Path, layer: str
) -> None:
    model = load_model(exports / "cnn.onnx")
    array = weight(model, f"{layer}.weight")
    heard = stored(exports / "cnn.npz")
    flowing = {"hidden": "layer/flat", "logits": "layer/relu3"}
    used = np.abs(heard[flowing[layer]]).mean(0) if layer in flowing else 1.0  # some inputs are always zero
    if layer == "hidden":  # and some units never answer
        used = used * heard["layer/relu3"].mean(0)[:, None]
    array[np.unravel_index(np.abs(array * used).argmax(), array.shape)] *= 1.01
    set_weight(model, f"{layer}.weight", array)
    save_model(model, tmp_path / "m.onnx")
    view = proof_of(tmp_path / "m.onnx", exports / "cnn.npz")
    assert view.status == "failed"
    assert view.where == layer


@pytest.mark.parametrize(("name", "nodes"), [("cnn", 10), ("deep", 52)])
def test_that_optimizing_folds_every_batch_norm_and_stays_true(
    exports: Path, tmp_path: Path, name: str, nodes: int
) -> None:
    job = OptimizeJob(
        str(exports / f"{name}.onnx"),
        str(tmp_path / "o.onnx"),
        str(exports / f"{name}.npz"),
        str(tmp_path / "report.html"),
    )
    view = list(optimize(job, ControlFlags()))[-2].record  # type: ignore[union-attr]
    assert isinstance(view, OptimizeView)
    assert view.before.operators["BatchNormalization"] > 0
    assert "BatchNormalization" not in view.after.operators
    assert view.after.nodes <= nodes
    assert view.proof.status == "passed"
    assert proof_of(tmp_path / "o.onnx", exports / f"{name}.npz").max_rel_error <= 1e-5
    inputs = stored(exports / f"{name}.npz")["inputs"][:8]
    before = ReferenceEvaluator(str(exports / f"{name}.onnx")).run(None, {"pixels": inputs})[0]
    after = ReferenceEvaluator(str(tmp_path / "o.onnx")).run(None, {"pixels": inputs})[0]
    assert np.abs(before - after).max() <= 1e-5 * (1 + np.abs(before).max())


def test_that_a_folded_layer_is_named_with_what_was_folded_into_it(exports: Path, tmp_path: Path) -> None:
    job = OptimizeJob(str(exports / "cnn.onnx"), str(tmp_path / "o.onnx"), str(exports / "cnn.npz"))
    view = list(optimize(job, ControlFlags()))[-2].record  # type: ignore[union-attr]
    assert isinstance(view, OptimizeView)
    assert view.graph_after is not None
    origins = {node.layer: node.merged for node in view.graph_after.nodes}
    assert (origins["conv1"], origins["hidden"], origins["sum"]) == (("norm1",), ("norm3",), ())


def test_that_an_export_is_evaluated_as_scikit_learn_would(exports: Path) -> None:
    job = EvaluateOnnxJob(str(exports / "cnn.onnx"), str(exports / "data" / "classification"))
    found = list(evaluate_onnx(job, ControlFlags()))[-2].record  # type: ignore[union-attr]
    assert isinstance(found, Evaluation)
    data, answers = exports / "data" / "classification", stored(exports / "cnn.npz")["outputs"]
    targets = np.load(data / "targets.npy")[np.load(data / "test.npy")]
    shares = np.exp(answers - answers.max(1, keepdims=True))
    shares = (shares / shares.sum(1, keepdims=True)).astype(np.float64)
    assert found.samples == 359
    assert found.values["accuracy"] == pytest.approx(accuracy_score(targets, answers.argmax(1)))
    assert found.values["f1"] == pytest.approx(f1_score(targets, answers.argmax(1), average="macro"))
    assert found.values["loss"] == pytest.approx(
        log_loss(targets, shares / shares.sum(1, keepdims=True)), rel=1e-4
    )
    assert np.sum(found.confusion) == 359


def test_that_a_regression_is_evaluated_by_its_own_loss(exports: Path) -> None:
    data, answers = exports / "data" / "regression", stored(exports / "table.npz")["outputs"]
    found = evaluate(load_model(exports / "table.onnx"), data, "test")
    targets = np.load(data / "targets.npy")[np.load(data / "test.npy")]
    assert found.values["mae"] == pytest.approx(mean_absolute_error(targets, answers[:, 0]), rel=1e-4)
    assert found.values["r2"] == pytest.approx(r2_score(targets, answers[:, 0]), rel=1e-4)
    assert found.values["loss"] == pytest.approx(np.mean((targets - answers[:, 0]) ** 2), rel=1e-4)
    assert not found.confusion


def test_that_data_of_another_shape_is_refused_with_both(exports: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        evaluate(load_model(exports / "cnn.onnx"), exports / "data" / "regression", "test", "cnn.onnx")
    assert caught.value.code is ErrorCode.MODEL_DATA_MISMATCH
    assert caught.value.facts["model"] == "batch × 1 × 8 × 8"


def test_that_a_reference_that_fits_no_model_is_refused(exports: Path, tmp_path: Path) -> None:
    model = dense()
    np.savez(tmp_path / "no_inputs.npz", outputs=np.zeros(3))
    (tmp_path / "broken.npz").write_bytes((exports / "cnn.npz").read_bytes()[:300])
    np.savez(tmp_path / "words.npz", inputs=np.array(["a", "b"]))
    for name in ("no_inputs", "broken", "words"):
        with pytest.raises(WorkbenchError) as caught:
            read_reference(tmp_path / f"{name}.npz", model)
        assert caught.value.code is ErrorCode.REFERENCE_BROKEN
    with pytest.raises(WorkbenchError) as caught:
        read_reference(tmp_path / "none.npz", model)
    assert caught.value.code is ErrorCode.FILE_MISSING


def test_that_samples_of_another_shape_are_an_error_of_the_model(exports: Path) -> None:
    model = load_model(exports / "table.onnx")
    reference = read_reference(exports / "cnn.npz", load_model(exports / "cnn.onnx"))
    wrong = replace(reference, inputs={"pixels": reference.inputs["pixels"]})
    with pytest.raises(WorkbenchError) as caught:
        hold_against(model, wrong, 1e-5)
    assert caught.value.code is ErrorCode.MODEL_NOT_RUNNABLE


def test_that_a_class_that_changes_is_counted(exports: Path, tmp_path: Path) -> None:
    model = load_model(exports / "cnn.onnx")
    set_weight(model, "logits.bias", weight(model, "logits.bias")[::-1] * 9)
    save_model(model, tmp_path / "m.onnx")
    view = proof_of(tmp_path / "m.onnx", exports / "cnn.npz")
    assert (view.status, view.reason, view.where) == ("failed", "classes_differ", "logits")
    assert view.classes_agree < 1


def test_that_metadata_of_the_exporter_is_read_by_onnx_itself(exports: Path) -> None:
    model = onnx.load(exports / "deep.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert {entry.key for node in model.graph.node for entry in node.metadata_props} == {
        "modelwright.layer",
        "pkg.torch.onnx.name_scopes",
    }
