"""The device that a benchmark is run on: ``--device cuda:0``; loops by hand see it alone."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

VARIABLE = "MODELWRIGHT_BENCH_DEVICE"
VISIBLE = "CUDA_VISIBLE_DEVICES"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a person name the device."""
    parser.add_argument("--device", default="cpu", help="as “modelwright engines” lists it")


def choose(name: str) -> None:
    """Run on ``name`` from here on."""
    os.environ[VARIABLE] = name


def device() -> str:
    """Return the device that was chosen, the CPU without a choice."""
    return os.environ.get(VARIABLE, "cpu")


def shown(outside: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment in which the device is the only accelerator, or there is none.

    Products are those of float32, as the app's; memory is taken as it is needed: both sides live at once.
    """
    kind, _, number = device().partition(":")
    if kind == "cpu":
        return {VISIBLE: "-1", "JAX_PLATFORMS": "cpu"}
    if kind != "cuda":
        return {}
    there = [name for name in outside.get(VISIBLE, "").split(",") if name]
    place = int(number or 0)
    return {
        VISIBLE: there[place] if place < len(there) else str(place),
        "NVIDIA_TF32_OVERRIDE": "0",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
