"""An engine whose import never ends, in the real window: it says so, keeps nobody waiting, can be skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import Qt

from app.engine_facts.places import choose
from engines.registry import ENGINES, engine
from tests.e2e.conftest import FAKE, LISTING
from tests.e2e.person import Person
from tests.environments.fake_pythons import needs_scripts, real_python

pytestmark = [pytest.mark.gui_e2e, pytest.mark.commands, needs_scripts]
HANGS = """
import sys
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "engines.backends.mxnet":
            import time
            time.sleep(600)
sys.meta_path.insert(0, Slow())
"""


@pytest.fixture(scope="module")
def hanging(home: Path) -> Iterator[str]:
    """Let there be an engine that hangs, which comes first and is chosen, and one that is quick."""
    row = next(row for row in ENGINES if row.name == "mxnet")
    slow = replace(row, package="numpy", title="Slow", own_environment=False, retired=False)
    python = real_python(home / "slow", inside=HANGS)
    choose("mxnet", python)
    with pytest.MonkeyPatch.context() as patch:
        for module in (*LISTING, "engines.registry", "app.engine_facts.titles"):
            patch.setattr(f"{module}.ENGINES", (slow, FAKE))
        yield python


@pytest.fixture(scope="module")
def owner(hanging: str, person: Person) -> Person:
    """Sit down before a window whose chosen engine hangs."""
    return person


def page(owner: Person, name: str) -> Any:
    room: Any = owner.go("settings")
    return room.engine_pages[name]


def its_processes(python: str) -> list[psutil.Process]:
    folder = str(Path(python).parent)
    return [one for one in psutil.process_iter(["environ"]) if folder in str(one.info["environ"])]


def test_that_it_says_that_it_is_still_starting_and_the_other_answers_meanwhile(owner: Person) -> None:
    owner.hand.wait(lambda: page(owner, "mxnet").chip.text.startswith("still starting, "), 60, "the seconds")
    owner.hand.wait(lambda: page(owner, "fake").chip.text == "ready", 60, "the other engine")
    assert page(owner, "mxnet").chip.text.startswith("still starting, ")
    assert "Slow is still starting, " in owner.shell.status.engine.words.text()
    assert owner.shell.message.isHidden()


def test_that_the_run_button_counts_the_seconds_and_can_be_cancelled_at_once(owner: Person) -> None:
    owner.start_from("digits-mlp")
    before = owner.runs()
    owner.hand.press(Qt.Key.Key_F5)
    owner.hand.wait(lambda: owner.hand.sees("cancel_start"), 60, "the seconds")
    said = owner.shell.room("train").starting.sentence.text()
    assert re.match(r"Slow is still starting, \d+ s\n", said)
    assert "after 180 seconds it is given up" in said
    assert owner.shell.status.engine.words.text().startswith("Engine: Slow is still starting, ")
    owner.hand.click("cancel_start")
    owner.wait_idle(20)
    assert not owner.hand.sees("cancel_start")
    assert owner.hand.sees("train_from_empty_page")
    assert owner.runs() == before
    assert owner.shell.message.isHidden()


def test_that_a_run_on_another_engine_begins_and_ends_meanwhile(owner: Person) -> None:
    owner.composition.engines._on_engine_chosen("fake")
    owner.start_from("digits-mlp")
    run = owner.train()
    owner.wait_idle()
    assert owner.record(run)["state"] == "finished"
    assert "mxnet" in owner.composition.engines.looking


def test_that_it_can_be_skipped_and_nothing_of_it_is_left(owner: Person, hanging: str) -> None:
    assert its_processes(hanging)
    owner.go("settings")
    owner.hand.click("engine_mxnet")
    owner.hand.wait(lambda: bool(page(owner, "mxnet").panels), 20, "the way out")
    owner.hand.click("mend_mxnet_0")
    owner.hand.wait(lambda: page(owner, "mxnet").chip.text == "not waited for", 20, "its end")
    assert its_processes(hanging) == []
    assert "when you stopped looking" in page(owner, "mxnet").panels[0].what.text()
    assert page(owner, "mxnet").again.isEnabled()
    row = engine("mxnet")
    assert row is not None
    assert owner.shell.message.isHidden()
