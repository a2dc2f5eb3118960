"""The design room's controller: the open design, its selection, and whether it can be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.messages import words
from app.messages.table import tell_error
from app.workbench import Workbench
from engines.contract.own_layers import OWN
from engines.registry import engine

if TYPE_CHECKING:
    from widgets.rooms.design import DesignRoom


class DesignController(QObject):
    """Hands the design to its room and keeps ▶ honest: a design whose shapes do not fit says why."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._room: DesignRoom | None = None
        bench.project_changed.connect(self._on_project_changed)
        bench.design_changed.connect(self._check)
        bench.node_selected.connect(self._on_node_selected)
        bench.missing_changed.connect(self._on_missing_changed)
        bench.offer("show_node", self._show_node_told_of)
        bench.shell.add_action("arrange", "Arrange the design", "", self._arrange)

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.design import DesignRoom

        room = DesignRoom(lambda fault: tell_error(fault).text, self._bench.undo)
        self._room = room
        room.node_selected.connect(self._bench.select_node)
        room.template_requested.connect(lambda: self._bench.shell.open_room("start"))
        room.show_design(self._bench.design)
        room.select(self._bench.node)
        room.grey_out(self._reasons())
        return room

    def _on_project_changed(self) -> None:
        if self._room is not None:
            self._room.show_design(self._bench.design)
        self._check()

    def _on_node_selected(self, name: str) -> None:
        if self._room is not None and self._room.selected != name:
            self._room.select(name)

    def _check(self) -> None:
        """Enable ▶, or name the first layer that does not fit and why."""
        design, shell = self._bench.design, self._bench.shell
        if design is None:
            shell.set_trainable(False, words.NO_DESIGN)
        elif design.problems():
            node, fault = next(iter(design.problems().items()))
            shell.set_trainable(False, f"{node}: {tell_error(fault).what}")
        elif lacking := [node for node in design.nodes.values() if node.kind in self._bench.missing]:
            node, reason = lacking[0].name, self._reasons()[lacking[0].kind]
            shell.set_trainable(False, words.NOT_BY_ENGINE.format(node=node, reason=reason))
        else:
            shell.set_trainable(True)

    def _on_missing_changed(self) -> None:
        if self._room is not None:
            self._room.grey_out(self._reasons())
        self._check()

    def _reasons(self) -> dict[str, str]:
        """Return why the chosen engine cannot train a kind of layer, for each that it cannot."""
        row = engine(self._bench.engine)
        title = row.title if row is not None else self._bench.engine
        return {
            kind: (words.NO_LAYER_OF_YOURS if kind == OWN else words.NO_SUCH_LAYER).format(title=title)
            for kind in self._bench.missing
        }

    def _arrange(self) -> None:
        self._bench.shell.open_room("design")
        if self._room is not None:
            self._room.arrange()

    def _show_node_told_of(self) -> None:
        """Pick the layer that the message named, or else the first with a problem."""
        design, node = self._bench.design, self._bench.told_node
        self._bench.shell.open_room("design")
        if design is None or self._room is None:
            return
        if node not in design.nodes:
            node = next(iter(design.problems()), "")
        if node:
            self._room.select(node)
