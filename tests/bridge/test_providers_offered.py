"""Each provider that starts can be chosen for the model at hand; what it answers is shown in the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.controllers.engines import EnginesController
from app.controllers.models import ModelsController
from app.controllers.providers import ProvidersController
from app.flows import runtime
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished, Stopped
from engines.contract.views import (
    ExportView,
    GraphView,
    ModelFacts,
    NodeTime,
    OptimizeView,
    ProfileView,
    ProofView,
    TensorView,
)
from widgets.graphing.compare import OptimizeReport
from widgets.rooms.ship import ShipRoom

CPU, VINO, CUDA = "CPUExecutionProvider", "OpenVINOExecutionProvider", "CUDAExecutionProvider"
REPORT = EngineReport(
    "onnxruntime",
    "1.24",
    (DeviceView("cpu", "CPU"), DeviceView("openvino", "OpenVINO")),
    providers=(CPU, VINO, CUDA, "AzureExecutionProvider"),
    refusals={f"provider/{CUDA}": "libcuda.so.1: cannot open shared object file"},
)
ALONE = EngineReport("onnxruntime", "1.24", (DeviceView("cpu", "CPU"),), providers=(CPU,))
FACTS = ModelFacts(3, 100, 10, 0.5, 0.25)
AGAINST = ProofView("passed", 256, 2e-6, 1e-7, 1e-5)
NODES = (NodeTime("cast", "Cast", CPU, 0.01), NodeTime(f"{VINO}_sub_1", "sub", VINO, 0.03))
PROFILE = ProfileView("m.onnx", VINO, FACTS, {VINO: 1, CPU: 1}, NODES, AGAINST, 0.2)
ON_CPU = ProfileView("m.onnx", CPU, FACTS, {CPU: 1}, NODES[:1])
PROOF = ProofView("passed", 360, 7.63e-6, 9e-7, 1e-5)


class GraphPage:
    """What the providers need of the Graph room."""

    def __init__(self) -> None:
        self.report = OptimizeReport()


class Offered:
    """A Ship room whose model can be run; what would run is caught."""

    def __init__(self, bench: Workbench, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.bench, self.folder = bench, folder
        self.engines, self.models = EnginesController(bench), ModelsController(bench)
        self.controller = ProvidersController(bench, self.engines, self.models)
        self.flows: list[Any] = []
        self.ends: list[Any] = []
        patch.setattr(bench, "work", self._work)
        self.room = ShipRoom()
        self.card = self.room.proof
        self.controller.attach_ship(self.room)

    def _work(self, name: str, flow: Any, on_events: Any, on_end: Any) -> Any:
        self.flows.append(flow)
        self.ends.append((on_events, on_end))
        return self

    def stop(self, keep: bool) -> None:
        on_end = self.ends[-1][1]
        on_end(Stopped(step=0, kept=keep))

    def report(self, report: EngineReport) -> None:
        self.engines.reports[report.engine] = report
        self.engines.reported.emit(report.engine)

    def export(self, *, reference: bool = True) -> Path:
        model, kept = self.folder / "m.onnx", self.folder / "reference.npz"
        model.touch()
        if reference:
            kept.touch()
        self.models.file = model
        self.models.exported = ExportView(str(model), str(kept), 1, 20, "design")
        self.room.show_export(self.models.exported)
        self.room.show_proof(replace(PROOF, max_abs_error=4e-6))
        self.models.changed.emit()
        return model

    def end(self, *records: Any, outcome: Any = None) -> None:
        on_events, on_end = self.ends[-1]
        on_events([Answer(record) for record in records])
        on_end(outcome or Finished())

    def choose(self, key: str) -> None:
        self.card.provider.chosen.emit(key)


@pytest.fixture
def offered(bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot) -> Offered:
    made = Offered(bench, monkeypatch, tmp_path)
    qtbot.addWidget(made.room)
    made.room.show()
    return made


def test_that_where_there_is_the_cpu_alone_nothing_is_to_be_chosen(offered: Offered) -> None:
    offered.export()
    assert not offered.card.provider.isVisible()
    offered.report(ALONE)
    assert not offered.card.provider.isVisible()
    offered.report(replace(ALONE, providers=(CPU, "AzureExecutionProvider")))
    assert not offered.card.provider.isVisible()
    assert offered.card.absolute.text() == "4e-6"
    assert not offered.flows


def test_that_providers_have_their_proper_names_and_one_that_does_not_start_says_why(
    offered: Offered,
) -> None:
    offered.export()
    offered.report(REPORT)
    assert offered.card.provider.isVisible()
    rows = [action for action in offered.card.provider.menu().actions() if action.data()]
    assert [str(row.property("title")) for row in rows] == ["CPU", "OpenVINO", "CUDA"]
    assert [row.isEnabled() for row in rows] == [True, True, False]
    assert "libcuda.so.1" in rows[2].text()


def test_that_choosing_one_measures_and_proves_there_and_shows_it_in_the_page(offered: Offered) -> None:
    model = offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    (flow,) = offered.flows
    wanted = {"model": model, "provider": "openvino", "reference": offered.folder / "reference.npz"}
    assert (flow.func, flow.keywords) == (runtime.profile, {**wanted, "optimized": None})
    assert offered.card.absolute.text() == "–"
    assert offered.card.basis.text().startswith("Running on OpenVINO")
    offered.end(PROFILE, PROOF)
    card = offered.card
    assert (card.absolute.text(), card.verdict.text) == ("7.6e-6", "Proven")
    assert "ONNX Runtime on OpenVINO" in card.basis.text()
    assert (card.sample.text(), card.to_cpu.text(), card.left.text()) == ("250 µs", "2e-6", "1 of 2")
    assert "200 µs on the CPU" in card._one.text()
    assert card.nodes.csv().splitlines() == [
        "Node,Operation,Ran on,Time,Share",
        "cast,Cast,CPU,10 µs,25%",
        "sub_1,several in one,OpenVINO,30 µs,75%",
    ]
    assert not offered.bench.shell.message.isVisible()


def test_that_back_on_the_cpu_its_proof_is_there_at_once_and_the_other_is_kept(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.end(PROFILE, PROOF)
    offered.choose("cpu")
    assert offered.card.absolute.text() == "4e-6"
    assert not offered.card.to_cpu.isVisible()
    offered.controller.key = "openvino"
    offered.models.changed.emit()
    assert offered.card.absolute.text() == "7.6e-6"
    assert len(offered.flows) == 1


def test_that_what_is_chosen_again_is_measured_again(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.end(PROFILE, PROOF)
    offered.choose("openvino")
    assert len(offered.flows) == 2


def test_that_without_the_engine_s_answers_the_cpu_s_are_the_proof(offered: Offered) -> None:
    offered.export(reference=False)
    offered.report(REPORT)
    offered.choose("openvino")
    assert offered.flows[0].keywords["reference"] is None
    offered.end(PROFILE)
    assert offered.card.absolute.text() == "2e-6"
    assert "against the CPU" in offered.card.basis.text()


def test_that_a_proof_that_fails_there_is_shown_with_what_to_do(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    failed = replace(PROOF, status="failed", reason="error_above_bound", max_abs_error=0.1)
    fault = WorkbenchError(ErrorCode.PROOF_FAILED, path="m", error="0.1", bound="1e-5", reason="r", where="w")
    offered.end(PROFILE, failed, outcome=fault)
    assert offered.card.verdict.text == "Failed"
    assert offered.card.message.what.text() == "This file on OpenVINO does not answer as the engine does."
    assert "full precision" in offered.card.message.todo.text()


def test_that_a_provider_that_fails_says_why_in_the_page_and_is_not_asked_again(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.end(outcome=WorkbenchError(ErrorCode.PROVIDER_FAILED, provider="OpenVINO", why="no such device"))
    assert "no such device" in offered.card.message.why.text()
    assert not offered.bench.shell.message.isVisible()
    offered.models.changed.emit()
    assert len(offered.flows) == 1
    assert offered.card.provider.isVisible()


def test_that_another_choice_ends_what_was_being_measured(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.choose("cpu")
    assert offered.card.absolute.text() == "4e-6"
    assert offered.controller._thread is None


def test_that_a_file_that_changed_is_measured_anew(offered: Offered) -> None:
    model = offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.end(PROFILE, PROOF)
    model.write_bytes(b"another")
    offered.models.changed.emit()
    assert len(offered.flows) == 2
    assert offered.card.absolute.text() == "–"


def test_that_a_provider_that_is_gone_leaves_the_cpu(offered: Offered) -> None:
    offered.export()
    offered.report(REPORT)
    offered.choose("openvino")
    offered.end(PROFILE, PROOF)
    offered.report(ALONE)
    assert offered.card.absolute.text() == "4e-6"
    assert not offered.card.provider.isVisible()


def test_that_each_node_is_timed_on_the_cpu_when_somebody_looks(offered: Offered) -> None:
    offered.export()
    offered.report(ALONE)
    offered.card.each_node.click()
    assert offered.flows[0].keywords["provider"] == "cpu"
    assert offered.card.absolute.text() == "4e-6"
    assert "measuring" in offered.card.each_node.text()
    offered.end(ON_CPU, PROOF)
    assert offered.card.nodes.isVisible()
    assert offered.card.absolute.text() == "4e-6"
    assert offered.card.sample.text() == "250 µs"
    assert "measuring" not in offered.card.each_node.text()


def test_that_the_optimizer_s_report_is_about_the_same_provider(offered: Offered, qtbot: QtBot) -> None:
    page = GraphPage()
    qtbot.addWidget(page.report)
    source, target = offered.export(), offered.folder / "o.onnx"
    target.touch()
    offered.report(REPORT)
    view = OptimizeView(str(source), str(target), FACTS, FACTS, (), replace(PROOF, max_abs_error=3e-7))
    offered.models.optimization = view
    page.report.show_report(view)
    offered.controller.attach_graph(page)
    offered.room.hide()
    offered.choose("openvino")
    assert not offered.flows  # nobody looks
    page.report.show()
    assert offered.flows[0].keywords["optimized"] == target
    assert page.report.provider.key == "openvino"
    assert page.report.verdict.text() == "Running on OpenVINO …"
    after = replace(PROFILE, model=str(target), placement={VINO: 1}, nodes=NODES[1:])
    offered.end(PROFILE, after)
    cells = {key: cell.text() for key, cell in page.report.cells.items()}
    assert cells["Nodes left to the CPU", "before"] == "1 of 2"
    assert cells["Nodes left to the CPU", "after"] == "none"
    assert page.report.error.text() == "2e-6"
    page.report.turn.click()
    assert page.report.nodes.csv().splitlines()[1:] == ["sub_1,several in one,OpenVINO,30 µs,100%"]
    offered.choose("cpu")
    assert page.report.error.text() == "3e-7"
    assert not page.report.cells["Nodes left to the CPU", "before"].isVisible()


def test_that_the_lines_to_use_the_file_are_for_the_provider_that_is_chosen(offered: Offered) -> None:
    offered.export()
    offered.room.show_usage(
        GraphView("m", "onnx", (), (), inputs=(TensorView("x", "float", ("batch", "2")),))
    )
    offered.report(REPORT)
    offered.choose("openvino")
    assert f'providers = ["{VINO}", "{CPU}"]' in offered.room.usage.code.toPlainText()
    offered.report(ALONE)
    assert "providers" not in offered.room.usage.code.toPlainText()


def test_that_a_profile_that_fails_on_the_cpu_says_so_beside_the_proof(offered: Offered) -> None:
    offered.export()
    offered.report(ALONE)
    offered.card.each_node.click()
    offered.end(outcome=WorkbenchError(ErrorCode.MODEL_NOT_RUNNABLE, path="m.onnx", why="no such operator"))
    assert "no such operator" in offered.card.message.why.text()
    assert offered.card.absolute.text() == "4e-6"


def test_that_ctrl_k_finds_each_provider_that_starts_once_there_is_a_model(offered: Offered) -> None:
    offered.report(REPORT)
    action = offered.bench.shell.action("run_on_openvino")
    assert action.text() == "Measure and prove on OpenVINO"
    assert not action.isEnabled()
    offered.export()
    assert action.isEnabled()
    offered.report(ALONE)
    assert not action.isEnabled()
