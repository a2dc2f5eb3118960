"""The fake engine's training: a loss curve in closed form, and a real run folder around it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.backends.fake.build import build
from engines.backends.fake.probe import VERSION
from engines.backends.fake.script import perform, read_script
from engines.contract.events import (
    CheckpointSaved,
    Continued,
    Event,
    Finished,
    Metrics,
    Paused,
    Started,
    Stopped,
    Validated,
)
from engines.contract.jobs import TrainJob
from engines.training.checkpoints import CheckpointRecord, latest_valid, save_checkpoint
from engines.training.control import ControlFlags
from engines.training.early_stopping import EarlyStopping
from engines.training.order import batch_shape
from engines.training.run_folder import RunFolder
from engines.training.shards import Shards, open_shards

Losses = npt.NDArray[np.float32]


def curve(steps: npt.NDArray[np.int64], total: int, seed: int) -> Losses:
    """Return the loss after each of ``steps``: an exponential decay with a ripple of the seed's phase."""
    ripple = 1 + 0.05 * np.sin(steps + seed)
    return ((0.05 + 2.25 * np.exp(-5.0 * steps / max(total, 1))) * ripple).astype(np.float32)


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Yield the training's events; without a folder (``job.run`` empty) nothing is written."""
    script = read_script(job.device)
    if not job.run:
        yield from perform(script, Loop(job, flags, None).events())
        return
    with contextlib.closing(RunFolder(Path(job.run), job.resume)) as folder:
        if not job.resume:
            folder.begin(job, "fake", {"fake": VERSION}, _shards(job))
        yield from perform(script, Loop(job, flags, folder).events())


def _shards(job: TrainJob) -> Shards:
    if job.data:
        return open_shards(job.data)
    return Shards(np.zeros((0,), np.float32), np.zeros((0,), np.int64), {})


class Loop:
    """One training, chunk by chunk."""

    def __init__(self, job: TrainJob, flags: ControlFlags, folder: RunFolder | None) -> None:
        samples = job.manifest.splits.get("train", job.manifest.samples)
        self._job = job
        self._flags = flags
        self._folder = folder
        self._per_epoch, self._batch = batch_shape(samples, job.recipe.batch_size)
        self._total = self._per_epoch * job.recipe.epochs
        self._chunk = job.recipe.chunk_steps or 10
        self._rate = job.recipe.learning_rate
        self._step = 0

    def events(self) -> Iterator[Event]:
        """Yield from ``Started`` to the last event."""
        self._find_start()
        yield self._started()
        while self._step < self._total:
            yield from self._pause()
            if self._flags.should_stop:
                yield from self._stop()
                return
            yield self._advance()
            if self._step % self._per_epoch == 0:
                yield from self._end_epoch()
        yield self._finish()

    def _find_start(self) -> None:
        if self._folder is None:
            return
        if self._job.resume:
            found, _ = latest_valid(self._folder.checkpoints)
            self._step = 0 if found is None else found.record.step
        self._folder.metrics.go_on_at(self._step)
        self._folder.update(
            state="running", total_steps=self._total, steps_per_epoch=self._per_epoch, threads=1
        )

    def _started(self) -> Started:
        epochs = self._job.recipe.epochs
        return Started(
            self._step, self._total, self._per_epoch, epochs, self._batch, 1, self._chunk, self._job.device
        )

    def _pause(self) -> Iterator[Event]:
        if self._flags.paused:
            yield Paused(self._step)
            self._flags.wait_while_paused()
            yield Continued(self._step)

    def _advance(self) -> Metrics:
        epoch_end = (self._step // self._per_epoch + 1) * self._per_epoch
        end = min(self._step + self._chunk, epoch_end)
        self._rate = self._flags.take_values().get("learning_rate", self._rate)
        steps = np.arange(self._step, end)
        rates = np.full(len(steps), self._rate, np.float32)
        values = {"loss": curve(steps, self._total, self._job.recipe.seed), "learning_rate": rates}
        event = Metrics(self._step, values)
        if self._folder is not None:
            self._folder.metrics.append(values)
        self._step = end
        return event

    def _end_epoch(self) -> Iterator[Event]:
        epoch = self._step // self._per_epoch
        loss = float(curve(np.array([self._step]), self._total, self._job.recipe.seed)[0])
        yield self._note(Validated(self._step, epoch, {"validation_loss": loss}))
        yield from self._save()

    def _save(self) -> Iterator[Event]:
        if self._folder is None:
            return
        epoch, position = divmod(self._step, self._per_epoch)
        weights = build(self._job.spec, self._job.recipe.seed)
        record = CheckpointRecord(
            self._step, epoch, position, self._rate, EarlyStopping(), "fake", self._job.recipe.schedule
        )
        arrays = {f"model/{name}": array for name, array in weights.items()}
        path = save_checkpoint(self._folder.checkpoints, "step", record, arrays)
        relative = path.relative_to(self._folder.path).as_posix()
        yield self._note(CheckpointSaved(self._step, epoch, relative, best=False))

    def _stop(self) -> Iterator[Event]:
        keep = self._flags.keep
        if keep:
            yield from self._save()
            self._end("stopped", {})
        elif self._folder is not None:
            self._folder.discard()
        yield Stopped(self._step, keep)

    def _finish(self) -> Finished:
        loss = float(curve(np.array([self._total]), self._total, self._job.recipe.seed)[0])
        summary: dict[str, float | str] = {"loss": loss, "step": float(self._step)}
        self._end("finished", summary)
        return Finished(summary)

    def _end(self, state: str, summary: dict[str, float | str]) -> None:
        if self._folder is not None:
            self._folder.update(state=state, step=self._step, summary=summary)
            self._folder.seal()

    def _note(self, event: Event) -> Event:
        return event if self._folder is None else self._folder.note(event)
