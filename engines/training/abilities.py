"""What an engine can follow of a recipe, declared by its backend: asked for more, no training begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe

_GPU_ONLY = ("tf32",)
"""Precisions that NVIDIA's GPUs alone have, on every engine."""
_GPU = "cuda"
_WITHOUT_DOUBLE = "mps"
"""Apple's GPUs compute no float64."""


def goes_on(precision: str, device: str) -> bool:
    """Tell whether a precision goes on a device, as far as that holds for every engine."""
    if precision == "fp64" and device == _WITHOUT_DOUBLE:
        return False
    return device.startswith(_GPU) or precision not in _GPU_ONLY


@dataclass(frozen=True)
class Abilities:
    """An engine's own table: ``modes`` and ``layouts`` begin with its default.

    ``compiling``: about how many seconds a mode takes to get ready for a small design, unless it is quick.
    ``lasting_threads``: a process keeps the thread count that it began with.
    """

    title: str
    precisions: tuple[str, ...]
    modes: tuple[str, ...]
    layouts: tuple[str, ...]
    compiling: Mapping[str, float] = field(default_factory=dict)
    lasting_threads: bool = False

    def mode(self, recipe: Recipe) -> str:
        """Return how the recipe is to be run."""
        return recipe.run_mode or self.modes[0]

    def layout(self, recipe: Recipe) -> str:
        """Return how images lie in memory."""
        return recipe.memory_layout or self.layouts[0]

    def precisions_on(self, device: str) -> tuple[str, ...]:
        """Return the precisions that go on ``device``."""
        return tuple(name for name in self.precisions if goes_on(name, device))

    def precisions_here(self, devices: Sequence[DeviceView]) -> tuple[str, ...]:
        """Return the precisions that go on one of this machine's devices at least."""
        found = {name for device in devices for name in self.precisions_on(device.name)}
        return tuple(name for name in self.precisions if name in found)

    def refusals(self, devices: Sequence[DeviceView], **lacking: str) -> dict[str, str]:
        """Return why something does not go on this machine, as a report says it.

        ``lacking`` maps a mode to the key of a reason.
        """
        here = self.precisions_here(devices)
        precisions = {f"precision/{name}": "no_gpu" for name in self.precisions if name not in here}
        return {**precisions, **{f"mode/{mode}": reason for mode, reason in lacking.items()}}


def check_abilities(recipe: Recipe, abilities: Abilities, device: str) -> None:
    """Refuse what the engine does not have on ``device``.

    A mode that it has, but cannot compile here, is no refusal: it falls back and says so.

    Raises:
        WorkbenchError: ``PRECISION_MISSING``, ``RUN_MODE_MISSING`` or ``LAYOUT_MISSING``.
    """
    engine, precisions = abilities.title, abilities.precisions_on(device)
    if recipe.precision not in precisions:
        facts = {"precision": recipe.precision, "device": device, "known": ", ".join(precisions)}
        raise WorkbenchError(ErrorCode.PRECISION_MISSING, engine=engine, **facts)
    if abilities.mode(recipe) not in abilities.modes:
        facts = {"mode": recipe.run_mode, "device": device, "known": ", ".join(abilities.modes)}
        raise WorkbenchError(ErrorCode.RUN_MODE_MISSING, engine=engine, **facts)
    if abilities.layout(recipe) not in abilities.layouts:
        facts = {"layout": recipe.memory_layout, "known": ", ".join(abilities.layouts)}
        raise WorkbenchError(ErrorCode.LAYOUT_MISSING, engine=engine, **facts)


def compile_fault(engine: str, mode: str, instead: str, error: Exception) -> WorkbenchError:
    """Return what to say when ``mode`` did not compile and ``instead`` is used; all of it in the details."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = (lines or [type(error).__name__])[0][:300]
    return WorkbenchError(
        ErrorCode.COMPILE_FAILED, str(error), engine=engine, mode=mode, instead=instead, why=why
    )
