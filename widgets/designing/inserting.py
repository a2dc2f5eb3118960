"""The undo command that puts a layer between another one and what takes its values."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QUndoCommand
from typing_extensions import override

from engines.contract.spec import Setting
from engines.design.arrange import GAP_Y, HEIGHT
from engines.design.document import Design
from engines.design.names import free_name


class InsertLayer(QUndoCommand):
    """Put a layer of ``kind`` behind the layer ``after``: whatever took its values takes the new one's."""

    def __init__(
        self, design: Design, kind: str, settings: Mapping[str, Setting], after: str, stem: str
    ) -> None:
        self.name = free_name(stem, design.nodes) if stem in design.nodes else stem
        super().__init__(f"Add {self.name}")
        self._design, self._kind, self._settings, self._after = design, kind, dict(settings), after
        self._before = design.snapshot()

    @override
    def redo(self) -> None:
        design, after = self._design, self._after
        x, y = design.node(after).position
        consumers = design.consumers(after)
        self._make_room(y)
        design.add(self._kind, self.name, self._settings, (x, y + HEIGHT + GAP_Y))
        for consumer in consumers:
            place = design.node(consumer).inputs.index(after)
            design.disconnect(after, consumer)
            design.connect(self.name, consumer, place)
        design.connect(after, self.name)

    @override
    def undo(self) -> None:
        self._design.restore(self._before)

    def _make_room(self, above: float) -> None:
        """Move what is drawn beneath down by a row; a design without places is laid out anew anyhow."""
        places = {name: node.position for name, node in self._design.nodes.items()}
        if len(set(places.values())) == len(places):
            for name, (x, y) in places.items():
                if y > above:
                    self._design.move(name, (x, y + HEIGHT + GAP_Y))
