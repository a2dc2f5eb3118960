"""Write a run's checkpoint as a ``torch.export`` archive, which PyTorch opens without Modelwright."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import torch

from engines.backends.torch.build import DesignModule
from engines.backends.torch.evaluate import load_run
from engines.backends.torch.lowering import exported, runner
from engines.backends.torch.reference import answers
from engines.contract.events import Event
from engines.contract.jobs import SaveJob
from engines.training import saving
from engines.training.control import ControlFlags
from engines.training.run_folder import read_run


def save(job: SaveJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target``; answered with a ``ProofView`` and an ``ExportView``."""
    torch.set_num_threads(read_run(Path(job.run)).threads or 1)
    return saving.save(job, flags, load_run, answers, FORMATS)


def _write(module: DesignModule, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations of its own
        torch.export.save(exported(module.eval()), path)


def _read(path: Path, module: DesignModule) -> saving.Answering:
    return runner(torch.export.load(path).module())


FORMATS = {"pt2": saving.Format(f"torch.export {torch.__version__}", _write, _read)}
