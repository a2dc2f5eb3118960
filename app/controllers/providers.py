"""The model on ONNX Runtime's execution providers: one choice for every page, measured where it is seen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.bridge.flow_thread import FlowThread, Outcome
from app.controllers.engines import EnginesController
from app.controllers.models import ModelsController
from app.engine_facts.choices import CPU, CPU_PROVIDER, provider_key, provider_rows, provider_title
from app.flows import runtime
from app.messages import words
from app.messages.table import tell_error, tell_event
from app.workbench import Workbench
from engines.contract.capabilities import EngineReport
from engines.contract.events import Answer, Crashed, Event, Failed, Stopped
from engines.contract.views import ProfileView, ProofView
from widgets.controls.drops import DropRow
from widgets.shipping.runs_on import RunsOn

if TYPE_CHECKING:
    from widgets.graphing.compare import OptimizeReport
    from widgets.shipping.proof_card import ProofCard
    from widgets.shipping.usage import UsageCard

Files = tuple[Path, ...]
Ticket = tuple[str, tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class _Page:
    """A part of a room that shows the model on a provider, and which files that is about now."""

    part: ProofCard | OptimizeReport
    files: Callable[[], Files]


class ProvidersController(QObject):
    """Offers the providers of ONNX Runtime's own list and measures the model on the one that is chosen.

    What was found is known as long as the files stay what they are.
    """

    def __init__(self, bench: Workbench, engines: EnginesController, models: ModelsController) -> None:
        super().__init__(bench)
        self._bench, self._engines, self._models = bench, engines, models
        self.key = bench.session.provider or CPU
        """The provider that every page is about."""
        self._actions: dict[str, QAction] = {}
        self._pages: list[_Page] = []
        self._usage: UsageCard | None = None
        self._report: EngineReport | None = None
        self._known: dict[Ticket, RunsOn] = {}
        self._thread: FlowThread | None = None
        self._wanted: Ticket | None = None
        self._found: list[ProfileView | ProofView] = []
        engines.reported.connect(self._on_reported)
        models.changed.connect(self._sync)
        models.finished.connect(self._sync)
        bench.run_chosen.connect(lambda _: self._sync())

    def attach_ship(self, room: Any) -> QWidget:
        """Let the Ship room show the exported file on the provider that is chosen."""
        self._usage = room.usage
        self._attach(_Page(room.proof, self._shipped))
        return cast("QWidget", room)

    def attach_graph(self, room: Any) -> QWidget:
        """Let the optimizer's report be about the provider that is chosen."""
        self._attach(_Page(room.report, self._optimized))
        return cast("QWidget", room)

    def choose(self, key: str) -> None:
        """Show the model on a provider from here on; what is seen is measured, again where it was before."""
        self.key = key
        self._leave()
        for page in self._pages:
            if page.part.isVisible() and (ticket := self._ticket(page)) is not None:
                self._known.pop(ticket, None)
        self._bench.looked_elsewhere.emit()
        self._sync()

    # --- what is offered ---

    @property
    def rows(self) -> list[DropRow]:
        """The providers, the CPU first."""
        return provider_rows(self._report)

    @property
    def _chosen(self) -> str:
        """Return the provider that is chosen, or the CPU where it is not here any more."""
        return next((row.key for row in self.rows if row.key == self.key and not row.reason), CPU)

    def _on_reported(self, engine: str) -> None:
        report = self._engines.reports.get(runtime.RUNTIME)
        if engine == runtime.RUNTIME and report != self._report:
            self._report = report
            self._known.clear()
            self._sync()

    def _attach(self, page: _Page) -> None:
        self._pages.append(page)
        page.part.provider.chosen.connect(self.choose)
        page.part.seen.connect(partial(self._show, page))
        page.part.nodes_requested.connect(partial(self._show, page))
        self._sync()

    def _sync(self) -> None:
        for page in self._pages:
            page.part.provider.set_providers(self.rows, self._chosen)
            self._show(page)
        if self._usage is not None:
            installed = self._report.providers if self._report is not None else ()
            names = {provider_key(name): name for name in installed}
            self._usage.show_provider(names.get(self._chosen, CPU_PROVIDER))
        self._sync_actions()

    def _sync_actions(self) -> None:
        """Let Ctrl+K find each provider that starts; without a model to run they are grey."""
        here = {row.key: row for row in self.rows if not row.reason} if self._report else {}
        for key, row in here.items():
            if key not in self._actions:
                self._actions[key] = self._bench.shell.add_action(
                    f"run_on_{key}",
                    words.RUN_ON.format(provider=row.title),
                    "",
                    partial(self._on_triggered, key),
                    idle=True,
                )
        for key, action in self._actions.items():
            action.setEnabled(key in here and self._models.model is not None)
            action.setToolTip(words.RUN_ON_NOTHING if key in here else words.NO_DEVICE)

    def _on_triggered(self, key: str) -> None:
        self._bench.shell.open_room("ship")
        self.choose(key)

    # --- what is shown ---

    def _shipped(self) -> Files:
        exported = self._models.exported
        return (Path(exported.target),) if exported is not None else ()

    def _optimized(self) -> Files:
        view = self._models.optimization
        return (Path(view.source), Path(view.target)) if view is not None and view.target else ()

    def _ticket(self, page: _Page) -> Ticket | None:
        """Return what an answer is about: the provider and the files as they are; None without files."""
        files = page.files()
        with suppress(OSError):
            stamps = tuple((str(file), file.stat().st_mtime_ns) for file in files)
            return (self._chosen, stamps) if stamps else None
        return None

    def _show(self, page: _Page) -> None:
        """Show what is known, and see to it that what a person looks at becomes known."""
        part, ticket = page.part, self._ticket(page)
        if ticket is not None and part.isVisible():
            self._engines.look_at(runtime.RUNTIME)
        if ticket is None or (ticket[0] == CPU and not part.wants_nodes):
            part.show_on(None)
            return
        part.show_on(self._known.get(ticket) or self._blank(ticket[0]))
        if ticket not in self._known and part.isVisible() and not self._models.busy:
            self._measure(ticket, page.files())

    def _blank(self, key: str) -> RunsOn:
        title = next(row.title for row in self.rows if row.key == key)
        names = {name: provider_title(name) for name in self._report.providers} if self._report else {}
        return RunsOn(title, names=names, on_cpu=key == CPU)

    # --- measuring ---

    def _measure(self, ticket: Ticket, files: Files) -> None:
        if ticket == self._wanted:
            return
        self._leave()
        provider = ticket[0] if self._report is not None else ""
        flow = partial(
            runtime.profile,
            model=files[0],
            provider=provider,
            reference=self._reference(),
            optimized=next(iter(files[1:]), None),
        )
        found: list[ProfileView | ProofView] = []
        self._wanted, self._found = ticket, found
        self._thread = self._bench.work(
            "run on", flow, partial(_collect, found), partial(self._on_ended, ticket, found)
        )

    def _leave(self) -> None:
        """End what is being measured, if anything is."""
        if self._thread is not None:
            self._thread.stop(keep=False)
            self._thread, self._wanted, self._found = None, None, []

    def _reference(self) -> Path | None:
        """Return the answers that the engine itself gave, where they are kept."""
        exported = self._models.exported
        kept = Path(exported.reference) if exported is not None and exported.reference else None
        return kept if kept is not None and kept.is_file() else None

    def _on_ended(self, ticket: Ticket, found: list[ProfileView | ProofView], outcome: Outcome) -> None:
        if found is self._found:
            self._thread, self._wanted = None, None
        result = _result(self._blank(ticket[0]), found, outcome)
        if result is not None:
            self._known[ticket] = result
        self._sync()


def _collect(found: list[ProfileView | ProofView], events: list[Event]) -> None:
    found += [
        event.record
        for event in events
        if isinstance(event, Answer) and isinstance(event.record, (ProfileView, ProofView))
    ]


def _result(blank: RunsOn, found: list[ProfileView | ProofView], outcome: Outcome) -> RunsOn | None:
    """Return what came of it, None where it was stopped; a proof that failed is a result as well."""
    if isinstance(outcome, Stopped):
        return None
    profiles = [record for record in found if isinstance(record, ProfileView)]
    proof = next((record for record in found if isinstance(record, ProofView)), None)
    if isinstance(outcome, (Failed, Crashed, BaseException)) and not (profiles and proof):
        told = tell_error(outcome) if isinstance(outcome, BaseException) else tell_event(outcome)
        return replace(blank, fault=(told.what, told.why, told.todo))
    return replace(blank, profile=profiles[0], optimized=next(iter(profiles[1:]), None), proof=proof)
