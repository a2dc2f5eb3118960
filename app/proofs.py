"""What a proof means for a file, and the figures that an export and an optimization end with."""

from __future__ import annotations

from pathlib import Path

from app.home import data_cache, user_cache
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, write_atomic
from engines.contract.views import ExportView, OptimizeView, ProofView
from engines.training.shards import open_shards
from engines.training.tensors import npz_file

MOST_SAMPLES = 1024


def check_proof(proof: ProofView, path: str) -> None:
    """Return if the proof was passed; raises ``PROOF_FAILED`` or ``NOT_PROVABLE``."""
    if proof.status == "passed":
        return
    reason = proof.reason.replace("_", " ")
    if proof.status == "not_provable":
        raise WorkbenchError(ErrorCode.NOT_PROVABLE, path=path, reason=reason)
    raise WorkbenchError(
        ErrorCode.PROOF_FAILED,
        path=path,
        error=f"{proof.max_abs_error:.3g}",
        bound=f"{proof.bound:.3g}",
        reason=reason,
        where=proof.where or "the output",
    )


def export_summary(proof: ProofView, written: ExportView, target: Path) -> dict[str, float | str]:
    """Return what an export ends with."""
    return {
        "file": str(target.absolute()),
        "bytes": written.bytes,
        "opset": written.opset,
        "proof": proof.status,
        "samples": proof.samples,
        "max_abs_error": proof.max_abs_error,
        "max_rel_error": proof.max_rel_error,
        "classes_agree": proof.classes_agree,
        "reference": written.reference,
    }


def optimize_summary(view: OptimizeView) -> dict[str, float | str]:
    """Return what an optimization ends with."""
    summary: dict[str, float | str] = {"file": view.target, "proof": view.proof.status}
    for when, facts in (("before", view.before), ("after", view.after)):
        summary[f"nodes_{when}"] = facts.nodes
        summary[f"bytes_{when}"] = facts.bytes
        summary[f"latency_plain_ms_{when}"] = facts.latency_plain_ms
        summary[f"latency_runtime_ms_{when}"] = facts.latency_runtime_ms
    return summary | {
        "max_abs_error": view.proof.max_abs_error,
        "max_rel_error": view.proof.max_rel_error,
        "batch_normalizations_after": view.after.operators.get("BatchNormalization", 0),
    }


def samples_of(digest: str) -> str:
    """Write the test samples of a prepared data set as an ``.npz`` to prove with; "" where it is not here."""
    folder = data_cache() / digest
    if not digest.isalnum() or not (folder / "manifest.json").is_file():
        return ""
    shards = open_shards(folder)
    inputs = shards.inputs[shards.indices["test"][:MOST_SAMPLES]]
    path = user_cache() / "samples" / f"{digest}.npz"
    make_folder(path.parent)
    write_atomic(path, npz_file({"inputs": inputs}))
    return str(path)
