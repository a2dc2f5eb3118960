"""What the Compare room shows, as plain records; the sentences in them come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EngineLine:
    """One engine; None where a value is not known yet. ``start``: seconds until the first step.

    ``reason`` says why it failed, "" where it did not. ``device`` is "" where all train on the CPU.
    """

    key: str
    title: str
    state: str
    severity: str = ""
    reason: str = ""
    loss: float | None = None
    measure: float | None = None
    rate: float | None = None
    memory: float | None = None
    seconds: float | None = None
    start: float | None = None
    run: str = ""
    device: str = ""


@dataclass(frozen=True)
class Cell:
    """One proof: the error as text, how it went (good, bad, "" while it is not there), the whole story."""

    text: str
    severity: str = ""
    tip: str = ""


@dataclass(frozen=True)
class ComparisonView:
    """A comparison as it is now.

    ``figure`` is the largest difference as text with ``figure_note`` beneath, as grave as the curves alone.
    ``cells`` are by the engine of
    the file and the engine that answered. ``bounds``: of the whole curves and of the check, 0: none.
    """

    key: str
    title: str
    where: str
    verdict: str
    severity: str = ""
    further: tuple[str, ...] = ()
    figure: str = ""
    figure_note: str = ""
    figure_severity: str = ""
    engines: tuple[EngineLine, ...] = ()
    files: tuple[str, ...] = ()
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    measure_name: str = "accuracy"
    parts: tuple[str, ...] = ("check", "whole")
    bounds: tuple[float, float] = (0.0, 0.0)
    steps: tuple[int, int] = (0, 0)
    double: bool = False
    running: bool = False
    resumable: bool = False
    stage: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class EngineChoice:
    """One engine of the sheet: ``reason`` says why it cannot take part, "" where it can.

    ``devices``: name and title of each that it may train on, where there are several. ``precisions``: those
    that it has here, as keys of the recipe. ``also``: run modes and devices, with their titles, in which it
    can take part once more, against itself.
    """

    key: str
    title: str
    detail: str = ""
    reason: str = ""
    chosen: bool = True
    devices: tuple[tuple[str, str], ...] = ()
    precisions: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class GoOn:
    """How a person lets a run go on; ``device`` and ``precision`` are "" where nothing was asked."""

    engine: str
    device: str
    precision: str
    checkpoint: str
    epochs: int
