"""A run's folder: the only truth about a run, written by its worker, read by everyone."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Event
from engines.contract.files import make_folder, read_bytes, sweep, unwritable, write_atomic, write_text_atomic
from engines.contract.jobs import TrainJob
from engines.contract.records import from_plain, to_plain
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.training import manifest
from engines.training.lock import CHANGES, FolderLock, alone
from engines.training.lock import NAME as LOCK
from engines.training.metric_log import MetricLog
from engines.training.readme import README
from engines.training.shards import Shards
from engines.training.tensors import Arrays, dump_tensors, npz_file, read_tensors

RUN, DESIGN, RECIPE, DATA = "run.json", "design.json", "recipe.json", "data.json"
ENVIRONMENT, SPLIT, INITIAL, EVENTS = "environment.json", "split.npz", "init.safetensors", "events.jsonl"
METRICS, CHECKPOINTS, ARTIFACTS = "metrics/steps.bin", "checkpoints", "artifacts"
EXPLANATION = "README.txt"
LAYERS = "layers"
FOLDERS = ("metrics", CHECKPOINTS, ARTIFACTS, LAYERS)
FILES = (DESIGN, RECIPE, DATA, ENVIRONMENT, SPLIT, INITIAL, EVENTS, EXPLANATION, manifest.NAME, LOCK, CHANGES)


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` says. ``state``: running, paused, finished, stopped, failed.

    A run whose state is running or paused while nobody holds its lock was interrupted. ``threads``,
    ``chunk_steps`` and ``run_mode`` (in force, of ``engine``) are fixed from the first step on, since they
    change rounding. ``code`` and ``facts`` tell a failure. Times are ISO 8601 in UTC. ``parent`` is the id of
    the run that this one went on from after ``parent_step`` steps, which ``parent_engine`` had done.
    """

    kind: ClassVar[str] = "run"
    id: str
    title: str
    design: str
    data: str
    engine: str
    device: str
    created: str
    state: str = "running"
    updated: str = ""
    pid: int = 0
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 0
    threads: int = 0
    chunk_steps: int = 0
    run_mode: str = ""
    seconds: float = 0.0
    summary: Mapping[str, float | str] = field(default_factory=dict)
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    parent: str = ""
    parent_step: int = 0
    parent_engine: str = ""
    version: int = 1


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def read_record(folder: Path, name: str, kind: type[Any]) -> Any:
    """Read one of the folder's JSON records.

    Raises:
        WorkbenchError: ``NOT_A_RUN`` where there is no ``run.json``; ``FILE_DAMAGED``.
    """
    if not (folder / RUN).exists():
        raise WorkbenchError(ErrorCode.NOT_A_RUN, path=str(folder))
    return read_plain(folder / name, kind)


def read_plain(path: Path, kind: type[Any]) -> Any:
    """Read a record that :func:`write_record` wrote.

    Raises:
        WorkbenchError: ``FILE_DAMAGED``, or what reading a file raises.
    """
    try:
        return from_plain(kind, json.loads(read_bytes(path)))
    except ValueError as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=str(error)) from error
    except WorkbenchError as error:
        if error.code is not ErrorCode.RECORD_MALFORMED:
            raise
        why = " ".join(str(fact) for fact in error.facts.values())
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=why) from error


def read_run(folder: Path) -> RunRecord:
    """Read ``run.json``; raises as ``read_record`` does."""
    record: RunRecord = read_record(folder, RUN, RunRecord)
    return record


def read_design(folder: Path) -> GraphSpec:
    """Read the design that the run trains; raises as ``read_record`` does."""
    spec: GraphSpec = read_record(folder, DESIGN, GraphSpec)
    return spec


def read_recipe(folder: Path) -> Recipe:
    """Read the recipe that the run follows; raises as ``read_record`` does."""
    recipe: Recipe = read_record(folder, RECIPE, Recipe)
    return recipe


def read_data(folder: Path) -> DataManifest:
    """Read which data the run learns; raises as ``read_record`` does."""
    data: DataManifest = read_record(folder, DATA, DataManifest)
    return data


def lasting_threads(job: TrainJob) -> int:
    """Return the threads that a job's run had or that its recipe names; 0 where neither does."""
    recorded = read_run(Path(job.run)).threads if job.resume else 0
    return recorded or job.recipe.threads


def write_record(path: Path, record: Any) -> None:
    """Write a record as readable JSON, all or nothing."""
    write_text_atomic(path, json.dumps(to_plain(record), indent=1, ensure_ascii=False) + "\n")


def change_run(folder: Path, **changes: Any) -> RunRecord:
    """Change fields of ``run.json``; what another process changes at the same time stays."""
    with alone(folder):
        record = replace(read_run(folder), **changes)
        write_record(folder / RUN, record)
    return record


