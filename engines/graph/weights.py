"""Statistics of stored arrays, in float64 whatever they are stored as."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from engines.contract.views import WeightView

_NAN = math.nan


def weight_view(tensor: onnx.TensorProto) -> WeightView:
    """Return name, type, shape and statistics of ``tensor``; NaN where it holds no numbers."""
    shape = tuple(int(dim) for dim in tensor.dims)
    kind = type_name(tensor.data_type)
    if tensor.data_type == onnx.TensorProto.STRING:
        return WeightView(tensor.name, kind, shape, 0, _NAN, _NAN, _NAN, _NAN, _NAN)
    array = numpy_helper.to_array(tensor)
    return array_view(tensor.name, array, kind)


def array_view(name: str, array: np.ndarray, kind: str = "") -> WeightView:
    """Return the view of a NumPy array; complex numbers are looked at by their magnitude."""
    values = np.abs(array) if np.iscomplexobj(array) else array
    values = np.asarray(values, dtype=np.float64)
    numbers = (_NAN,) * 5
    if values.size:
        with np.errstate(all="ignore"):
            numbers = (
                float(values.min()),
                float(values.max()),
                float(values.mean()),
                float(values.std()),
                float(np.mean(values == 0)),
            )
    return WeightView(name, kind or str(array.dtype), array.shape, int(array.nbytes), *numbers)


def type_name(data_type: int) -> str:
    """Return the name of an ONNX element type in lower case, such as ``float`` or ``int64``."""
    try:
        return str(onnx.TensorProto.DataType.Name(data_type)).lower()
    except ValueError:
        return f"type {data_type}"
