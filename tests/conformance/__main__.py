"""Print how far every engine is from the reference.

Run: ``python -m tests.conformance [--curves] [--accelerator]``. A row a layer: the largest error of its
outputs and gradients in float32, in units of what is allowed (1e-5 + 1e-5 · max|reference|, ten times that
for gradients). With ``--curves`` also the largest relative distance of two engines' losses over 100 steps;
with ``--accelerator`` all on the first that each engine lists, without the engines that list none.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from engines.contract.spec import Recipe
from tests.conformance.data import digits_in
from tests.conformance.engine import ACCELERATOR, CPU, NAMES, PAIRS, Engine, Engines
from tests.conformance.measures import curve_distance, forward_errors, gradient_errors, questions
from tests.conformance.nets import NETS, layer_cases

WIDTH = 22


def main() -> None:
    """Print the tables."""
    engines = Engines(where=ACCELERATOR if "--accelerator" in sys.argv else CPU)
    try:
        names = [name for name, engine in engines.items() if engine.has_device()]
        print("Devices:", ", ".join(f"{name} {engines[name].device}" for name in names) or "none")
        if names:
            _print_layers(engines, names)
        if names and "--curves" in sys.argv:
            _print_curves(engines, names)
    finally:
        engines.close()


def _print_layers(engines: Engines, names: list[str]) -> None:
    asked, reference = questions(), Engine(NAMES[0])
    exact = reference.ask("gradients", questions=asked, precision="fp64")
    reference.close()
    columns: dict[str, list[float]] = {}
    for name in names:
        columns[name] = forward_errors(engines[name], asked)
        found = engines[name].ask("gradients", questions=asked, precision="fp32")
        columns[f"{name} gradient"] = gradient_errors(found, exact)
    _row("layer (1 = the bound)", columns)
    kinds = [kind for kind, _ in layer_cases().values()]
    for kind in dict.fromkeys(kinds):
        worst = [
            max(value for value, own in zip(errors, kinds) if own == kind) for errors in columns.values()
        ]
        _row(kind, [f"{value:.3f}" for value in worst])


def _print_curves(engines: Engines, names: list[str]) -> None:
    print()
    pairs = [pair for pair in PAIRS if set(pair) <= set(names)]
    _row("curves, 100 steps", [f"{first}–{second}" for first, second in pairs])
    with tempfile.TemporaryDirectory() as folder:
        data, manifest = digits_in(Path(folder))
        for net, make in NETS.items():
            for precision in ("fp32", "fp64"):
                asked = {"spec": make(), "recipe": Recipe(precision=precision, threads=1), "until": 100}
                where = {"folder": str(data), "manifest": manifest}
                curves = {name: engines[name].ask("train", **asked, **where) for name in names}
                distances = [
                    max(
                        curve_distance(curves[first].losses, curves[second].losses),
                        curve_distance(curves[first].validations, curves[second].validations),
                    )
                    for first, second in pairs
                ]
                _row(f"{net} {precision}", [f"{distance:.1e}" for distance in distances])


def _row(title: str, cells: object) -> None:
    print(f"{title:<{WIDTH}}", *(f"{cell:>{WIDTH}}" for cell in cells))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
