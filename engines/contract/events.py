"""Events: what happened, immutable, tagged by ``kind``, numbered per run.

A worker sends ``Hello`` first and exactly one last event: ``Finished``, ``Stopped`` or ``Failed``; the
host itself adds ``Crashed`` when the child dies without one. Backends and tools yield events with
``run``, ``seq`` and ``t`` left alone: the worker stamps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engines.contract.capabilities import EngineHealth, EngineReport, Interpreters
from engines.contract.comparison import Comparison
from engines.contract.errors import Fact
from engines.contract.own_layers import LayerAnswer
from engines.contract.preview import DataPreview
from engines.contract.spec import DataManifest
from engines.contract.views import (
    Evaluation,
    ExportView,
    GraphView,
    LoweredView,
    OptimizeView,
    ProfileView,
    ProofView,
    ReferenceView,
    SavedView,
    TuneView,
)

PROTOCOL = 1
"""Major version of the wire; a worker with another one is refused with a clear sentence."""

Answered = (
    EngineReport
    | EngineHealth
    | Interpreters
    | DataManifest
    | DataPreview
    | GraphView
    | ProofView
    | ProfileView
    | OptimizeView
    | LoweredView
    | SavedView
    | Evaluation
    | ExportView
    | ReferenceView
    | TuneView
    | LayerAnswer
    | Comparison
)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who and when: the run's id, the number within the run, seconds since the job began."""

    run: str = ""
    seq: int = 0
    t: float = 0.0


@dataclass(frozen=True)
class Hello(Stamp):
    """The worker is there; ``engine`` is "" until a framework is imported."""

    kind: ClassVar[str] = "hello"
    protocol: int
    engine: str
    version: str
    pid: int
    python: str


@dataclass(frozen=True)
class Started(Stamp):
    """A training begins (or goes on at ``first_step``); what was measured and is fixed from here on.

    ``mode``: how the engine runs it, which need not be what was asked for; "" where it has one way alone.
    """

    kind: ClassVar[str] = "started"
    first_step: int
    total_steps: int
    steps_per_epoch: int
    epochs: int
    batch_size: int
    threads: int
    chunk_steps: int
    device: str
    mode: str = ""


@dataclass(frozen=True)
class Progress(Stamp):
    """A step of long work; ``stage`` is a word from the job's own list, ``total`` 0 if unknown."""

    kind: ClassVar[str] = "progress"
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Listening(Stamp):
    """A debugger can attach at ``host``:``port``. ``state``: waiting (nothing goes on before it has),
    listening, attached."""

    kind: ClassVar[str] = "listening"
    host: str
    port: int
    state: str


@dataclass(frozen=True)
class Log(Stamp):
    """A line a person may read: captured output, or a note. ``level``: debug, info, warning, error.

    With a ``code`` it is a message of the table in ``app/messages``; ``text`` is for who has no table.
    """

    kind: ClassVar[str] = "log"
    level: str
    text: str
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Metrics(Stamp):
    """Every step's values from ``first_step`` on: name to float32 array, all of one length."""

    kind: ClassVar[str] = "metrics"
    first_step: int
    values: Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Validated(Stamp):
    """A validation after ``step`` steps and ``epoch`` whole epochs (so the first is after epoch 1)."""

    kind: ClassVar[str] = "validated"
    step: int
    epoch: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class CheckpointSaved(Stamp):
    """A checkpoint is whole on the disk; ``path`` is relative to the run folder."""

    kind: ClassVar[str] = "checkpoint_saved"
    step: int
    epoch: int
    path: str
    best: bool


@dataclass(frozen=True)
class Paused(Stamp):
    """The loop waits after ``step`` steps; ``Continued`` follows, or an end."""

    kind: ClassVar[str] = "paused"
    step: int


@dataclass(frozen=True)
class Continued(Stamp):
    """The loop goes on."""

    kind: ClassVar[str] = "continued"
    step: int


@dataclass(frozen=True)
class Starting(Stamp):
    """The host tells each second that ``engine`` (its key) is still being imported after ``seconds``; it is
    given up after ``limit`` seconds (0: never)."""

    kind: ClassVar[str] = "starting"
    engine: str
    seconds: int
    limit: int


@dataclass(frozen=True)
class Stopping(Stamp):
    """The host climbs its ladder: ``rung`` is ask, terminate or kill; the next one comes after
    ``deadline`` seconds (0: there is none)."""

    kind: ClassVar[str] = "stopping"
    rung: str
    deadline: float


@dataclass(frozen=True)
class Tuning(Stamp):
    """How a tuning stands: what was measured and would be taken as yet, and the way that is in hand now.

    ``doing``: start (a process of its own), compile, measure, check, wait (to be told to take a turn, with
    ``rate`` the samples a second of the last one); ``share`` of the whole is done, and ``next_share`` once
    that is, in about ``takes`` seconds; all in about ``left`` seconds.
    """

    kind: ClassVar[str] = "tuning"
    view: TuneView
    doing: str
    settings: Mapping[str, str | int]
    share: float
    next_share: float
    takes: float
    left: float
    rate: float = 0.0


@dataclass(frozen=True)
class Answer(Stamp):
    """What a job was asked for."""

    kind: ClassVar[str] = "answer"
    record: Answered


@dataclass(frozen=True)
class Finished(Stamp):
    """The job is done. A training puts its summary here: test metrics, step, best step, seconds."""

    kind: ClassVar[str] = "finished"
    summary: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stopped(Stamp):
    """The job ended as it was told; ``kept`` says whether a checkpoint was left."""

    kind: ClassVar[str] = "stopped"
    step: int
    kept: bool


@dataclass(frozen=True)
class Failed(Stamp):
    """The job ended with a fault: ``code`` is an ``ErrorCode`` value, ``details`` text to copy."""

    kind: ClassVar[str] = "failed"
    code: str
    facts: Mapping[str, Fact]
    details: str = ""


@dataclass(frozen=True)
class Crashed(Stamp):
    """The process died without a last event. ``signal`` is 0 where it exited; ``cause``: exit, signal,
    garbage, silent (never said hello), deaf (killed after it did not stop), lost (its line broke)."""

    kind: ClassVar[str] = "crashed"
    cause: str
    exit_code: int
    signal: int
    stderr: str


Last = Finished | Stopped | Failed | Crashed
Event = (
    Hello
    | Started
    | Progress
    | Listening
    | Log
    | Metrics
    | Validated
    | CheckpointSaved
    | Paused
    | Continued
    | Starting
    | Stopping
    | Tuning
    | Answer
    | Last
)


@dataclass(frozen=True)
class Control:
    """What goes back: ``action`` is pause, resume, stop_keep, stop_discard, set or go_alone.

    ``go_alone`` lets a run outlive its window.
    """

    kind: ClassVar[str] = "control"
    action: str
    values: Mapping[str, float] = field(default_factory=dict)


def has_engine(event: Any) -> bool:
    """Tell whether what sends ``event`` has imported its engine: greeting, lines and debugger come before."""
    return not isinstance(event, (Hello, Log, Listening, Starting, Stopping))


def is_last(event: Any) -> bool:
    """Tell whether nothing of this job can follow ``event``."""
    return isinstance(event, (Finished, Stopped, Failed, Crashed))
