"""Runs exported by their designs alone: the job, and the files beside what PyTorch answers and exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import ExportDesignJob, OptimizeJob, ProveJob
from engines.contract.records import from_plain, to_plain
from engines.contract.spec import GraphSpec, Recipe
from engines.contract.views import ExportView, OptimizeView, ProofView
from engines.design.templates import TEMPLATES
from engines.graph.jobs import optimize
from engines.graph.onnx_file import load_model, save_model
from engines.graph.onnx_jobs import prove
from engines.graph.read_onnx import graph_view
from engines.host import tools
from engines.training.control import ControlFlags
from engines.training.model_facts import output_name, trained_by
from engines.training.run_folder import ENVIRONMENT, write_record
from tests.graph.exports import cnn, deep, settled_weights, table, write_data, write_run
from tests.graph.models import set_weight, weight


def export(run: Path, target: Path, flags: ControlFlags | None = None) -> list[Event]:
    return list(tools.run(ExportDesignJob(str(run), str(target)), flags or ControlFlags()))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a small regression."""
    folder = tmp_path_factory.mktemp("design")
    manifest = write_data(folder / "data", "regression")
    recipe = Recipe(loss="mean_squared_error", metrics=(), threads=1)
    write_run(folder / "run", table(), folder / "data", manifest, recipe)
    return folder / "run"


