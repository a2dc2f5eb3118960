"""What a driver says when it breaks off its work is told as that; any other fault is not taken for it."""

from __future__ import annotations

import pytest

from app.messages.table import tell_error
from engines.contract.errors import ErrorCode
from engines.training.report import lost_device


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported",
        "INTERNAL: Failed to synchronize stream: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access",
        "Traceback\n  Check failed: e == cudaSuccess: cudaErrorLaunchFailure",
        "CUDNN_STATUS_EXECUTION_FAILED",
        "HIP error: the operation cannot be performed in the present state",
    ],
)
def test_that_work_broken_off_by_a_driver_is_told_with_the_device_and_its_words(said: str) -> None:
    fault = lost_device(RuntimeError(said), "cuda:1")
    assert fault is not None
    assert fault.code is ErrorCode.DEVICE_LOST
    assert fault.details == said
    told = tell_error(fault)
    assert "cuda:1" in told.what
    assert str(fault.facts["why"]).rstrip(".") in said
    assert "resume" in told.todo


@pytest.mark.parametrize(
    ("said", "device"),
    [("shapes (2, 3) and (4, 5) do not fit", "cuda:0"), ("", "cuda:0"), ("CUDA error: no device", "cpu")],
)
def test_that_another_fault_is_not_taken_for_it(said: str, device: str) -> None:
    assert lost_device(ValueError(said), device) is None
