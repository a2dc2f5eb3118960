"""What one row of the catalogue is made of: a kind of layer and its settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import ParameterSpec, Setting

Shape = tuple[int, ...]
Settings = Mapping[str, Setting]
ShapeRule = Callable[[Settings, tuple[Shape, ...]], Shape]
"""Work out the output shape; raises ``WorkbenchError`` (without ``node``) where the inputs do not fit."""
ParameterRule = Callable[[str, Settings, tuple[Shape, ...]], tuple[ParameterSpec, ...]]
CostRule = Callable[[Settings, tuple[Shape, ...], Shape], tuple[int, int]]
"""Return multiply-adds and further operations for one sample."""

MOST_AXES = 6
SettingType = Literal["int", "float", "bool", "choice", "sizes"]


@dataclass(frozen=True)
class SettingKind:
    """One setting of a layer: its type, default and bounds (inclusive), and what it does.

    ``sizes`` is a tuple of ``length`` whole numbers, each within the bounds; ``length`` 0 takes 1 to 6.
    ``title`` names it beside a field where its key is too long.
    """

    key: str
    type: SettingType
    default: Setting
    help: str
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    length: int = 0
    title: str = ""

    @property
    def wanted(self) -> str:
        """The values that fit, in short: ``int 1…1024``, ``same | valid``."""
        if self.type == "choice":
            return " | ".join(self.choices)
        if self.type == "bool":
            return "true | false"
        bounds = f"{self.minimum:g}…{self.maximum:g}"
        if self.type == "sizes":
            return f"{self.length or f'1…{MOST_AXES}'} × int {bounds}"
        return f"{self.type} {bounds}"

    def check(self, layer: str, value: object) -> Setting:
        """Return ``value`` in the setting's own type; raises ``DESIGN_SETTING_INVALID``."""
        checked = self._converted(value)
        if checked is None:
            facts = {"layer": layer, "setting": self.key, "value": str(value)[:80], "wanted": self.wanted}
            raise WorkbenchError(ErrorCode.DESIGN_SETTING_INVALID, **facts)
        return checked

    def _converted(self, value: object) -> Setting | None:
        match self.type:
            case "bool":
                return value if isinstance(value, bool) else None
            case "choice":
                return value if isinstance(value, str) and value in self.choices else None
            case "int":
                return self._whole(value)
            case "float":
                return self._number(value)
            case "sizes":
                return self._sizes(value)

    def _whole(self, value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if self.minimum <= value <= self.maximum else None

    def _number(self, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return float(value) if self.minimum <= value <= self.maximum else None

    def _sizes(self, value: object) -> tuple[int, ...] | None:
        if not isinstance(value, (tuple, list)):
            return None
        sizes = tuple(size for item in value if (size := self._whole(item)) is not None)
        fits = len(sizes) == self.length if self.length else 1 <= len(sizes) <= MOST_AXES
        return sizes if fits and len(sizes) == len(value) else None


def _plain(layer: str, key: str, value: object) -> Setting:
    """Return a value that a design's file can hold; raises ``DESIGN_SETTING_INVALID``."""
    if isinstance(value, (bool, int, float, str)):
        return value
    sizes = tuple(item for item in value if isinstance(item, int)) if isinstance(value, (tuple, list)) else ()
    if not sizes or not isinstance(value, (tuple, list)) or len(sizes) != len(value):
        facts = {"layer": layer, "setting": key, "value": str(value)[:80], "wanted": "a plain value"}
        raise WorkbenchError(ErrorCode.DESIGN_SETTING_INVALID, **facts)
    return sizes


def no_parameters(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Return nothing: most layers learn nothing."""
    return ()


@dataclass(frozen=True)
class LayerKind:
    """One row of the catalogue.

    ``family`` decides the colour of a node (see ``NodeView``); ``semantics`` says in full what every
    engine has to compute and ``source`` where that rule stands. ``inputs`` is the least and the greatest
    number of inputs. ``free``: a node keeps settings that this row does not know (see ``own_layers``).
    """

    key: str
    title: str
    family: str
    shape: ShapeRule
    cost: CostRule
    semantics: str
    source: str = ""
    settings: tuple[SettingKind, ...] = ()
    parameters: ParameterRule = no_parameters
    inputs: tuple[int, int] = (1, 1)
    free: bool = False

    @property
    def summary(self) -> str:
        """The first sentence of the semantics."""
        return self.semantics.partition(". ")[0]

    def setting(self, key: str) -> SettingKind:
        """Return one setting's row; raises ``DESIGN_SETTING_UNKNOWN``."""
        for row in self.settings:
            if row.key == key:
                return row
        raise WorkbenchError(ErrorCode.DESIGN_SETTING_UNKNOWN, layer=self.key, setting=key)

    def complete(self, given: Mapping[str, object]) -> dict[str, Setting]:
        """Return all settings in the catalogue's order: those ``given``, checked, and the defaults."""
        if self.free:
            return {key: _plain(self.key, key, value) for key, value in given.items()}
        for key in given:
            self.setting(key)
        return {row.key: row.check(self.key, given.get(row.key, row.default)) for row in self.settings}
