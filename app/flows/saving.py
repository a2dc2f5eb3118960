"""A run's model in one of its engine's own formats, read again and proven before it gets its name."""

from __future__ import annotations

from pathlib import Path

from app.desk import Desk
from app.flows.main_job import Answering, but_the_end, data_of_run, open_run
from app.plans import installed_engine, prepared_folder
from app.proofs import check_proof
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished
from engines.contract.jobs import SaveJob
from engines.contract.views import ProofView


def save(desk: Desk, run: Path, target: Path, checkpoint: str = "best") -> Answering:
    """Write ``target`` in the format that its ending names; answered with a proof and an ``ExportView``.

    Raises:
        WorkbenchError: ``SAVE_FORMAT_UNKNOWN``, ``PROOF_FAILED`` …; nothing is left at ``target`` then.
    """
    record = yield from open_run(desk, run)
    row = installed_engine(record.engine)
    form = target.suffix.lower().removeprefix(".")
    if form not in row.formats:
        known = ", ".join(f".{ending}" for ending in ("onnx", *row.formats))
        facts = {"path": str(target), "engine": row.title, "known": known}
        raise WorkbenchError(ErrorCode.SAVE_FORMAT_UNKNOWN, **facts)
    desk.warm(row.name)
    manifest = yield from data_of_run(desk, run)
    job = SaveJob(
        str(run.absolute()), str(prepared_folder(manifest)), str(target.absolute()), form, checkpoint
    )
    proof: ProofView | None = None
    for event in but_the_end(desk.run(row.name, job)):
        if isinstance(event, Answer) and isinstance(event.record, ProofView):
            proof = event.record
        yield event
    assert proof is not None
    check_proof(proof, str(target))
    yield Finished({"file": str(target), "proof": proof.status, "max_abs_error": proof.max_abs_error})


def is_onnx(target: Path) -> bool:
    """Tell whether ONNX is meant: by the ending, or by none at all."""
    return target.suffix.lower() in ("", ".onnx")
