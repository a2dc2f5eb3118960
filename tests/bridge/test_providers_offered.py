"""Each execution provider that starts is offered for the model at hand; what it answers is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.controllers.engines import EnginesController
from app.controllers.models import ModelsController
from app.controllers.providers import ProvidersController
from app.flows import runtime
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished, Stopped
from engines.contract.views import ExportView, ModelFacts, ProfileView, ProofView

VINO = DeviceView("openvino", "OpenVINO")
REPORT = EngineReport("onnxruntime", "1.24", (DeviceView("cpu", "CPU"), VINO))
FACTS = ModelFacts(3, 100, 10, 0.5, 0.25)
PROFILE = ProfileView("m.onnx", "OpenVINOExecutionProvider", FACTS)
PROOF = ProofView("passed", 360, 7.63e-6, 9e-7, 1e-5)


class Offered:
    """Engines, models and what is offered over them; what would run is caught."""

    def __init__(self, bench: Workbench, patch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.engines, self.models = EnginesController(bench), ModelsController(bench)
        self.controller = ProvidersController(bench, self.engines, self.models)
        self.flows: list[Any] = []
        self.end: Any = None
        patch.setattr(bench, "work", self._work)

    def _work(self, name: str, flow: Any, on_events: Any, on_end: Any) -> object:
        self.flows.append(flow)
        self.events, self.end = on_events, on_end
        return object()

    def report(self, report: EngineReport) -> None:
        self.engines.reports[report.engine] = report
        self.engines.reported.emit(report.engine)

    def open(self, model: Path) -> None:
        model.touch()
        self.models.file = model
        self.models.changed.emit()

    @property
    def action(self) -> Any:
        return self.bench.shell.action("run_on_openvino")

    @property
    def said(self) -> str:
        return str(self.bench.shell.message.accessibleName())


@pytest.fixture
def offered(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Offered:
    return Offered(bench, monkeypatch)


def test_that_a_provider_is_offered_once_it_is_known_and_usable_once_there_is_a_model(
    offered: Offered, tmp_path: Path
) -> None:
    offered.report(EngineReport("torch", "2", (DeviceView("cuda:0", "A100"),)))
    assert offered.controller._actions == {}
    offered.report(REPORT)
    assert offered.action.text() == "Measure and prove on OpenVINO"
    assert not offered.action.isEnabled()
    offered.open(tmp_path / "m.onnx")
    assert offered.action.isEnabled()
    offered.report(EngineReport("onnxruntime", "1.24", (DeviceView("cpu", "CPU"),)))
    assert not offered.action.isEnabled()


def test_that_what_it_measured_and_proved_is_said(offered: Offered, tmp_path: Path) -> None:
    offered.report(REPORT)
    offered.open(tmp_path / "m.onnx")
    reference = tmp_path / "reference.npz"
    reference.touch()
    offered.models.exported = ExportView(str(tmp_path / "m.onnx"), str(reference), 1, 20, "design")
    offered.action.trigger()
    (flow,) = offered.flows
    wanted = {"model": tmp_path / "m.onnx", "provider": "openvino", "reference": reference}
    assert (flow.func, flow.keywords) == (runtime.profile, wanted)
    assert not offered.action.isEnabled()
    offered.events([Answer(PROFILE), Answer(PROOF)])
    offered.end(Finished())
    assert offered.action.isEnabled()
    assert "On OpenVINO: 0.25 ms a sample." in offered.said
    assert "Largest error 7.63e-06 on 360 samples (bound 1e-05)." in offered.said


def test_that_a_model_without_kept_answers_is_measured_alone(offered: Offered, tmp_path: Path) -> None:
    offered.report(REPORT)
    offered.open(tmp_path / "m.onnx")
    offered.action.trigger()
    assert offered.flows[0].keywords["reference"] is None
    offered.events([Answer(PROFILE)])
    offered.end(Finished())
    assert "Largest error" not in offered.said


def test_that_a_provider_that_fails_says_why_and_a_stop_says_nothing(
    offered: Offered, tmp_path: Path
) -> None:
    offered.report(REPORT)
    offered.open(tmp_path / "m.onnx")
    offered.action.trigger()
    offered.end(Stopped(step=0, kept=False))
    assert "ms a sample" not in offered.said
    offered.action.trigger()
    offered.end(WorkbenchError(ErrorCode.PROVIDER_FAILED, provider="OpenVINO", why="no such device"))
    assert "no such device" in offered.said
