"""What an engine can do, declared as data; the window greys out the rest with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class DeviceView:
    """One device an engine found: ``name`` is what a job says (``cpu``, ``cuda:0``)."""

    name: str
    title: str
    memory_bytes: int = 0


@dataclass(frozen=True)
class EngineRow:
    """One row of the registry; known without importing anything of the engine.

    ``package`` is what ``find_spec`` looks for, ``module`` the backend's package,
    ``install`` the requirement that provides it.
    """

    name: str
    title: str
    package: str
    module: str
    install: str
    trains: bool = True
    visible: bool = True


@dataclass(frozen=True)
class Gap:
    """A layer of the catalogue that an engine cannot do: ``call`` of its library fails with ``why``."""

    layer: str
    call: str
    why: str


@dataclass(frozen=True)
class EngineReport:
    """What a probe job found out in the engine's own process."""

    kind: ClassVar[str] = "engine_report"
    engine: str
    version: str
    devices: tuple[DeviceView, ...]
    python: str = ""
    layers: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    optimizers: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
