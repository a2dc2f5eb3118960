"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one event a line as JSON.")]
Device = Annotated[str, typer.Option(help="Device as “modelwright engines” lists it.")]
Provider = Annotated[
    str, typer.Option(help="ONNX Runtime's execution provider, as “modelwright engines” lists it.")
]
Data = Annotated[
    str,
    typer.Option(help="digits, breast-cancer, diabetes, a .csv or .npz file; options: f.csv?target=y"),
]
Settings = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the recipe; repeatable.")
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Trust the Python layers that lie beside the design or in the run.")
]
Target = Annotated[Path, typer.Option("--to", help="The file to write.")]
