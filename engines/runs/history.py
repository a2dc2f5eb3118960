"""A run's history, read from its folder as it grows: every step's values in growing arrays."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import WorkbenchError
from engines.contract.events import Event, Started, Validated
from engines.contract.records import from_plain
from engines.runs.growing import Growing
from engines.training.lock import is_locked
from engines.training.metric_log import SINGLE, read_header
from engines.training.run_folder import EVENTS, METRICS, RUN, RunRecord, read_run

Steps = npt.NDArray[np.int64]
Curve = tuple[Steps, npt.NDArray[np.float64]]
READ_AT_ONCE = 1 << 24
"""Bytes of metrics taken in by one refresh; the rest comes with the next, so that none takes long."""
LOCK_SECONDS = 1.0
"""So often at most is asked whether the run's process is still there."""


class RunHistory:
    """Follows one run folder; ``refresh`` is cheap enough for 30 calls a second. Not thread-safe.

    The arrays are views of what was read so far; a later refresh may move on to larger ones.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.events: list[Event] = []
        self.times: list[str] = []
        self.record: RunRecord | None = None
        self._columns: dict[str, Growing] = {}
        self._steps = Growing(np.dtype(np.int64))
        self._begin = self._read = self._events_read = 0
        self._type = np.dtype(SINGLE)
        self._validated: list[Validated] = []
        self._curves: dict[str, Curve] = {}
        self._record_mark = (0, 0)
        self._alive, self._asked = False, -LOCK_SECONDS

    def refresh(self) -> bool:
        """Read what is new; tell whether anything was."""
        # Events first: a run that went on says from where, before its new rows count.
        changed = [self._read_events(), self._read_metrics(), self._read_record()]
        return any(changed)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that every step has: ``loss``, ``accuracy`` or ``mae``, ``learning_rate``."""
        return tuple(self._columns)

    @property
    def length(self) -> int:
        """The number of steps read."""
        return len(self._steps)

    def series(self, name: str) -> tuple[Steps, npt.NDArray[np.float32]]:
        """Return steps (from 0) and values of a column; empty where there is none of that name.

        A run in double precision has float64 values.
        """
        column = self._columns.get(name)
        return (self._steps.view, column.view) if column else (np.zeros(0, int), np.zeros(0, np.float32))

    def validations(self, name: str) -> Curve:
        """Return after how many steps each validation came, and its value of ``name``."""
        if name not in self._curves:
            found = [(event.step, event.values[name]) for event in self._validated if name in event.values]
            steps, values = zip(*found) if found else ((), ())
            self._curves[name] = np.array(steps, np.int64), np.array(values, np.float64)
        return self._curves[name]

    @property
    def state(self) -> str:
        """The run's state; ``interrupted`` where it should be running and no process holds it, ``""``
        where there is no run yet."""
        if self.record is None:
            return ""
        living = self.record.state in ("running", "paused")
        return "interrupted" if living and not self._alive else self.record.state

    def _read_record(self) -> bool:
        alive, self._alive = self._alive, self._is_alive()
        try:
            stat = (self.folder / RUN).stat()
            mark = (stat.st_mtime_ns, stat.st_size)
            if mark == self._record_mark:
                return alive != self._alive
            self.record, self._record_mark = read_run(self.folder), mark
        except (OSError, WorkbenchError):
            return False
        return True

    def _is_alive(self) -> bool:
        if time.monotonic() - self._asked >= LOCK_SECONDS:
            self._alive, self._asked = is_locked(self.folder), time.monotonic()
        return self._alive

    def _read_events(self) -> bool:
        text = _tail(self.folder / EVENTS, self._events_read, READ_AT_ONCE)
        whole = text[: text.rfind(b"\n") + 1]
        self._events_read += len(whole)
        for line in whole.splitlines():
            self._take_line(line)
        return bool(whole)

    def _take_line(self, line: bytes) -> None:
        try:
            plain = json.loads(line)
            event: Any = from_plain(Event, plain)  # type: ignore[arg-type]
        except (ValueError, WorkbenchError):
            return  # a newer version's event, or a line that a power cut spoiled
        self.events.append(event)
        self.times.append(str(plain.get("at", "")))
        if isinstance(event, (Validated, Started)):
            self._curves.clear()
        if isinstance(event, Validated):
            self._validated.append(event)
        elif isinstance(event, Started):
            self._cut(event.first_step)
            self._validated = [known for known in self._validated if known.step <= event.first_step]

    def _read_metrics(self) -> bool:
        path = self.folder / METRICS
        if not self._begin and not self._open(path):
            return False
        width = self._type.itemsize * len(self._columns)
        rows = max(_size(path) - self._begin, 0) // width
        cut = rows < self.length
        self._cut(rows)
        data = _tail(path, self._begin + self.length * width, READ_AT_ONCE // width * width)
        return self._append(data[: len(data) // width * width]) or cut

    def _open(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                header = read_header(file)
        except (OSError, WorkbenchError):
            return False
        if header is None:
            return False
        self._begin, self._type = header.begin, np.dtype(header.type)
        self._columns = {name: Growing(self._type) for name in header.columns}
        return True

    def _append(self, data: bytes) -> bool:
        table = np.frombuffer(data, self._type).reshape(-1, len(self._columns))
        self._steps.extend(np.arange(self.length, self.length + len(table)))
        for place, column in enumerate(self._columns.values()):
            column.extend(table[:, place])
        return len(table) > 0

    def _cut(self, length: int) -> None:
        for column in (self._steps, *self._columns.values()):
            column.cut(length)


def whole_history(folder: Path | str) -> RunHistory:
    """Return the history of a run, read to its end."""
    history = RunHistory(folder)
    while history.refresh():
        pass
    return history


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _tail(path: Path, begin: int, most: int) -> bytes:
    if _size(path) <= begin:
        return b""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return file.read(most)
    except OSError:
        return b""
