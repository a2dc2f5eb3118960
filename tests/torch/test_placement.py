"""PyTorch's steps touch their device alone and wait for nothing on it; how a CUDA device is set up."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conformance.nets import NETS
from tests.helpers.engine_pythons import ROOT

pytestmark = pytest.mark.framework

ALONE = """
import json, os, torch
from engines.backends.torch.devices import memory_faults, set_up
from engines.contract.errors import WorkbenchError
cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
def after(device, precision):
    set_up(torch.device(device), precision)
    repeatable = torch.are_deterministic_algorithms_enabled()
    return {
        "tf32": [cuda.matmul.allow_tf32, cudnn.allow_tf32],
        "repeatable": [cudnn.deterministic, not cudnn.benchmark, repeatable],
        "warns": torch.is_deterministic_algorithms_warn_only_enabled(),
        "fused": [cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.cudnn_sdp_enabled()],
        "workspace": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ""),
    }
ways = (("cpu", "fp32"), ("cuda:0", "fp32"), ("cuda:0", "tf32"), ("cpu", "fp32"))
settings = [after(*way) for way in ways]
told = []
for error in (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8 GiB. GPU 0 has"),
              RuntimeError("CUDA error: out of memory\\nCUDA kernel errors might be"),
              RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
              RuntimeError("CUDA error: an illegal memory access was encountered")):
    try:
        with memory_faults(torch.device("cuda:0"), 32):
            raise error
    except WorkbenchError as fault:
        told.append([fault.code.value, *fault.facts.values()])
    except RuntimeError as other:
        told.append([str(other)])
print(json.dumps({"settings": settings, "faults": told}))
"""


def said(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def pretended(digits: Any) -> Any:
    return said("-m", "tests.torch.on_meta", str(digits[0]))


def test_that_the_pretended_device_refuses_what_a_step_may_not_do(pretended: Any) -> None:
    assert pretended["passed"] == []


def test_that_a_chunk_of_every_net_lies_on_its_device_and_waits_for_no_value(pretended: Any) -> None:
    assert len(pretended["chunks"]) == len(NETS) + 4 * 3
    assert {name: places for name, places in pretended["chunks"].items() if places != ["meta"]} == {}


def test_that_every_layer_computes_on_the_device_of_its_input(pretended: Any) -> None:
    assert len(pretended["layers"]) > 100
    assert {name: place for name, place in pretended["layers"].items() if place != "meta"} == {}


@pytest.fixture(scope="module")
def alone() -> Any:
    """What a process without a GPU that is set up for one after the other finds."""
    return said("-c", ALONE)


def test_that_a_cuda_device_computes_in_float32_and_repeatably(alone: Any) -> None:
    assert alone["settings"][1] == {
        "tf32": [False, False],
        "repeatable": [True, True, True],
        "warns": True,
        "fused": [False, False, False],
        "workspace": ":4096:8",
    }


def test_that_tf32_is_used_where_it_is_asked_for_alone(alone: Any) -> None:
    before, _, asked, after = alone["settings"]
    assert asked["tf32"] == [True, True]
    assert before["tf32"] == after["tf32"] == [False, False]
    assert before["repeatable"][2] is False


def test_that_every_way_in_which_cuda_lacks_memory_is_told_apart_from_other_faults(alone: Any) -> None:
    first, second, third, other = alone["faults"]
    assert first == ["device_memory", "cuda:0", 32, "CUDA out of memory."]
    assert second[:3] == third[:3] == ["device_memory", "cuda:0", 32]
    assert "ALLOC_FAILED" in third[3]
    assert other == ["device_lost", "cuda:0", "CUDA error: an illegal memory access was encountered."]
