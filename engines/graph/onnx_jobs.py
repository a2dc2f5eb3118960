"""What ONNX Runtime does with a model file on an execution provider: evaluate, prove, profile.

ONNX, ONNX Runtime and NumPy are all it imports, so that it runs in any interpreter that has these. Stages
of ``Progress``: ``read``, then ``evaluate``, ``prove`` or ``measure``. Every ``yield`` is a point where a
stop is obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Protocol, TypeVar

from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import EvaluateOnnxJob, ProfileOnnxJob, ProveJob
from engines.contract.views import ProofView
from engines.graph import evaluate
from engines.graph.onnx_file import load_model
from engines.graph.profile import profile
from engines.graph.proof import prove as hold_against
from engines.graph.reference import make_reference, read_reference

JobType = TypeVar("JobType")


class Flags(Protocol):
    """What a job looks at between its steps: ``engines.training.control.ControlFlags``."""

    @property
    def should_stop(self) -> bool:
        """Whether the job ends now."""


Work = Callable[[JobType, Flags], Iterator[Event]]


def stoppable(work: Work[JobType]) -> Work[JobType]:
    """End a job at its next ``yield`` when the flags say so; nothing is written then."""

    @wraps(work)
    def run(job: JobType, flags: Flags) -> Iterator[Event]:
        for event in work(job, flags):
            if flags.should_stop and isinstance(event, Progress):
                yield Stopped(step=event.done, kept=False)
                return
            yield event

    return run


@stoppable
def prove(job: ProveJob, flags: Flags) -> Iterator[Event]:
    """Hold an ONNX file against its reference; answered with a ``ProofView``."""
    yield Progress(stage="read", done=0, total=2)
    model = load_model(Path(job.model))
    reference = read_reference(Path(job.reference), model)
    yield Progress(stage="prove", done=1, total=2)
    if reference.outputs:
        view = hold_against(model, reference, job.bound, job.provider)
    else:  # held against its own answers, any model would pass
        view = ProofView("not_provable", reference.samples, 0.0, 0.0, job.bound, reason="no_answers")
    yield Answer(view)
    yield Finished({"status": view.status, "max_abs_error": view.max_abs_error})


@stoppable
def evaluate_onnx(job: EvaluateOnnxJob, flags: Flags) -> Iterator[Event]:
    """Evaluate an ONNX file on a split; answered with an ``Evaluation``."""
    yield Progress(stage="read", done=0, total=2)
    model = load_model(Path(job.model))
    yield Progress(stage="evaluate", done=1, total=2)
    yield Answer(evaluate.evaluate(model, Path(job.data), job.split, job.model, job.provider))
    yield Finished()


@stoppable
def profile_onnx(job: ProfileOnnxJob, flags: Flags) -> Iterator[Event]:
    """Measure how fast an ONNX file answers; answered with a ``ProfileView``, and one of ``optimized``."""
    yield Progress(stage="read", done=0, total=2)
    models = {path: load_model(Path(path)) for path in (job.model, job.optimized) if path}
    model = models[job.model]
    samples = read_reference(Path(job.reference), model) if job.reference else make_reference(model)
    yield Progress(stage="measure", done=1, total=2)
    for view in profile(models, samples, job.provider, job.seconds):
        yield Answer(view)
    yield Finished()
