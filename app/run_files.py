"""What flows leave in a run's folder, and what they take out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from app.desk import Desk
from engines.contract.capabilities import EngineRow
from engines.contract.errors import WorkbenchError
from engines.contract.events import Crashed, Event, Stopped
from engines.registry import engine
from engines.training import manifest
from engines.training.run_folder import ARTIFACTS, CHECKPOINTS, RUN, RunFolder, read_run


def changing(*files: Path | str) -> AbstractContextManager[None]:
    """Keep a run's manifest right while ``files`` among its artifacts change; others are no run's."""
    paths = [Path(file).absolute() for file in files]
    run = next((path.parent.parent for path in paths if _is_artifact(path)), None)
    if run is None:
        return nullcontext()
    names = [path.relative_to(run).as_posix() for path in paths if path.is_relative_to(run)]
    return manifest.changing(run, *names)


def outdated(artifact: Path) -> bool:
    """Tell whether its run saved a checkpoint since ``artifact`` was made."""
    saved = (artifact.parent.parent / CHECKPOINTS).glob("*.json")
    made = _changed(artifact)
    return any(_changed(path) > made for path in saved)


def engine_of(run: Path) -> EngineRow | None:
    """Return the row of the engine that trained a run, None where it cannot be told."""
    try:
        return engine(read_run(run).engine)
    except WorkbenchError:
        return None


def _changed(path: Path) -> int:
    with suppress(OSError):  # a training under way may have just removed it
        return path.stat().st_mtime_ns
    return 0


def _is_artifact(path: Path) -> bool:
    return path.parent.name == ARTIFACTS and (path.parent.parent / manifest.NAME).is_file()


def discarded(desk: Desk, run: Path, events: Iterator[Event]) -> Iterator[Event]:
    """Yield a new run's events; one to be discarded leaves no trace even where its process was killed."""
    for event in events:
        if isinstance(event, Crashed) and desk.discards and _discard(run):
            yield Stopped(run=event.run, seq=event.seq, t=event.t, step=0, kept=False)
        else:
            yield event


def _discard(run: Path) -> bool:
    with suppress(WorkbenchError, OSError):
        if run.is_dir():
            RunFolder(run, resume=(run / RUN).exists()).discard()
        return True
    return False
