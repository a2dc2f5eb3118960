"""The whole main job through the real window, by mouse and keys alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def run_tour(arguments: Sequence[str]) -> int:
    """Walk the tour, leave pictures and files in ``--out``, and return the exit status."""
    parser = argparse.ArgumentParser(prog="modelwright tour", description=run_tour.__doc__)
    parser.add_argument("--out", type=Path, default=Path("tour"), help="folder for pictures and files")
    parser.add_argument("--json", action="store_true", help="print one event a line")
    given = parser.parse_args(list(arguments))
    out: Path = given.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    os.environ["MODELWRIGHT_HOME"] = str(out / "home")
    screen = choose_screen(out)

    from app.tour.walk import Walk

    walk = Walk(out, said=None if given.json else _say)
    fault = walk.go()
    facts = {**walk.facts, "screen": screen, "finished": not fault, "fault": fault}
    (out / "tour.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    last = {"kind": "failed" if fault else "finished", **facts}
    _say(json.dumps(last, ensure_ascii=False) if given.json else (fault or f"Everything is in {out}."))
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
