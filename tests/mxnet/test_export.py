"""What MXNet's exporter writes of a trained run, lifted to opset 18, is proven where ONNX Runtime lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from engines.contract.events import Answer, Finished
from engines.contract.jobs import ExportJob, ProveJob, ReferenceJob
from engines.contract.spec import LAYER_KEY, GraphSpec
from engines.graph.onnx_jobs import prove
from engines.training.control import ControlFlags
from tests.helpers.real_runs import Ask, Digits, finished, noisy_job, said, standing
from tests.mxnet.nets import sequential
from tests.torch.cases import noisy_model

pytestmark = pytest.mark.framework

RECURRENT = sequential(
    ("reshape", {"shape": (8, 8)}),
    ("lstm", {"units": 12, "return_sequences": True, "bidirectional": True}),
    ("gru", {"units": 10}),
)
ATTENTION = sequential(
    ("reshape", {"shape": (8, 8)}),
    ("positional_encoding", {}),
    ("multi_head_attention", {"heads": 2}),
    ("layer_norm", {"over": "features"}),
    ("time_average_pool", {}),
)


@pytest.fixture(scope="module")
def do() -> Iterator[Ask]:
    """Does jobs that leave nothing behind, in one process for all."""
    with standing("mxnet") as found:
        yield found


@pytest.mark.parametrize(
    "spec", [noisy_model(), RECURRENT, ATTENTION], ids=["convolution", "recurrent", "attention"]
)
def test_that_an_export_of_a_trained_run_is_proven(
    tmp_path: Path, digits: Digits, do: Ask, spec: GraphSpec
) -> None:
    run, target = tmp_path / "run", tmp_path / "model.onnx"
    both = [tmp_path / "first.npz", tmp_path / "second.npz"]
    finished(do, noisy_job(run, digits, spec=spec, epochs=2))
    exported = do(ExportJob(str(run), str(digits[0]), str(target), str(both[0])))
    assert isinstance(exported[-1], Finished), exported[-1]
    assert said(exported) == []
    view = next(event.record for event in exported if isinstance(event, Answer))
    assert (view.opset, view.bytes) == (18, target.stat().st_size)
    assert view.exporter == "mxnet.onnx 1.9.1"
    proof = next(
        event.record
        for event in prove(ProveJob(str(target), str(both[0])), ControlFlags())
        if isinstance(event, Answer)
    )
    assert (proof.status, proof.reason) == ("passed", "")
    assert proof.samples == digits[1].splits["test"]
    check_reference(do, run, digits, both)
    check_names(target, spec)


def check_reference(do: Ask, run: Path, digits: Digits, both: list[Path]) -> None:
    again = do(ReferenceJob(str(run), str(digits[0]), str(both[1])))
    assert isinstance(again[-1], Finished), again[-1]
    first, second = (np.load(path) for path in both)
    assert set(first) == set(second) > {"inputs", "outputs", "outputs_1", "outputs_17"}
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def check_names(target: Path, spec: GraphSpec) -> None:
    """Every operation tells its layer, arrays have the design's names, and the batch is free."""
    model = onnx.load(target)
    layers = {
        next((entry.value for entry in node.metadata_props if entry.key == LAYER_KEY), "")
        for node in model.graph.node
    }
    # What only changes the shape may be gone.
    kept = {layer.name for layer in spec.layers if layer.parameters}
    assert kept <= layers <= {layer.name for layer in spec.layers}
    (value,) = model.graph.output
    axes = [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
    assert axes == ["batch", 10]
