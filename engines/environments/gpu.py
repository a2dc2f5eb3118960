"""The NVIDIA GPU of this machine and its driver, asked of the driver itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engines.environments.commands import NO_WINDOW

DEADLINE_S = 10.0
_PROC = Path("/proc/driver/nvidia")
_LEAST_DRIVER = {11: (450, 80), 12: (525, 60), 13: (580, 65)}
"""Source: CUDA Toolkit release notes, table "CUDA Toolkit and minimum required driver version"."""


@dataclass(frozen=True)
class Gpu:
    """One GPU's title and the version of its driver; ``cuda`` is the newest that the driver knows."""

    title: str
    driver: str
    cuda: str = ""


@cache
def find(proc: Path = _PROC, deadline: float = DEADLINE_S) -> Gpu | None:
    """Return the first NVIDIA GPU, None where there is none with a driver; asked once a process."""
    return _from_smi(deadline) or _from_proc(proc)


@cache
def complaint(deadline: float = DEADLINE_S) -> str:
    """Return what the driver's tool says where it lists no GPU, "" where there is no such tool."""
    command = shutil.which("nvidia-smi")
    lines = _said([command], deadline).splitlines() if command and _from_smi(deadline) is None else []
    return next((line.strip() for line in lines if line.strip()), "")


def facts(found: Gpu | None) -> dict[str, str]:
    """Return what is shown of the machine beside an engine's own facts."""
    if found is None:
        return {}
    known = {"gpu": found.title, "driver": found.driver, "driver_cuda": found.cuda}
    return {name: value for name, value in known.items() if value}


def least_driver(cuda: str) -> str:
    """Return the oldest driver that runs builds for this CUDA (12.4), "" where that is not known."""
    least = _LEAST_DRIVER.get(_numbers(cuda)[0] if _numbers(cuda) else 0)
    return ".".join(map(str, least)) if least else ""


def drives(gpu: Gpu, cuda: str) -> bool:
    """Tell whether the driver is new enough for builds for this CUDA, as far as that is known."""
    return _numbers(gpu.driver) >= _numbers(least_driver(cuda))


def _from_smi(deadline: float) -> Gpu | None:
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    fields = _said([command, "--query-gpu=name,driver_version", "--format=csv,noheader"], deadline)
    title, comma, driver = fields.partition("\n")[0].rpartition(",")
    if not comma or not _numbers(driver):
        return None
    cuda = re.search(r"CUDA Version:\s*([\d.]+)", _said([command], deadline))
    return Gpu(title.strip(), driver.strip(), cuda.group(1) if cuda else "")


def _said(command: list[str], deadline: float) -> str:
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", "replace")


def _from_proc(proc: Path) -> Gpu | None:
    try:
        driver = re.search(r"Kernel Module(?:.*?)\s(\d+\.[\d.]+)", (proc / "version").read_text())
        facts = [path.read_text() for path in sorted(proc.glob("gpus/*/information"))]
    except OSError:
        return None
    model = re.search(r"Model:\s*(.+)", facts[0]) if facts else None
    return Gpu(model.group(1).strip(), driver.group(1)) if model and driver else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
