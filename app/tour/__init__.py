"""The whole main job through the real window, by mouse and keys alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, unwritable, write_text_atomic

_ABOUT = (
    "Walk the main job through the real window by mouse and keys, from a template to a proven ONNX file; on "
    "a virtual screen where there is no display. It takes a few minutes."
)


def run_tour(arguments: Sequence[str]) -> int:
    """Walk the tour, leave pictures and files in ``--out``, and return the exit status."""
    parser = argparse.ArgumentParser(prog="modelwright tour", description=_ABOUT)
    parser.add_argument(
        "--out", type=Path, default=Path("tour"), help="folder for pictures, run and ONNX file"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome alone, as a line of JSON")
    given = parser.parse_args(list(arguments))
    out: Path = given.out.absolute()
    try:
        return _walk(out, given.json)
    except OSError as fault:
        error = unwritable(Path(fault.filename or out), fault)
    except WorkbenchError as fault:
        error = fault

    from app.cli.reporting import complain
    from app.messages.table import tell_error

    complain(tell_error(error))
    return 1


def _walk(out: Path, as_json: bool) -> int:
    make_folder(out)
    os.environ["MODELWRIGHT_HOME"] = str(out / "home")
    screen = choose_screen(out)

    from app.tour.walk import Walk

    walk = Walk(out, said=None if as_json else _say)
    fault = walk.go()
    facts = {**walk.facts, "screen": screen, "finished": not fault, "fault": fault}
    write_text_atomic(out / "tour.json", json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    last = {"kind": "failed" if fault else "finished", **facts}
    _say(json.dumps(last, ensure_ascii=False) if as_json else (fault or f"Everything is in {out}."))
    return 1 if fault else 0


SCREEN = {"name": "virtual", "x": 0, "y": 0, "width": 2560, "height": 1440, "logicalDpi": 96, "dpr": 1}
"""The virtual screen; Qt's own would be 800 by 800 pixels."""


def choose_screen(out: Path) -> str:
    """Choose a virtual screen where there is no other; return which platform Qt will use."""
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    if wanted == "offscreen" or (sys.platform.startswith("linux") and not has_screen and not wanted):
        screens = out / "screen.json"
        screens.write_text(json.dumps({"screens": [SCREEN]}), encoding="utf-8")
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screens}"
        return "offscreen"
    return wanted or "screen"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
