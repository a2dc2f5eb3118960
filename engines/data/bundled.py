"""The data sets that scikit-learn carries: real, small, and there without a network."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.data.options import Options
from engines.data.raw import Raw


@dataclass(frozen=True)
class Bundled:
    """One row: the loader's name in ``sklearn.datasets``, and what the set is."""

    loader: str
    task: str
    target: str
    arguments: tuple[tuple[str, Any], ...] = ()
    shape: tuple[int, ...] = ()
    scale: str = ""


BUNDLED: dict[str, Bundled] = {
    # Pixels count 0 to 16 (https://archive.ics.uci.edu/dataset/80).
    "digits": Bundled("load_digits", "classification", "digit", shape=(1, 8, 8), scale="1/16"),
    "breast-cancer": Bundled("load_breast_cancer", "classification", "diagnosis"),
    "diabetes": Bundled("load_diabetes", "regression", "progression", (("scaled", False),)),
    "wine": Bundled("load_wine", "classification", "cultivar"),
    "iris": Bundled("load_iris", "classification", "species"),
}
"""Every bundled set by its name."""


def read_bundled(name: str, options: Options) -> Raw:
    """Read one bundled set; its target and columns are fixed, the task may be chosen."""
    row = BUNDLED[name]
    datasets = importlib.import_module("sklearn.datasets")
    bunch = getattr(datasets, row.loader)(**dict(row.arguments))
    count = len(bunch.data)
    names = tuple(str(feature) for feature in bunch.feature_names)
    classes = tuple(str(name) for name in getattr(bunch, "target_names", ()))
    return Raw(
        path=name,
        inputs=np.asarray(bunch.data, np.float64).reshape(count, *(row.shape or bunch.data.shape[1:])),
        target=np.asarray(bunch.target, np.float64),
        target_name=row.target,
        features=() if row.shape else names,
        lines=np.arange(1, count + 1),
        columns=() if row.shape else tuple(range(1, len(names) + 2)),
        scale=row.scale,
        classes=classes if row.task == "classification" else (),
        task=options.task or row.task,
    )
