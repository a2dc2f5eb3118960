"""The proof of a file as a card: its numbers, the ruler, each batch size and each node for whoever asks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.views import ProfileView, ProofView
from widgets.controls import Card, Chip, Column, MessagePanel, Table, label
from widgets.controls.buttons import Disclosure
from widgets.controls.text import set_property
from widgets.graphing.facts import latency_words
from widgets.look.tokens import GAP
from widgets.shipping.ruler import ErrorRuler
from widgets.shipping.runs_on import NodeTimes, ProviderChoice, RunsOn, left_to_others, left_words
from widgets.shipping.words import VERDICTS, advice, basis, figure, headline, share, why

_MOST_ROWS = 8
_ONE_SAMPLE = "One sample"
_EACH_NODE = "Each node’s time"


class ProofCard(Card):
    """Shows the proof on the CPU, or what was found on another provider where one is chosen.

    ``nodes_requested``: each node's time is wanted, and not known. ``seen``: it came into view.
    """

    nodes_requested = Signal()
    seen = Signal()

    def __init__(self) -> None:
        super().__init__("Proof")
        self.verdict, self.provider = Chip(), ProviderChoice("ship_provider")
        self.absolute, self.relative, self.classes = (label("", "value") for _ in range(3))
        self.sample, self.to_cpu, self.left = (label("", "value") for _ in range(3))
        self._one = label(_ONE_SAMPLE, "dim")
        self._speed = [_figure(self._one, self.sample)]
        self._speed.append(_figure("Largest difference to the CPU", self.to_cpu))
        self._speed.append(_figure("Nodes left to the CPU", self.left))
        self.basis = label("", "dim", wrap=True)
        self.ruler, self.message = ErrorRuler(), MessagePanel()
        self.batches, self.nodes = _batch_table(), NodeTimes("ship_nodes")
        self.each = Disclosure("Each batch size in numbers", "ship_each_batch")
        self.each_node = Disclosure(_EACH_NODE, "ship_each_node")
        self._proof: ProofView | None = None
        self._unproven = ""
        self._on: RunsOn | None = None
        self._compose()
        self.each.toggled.connect(self._sync_tables)
        self.each_node.toggled.connect(self._on_each_node_toggled)
        self.show_unproven()

    # --- what is shown ---

    def show_unproven(self, sentence: str = "") -> None:
        """Say that there is no proof on the CPU yet."""
        self._proof, self._unproven = None, sentence
        self._show()

    def show_proof(self, proof: ProofView) -> None:
        """Show the numbers of the proof on the CPU, where no other provider is chosen."""
        self._proof = proof
        self._show()

    def show_on(self, on: RunsOn | None) -> None:
        """Show the model on a provider; ``None``: the proof on the CPU, as it is."""
        self._on = on
        self._show()

    @property
    def wants_nodes(self) -> bool:
        """Whether a person looks for each node's time."""
        return self.each_node.isChecked()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    # --- parts ---

    def _compose(self) -> None:
        self.tools.setSpacing(12)
        self.tools.addWidget(self.verdict)
        self.tools.addWidget(self.provider)
        self._numbers = QWidget()
        column = QVBoxLayout(self._numbers)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(self._compose_figures())
        column.addWidget(self.basis)
        column.addWidget(self.ruler, 1)
        self.body.setSpacing(GAP)
        for part, stretch in ((self.message, 0), (self._numbers, 1), (_line(self.each, self.each_node), 0)):
            self.body.addWidget(part, stretch)
        self.body.addWidget(self.batches)
        self.body.addWidget(self.nodes)
        keeps = self.ruler.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # nothing jumps while it runs elsewhere
        self.ruler.setSizePolicy(keeps)

    def _compose_figures(self) -> QGridLayout:
        self._agreement = _figure("Classes agree", self.classes)
        absolute = _figure("Largest absolute error", self.absolute)
        relative = _figure("Largest relative error", self.relative)
        grid = QGridLayout()
        grid.setHorizontalSpacing(40)
        grid.setVerticalSpacing(GAP)
        for row, figures in enumerate(((absolute, relative, self._agreement), self._speed)):
            for column, part in enumerate(figures):
                grid.addWidget(part, row, column)
        grid.setColumnStretch(3, 1)
        return grid

    # --- filling ---

    def _show(self) -> None:
        """Show what belongs to the provider that is chosen."""
        on = self._on
        elsewhere = on is not None and not on.on_cpu
        proof = _proof_of(on) if on is not None and elsewhere else self._proof
        profile = on.profile if on is not None else None
        measuring = on is not None and on.measuring
        self._numbers.setVisible(proof is not None or (elsewhere and measuring))
        for part in (self.verdict, self.ruler, self.each):
            part.setVisible(proof is not None)
        self._show_speed(profile, there=elsewhere)
        if proof is not None:
            self._show_numbers(proof, on if elsewhere else None)
        if on is not None and on.fault is not None:
            self.message.show_message(*on.fault, severity="bad", closable=False)
        elif on is not None and elsewhere and measuring:
            self._show_waiting(on.title)
        elif proof is None:
            self._show_unproven()
        self.each_node.setText(f"{_EACH_NODE}: measuring …" if measuring and self.wants_nodes else _EACH_NODE)
        self._sync_tables()

    def _show_waiting(self, title: str) -> None:
        """Keep the room for the numbers that are to come from a provider."""
        self.message.hide()
        self.basis.setText(f"Running on {title}: its answers, its speed and each node’s time come here.")
        self.batches.set_rows([], [])
        for value in (self.absolute, self.relative, self.classes, self.sample, self.to_cpu, self.left):
            value.setText("–")
            set_property(value, "severity", "")

    def _show_unproven(self) -> None:
        soon = "The numbers stand here once the file has been run beside the engine."
        said = "Not proven." if self._unproven else "Not proven yet."
        self.message.show_message(said, self._unproven or soon, severity="info", closable=False)

    def _show_numbers(self, proof: ProofView, on: RunsOn | None) -> None:
        words, severity = VERDICTS[proof.status]
        self.verdict.set_state(words, severity)
        self._show_figures(proof, severity)
        title = on.title if on is not None else ""
        self.basis.setText(basis(proof, title, against_engine=on is None or on.proof is not None))
        self.ruler.show_errors(proof.batches, proof.bound, provable=proof.status != "not_provable")
        if proof.status == "passed":
            self.message.hide()
        else:
            said = headline(proof, title), why(proof), advice(proof, title)
            self.message.show_message(*said, severity=severity, closable=False)
        self.batches.set_rows(
            [str(batch.batch) for batch in proof.batches],
            [(batch.batch, batch.max_abs_error, batch.max_rel_error) for batch in proof.batches],
        )
        _show_rows(self.batches)

    def _show_figures(self, view: ProofView, severity: str) -> None:
        self.absolute.setText(figure(view.max_abs_error))
        self.relative.setText(figure(view.max_rel_error))
        self.classes.setText(share(view.classes_agree))
        self._agreement.setVisible(view.classes_agree >= 0)
        for words in (self.absolute, self.relative):
            set_property(words, "severity", severity)
        differ = 0 <= view.classes_agree < 1
        set_property(self.classes, "severity", "bad" if differ else severity)

    def _show_speed(self, profile: ProfileView | None, *, there: bool) -> None:
        """Show the speed where it is known, and how it runs elsewhere where it is to run ``there``."""
        for part in self._speed:
            part.setVisible(there)
        self._speed[0].setVisible(there or profile is not None)
        if profile is None or self._on is None:
            self.nodes.set_rows([], [])
            return
        self.sample.setText(latency_words(profile.facts.latency_runtime_ms))
        against = profile.against_cpu
        on_cpu = latency_words(profile.cpu_ms)
        self._one.setText(_ONE_SAMPLE if against is None else f"{_ONE_SAMPLE} ({on_cpu} on the CPU)")
        if against is not None:
            self.to_cpu.setText(figure(against.max_abs_error))
            set_property(self.to_cpu, "severity", VERDICTS[against.status][1])
            self.left.setText(left_words(profile))
            set_property(self.left, "severity", "warning" if left_to_others(profile) else "good")
        self.nodes.show_profile(profile, self._on.names)
        _show_rows(self.nodes)

    def _sync_tables(self) -> None:
        self.batches.setVisible(not self.each.isHidden() and self.each.isChecked())
        self.nodes.setVisible(self.each_node.isChecked() and bool(self.nodes.model.rows))

    def _on_each_node_toggled(self, opened: bool) -> None:
        self._sync_tables()
        if opened and not self.nodes.model.rows:
            self.nodes_requested.emit()


