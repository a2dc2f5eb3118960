"""What ONNX Runtime does with a model file on an execution provider, step by step, over a desk."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

from app.desk import TOOLS, Desk
from app.plans import installed_engine
from app.proofs import check_proof
from engines.contract.events import Answered, Event, Finished
from engines.contract.files import existing
from engines.contract.jobs import EvaluateOnnxJob, ProfileOnnxJob, ProveJob
from engines.contract.views import ProfileView, ProofView

RUNTIME = "onnxruntime"
"""The engine that runs ONNX files where a provider is named; without one the tools' own runtime does."""

Working = Generator[Event, None, None]
Record = TypeVar("Record", bound=Answered)


def ask_runtime(
    desk: Desk, job: EvaluateOnnxJob | ProfileOnnxJob | ProveJob, wanted: type[Record]
) -> Generator[Event, None, Record]:
    """Yield the job's events and return its answer; a provider is asked for where ONNX Runtime runs.

    Raises:
        WorkbenchError: ``ENGINE_MISSING``; the provider's own faults end the job.
        Ended: the job failed, crashed or was stopped.
    """
    host = installed_engine(RUNTIME).name if job.provider else TOOLS
    return (yield from desk.ask(host, job, wanted))


def profile(
    desk: Desk,
    model: Path,
    provider: str = "",
    reference: Path | None = None,
    optimized: Path | None = None,
) -> Working:
    """Measure an ONNX file on a provider; with a reference prove it there, too.

    Elsewhere than on the CPU it is held against its own answers there. An ``optimized`` file is measured in
    turns with it and held against it; the proof is left out then.
    """
    source, samples = existing(model), existing(reference) if reference else ""
    other = existing(optimized) if optimized else ""
    job = ProfileOnnxJob(source, samples, provider, optimized=other)
    view = yield from ask_runtime(desk, job, ProfileView)
    summary: dict[str, float | str] = {
        "provider": view.provider,
        "latency_plain_ms": view.facts.latency_plain_ms,
        "latency_runtime_ms": view.facts.latency_runtime_ms,
    }
    if view.against_cpu is not None:
        summary["max_difference_to_cpu"] = view.against_cpu.max_abs_error
    if samples and not other:
        proof = yield from ask_runtime(desk, ProveJob(source, samples, provider=provider), ProofView)
        check_proof(proof, source)
        summary["max_abs_error"] = proof.max_abs_error
    yield Finished(summary)
