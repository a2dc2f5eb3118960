"""What a model is held against: real samples, the source's answers to them, and its inner values.

An ``.npz`` written by an exporter holds ``inputs`` and ``outputs`` (all samples at once), and may hold
``outputs_<b>`` (the first samples again, answered in batches of ``b``) and ``layer/<name>`` (what the
design's node ``<name>`` answered to the first samples).
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.graph.runtime import Array, Arrays, Session

MADE_SAMPLES = 256
BATCHES = (1, 17, 0)
"""The batch sizes of every proof; 0 stands for all samples at once."""
_LAYER = "layer/"
_UNKNOWN_LENGTH = 4


@dataclass(frozen=True)
class Reference:
    """Samples by the model's input names, and the answers by its output names where they are known."""

    inputs: Arrays
    outputs: Arrays = field(default_factory=dict)
    by_batch: Mapping[int, Arrays] = field(default_factory=dict)
    layers: Arrays = field(default_factory=dict)
    fixed_batch: int = 0  # a batch length that the model insists on

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return min((len(array) for array in self.inputs.values()), default=0)

    def plan(self) -> tuple[int, ...]:
        """Return the batch sizes to run, largest last, none twice."""
        if self.fixed_batch:
            return (self.fixed_batch,)
        return tuple(sorted({min(batch or self.samples, self.samples) for batch in BATCHES}))

    def cut(self, samples: int) -> Reference:
        """Return the first ``samples`` samples alone, without answers."""
        inputs = {name: array[:samples] for name, array in self.inputs.items()}
        return Reference(inputs, fixed_batch=self.fixed_batch)


def read_reference(path: Path, model: onnx.ModelProto) -> Reference:
    """Read an exporter's ``.npz`` for ``model``; one of a fixed batch length gets whole batches alone.

    Raises:
        WorkbenchError: ``REFERENCE_BROKEN`` where it is no such file or does not fit the model.
    """
    arrays = _read_arrays(path)
    inputs, outputs = real_inputs(model), [value.name for value in model.graph.output]
    if len(inputs) != 1:
        raise _broken(path, f"the model has {len(inputs)} inputs, one is wanted")
    kind = onnx.helper.tensor_dtype_to_np_dtype(inputs[0].type.tensor_type.elem_type)
    samples = arrays["inputs"]
    if not np.can_cast(samples.dtype, kind, "same_kind"):
        raise _broken(path, f"inputs are {samples.dtype}, the model wants {kind}")
    if not _fits(inputs[0], samples):
        raise _broken(
            path, f"a sample has the shape {samples.shape[1:]}, the model wants {_shape(inputs[0])}"
        )
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        raise _broken(path, "it holds inputs that are not finite")
    if "outputs" in arrays and arrays["outputs"].shape[:1] != samples.shape[:1]:
        raise _broken(path, f"{len(samples)} inputs have answers of shape {arrays['outputs'].shape}")
    fixed = _fixed_batch(model)
    rows = _whole_batches(len(samples), fixed)
    by_batch = {
        int(name.removeprefix("outputs_")): {outputs[0]: array[: len(rows)]}
        for name, array in arrays.items()
        if name.removeprefix("outputs_").isdecimal()
    }
    return Reference(
        inputs={inputs[0].name: samples[rows].astype(kind, copy=False)},
        outputs={outputs[0]: arrays["outputs"][rows]} if "outputs" in arrays else {},
        by_batch=by_batch,
        layers={n.removeprefix(_LAYER): a for n, a in arrays.items() if n.startswith(_LAYER)},
        fixed_batch=fixed,
    )


def _whole_batches(samples: int, batch: int) -> npt.NDArray[np.int64]:
    """Return which samples fill batches of that length (0: any); too few for one come again."""
    return np.resize(np.arange(samples), max(batch, samples - samples % batch) if batch else samples)


def make_reference(model: onnx.ModelProto, samples: int = MADE_SAMPLES, seed: int = 0) -> Reference:
    """Make inputs for a model of which nothing is known: normal numbers, small whole numbers, coin flips."""
    random = np.random.default_rng(seed)
    fixed = _fixed_batch(model)
    count = max(1, samples // fixed) * fixed if fixed else samples
    inputs = {value.name: _made(value, count, random) for value in real_inputs(model)}
    return Reference(inputs, fixed_batch=fixed)


def answered(reference: Reference, model: onnx.ModelProto) -> Reference:
    """Return ``reference`` with ``model``'s own answers in every batch size of the plan."""
    session = Session(model)
    by_batch = {batch: session.run_in_batches(reference.inputs, batch) for batch in reference.plan()}
    outputs = by_batch[reference.plan()[-1]]
    return Reference(reference.inputs, outputs, by_batch, {}, reference.fixed_batch)


def real_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """Return the graph's inputs without those that are stored weights (old models list these too)."""
    stored = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in stored]


def _shape(value: onnx.ValueInfoProto) -> tuple[int | str, ...]:
    """Return what the model says of one sample's shape: lengths, and names or "?" where any will do."""
    dims = value.type.tensor_type.shape.dim[1:]
    return tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims)


def _fits(value: onnx.ValueInfoProto, samples: Array) -> bool:
    """Tell whether samples have the shape that the model wants, where it says one."""
    if not value.type.tensor_type.HasField("shape"):
        return True
    wanted, have = _shape(value), samples.shape[1:]
    return len(wanted) == len(have) and all(
        isinstance(length, str) or length == given for length, given in zip(wanted, have)
    )


def _read_arrays(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path)) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise _broken(path, str(error).splitlines()[0] if str(error) else "it is empty") from error
    if "inputs" not in arrays or not arrays["inputs"].ndim or not len(arrays["inputs"]):
        raise _broken(path, "it holds no inputs")
    return arrays


def _broken(path: Path, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.REFERENCE_BROKEN, path=str(path), why=why)


def _fixed_batch(model: onnx.ModelProto) -> int:
    for value in real_inputs(model):
        dims = value.type.tensor_type.shape.dim
        if dims and dims[0].HasField("dim_value"):
            return max(1, int(dims[0].dim_value))
    return 0


def _made(value: onnx.ValueInfoProto, count: int, random: np.random.Generator) -> Array:
    tensor = value.type.tensor_type
    rest = [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else _UNKNOWN_LENGTH
        for dim in tensor.shape.dim[1:]
    ]
    shape = (count, *rest) if len(tensor.shape.dim) else ()
    try:
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    except (KeyError, ValueError):
        kind = np.dtype(np.float32)
    if kind == np.bool_:
        return random.integers(0, 2, shape).astype(kind)
    if np.issubdtype(kind, np.integer):
        return random.integers(0, 2, shape).astype(kind)
    return random.standard_normal(shape).astype(kind)
