"""The model on another execution provider of ONNX Runtime: measured and proven there, by Ctrl+K."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.bridge.flow_thread import FlowThread, Outcome
from app.controllers.engines import EnginesController
from app.controllers.models import ModelsController
from app.flows import runtime
from app.messages import words
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView
from engines.contract.events import Answer, Crashed, Event, Failed, Stopped
from engines.contract.views import ProfileView, ProofView


class ProvidersController(QObject):
    """Has an action for each provider that starts where ONNX Runtime runs; what comes of it is said."""

    def __init__(self, bench: Workbench, engines: EnginesController, models: ModelsController) -> None:
        super().__init__(bench)
        self._bench, self._engines, self._models = bench, engines, models
        self._actions: dict[str, QAction] = {}
        self._thread: FlowThread | None = None
        self._found: list[ProfileView | ProofView] = []
        engines.reported.connect(lambda _: self._sync())
        models.changed.connect(self._sync)
        bench.run_chosen.connect(lambda _: self._sync())

    def _sync(self) -> None:
        """Offer what is listed; what is not any more, or has no model to run, is grey."""
        report = self._engines.reports.get(runtime.RUNTIME)
        here = {device.name: device for device in report.devices} if report else {}
        for device in here.values():
            if device.name not in self._actions:
                self._actions[device.name] = self._action(device)
        for name, action in self._actions.items():
            action.setEnabled(name in here and self._models.model is not None and self._thread is None)
            action.setToolTip(words.RUN_ON_NOTHING if name in here else words.NO_DEVICE)

    def _action(self, device: DeviceView) -> QAction:
        text, run = words.RUN_ON.format(provider=device.title), partial(self._run_on, device)
        return self._bench.shell.add_action(f"run_on_{device.name}", text, "", run, idle=True)

    def _run_on(self, device: DeviceView) -> None:
        """Measure the model there; prove it, too, where the engine's answers are kept."""
        model, exported = self._models.model, self._models.exported
        if model is None or self._thread is not None:
            return
        kept = Path(exported.reference) if exported is not None and exported.reference else None
        reference = kept if kept is not None and kept.is_file() else None
        self._found = []
        self._bench.say(words.RUNNING_ON.format(provider=device.title), "info")
        flow = partial(runtime.profile, model=model, provider=device.name, reference=reference)
        self._thread = self._bench.work("run on", flow, self._on_events, partial(self._on_ended, device))
        self._sync()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answer) and isinstance(event.record, (ProfileView, ProofView)):
                self._found.append(event.record)

    def _on_ended(self, device: DeviceView, outcome: Outcome) -> None:
        self._thread = None
        self._sync()
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)
        elif not isinstance(outcome, Stopped):
            self._bench.say(" ".join(self._sentences(device)))

    def _sentences(self, device: DeviceView) -> list[str]:
        return [
            words.RAN_ON.format(provider=device.title, milliseconds=found.facts.latency_runtime_ms)
            if isinstance(found, ProfileView)
            else words.PROVEN_ON.format(error=found.max_abs_error, bound=found.bound, samples=found.samples)
            for found in self._found
        ]
