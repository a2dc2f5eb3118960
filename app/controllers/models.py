"""The model that is looked at: exported and proven, drawn, optimized, shown in Netron, shipped.

The Graph and Ship rooms show one model: that of the chosen run, or an ONNX file that was opened.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from app.bridge.flow_thread import FlowThread, Outcome
from app.desk import Desk
from app.flows import kept, main_job
from app.flows.exports import Exporter
from app.messages import words
from app.run_files import outdated
from app.workbench import Workbench
from engines.contract.events import Answer, Crashed, Event, Failed, Progress
from engines.contract.views import ExportView, GraphView, LoweredView, OptimizeView, ProofView, SavedView

MODEL, OPTIMIZED, REFERENCE, REPORT = "model.onnx", "optimized.onnx", "reference.npz", "report.html"


class ModelsController(QObject):
    """Holds what is known of the one model; rooms hear of it by ``changed`` and ``progressed``."""

    changed = Signal()
    progressed = Signal(str, int, int)
    finished = Signal()

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._thread: FlowThread | None = None
        self._turn = 0
        self.exporter = Exporter.ENGINE
        self.file: Path | None = None
        """An ONNX file of somebody else's; None: the chosen run's model."""
        self.forget()
        bench.run_chosen.connect(self._on_run_chosen)
        bench.project_changed.connect(lambda: self._on_run_chosen(""))
        bench.offer("export_onnx", self.export)
        bench.offer("open_folder", self.open_folder)

    def forget(self) -> None:
        """Know nothing of any model."""
        self.exported: ExportView | None = None
        self.proof: ProofView | None = None
        self.graph: GraphView | None = None
        self.optimization: OptimizeView | None = None
        self.stages: LoweredView | None = None
        self.saved: SavedView | None = None
        self.changed.emit()

    @property
    def busy(self) -> bool:
        """Whether the model is being worked on."""
        return self._thread is not None

    @property
    def model(self) -> Path | None:
        """The ONNX file, if it is there."""
        if self.file is not None:
            return self.file
        path = self._artifact(MODEL)
        return path if path is not None and path.is_file() else None

    @property
    def optimized(self) -> Path | None:
        """Where the optimized file lies or will lie."""
        if self.file is not None:
            return self.file.with_name(f"{self.file.stem}.optimized.onnx")
        return self._artifact(OPTIMIZED)

    def open_file(self, path: Path) -> None:
        """Look at an ONNX file."""
        self.show_file(path)
        self.read()

    def show_file(self, path: Path) -> None:
        """Be about an ONNX file, which is read when a room wants it."""
        self._leave()
        self.file = path
        self.forget()

    def look(self) -> None:
        """See to it that the graph is known: read the file, exported first where it is not there yet.

        What was exported before the run went on is exported anew: its proof was about other weights.
        """
        if self.busy or self.graph is not None:
            return
        if self.model is not None and (self.file is not None or not outdated(self.model)):
            self.read()
        elif self._bench.run:
            self.export()

    def read(self) -> None:
        """Read the file's graph and what is kept of it; prove it again where the engine's answers are."""
        model, optimized, reference = self.model, self.optimized, self._artifact(REFERENCE)
        if model is not None and optimized is not None:
            proven = reference if self.file is None and reference and reference.is_file() else None
            run = Path(self._bench.run) if self.file is None else None
            flow = partial(kept.look_again, model=model, optimized=optimized, reference=proven, run=run)
            self._begin("read model", flow)

    def export(self) -> None:
        """Export the run's best checkpoint by the chosen exporter, prove it and read its graph."""
        target = self._artifact(MODEL)
        if target is None or self.busy:
            return
        self.file = None
        run = Path(self._bench.run)
        self._begin("export", partial(kept.export, run=run, target=target, exporter=self.exporter))

    def choose_exporter(self, key: str) -> None:
        """Export by the engine or by the design from here on."""
        self.exporter = Exporter(key)

    def optimize(self) -> None:
        """Run every pass over the file, each proven."""
        model, target = self.model, self.optimized
        if model is None or target is None or self.busy:
            return
        reference = self._artifact(REFERENCE) if self.file is None else None
        samples = reference if reference is not None and reference.is_file() else None
        report = target.with_name(REPORT) if self.file is None else target.with_suffix(".html")
        figures = target.with_suffix(".json")
        self._begin(
            "optimize",
            lambda desk: main_job.optimize(desk, model, target, report, samples, figures),
        )

    def save(self, ending: str) -> None:
        """Write the run's model in a format of its engine's own, beside the exported file."""
        target = self._artifact(f"model.{ending}")
        if target is not None and self.file is None and not self.busy:
            run = Path(self._bench.run)
            self._begin("export", partial(kept.save, run=run, target=target))

    def compile(self) -> None:
        """Ask the run's engine what its compiler makes of the model."""
        if self._bench.run and self.file is None and not self.busy:
            self._begin("lower", partial(kept.compiled, run=Path(self._bench.run)))

    def open_folder(self) -> None:
        """Show the folder of the file in the system's own file manager."""
        model = self.model
        folder = model.parent if model is not None else Path(self._bench.run) if self._bench.run else None
        if folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def stop(self) -> None:
        """Stop what is done to the model."""
        if self._thread is not None:
            self._thread.stop(keep=False)

    def _artifact(self, name: str) -> Path | None:
        return Path(self._bench.run) / "artifacts" / name if self._bench.run else None

    def _begin(
        self,
        name: str,
        flow: Callable[[Desk], Generator[Event, None, None]],
    ) -> None:
        self._leave()
        self._bench.quiet()
        self.progressed.emit(words.STAGES.get(name, words.STAGES["read"]), 0, 0)
        turn = self._turn
        self._thread = self._bench.work(
            name, flow, partial(self._on_events, turn), partial(self._on_ended, turn)
        )

    def _leave(self) -> None:
        """Hear no more of the work on another model, and end it."""
        self._turn += 1
        if self._thread is not None:
            self._thread.stop(keep=False)
            self._thread = None
            self.finished.emit()

    def _on_events(self, turn: int, events: list[Event]) -> None:
        for event in events if turn == self._turn else ():
            match event:
                case Answer(record=ExportView() as exported):
                    self.forget()
                    self.exported = replace(exported, target=str(self._artifact(MODEL)))
                case Answer(record=ProofView() as proof):
                    self.proof = proof
                case Answer(record=GraphView() as graph):
                    self._take_graph(graph)
                case Answer(record=OptimizeView() as view):
                    self.optimization = view
                case Answer(record=LoweredView() as lowered):
                    self.stages = lowered
                case Answer(record=SavedView() as saved):
                    self.saved = saved
                case Progress():
                    self.progressed.emit(_stage(event.stage), event.done, event.total)
                case _:
                    continue
            if isinstance(event, Answer):
                self.changed.emit()

    def _take_graph(self, graph: GraphView) -> None:
        """Know the graph, and by it a file that an earlier session exported, or somebody else."""
        self.graph = graph
        model, reference = self.model, self._artifact(REFERENCE) if self.file is None else ""
        if self.exported is None and model is not None:
            opset = graph.facts.get("opset", "").rpartition(" ")[2]
            number = int(opset) if opset.isdecimal() else 0
            producer = graph.facts.get("producer", "")
            self.exported = ExportView(str(model), str(reference), graph.bytes, number, producer)

    def _on_ended(self, turn: int, outcome: Outcome) -> None:
        if turn != self._turn:
            return
        self._thread = None
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)
        self.finished.emit()
        self.changed.emit()

    def _on_run_chosen(self, folder: str) -> None:
        self._leave()
        self.file = None
        self.forget()


def _stage(stage: str) -> str:
    return words.STAGES.get(stage) or words.OPTIMIZING.format(stage=stage.replace("_", " "))
