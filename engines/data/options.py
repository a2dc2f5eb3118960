"""The options of a ``PrepareDataJob``: one table, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engines.contract.errors import ErrorCode, WorkbenchError

CHOICES: dict[str, tuple[str, ...]] = {
    "task": ("", "classification", "binary", "regression"),
    "missing": ("", "drop", "mean"),
    "header": ("", "yes", "no"),
    "standardize": ("yes", "no"),
}
FREE = ("target", "drop", "separator", "seed")
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Options:
    """How a source is read: ``target`` column (or array), ``task``, columns to ``drop``, what to do with
    ``missing`` values ("" refuses them), ``separator`` and ``header`` of a CSV ("" finds out), whether
    table columns and regression targets are brought to mean 0 and deviation 1, ``seed`` of the split."""

    target: str = ""
    task: str = ""
    drop: tuple[str, ...] = ()
    missing: str = ""
    separator: str = ""
    header: str = ""
    standardize: str = "yes"
    seed: int = 0


def read_options(given: Mapping[str, str]) -> Options:
    """Return the options checked; raises ``DATA_OPTION`` or ``DATA_OPTION_UNKNOWN``."""
    for key, value in given.items():
        if key not in CHOICES and key not in FREE:
            known = ", ".join((*CHOICES, *FREE))
            raise WorkbenchError(ErrorCode.DATA_OPTION_UNKNOWN, option=key, known=known)
        if key in CHOICES and value not in CHOICES[key]:
            raise _refused(key, value, " | ".join(choice for choice in CHOICES[key] if choice))
    seed = given.get("seed") or "0"
    if not (seed.isascii() and seed.isdigit()) or len(seed) > 19 or int(seed) > MOST_SEED:
        raise _refused("seed", seed, f"0…{MOST_SEED}")
    separator = {"tab": "\t", "\\t": "\t"}.get(given.get("separator", ""), given.get("separator", ""))
    if len(separator) > 1 or separator in ("\n", "\r", '"'):
        raise _refused("separator", separator, ", ; | tab")
    plain = {key: value for key, value in given.items() if key in ("target", *CHOICES)}
    drop = tuple(name for name in given.get("drop", "").split(",") if name)
    return Options(**plain, drop=drop, separator=separator, seed=int(seed))


def _refused(option: str, value: str, wanted: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DATA_OPTION, option=option, value=value, wanted=wanted)
