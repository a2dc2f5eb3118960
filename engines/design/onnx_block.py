"""What a layer becomes in ONNX before it is ONNX: operations, constants and arrays made of its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engines.contract.spec import LayerSpec
from engines.design.kinds import Shape

Attribute = int | float | str | tuple[int, ...]
Array = npt.NDArray[Any]
Weights = Mapping[str, Array]
Form = Callable[["Block"], str]
"""Write a layer's operations into its block and return the name of the value they end in."""


@dataclass(frozen=True)
class Operation:
    """One ONNX node: its own name, operator, names of values, attributes, and the design's node it is of.

    ``skipped`` outputs before ``output`` are not asked for.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Attribute]
    layer: str
    skipped: int = 0

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of all outputs, "" for those that are skipped."""
        return ("",) * self.skipped + (self.output,)


@dataclass
class Block:
    """What one layer becomes; ``sources`` are the values that enter it, ``shapes`` theirs per sample.

    The last operation's value carries the layer's name, those before it ``<layer>/<operator>``. ``made`` are
    arrays worked out from the weights; one that has a parameter's name stands in its place. ``opset`` is the
    oldest that has the layer's operators.
    """

    layer: LayerSpec
    sources: tuple[str, ...]
    shapes: tuple[Shape, ...]
    operations: list[Operation] = field(default_factory=list)
    made: dict[str, Callable[[Weights], Array]] = field(default_factory=dict)
    opset: int = 0

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Append the layer's last operation, on ``inputs``, and return its value's name."""
        return self._append(operator, inputs, self.layer.name, attributes)

    def before(self, operator: str, *inputs: str, skipped: int = 0, **attributes: Attribute) -> str:
        """Append an operation that others of the layer follow, and return its value's name."""
        return self._append(operator, inputs, self._name(operator), attributes, skipped)

    def _append(
        self,
        operator: str,
        inputs: tuple[str, ...],
        output: str,
        attributes: Mapping[str, Attribute],
        skipped: int = 0,
    ) -> str:
        name = self._name(operator)
        self.operations.append(
            Operation(name, operator, inputs, output, attributes, self.layer.name, skipped)
        )
        return output

    def _name(self, operator: str) -> str:
        """Return a name that no other operation of the layer has: ``<layer>/<operator>``, then ``_2`` …"""
        number = 1 + sum(operation.operator == operator for operation in self.operations)
        return f"{self.layer.name}/{operator}" + (f"_{number}" if number > 1 else "")

    def constant(self, role: str, values: int | tuple[int, ...]) -> str:
        """Return the name of an int64 constant of the layer."""
        return self.array(role, lambda weights: np.asarray(values, np.int64))

    def array(self, role: str, make: Callable[[Weights], Array]) -> str:
        """Return the name of an array made of the weights; a parameter's name takes its place."""
        name = f"{self.layer.name}/{role}"
        self.made[name] = make
        return name

    @property
    def weights(self) -> tuple[str, ...]:
        """The layer's parameters in the catalogue's order, which is that of ONNX."""
        return tuple(parameter.name for parameter in self.layer.parameters)

    def own(self, role: str) -> str:
        """Return the name of a parameter, "" where the layer has none such."""
        name = f"{self.layer.name}/{role}"
        return name if name in self.weights else ""

    def number(self, key: str) -> float:
        """Return a setting as float."""
        return float(cast("float", self.layer.settings[key]))
