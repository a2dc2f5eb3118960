"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engines.design.templates import TEMPLATES


class Checkpoint(StrEnum):
    """Which of a run's checkpoints is meant."""

    BEST = "best"
    LAST = "last"


class Split(StrEnum):
    """Which part of the data is meant."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


AsJson = Annotated[bool, typer.Option("--json", help="Print one event a line as JSON.")]
Design = Annotated[
    str,
    typer.Argument(
        metavar="DESIGN",
        help=f"A project's folder, a design's file, or a template: {', '.join(TEMPLATES)}.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="ENGINE",
        help="Engine as “modelwright engines” lists it. Without it: the project's, or the first installed.",
    ),
]
Device = Annotated[
    str, typer.Option(metavar="DEVICE", help="Device as “modelwright engines” lists it. Without it: cpu.")
]
DeviceOfRun = Annotated[
    str,
    typer.Option(
        metavar="DEVICE", help="Device as “modelwright engines” lists it. Without it: as it was trained on."
    ),
]
Provider = Annotated[
    str,
    typer.Option(
        metavar="PROVIDER", help="ONNX Runtime's execution provider, as “modelwright engines” lists it."
    ),
]
Data = Annotated[
    str,
    typer.Option(
        metavar="DATA",
        help="digits, breast-cancer, diabetes, wine, iris, or a file: .csv, .tsv, .txt, .npz, .npy. Options "
        "of a file follow it: 'f.csv?target=y&missing=drop'. Without it: what the design or the run names.",
    ),
]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one value of the recipe, such as epochs=20; repeatable."
    ),
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Trust the Python layers that lie beside the design or in the run.")
]
Target = Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write.")]
