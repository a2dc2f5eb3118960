"""The interpreter that an environment is made from: one for which the engine's packages have builds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.asked import ask
from engines.environments.builders import find_uv
from engines.environments.discover import candidates
from engines.environments.locked import Locked


@dataclass(frozen=True)
class Base:
    """``python`` is a path, or a version that uv fetches; ``version`` as in 3.11."""

    python: str
    version: str


def find_base(locked: Locked, engine: str, title: str, found: Sequence[Path] | None = None) -> Base:
    """Return this interpreter where its version goes, else the best of ``found``, else what uv can fetch.

    Raises:
        WorkbenchError: ``ENVIRONMENT_NO_BASE``.
    """
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here in locked.pythons and not getattr(sys, "frozen", False):
        return Base(sys.executable, here)
    there = {base.version: base for base in _bases(candidates() if found is None else found)}
    for version in locked.pythons:
        if version in there:
            return there[version]
    if find_uv():
        return Base(locked.pythons[0], locked.pythons[0])
    wanted = ", ".join(locked.pythons)
    raise WorkbenchError(ErrorCode.ENVIRONMENT_NO_BASE, engine=engine, title=title, wanted=wanted)


def _bases(found: Sequence[Path]) -> list[Base]:
    bases = []
    for path in found:
        try:
            asked = ask(str(path))
        except WorkbenchError:
            continue
        bases.append(Base(asked.base, ".".join(asked.version.split(".")[:2])))
    return bases
