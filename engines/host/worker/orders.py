"""What a host tells its child: the settings at the start, and requests over the wire afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engines.contract.events import Control
from engines.contract.jobs import Job


@dataclass(frozen=True)
class Settings:
    """One line of JSON on the child's standard input, since arguments and environment are public."""

    address: str
    key: str  # hexadecimal
    engine: str
    mark: str  # ends a job's output on stdout and stderr
    memory_bytes: int = 0
    lost_seconds: float = 30.0
    start_seconds: float = 0.0  # after so long the host gives an import up; 0: never


@dataclass(frozen=True)
class Warm:
    """Import the framework ahead of time."""

    kind: ClassVar[str] = "warm"


@dataclass(frozen=True)
class Bye:
    """No more jobs; end when the one at hand is done."""

    kind: ClassVar[str] = "bye"


Request = Job | Control | Warm | Bye
