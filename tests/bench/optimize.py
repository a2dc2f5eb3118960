"""Node counts and latencies of each library alone against ours, on the exports of the graph room's tests.

Run: ``python -m tests.bench.optimize``. Ours must leave as few nodes as the best library, or fewer.
Latencies are medians in milliseconds of interleaved runs: ONNX Runtime, batch 1, one thread, its own
optimizer off / on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxoptimizer
import onnxscript.optimizer
import onnxslim

from engines.contract.errors import WorkbenchError
from engines.graph.onnx_file import load_model
from engines.graph.optimize import begin, run_passes
from engines.graph.passes import PASSES
from engines.graph.profile import latencies
from engines.graph.proof import prove
from engines.graph.reference import answered, read_reference

Run = Callable[[onnx.ModelProto], onnx.ModelProto]

ALONE: dict[str, Run] = {
    "onnxscript": onnxscript.optimizer.optimize,
    "onnxslim": onnxslim.slim,
    "onnxoptimizer": lambda model: onnxoptimizer.optimize(
        model, onnxoptimizer.get_fuse_and_elimination_passes()
    ),
}


def compare(name: str, folder: Path) -> bool:
    """Print one model's figures; tell whether ours is at least as small as the best."""
    source = load_model(folder / f"{name}.onnx")
    reference = read_reference(folder / f"{name}.npz", source)
    own = answered(reference, source)
    models = {"source": source, **{key: run(copy(source)) for key, run in ALONE.items()}}
    work = begin(source, reference)
    list(run_passes(work, PASSES))
    models["ours"] = work.model
    plain = latencies(list(models.values()), reference, 3.0, optimize=False)
    runtime = latencies(list(models.values()), reference, 3.0, optimize=True)
    for (key, model), slow, fast in zip(models.items(), plain, runtime):
        norms = sum(node.op_type == "BatchNormalization" for node in model.graph.node)
        try:
            proof = prove(model, own, 1e-5)
            proven = f"{proof.status}, error {proof.max_abs_error:.1e}"
        except WorkbenchError as error:
            proven = error.code.value
        print(
            f"{name:6} {key:14} {len(model.graph.node):4} nodes, {norms:2} batch norms, "
            f"{slow:.4f} / {fast:.4f} ms, {proven}"
        )
    best = min(len(models[key].graph.node) for key in ALONE)
    fits = len(work.model.graph.node) <= best
    print(f"{name:6} ours {len(work.model.graph.node)}, best alone {best}: {'ok' if fits else 'MISSED'}\n")
    return fits


def copy(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy that a library may change."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    return other


def main() -> None:
    """Export in a child, then measure."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "tests.graph.exports", folder], check=True)
        fits = [compare(name, Path(folder)) for name in ("cnn", "deep", "table")]
    sys.exit(0 if all(fits) else 1)


if __name__ == "__main__":
    main()
