"""ONNX Runtime sessions that are quiet, on one thread, and fail with our errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from engines.contract.errors import ErrorCode, WorkbenchError

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
_SILENT = 4


class Session:
    """A model ready to run on the CPU; ``optimize`` turns ONNX Runtime's own optimizer on."""

    def __init__(self, model: onnx.ModelProto, *, optimize: bool = False, name: str = "") -> None:
        self._name = name or model.graph.name or "model"
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), _options(optimize), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's errors share no base class of their own
            raise self._fault(error) from error
        self.inputs: tuple[str, ...] = tuple(value.name for value in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(value.name for value in self._session.get_outputs())

    def run(self, inputs: Arrays, outputs: Sequence[str] = ()) -> dict[str, Array]:
        """Run once; ``outputs`` empty means all.

        Raises:
            WorkbenchError: ``MODEL_NOT_RUNNABLE`` with the runtime's own words.
        """
        names = list(outputs) or list(self.outputs)
        try:
            return dict(zip(names, self._session.run(names, dict(inputs))))
        except Exception as error:
            raise self._fault(error) from error

    def run_in_batches(self, inputs: Arrays, batch: int) -> dict[str, Array]:
        """Run all samples in batches of ``batch`` (the last one may be smaller) and join the answers."""
        parts = [self.run(part) for part in batches(inputs, batch)]
        if len(parts) == 1:
            return parts[0]
        return {name: _joined([part[name] for part in parts]) for name in self.outputs}

    def _fault(self, error: Exception) -> WorkbenchError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return WorkbenchError(ErrorCode.MODEL_NOT_RUNNABLE, str(error), path=self._name, why=lines[0][:300])


def batches(inputs: Arrays, batch: int) -> Iterator[dict[str, Array]]:
    """Cut arrays of one length into pieces of ``batch`` samples."""
    count = len(next(iter(inputs.values()))) if inputs else 1
    for start in range(0, count, batch):
        yield {name: array[start : start + batch] for name, array in inputs.items()}


def with_outputs(model: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    """Return a copy of ``model`` that also answers with the named inner tensors."""
    wider = onnx.ModelProto()
    wider.CopyFrom(model)
    there = {value.name for value in wider.graph.output}
    wider.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in there)
    return wider


def _joined(parts: list[Array]) -> Array:
    if all(part.ndim for part in parts):
        return np.concatenate(parts)
    return np.stack(parts)


def _options(optimize: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
    return options
