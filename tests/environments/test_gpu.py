"""What is said of the GPU comes from the driver, and its absence is no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.environments import gpu
from engines.environments.gpu import Gpu
from tests.environments.fake_pythons import fake_python, needs_scripts

VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 17 22:55:48 UTC 2024\nGCC"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (root)\n"
INFORMATION = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 154\nGPU UUID: \t GPU-1\n"
TABLE = "| NVIDIA-SMI 550.54.14   Driver Version: 550.54.14   CUDA Version: 12.4 |"


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    gpu.find.cache_clear()
    gpu.complaint.cache_clear()


def smi(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    fake_python(folder, body, name="nvidia-smi")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def in_proc(folder: Path, version: str) -> Path:
    information = folder / "gpus" / "0000:01:00.0" / "information"
    information.parent.mkdir(parents=True)
    information.write_text(INFORMATION)
    (folder / "version").write_text(version)
    return folder


def test_that_a_machine_without_a_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.find(tmp_path / "nothing") is None
    assert gpu.facts(None) == {}


@needs_scripts
def test_that_the_driver_s_own_tool_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = f'case "$1" in --query*) echo "NVIDIA A100-SXM4-40GB, 550.54.14";; *) echo "{TABLE}";; esac'
    smi(monkeypatch, tmp_path / "bin", body)
    found = gpu.find(tmp_path)
    assert found == Gpu("NVIDIA A100-SXM4-40GB", "550.54.14", "12.4")
    assert gpu.facts(found)["driver_cuda"] == "12.4"


@needs_scripts
@pytest.mark.parametrize("body", ["exit 9", "echo NVIDIA-SMI has failed", "sleep 60", "echo Failed, to talk"])
def test_that_a_tool_that_fails_or_hangs_leaves_it_to_the_kernel_s_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str
) -> None:
    smi(monkeypatch, tmp_path / "bin", body)
    found = gpu.find(in_proc(tmp_path / "proc", VERSION), deadline=0.5)
    assert found == Gpu("NVIDIA H100 80GB HBM3", "535.161.08")


@pytest.mark.parametrize(("version", "driver"), [(VERSION, "535.161.08"), (OPEN, "580.95.05")])
def test_that_both_kinds_of_kernel_module_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, driver: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = gpu.find(in_proc(tmp_path / "proc", version))
    assert found is not None
    assert found.driver == driver
    assert gpu.facts(found) == {"gpu": "NVIDIA H100 80GB HBM3", "driver": driver}


def test_that_a_driver_without_a_gpu_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "version").write_text(VERSION)
    assert gpu.find(tmp_path) is None


@pytest.mark.parametrize(
    ("driver", "cuda", "drives"),
    [
        ("470.82.01", "11.8", True),
        ("470.82.01", "12.4", False),
        ("525.60.13", "12.9", True),
        ("550.54.14", "13.0", False),
        ("580.65.06", "13.2", True),
        ("390.1", "9.2", True),  # nothing is known of so old a CUDA, and nothing is claimed
        ("1", "", True),
    ],
)
def test_that_a_driver_is_held_against_nvidia_s_own_table(driver: str, cuda: str, drives: bool) -> None:
    assert gpu.drives(Gpu("GPU", driver), cuda) is drives


DEAD = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."


@needs_scripts
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (f'echo "{DEAD}"; exit 9', DEAD),
        ('echo; echo "No devices were found"; exit 6', "No devices were found"),
        ("exit 1", ""),
        (f'case "$1" in --query*) echo "A100, 550.54";; *) echo "{TABLE}";; esac', ""),
    ],
)
def test_that_what_the_driver_s_tool_says_of_its_failure_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, complaint: str
) -> None:
    smi(monkeypatch, tmp_path / "bin", body)
    assert gpu.complaint() == complaint


def test_that_a_machine_without_the_tool_has_no_complaint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.complaint() == ""
