"""Whether the arrays of a checkpoint fit the model that is to take them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError


def fitting(
    arrays: Mapping[str, npt.NDArray[Any]], name: str, shape: tuple[int, ...], where: str = ""
) -> npt.NDArray[Any]:
    """Return the array ``name``, which has to be of ``shape``; ``where`` tells whose it is.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` where it is missing or of another shape.
    """
    array = arrays.get(name)
    if array is not None and tuple(array.shape) == shape:
        return array
    why = "missing" if array is None else f"{tuple(array.shape)} ≠ {shape}"
    raise WorkbenchError(ErrorCode.CHECKPOINT_UNFIT, path=where or name, array=name, why=why)
