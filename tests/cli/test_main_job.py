"""The main job without a window: train on real data, export with the proof, optimize, evaluate, compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of home, run and models that all tests here share."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def trained(work: Path) -> Outcome:
    settings = ("--set", "epochs=20", "--set", "threads=1", "--out", work / "run", "--json")
    source = ("--data", "digits", "--engine", "torch", "--device", "cpu")
    return modelwright(work / "home", "train", "digits-cnn", *source, *settings)


@pytest.fixture(scope="module")
def exported(work: Path, trained: Outcome) -> Outcome:
    return modelwright(work / "home", "export", work / "run", "--to", work / "m.onnx", "--json")


@pytest.fixture(scope="module")
def exported_by_design(work: Path, exported: Outcome) -> Outcome:
    target = ("--to", work / "design.onnx", "--exporter", "design")
    return modelwright(work / "home", "export", work / "run", *target, "--json")


@pytest.fixture(scope="module")
def optimized(work: Path, exported: Outcome) -> Outcome:
    report = ("--report", work / "report.html")
    arguments = (work / "m.onnx", "--to", work / "o.onnx", *report, "--json")
    return modelwright(work / "home", "optimize", *arguments)


def test_that_the_digits_are_told_apart_on_samples_held_out(trained: Outcome) -> None:
    assert trained.status == 0, trained.err
    assert trained.last["kind"] == "finished"
    assert trained.last["summary"]["test_accuracy"] >= 0.97


def test_that_the_exported_file_answers_as_the_engine_does(exported: Outcome, work: Path) -> None:
    assert exported.status == 0, exported.err
    summary = exported.last["summary"]
    assert summary["proof"] == "passed"
    assert summary["max_abs_error"] <= 1e-5
    assert summary["classes_agree"] == 1.0
    assert summary["samples"] >= 256
    assert [path.name for path in work.glob("*unproven*")] == []


def test_that_the_proof_holds_when_it_is_worked_out_anew(exported: Outcome, work: Path) -> None:
    reference = np.load(work / "run" / "artifacts" / "reference.npz")
    session = onnxruntime.InferenceSession(work / "m.onnx", providers=["CPUExecutionProvider"])
    answers = session.run(None, {session.get_inputs()[0].name: reference["inputs"]})[0]
    error = float(np.abs(answers - reference["outputs"]).max())
    assert error == pytest.approx(exported.last["summary"]["max_abs_error"], abs=1e-5)


def test_that_no_batch_norm_is_left_and_the_answers_stay(optimized: Outcome, work: Path) -> None:
    assert optimized.status == 0, optimized.err
    summary = optimized.last["summary"]
    operators = {node.op_type for node in onnx.load(work / "o.onnx").graph.node}
    assert "BatchNormalization" not in operators
    assert "BatchNormalization" in {node.op_type for node in onnx.load(work / "m.onnx").graph.node}
    assert summary["batch_normalizations_after"] == 0
    assert summary["nodes_after"] < summary["nodes_before"]
    assert summary["bytes_after"] == (work / "o.onnx").stat().st_size
    assert summary["proof"] == "passed"
    assert (work / "report.html").stat().st_size > 1000
    view = next(event["record"] for event in optimized.events if event["kind"] == "answer")
    assert view["proof"]["samples"] == 360


def test_that_run_and_files_have_the_same_accuracy(trained: Outcome, optimized: Outcome, work: Path) -> None:
    wanted = trained.last["summary"]["test_accuracy"]
    for subject in (work / "run", work / "m.onnx", work / "o.onnx"):
        outcome = modelwright(work / "home", "evaluate", subject, "--data", "digits", "--json")
        assert outcome.status == 0, outcome.err
        assert outcome.last["summary"]["accuracy"] == pytest.approx(wanted)


def test_that_a_person_reads_the_proof_and_the_figures(optimized: Outcome, work: Path) -> None:
    again = modelwright(work / "home", "optimize", work / "m.onnx", "--to", work / "again.onnx")
    assert "Proof: passed on 360 samples" in again.out
    assert "batch norms" in again.out
    shown = modelwright(work / "home", "inspect", work / "o.onnx")
    assert "modelwright.run: run" in shown.out
    compared = modelwright(work / "home", "compare", work / "m.onnx", work / "o.onnx")
    assert "BatchNormalization" in compared.out


def test_that_the_designs_own_file_answers_as_the_engine_does(
    exported_by_design: Outcome, work: Path
) -> None:
    assert exported_by_design.status == 0, exported_by_design.err
    summary = exported_by_design.last["summary"]
    assert summary["proof"] == "passed"
    assert summary["max_abs_error"] <= 1e-5
    assert summary["classes_agree"] == 1.0
    assert Path(summary["file"]) == work / "design.onnx"
    reference = np.load(work / "run" / "artifacts" / "reference.npz")
    session = onnxruntime.InferenceSession(work / "design.onnx", providers=["CPUExecutionProvider"])
    answers = session.run(["logits"], {"image": reference["inputs"]})[0]
    assert np.abs(answers - reference["outputs"]).max() <= 1e-5 + 1e-5 * np.abs(reference["outputs"]).max()


def test_that_both_exporters_say_the_same_of_the_model(exported_by_design: Outcome, work: Path) -> None:
    files = [onnx.load(work / name) for name in ("m.onnx", "design.onnx")]
    engines, designs = ({entry.key: entry.value for entry in file.metadata_props} for file in files)
    assert engines == designs
    assert designs["modelwright.engine"].startswith("torch ")
    assert [file.producer_name for file in files] == ["pytorch", "modelwright"]
    for border in ("input", "output"):
        assert len({tuple(value.name for value in getattr(file.graph, border)) for file in files}) == 1
    assert len(files[1].graph.node) == 13 <= len(files[0].graph.node)


def test_that_an_exporter_nobody_knows_is_refused(exported: Outcome, work: Path) -> None:
    target = ("--to", work / "x.onnx", "--exporter", "nobody")
    outcome = modelwright(work / "home", "export", work / "run", *target)
    assert outcome.status == 2
    assert not (work / "x.onnx").exists()


def test_that_a_file_that_answers_otherwise_is_refused_and_never_takes_the_name(
    exported: Outcome, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is spoilt between export and proof, as a wrong exporter would."""
    from app.flows import main_job
    from engines.contract.jobs import ProveJob

    def spoilt(model: str, reference: str) -> ProveJob:
        arrays = dict(np.load(reference))
        np.savez(
            reference,
            **{name: array + 0.1 for name, array in arrays.items() if name != "inputs"},
            inputs=arrays["inputs"],
        )
        return ProveJob(model, reference)

    monkeypatch.setattr(main_job, "ProveJob", spoilt)
    outcome = modelwright(work / "home", "export", work / "run", "--to", work / "wrong.onnx", "--json")
    assert outcome.status == 1
    assert outcome.last["code"] == "proof_failed"
    assert not (work / "wrong.onnx").exists()
    assert (work / "wrong.unproven.onnx").is_file()
    assert "wrong.unproven.onnx" in outcome.err


def test_that_engines_are_listed_with_their_devices(work: Path) -> None:
    outcome = modelwright(work / "home", "engines", "--json")
    assert outcome.status == 0, outcome.err
    answers = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    reports = [record for record in answers if record["kind"] == "engine_report"]
    assert "cpu" in [device["name"] for report in reports for device in report["devices"]]