def test_that_the_job_answers_with_what_it_wrote(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "m.onnx"
    *steps, answer, end = export(run, target)
    assert [step.stage for step in steps if isinstance(step, Progress)] == ["load", "export", "write"]
    assert answer == Answer(ExportView(str(target), "", target.stat().st_size, 20, "modelwright"))
    assert isinstance(end, Finished)
    assert [path.name for path in target.parent.iterdir()] == ["m.onnx"]
    onnx.checker.check_model(str(target), full_check=True)


def test_that_the_file_is_the_same_each_time(run: Path, tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        export(run, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_that_the_weights_are_those_of_the_checkpoint(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "m.onnx")
    model = load_model(tmp_path / "m.onnx")
    for name, array in settled_weights(table()).items():
        np.testing.assert_array_equal(weight(model, name), array)


@pytest.mark.parametrize("stages", [0, 1, 2])
def test_that_a_stop_leaves_nothing(run: Path, tmp_path: Path, stages: int) -> None:
    flags = ControlFlags()
    work = tools.run(ExportDesignJob(str(run), str(tmp_path / "m.onnx")), flags)
    for _ in range(stages):
        next(work)
    flags.stop(keep=False)
    assert isinstance(list(work)[-1], Stopped)
    assert not list(tmp_path.iterdir())


def test_that_what_keeps_a_run_from_being_exported_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        export(tmp_path, tmp_path / "m.onnx")
    assert caught.value.code is ErrorCode.NOT_A_RUN
    with pytest.raises(WorkbenchError) as caught:
        export(run, run / "run.json" / "m.onnx")
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE


def test_that_the_job_travels_as_a_record() -> None:
    job = ExportDesignJob("/run", "/m.onnx", "last")
    assert from_plain(ExportDesignJob, to_plain(job)) == job


def test_that_the_engine_that_trained_is_named_with_its_version(run: Path) -> None:
    assert trained_by(run) == "torch"
    before = (run / ENVIRONMENT).read_bytes()
    write_record(run / ENVIRONMENT, {"python": "3.12.1", "torch": "2.13.0"})
    assert trained_by(run) == "torch 2.13.0"
    for content in (b"", b"[1]"):
        (run / ENVIRONMENT).write_bytes(content)
        assert trained_by(run) == "torch"
    (run / ENVIRONMENT).write_bytes(before)


@pytest.mark.parametrize(
    ("last", "loss", "name"),
    [
        ("dense", "cross_entropy", "logits"),
        ("dense", "huber", "value"),
        ("softmax", "cross_entropy", "probabilities"),
        ("sigmoid", "mean_squared_error", "probabilities"),
    ],
)
def test_that_the_output_is_called_what_it_is(last: str, loss: str, name: str) -> None:
    from engines.design.freeze import freeze
    from tests.design.builders import chain

    def design(of: str) -> GraphSpec:
        return freeze(chain(("input", of, {"shape": (3,)}), (last, "end", {})))

    assert output_name(design("x"), loss) == name
    assert output_name(design(name), loss) == f"{name}_"


# --- beside PyTorch ---


def proof_of(model: Path, reference: Path) -> ProofView:
    *_, answer, _end = prove(ProveJob(str(model), str(reference)), ControlFlags())
    assert isinstance(answer, Answer)
    assert isinstance(answer.record, ProofView)
    return answer.record


def facts(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


@pytest.mark.framework
@pytest.mark.parametrize("name", ["cnn", "deep", "table", *TEMPLATES])
def test_that_the_file_answers_as_pytorch_does(exports: Path, tmp_path: Path, name: str) -> None:
    export(exports / "runs" / name, tmp_path / "m.onnx")
    view = proof_of(tmp_path / "m.onnx", exports / f"{name}.npz")
    assert view.status == "passed"
    assert view.samples >= 88
    assert view.max_rel_error <= 1e-5
    with np.load(exports / f"{name}.npz") as reference:
        assert view.max_abs_error <= 1e-5 + 1e-5 * np.abs(reference["outputs"]).max()


@pytest.mark.framework
@pytest.mark.parametrize("spec", [cnn(), deep(), table()], ids=lambda spec: spec.name)
def test_that_both_files_say_the_same_and_ours_is_no_larger(
    exports: Path, tmp_path: Path, spec: GraphSpec
) -> None:
    ours, theirs = tmp_path / "m.onnx", exports / f"{spec.name}.onnx"
    export(exports / "runs" / spec.name, ours)
    engine = {"modelwright.engine"}  # this run names no version
    assert {k: v for k, v in facts(ours).items() if k not in engine} == {
        k: v for k, v in facts(theirs).items() if k not in engine
    }
    mine, its = load_model(ours), load_model(theirs)
    for border in ("input", "output"):
        assert [value.name for value in getattr(mine.graph, border)] == [
            value.name for value in getattr(its.graph, border)
        ]
    assert mine.graph.name == its.graph.name
    assert len(mine.graph.node) <= len(its.graph.node)
    drawn = [{node.layer for node in graph_view(model, "").nodes if node.layer} for model in (mine, its)]
    assert drawn[0] == drawn[1] - {layer.name for layer in spec.layers if layer.layer == "dropout"}


@pytest.mark.framework
def test_that_a_wrong_weight_is_found_by_its_layer(exports: Path, tmp_path: Path) -> None:
    export(exports / "runs" / "cnn", tmp_path / "m.onnx")
    model = load_model(tmp_path / "m.onnx")
    set_weight(model, "conv2/weight", weight(model, "conv2/weight") * 1.01)
    save_model(model, tmp_path / "wrong.onnx")
    view = proof_of(tmp_path / "wrong.onnx", exports / "cnn.npz")
    assert (view.status, view.where) == ("failed", "conv2")


@pytest.mark.framework
@pytest.mark.parametrize(("name", "nodes"), [("cnn", 10), ("deep", 53)])  # the pool over all places is two
def test_that_the_passes_fold_what_the_design_wrote(
    exports: Path, tmp_path: Path, name: str, nodes: int
) -> None:
    export(exports / "runs" / name, tmp_path / "m.onnx")
    job = OptimizeJob(str(tmp_path / "m.onnx"), str(tmp_path / "o.onnx"), str(exports / f"{name}.npz"))
    *_, answer, _end = optimize(job, ControlFlags())
    assert isinstance(answer, Answer)
    assert isinstance(answer.record, OptimizeView)
    assert answer.record.proof.status == "passed"
    assert "BatchNormalization" not in answer.record.after.operators
    assert answer.record.after.nodes <= nodes
    if name == "cnn":
        assert answer.record.graph_after is not None
        merged = {node.layer: node.merged for node in answer.record.graph_after.nodes}
        assert (merged["conv1"], merged["hidden"]) == (("norm1",), ("norm3",))
