"""Undo commands that change which layers a design has and what leads where; each checks before it acts."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand
from typing_extensions import override

from engines.design.arrange import GAP_X, WIDTH
from engines.design.document import Design, Node
from engines.design.names import free_name


class AddAlone(QUndoCommand):
    """Put a layer beside the others, connected to none: a further input."""

    def __init__(self, design: Design, kind: str) -> None:
        self.name = free_name(kind, design.nodes) if kind in design.nodes else kind
        super().__init__(f"Add {self.name}")
        self._design, self._kind = design, kind

    @override
    def redo(self) -> None:
        right = max((node.position[0] for node in self._design.nodes.values()), default=-WIDTH)
        self._design.add(self._kind, self.name, {}, (right + WIDTH + GAP_X, 0.0))

    @override
    def undo(self) -> None:
        self._design.remove(self.name)


class RemoveLayer(QUndoCommand):
    """Take a layer out: what took its values takes those of its first input."""

    def __init__(self, design: Design, name: str) -> None:
        super().__init__(f"Remove {name}")
        self._design, self._name = design, name
        self._before = design.snapshot()

    @override
    def redo(self) -> None:
        design, name = self._design, self._name
        source = next(iter(design.node(name).inputs), "")
        takers = [(taker, design.node(taker).inputs.index(name)) for taker in design.consumers(name)]
        design.remove(name)
        for taker, place in takers:
            if source and source not in design.node(taker).inputs:
                design.connect(source, taker, place)

    @override
    def undo(self) -> None:
        self._design.restore(self._before)


class ToggleLink(QUndoCommand):
    """Connect two layers, or take their connection away; a layer that takes one input changes it.

    Raises:
        WorkbenchError: ``DESIGN_CYCLE`` or ``DESIGN_INPUTS_FULL``; nothing has changed then.
    """

    def __init__(self, design: Design, source: str, target: str) -> None:
        node = design.node(target)
        self._leaving = self._instead_of(node, source)
        super().__init__(f"Connect {source} to {target}" if self._joins else f"Part {source} from {target}")
        self._design, self._source, self._target = design, source, target
        self._before = design.snapshot()
        if self._joins:
            self._try()

    def _instead_of(self, node: Node, source: str) -> str:
        """Return the input that goes: the one that is there already, or a single one that is replaced."""
        self._joins = source not in node.inputs
        if not self._joins:
            return source
        return node.inputs[0] if node.inputs and node.row.inputs[1] == 1 else ""

    def _try(self) -> None:
        trial = Design(self._design.name)
        trial.restore(self._before)
        if self._leaving:
            trial.disconnect(self._leaving, self._target)
        trial.check_connect(self._source, self._target)

    @override
    def redo(self) -> None:
        if self._leaving:
            self._design.disconnect(self._leaving, self._target)
        if self._joins:
            self._design.connect(self._source, self._target)

    @override
    def undo(self) -> None:
        self._design.restore(self._before)
