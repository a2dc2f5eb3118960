"""What was measured of a model is told again by the next window, and never of files that changed since."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.desk import Desk
from app.flows import kept, main_job, saving, stages
from engines.contract.events import Answer, Event, Finished
from engines.contract.files import are_unchanged, digests_of
from engines.contract.views import (
    ExportView,
    GraphView,
    LoweredView,
    OptimizeView,
    ProofView,
    SavedView,
    StageView,
)
from engines.graph import jobs
from engines.graph.onnx_file import save_model
from engines.graph.profile import before_and_after
from engines.host.thread import InThreadHost
from tests.graph.models import conv_chain, dense

LOWERED = LoweredView(
    "torch", "Inductor", (StageView("one", "One", GraphView("m", "fx", (), ()), 1.0, 0.0),), 8, 8, 1
)
PROOF = ProofView("passed", 8, 1e-7, 1e-7, 1e-5)


def answers(events: Iterable[Event]) -> dict[type, object]:
    return {type(event.record): event.record for event in events if isinstance(event, Answer)}


def look(model: Path, run: Path | None = None) -> dict[type, object]:
    """Return what a window that opens ``model`` is told."""
    with Desk(InThreadHost) as desk:
        return answers(kept.look_again(desk, model, model.with_name("o.onnx"), None, run))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, OptimizeView]:
    """A model that was optimized, and the report of it."""
    model = tmp_path_factory.mktemp("once") / "m.onnx"
    target = model.with_name("o.onnx")
    save_model(conv_chain(1), model)
    with pytest.MonkeyPatch.context() as patch, Desk(InThreadHost) as desk:
        patch.setattr(jobs, "before_and_after", partial(before_and_after, seconds=0.02))
        found = answers(main_job.optimize(desk, model, target, None, None, target.with_suffix(".json")))
    report = found[OptimizeView]
    assert isinstance(report, OptimizeView)
    return model, report


@pytest.fixture
def optimized(once: tuple[Path, OptimizeView], tmp_path: Path) -> tuple[Path, OptimizeView]:
    """The same in a folder of the test's own: where it lies makes no difference."""
    folder = tmp_path / "here"
    shutil.copytree(once[0].parent, folder)
    return folder / "m.onnx", replace(once[1], target=str(folder / "o.onnx"))


def test_that_the_optimizers_report_comes_back_whole_with_the_time_it_was_measured(
    optimized: tuple[Path, OptimizeView],
) -> None:
    model, report = optimized
    found = look(model)[OptimizeView]
    assert isinstance(found, OptimizeView)
    assert found.measured == report.measured != ""
    assert (found.passes, found.before, found.after) == (report.passes, report.before, report.after)
    assert (found.proof, found.target) == (report.proof, report.target)
    for side in ("graph_before", "graph_after"):
        then, now = getattr(report, side), getattr(found, side)
        assert [(node.name, node.op, node.x, node.y) for node in now.nodes] == [
            (node.name, node.op, node.x, node.y) for node in then.nodes
        ]


@pytest.mark.parametrize("changed", ["m.onnx", "o.onnx"])
def test_that_no_report_is_told_of_a_file_that_changed_since(
    optimized: tuple[Path, OptimizeView], changed: str
) -> None:
    model, _ = optimized
    save_model(dense(), model.with_name(changed))
    assert OptimizeView not in look(model)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": 1}'])
def test_that_a_report_nobody_can_read_is_none(optimized: tuple[Path, OptimizeView], text: str) -> None:
    model, _ = optimized
    (model.parent / "o.json").write_text(text, encoding="utf-8")
    assert OptimizeView not in look(model)


def test_that_a_report_that_is_about_no_file_is_none(tmp_path: Path) -> None:
    """Reports of earlier versions named none: nothing says whether they are still true."""
    save_model(dense(), tmp_path / "m.onnx")
    proven = {"status": "passed", "samples": 1, "max_abs_error": 0, "max_rel_error": 0, "bound": 1e-5}
    facts = {"nodes": 1, "bytes": 1, "parameters": 1, "latency_plain_ms": 1, "latency_runtime_ms": 1}
    old = {"source": "m", "target": "o", "before": facts, "after": facts, "passes": [], "proof": proven}
    (tmp_path / "o.json").write_text(str(old).replace("'", '"'), encoding="utf-8")
    assert list(look(tmp_path / "m.onnx")) == [GraphView]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose stages were looked at and whose model was saved in a format of its engine's own."""
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "artifacts").mkdir()
    (folder / "checkpoints" / "step-1.json").write_text("{}", encoding="utf-8")
    save_model(dense(), folder / "artifacts" / "m.onnx")
    target = folder / "artifacts" / "model.savedmodel"
    (target / "variables").mkdir(parents=True)
    (target / "variables" / "data").write_text("weights", encoding="utf-8")
    written = ExportView(str(target), "", 7, 0, "keras")
    monkeypatch.setattr(stages, "stages", lambda desk, run: iter((Answer(LOWERED), Finished())))
    monkeypatch.setattr(
        saving, "save", lambda desk, run, target: iter((Answer(PROOF), Answer(written), Finished()))
    )
    with Desk(InThreadHost) as desk:
        assert list(answers(kept.compiled(desk, folder))) == [LoweredView]
        assert list(answers(kept.save(desk, folder, target))) == [SavedView]
    return folder


def test_that_stages_and_saved_files_come_back_with_their_run(run: Path) -> None:
    found = look(run / "artifacts" / "m.onnx", run)
    lowered, saved = found[LoweredView], found[SavedView]
    assert isinstance(lowered, LoweredView)
    assert isinstance(saved, SavedView)
    assert lowered.stages == LOWERED.stages
    assert lowered.measured
    assert (saved.proof, saved.view.bytes) == (PROOF, 7)


@pytest.mark.parametrize("name", ["step-1.json", "step-2.json"])
def test_that_neither_is_told_of_a_run_that_went_on(run: Path, name: str) -> None:
    (run / "checkpoints" / name).write_text('{"step": 2}', encoding="utf-8")
    assert list(look(run / "artifacts" / "m.onnx", run)) == [GraphView]


def test_that_a_saved_file_that_changed_is_not_called_proven(run: Path) -> None:
    (run / "artifacts" / "model.savedmodel" / "variables" / "data").write_text("others", encoding="utf-8")
    found = look(run / "artifacts" / "m.onnx", run)
    assert SavedView not in found
    assert LoweredView in found


def test_that_digests_are_of_files_as_seen_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b.txt").write_text("b", encoding="utf-8")
    digests = digests_of([tmp_path / "b.txt"], tmp_path / "a")
    assert list(digests) == ["../b.txt"]
    assert are_unchanged(digests, tmp_path / "a")
    (tmp_path / "b.txt").unlink()
    assert not are_unchanged(digests, tmp_path / "a")
