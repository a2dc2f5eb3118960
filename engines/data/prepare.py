"""Prepare a data set once: read, check, split, bring to scale, and write memory-mapped arrays.

What is written lies in ``<folder>/<digest>/``; the digest stands for the source's content, the options
and the version of this code, so that the same wish finds what is there. The manifest is written last:
a folder without it is not prepared.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.files import make_folder, sha256_of, write_atomic, write_text_atomic
from engines.contract.jobs import PrepareDataJob
from engines.contract.records import to_plain
from engines.contract.spec import DataManifest
from engines.data import scaling
from engines.data.options import Options, read_options
from engines.data.prepared import ARRAYS, MANIFEST, intact_manifest
from engines.data.readers import content_key, read
from engines.data.schema import Checked, check
from engines.data.split import Indices, split

VERSION = 1
"""Raised whenever the same source would be prepared otherwise; part of every digest."""

STAGES = ("finding", "reading", "checking", "splitting", "writing")


class Flags(Protocol):
    """What is looked at between stages: the wish to stop."""

    @property
    def should_stop(self) -> bool:
        """Whether the job ends here."""


def run(job: PrepareDataJob, flags: Flags) -> Iterator[Event]:
    """Prepare what ``job`` names; ends with ``Answer(DataManifest)`` and ``Finished``, or ``Stopped``.

    Raises:
        WorkbenchError: what the source, its content or the disk has against it.
    """
    options = read_options(job.options)
    yield _stage("finding")
    digest = digest_of(job.source, options)
    folder = Path(job.folder) / digest
    manifest = intact_manifest(folder)
    if manifest is None:
        for made in _prepare(job.source, options, folder, digest):
            if isinstance(made, DataManifest):
                manifest = made
            elif flags.should_stop:
                yield Stopped(step=0, kept=False)
                return
            else:
                yield made
    if manifest is not None:
        yield Answer(replace(manifest, source=job.source, options=dict(job.options)))
        yield Finished({"digest": digest, "samples": float(manifest.samples)})


def digest_of(source: str, options: Options) -> str:
    """Return what addresses the prepared set: 32 hexadecimal digits."""
    key = {"content": content_key(source), "name": Path(source).stem, "options": asdict(options)}
    text = json.dumps({**key, "version": VERSION}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _stage(name: str) -> Progress:
    return Progress(stage=name, done=STAGES.index(name), total=len(STAGES))


def _prepare(source: str, options: Options, folder: Path, digest: str) -> Iterator[Progress | DataManifest]:
    yield _stage("reading")
    raw = read(source, options)
    yield _stage("checking")
    checked = check(raw, options)
    yield _stage("splitting")
    strata = checked.labels if len(checked.labels) else np.zeros(len(checked.inputs), np.int64)
    parts = split(strata, options.seed)
    yield _stage("writing")
    yield _write(checked, parts, options, source, folder, digest)


def _write(
    checked: Checked, parts: Mapping[str, Indices], options: Options, source: str, folder: Path, digest: str
) -> DataManifest:
    inputs, facts, warnings = scaling.inputs(checked, parts["train"], options)
    targets, target_facts = scaling.targets(checked, parts["train"], options)
    manifest = DataManifest(
        name=Path(source).stem,
        source=source,
        task=checked.task,
        digest=digest,
        input_shape=inputs.shape[1:],
        target_shape=targets.shape[1:],
        samples=len(inputs),
        splits={name: len(rows) for name, rows in parts.items()},
        classes=checked.classes,
        features=checked.raw.features,
        target=checked.raw.target_name,
        preparation={**facts, **target_facts, "seed": str(options.seed)},
        warnings=(*checked.warnings, *warnings),
    )
    make_folder(folder)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name, array in {"inputs": inputs, "targets": targets, **parts}.items():
        write_atomic(folder / f"{name}.npy", _npy(array))
    files = {f"{name}.npy": sha256_of(folder / f"{name}.npy") for name in ARRAYS}
    text = json.dumps({**to_plain(manifest), "files": files}, indent=2, ensure_ascii=False)
    write_text_atomic(folder / MANIFEST, text + "\n")
    return manifest


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()