class RunFolder:
    """The writer's side of a run folder; one process at a time holds it."""

    def __init__(self, path: Path, resume: bool = False) -> None:
        self.path = path
        if (path / RUN).exists() != resume:
            code = ErrorCode.NOT_A_RUN if resume else ErrorCode.RUN_EXISTS
            raise WorkbenchError(code, path=str(path))
        make_folder(path)
        self._lock = FolderLock(path)
        self.swept = [left.name for left in sweep(path)]
        self._metrics: MetricLog | None = None
        self._began = time.monotonic()

    def begin(
        self, job: TrainJob, engine: str, environment: Mapping[str, str], shards: Shards, weights: Arrays
    ) -> None:
        """Write what is known before the first step; ``run.json`` comes last and makes it a run."""
        write_record(self.path / DESIGN, job.spec)
        self._write_layers(job.spec)
        write_record(self.path / RECIPE, job.recipe)
        write_record(self.path / DATA, job.manifest)
        write_record(self.path / ENVIRONMENT, _environment(environment))
        write_text_atomic(self.path / EXPLANATION, README)
        write_atomic(self.path / SPLIT, npz_file(shards.indices))
        write_atomic(self.path / INITIAL, dump_tensors(weights))
        make_folder(self.checkpoints)
        make_folder(self.path / ARTIFACTS)
        manifest.write(self.path, moving=True)
        write_record(self.path / RUN, _record(self.path, job, engine))

    def _write_layers(self, spec: GraphSpec) -> None:
        """Lay the files of one's own layers down to be read; what runs is the text in the design's record."""
        for layer in spec.own_layers:
            make_folder(self.path / LAYERS)
            write_text_atomic(self.path / LAYERS / Path(layer.file).name, layer.source)

    def initial(self) -> Arrays:
        """Read the weights that the run began with."""
        return read_tensors(self.path / INITIAL)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / CHECKPOINTS

    @property
    def metrics(self) -> MetricLog:
        """The log of every step's metrics."""
        if self._metrics is None:
            double = read_recipe(self.path).precision == "fp64"
            self._metrics = MetricLog(self.path / METRICS, double)
        return self._metrics

    @property
    def record(self) -> RunRecord:
        """What ``run.json`` says now (a person may have renamed the run meanwhile)."""
        return read_run(self.path)

    def update(self, **changes: Any) -> RunRecord:
        """Change fields of ``run.json``."""
        return change_run(self.path, updated=now(), **changes)

    def note(self, event: Event) -> Event:
        """Append an event to the run's log, and return it."""
        self.note_all([event])
        return event

    def note_all(self, events: Sequence[Event]) -> Sequence[Event]:
        """Append events to the run's log, and return them."""
        seconds, at = round(time.monotonic() - self._began, 3), now()
        stamp = {"run": self.path.name, "t": seconds, "at": at}
        if events:
            self.append_lines(*(json.dumps({**to_plain(e), **stamp}, ensure_ascii=False) for e in events))
        return events

    def append_lines(self, *lines: str) -> None:
        """Append whole lines to the run's log."""
        text = "".join(f"{line}\n" for line in lines).encode()
        try:
            with (self.path / EVENTS).open("a+b") as file:
                file.write(text if _ends_a_line(file) else b"\n" + text)
        except OSError as fault:
            raise unwritable(self.path / EVENTS, fault) from fault

    def take_recipe(self, recipe: Recipe, before: Recipe) -> None:
        """Write down the recipe that a resumed run goes on with, where it is another one."""
        if recipe != before:
            with manifest.changing(self.path, RECIPE):
                write_record(self.path / RECIPE, recipe)

    def seal(self) -> None:
        """Write the SHA-256 of every file, so that a flipped bit is found later."""
        self.close_metrics()
        manifest.write(self.path)

    def close_metrics(self) -> None:
        """Close the metric log, if it is open; what it could not write was told when it was appended."""
        if self._metrics is not None:
            with suppress(OSError):
                self._metrics.close()
            self._metrics = None

    def close(self) -> None:
        """Let another process write."""
        self.close_metrics()
        self._lock.release()

    @property
    def begun(self) -> bool:
        """Whether there is a run: a fault may come before."""
        return (self.path / RUN).exists()

    def discard(self) -> None:
        """Remove the whole run and leave no trace; what is not the run's, it leaves alone."""
        self.close()
        for name in FOLDERS:
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (RUN, *FILES):
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):  # something else lies there
            self.path.rmdir()


def _ends_a_line(file: BinaryIO) -> bool:
    """Tell whether what is appended begins a line: a kill or a full disk may have cut the last one short."""
    if not file.seek(0, os.SEEK_END):
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _environment(facts: Mapping[str, str]) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count() or 1),
        **facts,
    }


def _record(path: Path, job: TrainJob, engine: str) -> RunRecord:
    return RunRecord(
        id=path.name,
        title=job.spec.name,
        design=job.spec.name,
        data=job.manifest.name,
        engine=engine,
        device=job.device,
        created=now(),
        updated=now(),
        pid=os.getpid(),
    )
