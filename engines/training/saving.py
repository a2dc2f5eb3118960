"""What every engine shares when it writes a model in a format of its own: written, read again, compared."""

from __future__ import annotations

import math
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.files import SUFFIX, make_folder, unwritable
from engines.contract.jobs import SaveJob
from engines.contract.views import ExportView, ProofView
from engines.training.control import ControlFlags
from engines.training.model_facts import held_out_samples

Array = npt.NDArray[Any]
Answering = Callable[[Array], Array]
Model = TypeVar("Model")
BOUND = 1e-5
_STAGES = ("load", "export", "prove", "write")


@dataclass(frozen=True)
class Format(Generic[Model]):
    """``write`` makes a file or a folder; ``read`` opens one anew and answers batches in the design's layout.

    ``title`` names who writes it, with its version.
    """

    title: str
    write: Callable[[Model, Path], None]
    read: Callable[[Path, Model], Answering]


def save(
    job: SaveJob,
    flags: ControlFlags,
    load: Callable[[Path, str], Model],
    answers: Callable[[Model], Answering],
    formats: Mapping[str, Format[Model]],
) -> Iterator[Event]:
    """Answer a ``SaveJob``; at each stage a stop is obeyed, and nothing is left behind.

    Raises:
        WorkbenchError: ``SAVE_FAILED``, ``SAVE_UNSUPPORTED``, ``SAVE_FOLDER_TAKEN``, ``FILE_UNWRITABLE`` …
    """
    work = _save(job, load, answers, formats[job.format])
    try:
        for number, stage in enumerate(_STAGES):
            if flags.should_stop:
                yield Stopped(step=number, kept=False)
                return
            yield Progress(stage=stage, done=number, total=len(_STAGES))
            answer = next(work)
            if answer is not None:
                yield Answer(answer)
    finally:
        work.close()
    yield Finished()


def _save(
    job: SaveJob,
    load: Callable[[Path, str], Model],
    answers: Callable[[Model], Answering],
    form: Format[Model],
) -> Generator[ProofView | ExportView | None, None, None]:
    """Do the work, one ``yield`` a stage: None, None, the proof, the view."""
    model, target = load(Path(job.run), job.checkpoint), Path(job.target)
    yield None
    make_folder(target.parent)
    part = target.with_name(f".{secrets.token_hex(4)}{SUFFIX}") / target.name
    try:
        with _faults(target):
            part.parent.mkdir()
            form.write(model, part)
        yield None
        proof = _prove(held_out_samples(Path(job.data), job.samples), answers(model), form.read(part, model))
        yield proof
        size = sum(file.stat().st_size for file in _files(part))
        if proof.status == "passed":
            _check_gives_way(target, part)
            _give_name(part, target)
        yield ExportView(str(target), "", size, 0, form.title)
    finally:
        shutil.rmtree(part.parent, ignore_errors=True)


def _prove(inputs: Array, model: Answering, written: Answering) -> ProofView:
    wanted, found = np.asarray(model(inputs), np.float64), np.asarray(written(inputs), np.float64)
    if not (np.isfinite(wanted).all() and np.isfinite(found).all()):
        return ProofView("failed", len(inputs), math.inf, math.inf, BOUND, reason="not_finite")
    error = float(np.abs(found - wanted).max(initial=0.0))
    largest = float(np.abs(wanted).max(initial=0.0))
    good = error <= BOUND + BOUND * largest
    return ProofView(
        status="passed" if good else "failed",
        samples=len(inputs),
        max_abs_error=error,
        max_rel_error=error / largest if largest else 0.0,
        bound=BOUND,
        reference_max=largest,
        reason="" if good else "error_above_bound",
    )


def _check_gives_way(target: Path, part: Path) -> None:
    """Refuse to replace a folder that holds anything beside what is written: it may be somebody's work."""
    if not target.is_dir():
        return
    ours = {entry.name for entry in part.iterdir()} if part.is_dir() else set()
    others = sorted(entry.name for entry in target.iterdir() if entry.name not in ours)
    if others:
        raise WorkbenchError(ErrorCode.SAVE_FOLDER_TAKEN, path=str(target), others=", ".join(others[:3]))


def _give_name(part: Path, target: Path) -> None:
    """Rename what was written; a folder of the same name gives way, and comes back where that fails."""
    old = part.with_name("old")
    try:
        if target.is_dir():
            target.rename(old)
        part.replace(target)
    except OSError as fault:
        with suppress(OSError):
            old.rename(target)
        raise unwritable(target, fault) from fault


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]


@contextmanager
def _faults(target: Path) -> Iterator[None]:
    """Name what a library's own writer raises."""
    try:
        yield
    except OSError as fault:
        raise unwritable(target, fault) from fault
    except WorkbenchError:
        raise
    except Exception as fault:
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        facts = {"path": str(target), "why": lines[0][:300]}
        raise WorkbenchError(ErrorCode.SAVE_FAILED, str(fault), **facts) from fault
