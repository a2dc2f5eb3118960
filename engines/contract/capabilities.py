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
    ``install`` the requirement that provides it. ``modes`` are the ways it runs a design, its default
    first: eager, compiled, graph, xla, jit, imperative, hybridized. ``formats``: the endings of the files
    that only it writes, beside ONNX. ``own_layers``: it trains layers that a person wrote. ``lowers``: it
    has a compiler whose stages it can show. ``own_environment``: it cannot live
    beside the others and gets an interpreter of its own. ``retired``: nobody keeps it upstream any more.
    """

    name: str
    title: str
    package: str
    module: str
    install: str
    trains: bool = True
    visible: bool = True
    modes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    own_layers: bool = True
    lowers: bool = False
    own_environment: bool = False
    retired: bool = False


@dataclass(frozen=True)
class Gap:
    """A layer of the catalogue that an engine cannot do: ``call`` of its library fails with ``why``."""

    layer: str
    call: str
    why: str


@dataclass(frozen=True)
class EngineReport:
    """What a probe job found out in the engine's own process.

    ``modes`` as in ``EngineRow``, those that go here. ``refusals`` says why something of this kind of engine
    does not go on this machine: ``precision/tf32``, ``mode/compiled`` or ``device/cuda`` → the key of a
    reason (``no_gpu``, ``no_compiler``, ``built_without_cuda`` …; words in ``app/messages/words.py``), or the
    engine's own words where its build is for such devices and finds none.
    ``providers``: ONNX Runtime's execution providers, as it lists them; ``refusals`` names those that do not
    start here (``provider/CUDAExecutionProvider`` → the runtime's own words).
    """

    kind: ClassVar[str] = "engine_report"
    engine: str
    version: str
    devices: tuple[DeviceView, ...]
    python: str = ""
    layers: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    optimizers: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)
    providers: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing the doctor found: the code of a message with its facts, and the key of what mends it.

    ``severity``: bad (the engine does not work), warning (it works, less well), note. ``mend``: install,
    repair, choose (another interpreter), forget (go back to this one), or "" where only words help.
    """

    code: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    severity: str = "bad"
    mend: str = ""


@dataclass(frozen=True)
class EngineHealth:
    """What the doctor says of one engine.

    ``place``: this (the window's own interpreter), own (an environment that Modelwright made and keeps),
    other (any other interpreter, never changed by us). ``state``: ready, missing, half_made (an install
    that did not end), broken, unknown (somebody stopped looking). ``report`` is the probe's, where it
    answered.
    """

    kind: ClassVar[str] = "engine_health"
    engine: str
    python: str
    place: str
    state: str
    report: EngineReport | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine: ``engines`` maps the engines found in it to their versions."""

    python: str
    version: str
    engines: Mapping[str, str] = field(default_factory=dict)
    why_not: str = ""  # the code of a message where it cannot be used, and its facts
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Interpreters:
    """Every Python that was found on this machine."""

    kind: ClassVar[str] = "interpreters"
    found: tuple[Interpreter, ...] = ()