def _proof_of(on: RunsOn) -> ProofView | None:
    """Return what stands for the proof: against the engine where that is known, else against the CPU."""
    if on.proof is not None or on.profile is None:
        return on.proof
    return on.profile.against_cpu


def _line(*parts: QWidget) -> QWidget:
    made = QWidget()
    line = QHBoxLayout(made)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(40)
    for part in parts:
        line.addWidget(part)
    line.addStretch()
    return made


def _figure(words: str | QLabel, value: QWidget) -> QWidget:
    made = QWidget()
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(words, "dim") if isinstance(words, str) else words)
    column.addWidget(value)
    return made


def _show_rows(table: Table) -> None:
    """Make a table as high as its rows, so that nothing in a small one scrolls."""
    view = table.view
    rows = view.verticalHeader().defaultSectionSize() * min(_MOST_ROWS, max(1, table.proxy.rowCount()))
    view.setFixedHeight(view.horizontalHeader().sizeHint().height() + rows + 4)


def _batch_table() -> Table:
    columns = [
        Column("Batch size", shown=lambda count: f"{count:,}"),
        Column("Largest absolute error", number=True, shown=figure),
        Column("Largest relative error", number=True, shown=figure),
    ]
    return Table(columns, "ship_batches", "batches", filtered=False)
