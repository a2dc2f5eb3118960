"""Undo commands: each checks before it is pushed and calls only methods of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QUndoCommand
from typing_extensions import override

from engines.contract.spec import Recipe, Setting
from engines.design.document import Design, Position
from engines.design.names import check_name

_SETTING_ID, _RECIPE_ID = 1, 2


class SetSetting(QUndoCommand):
    """Change one value of a layer; a run of changes of the same value is one step back."""

    def __init__(self, design: Design, node: str, key: str, value: object) -> None:
        super().__init__(f"Change {key} of {node}")
        row = design.row(node)
        self._design, self._node, self._key = design, node, key
        self._old: Setting = design.node(node).settings.get(key, row.setting(key).default)
        self._new: Setting = row.setting(key).check(row.key, value)

    @override
    def redo(self) -> None:
        self._design.set_setting(self._node, self._key, self._new)

    @override
    def undo(self) -> None:
        self._design.set_setting(self._node, self._key, self._old)

    @override
    def id(self) -> int:
        return _SETTING_ID

    @override
    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, SetSetting) or (other._node, other._key) != (self._node, self._key):
            return False
        self._new = other._new
        self.setObsolete(self._new == self._old)
        return True


class RenameNode(QUndoCommand):
    """Give a layer another name."""

    def __init__(self, design: Design, old: str, new: str) -> None:
        super().__init__(f"Rename {old} to {new}")
        check_name(new, design.nodes)
        self._design, self._old, self._new = design, old, new

    @override
    def redo(self) -> None:
        self._design.rename(self._old, self._new)

    @override
    def undo(self) -> None:
        self._design.rename(self._new, self._old)


class MoveNodes(QUndoCommand):
    """Put layers somewhere else. ``places`` holds those of all: the first move of a design without places
    keeps the others where they were drawn."""

    def __init__(self, design: Design, text: str, places: dict[str, Position]) -> None:
        super().__init__(text)
        self._design = design
        self._old = {name: design.node(name).position for name in places}
        self._new = places

    @override
    def redo(self) -> None:
        self._put(self._new)

    @override
    def undo(self) -> None:
        self._put(self._old)

    def _put(self, places: dict[str, Position]) -> None:
        for name, position in places.items():
            if self._design.node(name).position != position:
                self._design.move(name, position)


class SetRecipe(QUndoCommand):
    """Change values of the recipe; a run of changes of the same values is one step back."""

    def __init__(self, design: Design, values: Mapping[str, Any]) -> None:
        super().__init__(f"Change {', '.join(values).replace('_', ' ')}")
        self._design = design
        self._old = {name: getattr(design.recipe, name) for name in values}
        self._new = dict(values)

    @override
    def redo(self) -> None:
        self._put(self._new)

    @override
    def undo(self) -> None:
        self._put(self._old)

    @override
    def id(self) -> int:
        return _RECIPE_ID

    @override
    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, SetRecipe) or other._new.keys() != self._new.keys():
            return False
        self._new = other._new
        self.setObsolete(self._new == self._old)
        return True

    def _put(self, values: Mapping[str, Any]) -> None:
        recipe: Recipe = replace(self._design.recipe, **values)
        self._design.set_recipe(recipe)
