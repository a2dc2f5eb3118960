"""What goes into an engine's own environment: a locked list, and the Pythons that have builds of it."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

ONNX = ("onnx==1.23.2", "onnx-ir==1.1.0")


_LOCKS = Path(__file__).parent / "locks"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch keeps builds without gigabytes of CUDA."""


@dataclass(frozen=True)
class Locked:
    """``requirements`` in the form of pip; ``pythons``: the versions that have builds, the best first.

    ``oldest`` and ``below`` bound the versions that the backend was written for (``below`` is out).
    ``with_nvidia`` takes the place of the first requirement on a Linux with an NVIDIA GPU. ``cpu_index`` is
    a further index for pip where there is none; ``uv_options`` are uv's for the same. ``constraints`` holds
    the version of every package that these bring with them (``packaging/lock_engines.py`` writes it); None
    where ``requirements`` name them all.
    """

    requirements: tuple[str, ...]
    pythons: tuple[str, ...]
    oldest: str
    below: str
    with_nvidia: str = ""
    cpu_index: str = ""
    uv_options: tuple[str, ...] = ()
    constraints: Path | None = None

    @property
    def held_to(self) -> tuple[str, ...]:
        """What pip and uv are told so that they take no other version of anything."""
        return ("--constraint", str(self.constraints)) if self.constraints is not None else ()

    def wanted(self, gpu: bool) -> tuple[str, ...]:
        """Return the requirements for a machine with an NVIDIA GPU, or without."""
        if gpu and self.with_nvidia and sys.platform == "linux":
            return (self.with_nvidia, *self.requirements[1:])
        return self.requirements

    def pip_options(self, gpu: bool) -> tuple[str, ...]:
        """Return what pip is told so that it takes builds for this machine."""
        if gpu or not self.cpu_index:
            return ()
        return ("--extra-index-url", self.cpu_index)

    def digest(self, python: str, gpu: bool = False) -> str:
        """Return a hash of all that decides what is installed on Python ``python`` (3.11)."""
        held = self.constraints.read_text(encoding="utf-8").splitlines() if self.constraints else []
        return hashlib.sha256("\n".join([python, *self.wanted(gpu), *held]).encode()).hexdigest()


LOCKED: dict[str, Locked] = {
    "torch": Locked(
        ("torch==2.13.0", "numpy==2.4.6", *ONNX, "onnxscript==0.7.2"),
        pythons=("3.13", "3.12", "3.11"),
        oldest="2.6",
        below="3",
        cpu_index=CPU_BUILDS,
        uv_options=("--torch-backend", "auto"),
        constraints=_LOCKS / "torch.txt",
    ),
    "tensorflow": Locked(
        ("tensorflow==2.21.0", "keras==3.15.1", "tf2onnx==1.17.0", "numpy==2.4.6", ONNX[0]),
        pythons=("3.13", "3.12", "3.11"),
        oldest="2.18",
        below="3",
        with_nvidia="tensorflow[and-cuda]==2.21.0",
        constraints=_LOCKS / "tensorflow.txt",
    ),
    "jax": Locked(
        (
            "jax==0.10.2",
            "flax==0.12.8",
            "optax==0.2.8",
            "jax2onnx==0.17.1",
            "orbax-checkpoint==0.11.36",
            "numpy==2.4.6",
            *ONNX,
        ),
        pythons=("3.13", "3.12", "3.11"),
        oldest="0.6",
        below="0.11",
        with_nvidia="jax[cuda12]==0.10.2",
        constraints=_LOCKS / "jax.txt",
    ),
    # Upstream ended in 2023: later NumPy lacks np.bool, on which its import dies; ONNX Runtime before 1.20
    # refuses this NumPy, and onnx from 1.19 on lacks the onnx.mapping that its exporter reads.
    "mxnet": Locked(
        (
            "mxnet==1.9.1",
            "numpy==1.23.5",
            "graphviz==0.8.4",
            "onnx==1.18.0",
            "onnxruntime==1.20.1",
            "protobuf==7.36.2",
            "requests==2.34.2",
            "certifi==2026.10.18",
            "charset-normalizer==3.5.2",
            "idna==3.20",
            "urllib3==2.8.0",
            "coloredlogs==15.0.1",
            "humanfriendly==10.0",
            "flatbuffers==25.12.19",
            "packaging==26.3",
            "sympy==1.14.0",
            "mpmath==1.3.0",
            "typing-extensions==4.16.0",
        ),
        pythons=("3.11", "3.10"),
        oldest="1.9",
        below="2",
    ),
    "onnxruntime": Locked(
        ("onnxruntime==1.32.0", "numpy==2.4.6", ONNX[0]),
        pythons=("3.13", "3.12", "3.11"),
        oldest="1.18",
        below="2",
        with_nvidia="onnxruntime-gpu[cuda,cudnn]==1.31.1",
        constraints=_LOCKS / "onnxruntime.txt",
    ),
}
"""One row an engine."""
