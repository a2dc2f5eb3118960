"""One comparison of engines under way: each part trained, files exported, all proven against all."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from app.desk import TOOLS, Desk, Ended
from app.flows.further import recipe_for
from app.flows.main_job import Answering, but_the_end
from app.plans import installed_engine, prepared_folder, train_job
from app.project import new_run_folder
from app.run_files import discarded
from engines.contract.capabilities import EngineRow
from engines.contract.comparison import Comparison, FileProof
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Progress, Started, Stopped
from engines.contract.jobs import ExportJob, ProveJob, TrainJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import ExportView, ProofView
from engines.runs.engine_comparison import (
    RECORD,
    explained,
    judge,
    measure_all,
    measure_own,
    run_of,
    without_masks,
)
from engines.training.lock import FolderLock
from engines.training.run_folder import RUN, now, read_run, write_record

CRASHED = "crashed"
"""The code of an engine whose process died; its facts are those of the event."""
_OUT = (
    CRASHED,
    ErrorCode.ENGINE_MISSING.value,
    ErrorCode.ENGINE_HALF_INSTALLED.value,
    ErrorCode.ENGINE_DIES.value,
    ErrorCode.ENGINE_HANGS.value,
    ErrorCode.DEVICE_UNKNOWN.value,
    ErrorCode.DEVICE_UNUSABLE.value,
    ErrorCode.LAYER_UNSUPPORTED.value,
)
"""What keeps an engine from taking any further part."""
_STATES = {"check": ("checking", "checked"), "whole": ("training", "trained")}


def quick_recipe(recipe: Recipe, steps: int, steps_per_epoch: int) -> Recipe:
    """Return the recipe of a strict check: so many steps in double precision, none of them skipped."""
    epochs = max(recipe.epochs, math.ceil(steps / max(steps_per_epoch, 1)))
    return replace(
        recipe, precision="fp64", steps=steps, epochs=epochs, validate_every=1, patience=0, accumulate=1
    )


def is_mirrored(recipe: Recipe, check: Recipe) -> bool:
    """Tell whether a check trains what the first steps of ``recipe`` do, but for the precision."""
    kept = {name: getattr(recipe, name) for name in ("precision", "steps", "validate_every", "patience")}
    return replace(check, **kept) == recipe


def _part_recipe(part: str, recipe: Recipe, comparison: Comparison) -> Recipe:
    if part == "whole":
        return recipe
    return quick_recipe(recipe, comparison.check_steps, comparison.steps_per_epoch)


def flat_summary(comparison: Comparison) -> dict[str, float | str]:
    """Return a comparison as one flat table, ``ENGINE.value``, ``A~B.value`` and ``FILE@ENGINE.value``.

    An engine that takes part several times is named as ``torch:cuda:0`` or ``torch:compiled``.
    """
    verdict = judge(comparison)
    summary: dict[str, float | str] = {"comparison": comparison.id, "verdict": verdict.word}
    for one in comparison.entrants:
        device = comparison.device_of(one)
        places = {"state": one.state, "device": device, "run": one.run, "file": one.file, "code": one.code}
        values = {**places, **one.summary}
        summary |= {f"{one.key}.{name}": value for name, value in values.items() if value != ""}
    for pair in comparison.curves:
        key = f"{pair.first}~{pair.second}.{pair.part}.{pair.curve}"
        summary |= {f"{key}_difference": pair.largest, f"{key}_difference_at": pair.at}
        summary[f"{key}_early_difference"] = pair.early
        if rounding := explained(comparison, pair):
            summary[f"{key}_explained_by_rounding"] = rounding
    for pair in comparison.own:
        summary[f"{pair.first}.own_{pair.curve}_difference"] = pair.early
    for proof in comparison.proofs:
        key = f"{proof.file}@{proof.against}"
        summary[f"{key}.proof"] = proof.proof.status if proof.proof else "failed"
        if proof.proof:
            summary[f"{key}.max_abs_error"] = proof.proof.max_abs_error
    return summary


class ComparisonWork:
    """One comparison under way; ``events`` yields the engines' own, and the record after every change."""

    def __init__(
        self, desk: Desk, folder: Path, begun: Comparison, spec: GraphSpec, recipe: Recipe, data: DataManifest
    ) -> None:
        self._desk, self._folder, self._now = desk, folder, begun
        self._home = folder.parent.parent
        self._spec, self._recipe, self._data = spec, recipe, data
        self._start = 0.0

    def events(self) -> Answering:
        """Do what is not done yet; ends with ``Finished`` where all was tried."""
        lock = FolderLock(self._folder)
        try:
            yield self._told()
            for part in self._now.parts:
                for place in range(len(self._now.entrants)):
                    yield from self._guarded(place, part, partial(self._train, part=part))
            yield from self._files()
            self._change(state="finished")
        except Ended:
            self._change(state="stopped")
            yield self._told()
            raise
        finally:
            self._desk.run_folder = None
            lock.release()
        yield self._told()
        yield Finished(flat_summary(self._now))

    # --- the steps ---

    def _train(self, place: int, part: str) -> Answering:
        one = self._now.entrants[place]
        known = run_of(one, part)
        if one.state == "failed" or (known and _is_finished(self._home / known)):
            return
        row = installed_engine(one.engine)
        resumed = bool(known) and (self._home / known / RUN).is_file()
        run = self._home / known if resumed else self._new_run(one.key)
        yield Progress(part, place, len(self._now.entrants))
        key, (during, after) = ("check" if part == "check" else "run"), _STATES[part]
        yield self._set(place, state=during, **{key: run.relative_to(self._home).as_posix()})
        self._desk.run_folder = run
        job = self._job(place, part, row, run, resumed)
        try:
            with closing(self._desk.run(row.name, job)) as events:  # the process ends with its run
                yield from but_the_end(discarded(self._desk, run, self._timed(events)))
        finally:
            self._drop_if_empty(place, run, key)
        only = part == "whole" or "whole" not in self._now.parts
        summary = {**read_run(run).summary, "start_seconds": self._start} if only else one.summary
        yield self._set(place, state=after if only or part == "check" else "trained", summary=summary)
        self._forget(place, part)
        self._measure()
        yield self._told()

    def _timed(self, events: Answering) -> Answering:
        """Note how long the engine's start, its compiling and its measuring of threads took."""
        begin = monotonic()
        for event in events:
            if isinstance(event, Started):
                self._start = monotonic() - begin
            yield event

    def _forget(self, place: int, stage: str) -> None:
        """Forget why ``stage`` failed before: it has been done now."""
        if self._now.entrants[place].stage == stage:
            self._set(place, stage="", code="", facts={}, details="")

    def _job(self, place: int, part: str, row: EngineRow, run: Path, resumed: bool) -> TrainJob:
        spec = without_masks(self._spec) if part == "check" else self._spec
        one, recipe = self._now.entrants[place], _part_recipe(part, self._recipe, self._now)
        recipe = recipe_for(row, replace(recipe, run_mode=one.mode or recipe.run_mode))
        return train_job(spec, recipe, self._data, run, self._now.device_of(one), resume=resumed)

    def _files(self) -> Answering:
        """Let every engine export the same weights and answer for them, then hold all against all."""
        settled = ("checked", "trained", "done")
        trained = [place for place, one in enumerate(self._now.entrants) if one.state in settled]
        if not trained:
            return
        if not self._now.weights_of:
            self._change(weights_of=self._now.entrants[trained[0]].key)
        for place in trained:
            if not self._now.entrants[place].file:
                yield from self._guarded(place, "export", self._export)
        yield from self._prove()

    def _export(self, place: int) -> Answering:
        one = self._now.entrants[place]
        row = installed_engine(one.engine)
        yield Progress("export", place, len(self._now.entrants))
        yield self._set(place, state="exporting")
        target = self._folder / f"{_file_name(one.key)}.onnx"
        job = ExportJob(
            run=str(self._run_of(self._now.weights_of)),
            data=str(prepared_folder(self._data)),
            target=str(target),
            reference=str(target.with_suffix(".npz")),
        )
        yield from self._desk.ask(row.name, job, ExportView)
        yield self._set(place, state="done", file=target.relative_to(self._home).as_posix())
        self._forget(place, "export")

    def _prove(self) -> Answering:
        files = [one.key for one in self._now.entrants if one.file]
        known = {(proof.file, proof.against) for proof in self._now.proofs if proof.proof is not None}
        wanted = [(file, other) for file in files for other in files if (file, other) not in known]
        for place, (file, against) in enumerate(wanted):
            yield Progress("prove", place, len(wanted))
            proof = yield from self._proof(file, against)
            kept = [old for old in self._now.proofs if (old.file, old.against) != (file, against)]
            self._change(proofs=(*kept, proof))
            yield self._told()

    def _proof(self, file: str, against: str) -> Generator[Event, None, FileProof]:
        model, reference = (
            self._folder / f"{_file_name(key)}.{ending}" for key, ending in ((file, "onnx"), (against, "npz"))
        )
        try:
            found = yield from self._desk.ask(TOOLS, ProveJob(str(model), str(reference)), ProofView)
        except Ended as ended:
            if self._over(ended):
                raise
            return FileProof(file, against, None, *_told_by(ended)[:2])
        return FileProof(file, against, found)

    # --- what goes wrong with one engine stays with it ---

    def _guarded(self, place: int, stage: str, work: Callable[[int], Answering]) -> Answering:
        try:
            yield from work(place)
        except Ended as ended:
            if self._over(ended):
                one = self._now.entrants[place]
                self._set(place, state="stopped" if one.run or one.check else "waiting")
                raise
            yield self._failed(place, stage, *_told_by(ended))
        except WorkbenchError as fault:
            yield self._failed(place, stage, fault.code.value, fault.facts, fault.details)

    def _over(self, ended: Ended) -> bool:
        return isinstance(ended.event, Stopped) or self._desk.stopping

    def _failed(self, place: int, stage: str, code: str, facts: Any, details: str) -> Answer:
        """Note why; one that is not there at all, or whose process died, is out.

        An engine that failed its check, for want of double precision perhaps, trains all the same.
        """
        out = stage != "check" or code in _OUT or "whole" not in self._now.parts
        state = "failed" if out else "checked"
        self._set(place, state=state, stage=stage, code=code, facts=facts, details=details)
        self._measure()
        return self._told()

    # --- the record ---

    def _measure(self) -> None:
        check = _part_recipe("check", self._recipe, self._now)
        mirrored = is_mirrored(self._recipe, check) and self._recipe.precision != check.precision
        own = measure_own(self._home, self._now) if mirrored and not self._now.masks else ()
        self._change(curves=measure_all(self._home, self._now), own=own)

    def _set(self, place: int, **changes: Any) -> Answer:
        entrants = list(self._now.entrants)
        entrants[place] = replace(entrants[place], **changes)
        self._change(entrants=tuple(entrants))
        return self._told()

    def _change(self, **changes: Any) -> None:
        self._now = replace(self._now, updated=now(), **changes)
        write_record(self._folder / RECORD, self._now)

    def _told(self) -> Answer:
        return Answer(self._now)

    def _run_of(self, key: str) -> Path:
        one = next(one for one in self._now.entrants if one.key == key)
        return self._home / (one.run or one.check)

    def _new_run(self, key: str) -> Path:
        return new_run_folder(self._home / "runs", f"{self._now.title}-{_file_name(key)}")

    def _drop_if_empty(self, place: int, run: Path, key: str) -> None:
        """A folder in which no run began goes, and is no run of the comparison's."""
        if (run / RUN).is_file():
            return
        if run.is_dir() and not any(run.iterdir()):
            run.rmdir()
        self._set(place, **{key: ""})


def _file_name(key: str) -> str:
    """Return an entrant's key as every file system takes it."""
    return key.replace(":", "-")


def _is_finished(run: Path) -> bool:
    return (run / RUN).is_file() and read_run(run).state == "finished"


def _told_by(ended: Ended) -> tuple[str, dict[str, Any], str]:
    event = ended.event
    if isinstance(event, Failed):
        return event.code, dict(event.facts), event.details
    assert isinstance(event, Crashed)
    facts = {"cause": event.cause, "exit_code": event.exit_code, "signal": event.signal}
    return CRASHED, facts, event.stderr
