"""A window in a process of its own: ``leave`` works in it and kills it, ``find`` says what came back."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QSplitter

from app.session import load_session
from app.window import the_application
from tests.e2e.conftest import FAKE, LISTING
from tests.e2e.person import Person

SIZE = (960, 666)
"""As wide as the window may be and fits a small screen, or else Qt brings it back smaller."""


def standing(person: Person) -> dict[str, Any]:
    """Say how the window stands."""
    bench, window = person.composition.bench, person.window
    assert window is not None
    assert bench.project is not None
    assert bench.design is not None
    splitter = window.findChild(QSplitter, "design_borders")
    return {
        "project": str(bench.project.folder),
        "epochs": bench.design.recipe.epochs,
        "run": Path(bench.run).name,
        "room": person.shell.key,
        "size": [window.width(), window.height()],
        "border": splitter.saveState().toBase64().toStdString() if splitter else "",
        "ground": window.palette().window().color().name(),
    }


def leave(person: Person) -> dict[str, Any]:
    """Train, edit, change the look and go to another page."""
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "the engine")
    run = person.train()
    person.wait_idle()
    assert person.record(run)["state"] == "finished"
    person.shell.open_room("settings").theme_chosen.emit("dark")
    assert person.window is not None
    person.window.resize(*SIZE)
    page = person.go("design")
    splitter = page.findChild(QSplitter, "design_borders")
    assert splitter is not None
    splitter.setSizes([300, *splitter.sizes()[1:]])
    splitter.splitterMoved.emit(300, 1)
    person.go("train")
    person.enter("recipe_epochs", "77")
    person.go("design")
    left = standing(person)
    person.hand.wait(lambda: load_session().run == person.composition.bench.run, 5, "the session")
    person.hand.wait(lambda: load_session().splitters != {}, 5, "the borders")
    return left


def main() -> None:
    """Do the one or the other."""
    for module in LISTING:
        setattr(importlib.import_module(module), "ENGINES", (FAKE,))  # noqa: B010 - no type checker may see it
    person = Person(the_application(), Path(sys.argv[2]))
    person.open()
    if sys.argv[1] == "leave":
        print(json.dumps(leave(person)), flush=True)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    person.hand.wait(lambda: person.shell.key != "start", 30, "the page that was left")
    print(json.dumps(standing(person)), flush=True)
    person.close()


if __name__ == "__main__":
    main()
