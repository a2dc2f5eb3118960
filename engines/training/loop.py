"""The training loop that every engine shares: a generator of events around an engine's ``Trainer``.

Epochs are cut into chunks from their first step on, whatever pauses or checkpoints there were; these act
at chunk ends, or after several epochs where these are much shorter than a chunk may be. A resumed run
therefore computes the very same chunks as an undisturbed one.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    CheckpointSaved,
    Continued,
    Event,
    Finished,
    Log,
    Metrics,
    Paused,
    Started,
    Stopped,
    Validated,
)
from engines.contract.jobs import TrainJob
from engines.training.checkpoints import (
    CheckpointRecord,
    prune,
    referenced_best,
    save_checkpoint,
)
from engines.training.control import ControlFlags
from engines.training.early_stopping import EarlyStopping, lower_is_better
from engines.training.evaluation import figures, shape_targets
from engines.training.memory import peak_memory_bytes
from engines.training.order import batch_shape, epoch_batches
from engines.training.plan import Plan
from engines.training.run_folder import RunFolder, now
from engines.training.schedules import learning_rates
from engines.training.several import EpochDone, epochs_at_once, joined
from engines.training.shards import Shards
from engines.training.trainer import Arrays, Trainer

SAVING_SHARE = 50
"""Between two checkpoints of short epochs passes 50 times what one took, so that they cost 2% at most …"""
LONGEST_SPARE = 5.0
"""… but from epochs of five seconds on, each one asked for is written …"""
LONGEST_GAP = 60.0
"""… and within long epochs one a minute."""


@dataclass
class Position:
    """Where the loop stands; ``best`` are the best weights so far, if any."""

    step: int = 0
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    learning_rate: float = 0.0
    best: Arrays | None = None


class TrainingLoop:
    """One training from ``position`` to its end."""

    def __init__(
        self,
        job: TrainJob,
        folder: RunFolder,
        shards: Shards,
        trainer: Trainer,
        flags: ControlFlags,
        plan: Plan,
        position: Position,
        resumed: bool,
    ) -> None:
        self.job, self.recipe, self.folder = job, job.recipe, folder
        self.shards, self.trainer, self.flags, self.plan, self.at = shards, trainer, flags, plan, position
        self.samples = len(shards.indices["train"])
        self.steps_per_epoch, self.batch_size = batch_shape(self.samples, self.recipe.batch_size)
        whole = self.recipe.epochs * self.steps_per_epoch
        self.total_steps = min(self.recipe.steps or whole, whole)
        self.resumed = resumed
        self.first_step = position.step
        self.began = self.saved_at = time.monotonic()
        self.seconds_before = folder.record.seconds
        self.saved_step = position.step if resumed else -1
        self.saved_best = position.early_stopping.best_step
        self.saving_took = 0.0
        self.targets: dict[str, npt.NDArray[Any]] = {}
        # Killed after its patience had ended and before it was finished, a run only has to be finished.
        over = resumed and position.early_stopping.exhausted(self.recipe.patience)
        self.outcome = "patience" if over else ""

    def events(self) -> Iterator[Event]:
        """Train to the end, a stop or a fault; the last event is ``Finished`` or ``Stopped``."""
        yield self.folder.note(self._started())
        seconds = math.inf
        while not self.outcome and self.at.step < self.total_steps:
            first, begin = self.at.step, time.monotonic()
            count = self._at_once(seconds)
            epoch = first // self.steps_per_epoch
            yield from self._several(epoch, count) if count > 1 else self._epoch(epoch)
            seconds = (time.monotonic() - begin) / max(self.at.step - first, 1) * self.steps_per_epoch
        if self.outcome in ("keep", "discard"):
            yield from self._stop()
        else:
            yield from self._finish()

    def _started(self) -> Started:
        self.folder.update(
            state="running",
            step=self.at.step,
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            threads=self.plan.threads,
            chunk_steps=self.plan.chunk_steps,
        )
        return Started(
            first_step=self.at.step,
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            epochs=self.recipe.epochs,
            batch_size=self.batch_size,
            threads=self.plan.threads,
            chunk_steps=self.plan.chunk_steps,
            device=self.job.device,
            mode=self.plan.mode,
        )

    def _epoch(self, epoch: int) -> Iterator[Event]:
        batches = epoch_batches(self.samples, self.recipe.batch_size, self.recipe.seed, epoch)
        begin = epoch * self.steps_per_epoch
        end = min(self.steps_per_epoch, self.total_steps - begin)
        while (position := self.at.step - begin) < end:
            yield self._chunk(batches[position : min(position + self.plan.chunk_steps, end)])
            if self.at.step == begin + end:
                yield from self._epoch_end(epoch)
            elif self._overdue():
                yield from self._save()
            yield from self._obey()
            if self.outcome:
                return

    def _at_once(self, seconds: float) -> int:
        """Return how many whole epochs, of so many seconds each, come next before anything else does."""
        epoch, begun = divmod(self.at.step, self.steps_per_epoch)
        left = (self.total_steps - self.at.step) // self.steps_per_epoch
        if begun or self.plan.chunk_steps < self.steps_per_epoch:
            return 1
        return min(left, epochs_at_once(seconds, self.recipe, epoch, self.at.early_stopping, self._rested()))

    def _several(self, epoch: int, count: int) -> Iterator[Event]:
        """Train ``count`` whole epochs, then look at each one's figures."""
        done = list(self._trained(epoch, count))
        fine = list(itertools.takewhile(lambda one: one.finite, done))
        if fine:
            yield self._told(joined(fine))
            yield from self._validated(epoch, fine)
        for one in done[len(fine) :][:1]:
            self._told(one.values)  # raises
        yield from self._save_if_due(epoch + count)
        yield from self._obey()

    def _trained(self, epoch: int, count: int) -> Iterator[EpochDone]:
        size, recipe = self.steps_per_epoch, self.recipe
        orders = [
            epoch_batches(self.samples, recipe.batch_size, recipe.seed, epoch + n) for n in range(count)
        ]
        rates = learning_rates(recipe, self.at.step, count * size, size, self.at.learning_rate)
        for number, batches in enumerate(orders):
            values = self._run(self.at.step + number * size, batches, rates[number * size :][:size])
            if self._validates(epoch + number):
                yield EpochDone(values, self.trainer.evaluate("validation"), self.trainer.weights())
            else:
                yield EpochDone(values, None, {})

    def _validated(self, epoch: int, done: Sequence[EpochDone]) -> Iterator[Event]:
        events = []
        for number, one in enumerate(done, epoch + 1):
            if one.outputs is not None:
                step = number * self.steps_per_epoch
                events.append(self._judged(step, one.outputs))
                if self.at.early_stopping.best_step == step:
                    self.at.best = one.weights
        yield from self.folder.note_all(events)

    def _chunk(self, batches: npt.NDArray[np.int64]) -> Metrics:
        first, count = self.at.step, len(batches)
        rates = learning_rates(self.recipe, first, count, self.steps_per_epoch, self.at.learning_rate)
        return self._told(self._run(first, batches, rates))

    def _run(
        self, first: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        return {**self.trainer.run_chunk(first, batches, rates), "learning_rate": rates}

    def _told(self, found: dict[str, npt.NDArray[np.floating[Any]]]) -> Metrics:
        """Write the values of the steps that come next into the folder, and go on behind them."""
        first, rates = self.at.step, found["learning_rate"]
        self.folder.metrics.append(found)
        values = {name: array.astype(np.float32, copy=False) for name, array in found.items()}
        bad = np.flatnonzero(~np.isfinite(values["loss"]))
        if bad.size:
            at = int(bad[0])
            raise WorkbenchError(
                ErrorCode.LOSS_NOT_FINITE,
                step=first + at,
                value=str(values["loss"][at]),
                learning_rate=float(rates[at]),
            )
        self.at.step += len(rates)
        return Metrics(first_step=first, values=values)

    def _epoch_end(self, epoch: int) -> Iterator[Event]:
        if self._validates(epoch):
            outputs = self.trainer.evaluate("validation")
            event = self._judged(self.at.step, outputs)
            if self.at.early_stopping.best_step == self.at.step:
                self.at.best = self.trainer.weights()
            yield self.folder.note(event)
        yield from self._save_if_due(epoch + 1)

    def _save_if_due(self, epochs: int) -> Iterator[Event]:
        """Write a checkpoint where the end of so many epochs wants one."""
        every, last = self.recipe.checkpoint_every, self.at.step >= self.total_steps
        if last or self.outcome or (every and epochs % every == 0 and self._rested()):
            yield from self._save()

    def _validates(self, epoch: int) -> bool:
        every, last = self.recipe.validate_every, (epoch + 1) * self.steps_per_epoch >= self.total_steps
        return bool(every and len(self.shards.indices["validation"]) and (last or (epoch + 1) % every == 0))

    def _judged(self, step: int, outputs: npt.NDArray[np.floating[Any]]) -> Validated:
        """Return the figures after ``step``, and see whether they are the best ones so far."""
        values = self._figures("validation", outputs)
        monitored = values[self.recipe.monitor.removeprefix("validation_")]
        lower = lower_is_better(self.recipe.monitor)
        self.at.early_stopping = self.at.early_stopping.after(monitored, step, lower)
        if self.at.early_stopping.exhausted(self.recipe.patience):
            self.outcome = "patience"
        return Validated(step=step, epoch=step // self.steps_per_epoch, values=values)

    def _figures(self, split: str, outputs: npt.NDArray[np.floating[Any]]) -> dict[str, float]:
        if split not in self.targets:
            targets = self.shards.targets[self.shards.indices[split]]
            self.targets[split] = shape_targets(targets, tuple(outputs.shape[1:]), self.recipe.loss)
        return figures(outputs, self.targets[split], self.recipe.loss, self.recipe.metrics)

    def _rested(self) -> bool:
        passed = time.monotonic() - self.saved_at
        return self.saved_step < 0 or passed >= min(SAVING_SHARE * self.saving_took, LONGEST_SPARE)

    def _overdue(self) -> bool:
        return self.recipe.checkpoint_every > 0 and time.monotonic() - self.saved_at > LONGEST_GAP

    def _save(self) -> Iterator[Event]:
        """Write a checkpoint of this step, and the best weights first, if they are new."""
        if self.saved_step == self.at.step:
            return
        begin = time.monotonic()
        self.folder.metrics.sync()
        best_step = self.at.early_stopping.best_step
        if self.at.best is not None and best_step != self.saved_best:
            yield self._write("best", best_step, best_arrays(self.at.best))
            self.saved_best = best_step
        yield self._write("step", self.at.step, self.trainer.state())
        prune(self.folder.checkpoints, referenced_best(self.folder.checkpoints))
        self.folder.update(step=self.at.step, seconds=self._seconds())
        self.saved_step, self.saved_at = self.at.step, time.monotonic()
        self.saving_took = self.saved_at - begin

    def _write(self, role: str, step: int, arrays: Arrays) -> Event:
        epoch, position = divmod(step, self.steps_per_epoch)
        record = CheckpointRecord(
            step=step,
            epoch=epoch,
            position=position,
            learning_rate=self.at.learning_rate,
            early_stopping=self.at.early_stopping,
            engine=self.folder.record.engine,
            schedule=self.recipe.schedule,
            created=now(),
        )
        path = save_checkpoint(self.folder.checkpoints, role, record, arrays)
        relative = path.relative_to(self.folder.path).as_posix()
        return self.folder.note(CheckpointSaved(step=step, epoch=epoch, path=relative, best=role == "best"))

    def _obey(self) -> Iterator[Event]:
        """Do what the flags say, between two chunks."""
        if self.flags.paused:
            yield from self._pause()
        values = self.flags.take_values()  # those that were given in the pause, too
        if values.get("learning_rate", 0.0) > 0.0:
            self.at.learning_rate = values["learning_rate"]
            text = f"learning_rate = {self.at.learning_rate:g} @ {self.at.step}"
            yield self.folder.note(Log(level="info", text=text))
        if self.flags.should_stop:
            self.outcome = "keep" if self.flags.keep else "discard"

    def _pause(self) -> Iterator[Event]:
        yield from self._save()
        self.folder.update(state="paused")
        yield self.folder.note(Paused(step=self.at.step))
        begin = time.monotonic()
        self.flags.wait_while_paused()
        self.began += time.monotonic() - begin  # a run's seconds are those it worked
        if not self.flags.should_stop:
            self.folder.update(state="running")
            yield self.folder.note(Continued(step=self.at.step))

    def _stop(self) -> Iterator[Event]:
        if self.outcome == "discard" and not self.resumed:
            self.folder.discard()
            yield Stopped(step=self.at.step, kept=False)
            return
        if self.outcome == "keep":
            yield from self._save()
        event = Stopped(step=self.at.step, kept=self.outcome == "keep")
        self.folder.note(event)
        self.folder.update(state="stopped", step=self.at.step, seconds=self._seconds())
        self.folder.seal()
        yield event

    def _finish(self) -> Iterator[Event]:
        """Hold the best weights against the test split, which nothing has looked at before."""
        yield from self._save()
        if self.at.best is not None:
            self.trainer.load_state(best_arrays(self.at.best), self.at.early_stopping.best_step)
        summary = self._summary()
        event = Finished(summary=summary)
        self.folder.note(event)
        self.folder.update(state="finished", seconds=self._seconds(), step=self.at.step, summary=summary)
        self.folder.seal()
        yield event

    def _summary(self) -> dict[str, float | str]:
        seconds = self._seconds()
        spent = max(time.monotonic() - self.began, 1e-9)
        steps = self.at.step - self.first_step
        state = self.at.early_stopping
        summary: dict[str, float | str] = {
            "step": float(self.at.step),
            "best_step": float(state.best_step if self.at.best is not None else self.at.step),
            "seconds": seconds,
            "samples_per_second": steps * self.batch_size / spent,
            "peak_memory_bytes": float(peak_memory_bytes()),
            "ended": self.outcome or ("epochs" if self.at.step % self.steps_per_epoch == 0 else "steps"),
        }
        if self.at.best is not None:
            summary[f"best_{self.recipe.monitor}"] = state.best
        if len(self.shards.indices["test"]):
            tested = self._figures("test", self.trainer.evaluate("test"))
            summary.update({f"test_{name}": value for name, value in tested.items()})
        return summary

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began


def best_arrays(weights: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Return weights under the names of a checkpoint."""
    return {f"model/{name}": array for name, array in weights.items()}
