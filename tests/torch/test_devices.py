"""The devices that PyTorch lists, on machines that are not at hand: its own questions answered for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engines.training.abilities import goes_on

pytestmark = pytest.mark.framework

LISTED = """
from types import SimpleNamespace
import torch
def has(module, *names):
    module.is_available = lambda: True
    module.device_count = lambda: len(names)
    module.get_device_properties = lambda index: SimpleNamespace(name=names[index], total_memory=index + 1)
has(torch.cuda, "First", "Second")
has(torch.xpu, "Arc")
torch.backends.mps.is_available = lambda: True
torch.mps.recommended_max_memory = lambda: 9
from engines.backends.torch.devices import devices
for device in devices():
    print(device.name, device.title, device.memory_bytes, sep="|")
"""


def test_that_every_kind_of_device_is_listed_by_name_and_memory() -> None:
    done = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [
        "cuda:0|First|1",
        "cuda:1|Second|2",
        "xpu:0|Arc|1",
        "mps|Apple GPU|9",
    ]


WITHOUT = """
import torch
torch.version.cuda = "13.0"
def init():
    raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU")
torch.cuda.init = init
from engines.backends.torch.probe import probe
from engines.backends.torch.devices import open_device
print(probe().refusals["device/cuda"])
try:
    open_device("cuda")
except Exception as error:
    print(error)
"""


def test_that_a_build_for_gpus_that_finds_none_says_why() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    why, refused = done.stdout.splitlines()
    assert why == "Found no NVIDIA driver on your system."
    assert "device_unusable" in refused
    assert why in refused
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("precision", "device", "goes"),
    [("fp64", "mps", False), ("fp64", "cpu", True), ("tf32", "xpu:0", False), ("tf32", "cuda:1", True)],
)
def test_that_a_precision_is_refused_where_the_device_lacks_it(
    precision: str, device: str, goes: bool
) -> None:
    assert goes_on(precision, device) is goes


TOLD = """
import torch
from engines.backends.torch.devices import memory_faults
said = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 1204813824 bytes. Error code 12 (Cannot allocate memory)"
)
try:
    with memory_faults(torch.device("cpu"), 1149):
        raise RuntimeError(said)
except Exception as error:
    print(error.code.value, error.facts["why"], error.details == said, sep="|")
"""


def test_that_a_lack_of_the_cpu_s_memory_is_told_without_the_allocator_s_preamble() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "device_memory|DefaultCPUAllocator: can't allocate memory: you tried to allocate 1204813824 bytes."
        "|True"
    )
