"""Debugging in the real window: port and snippet are shown, an editor attaches, and the run goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

import engines.backends.fake.train as fake_train
from tests.e2e.person import Person
from tests.helpers.editor import Editor

pytestmark = pytest.mark.gui_e2e

MODULE = Path(fake_train.__file__)
LINE = 1 + next(
    number
    for number, line in enumerate(MODULE.read_text(encoding="utf-8").splitlines())
    if "self._step = first_step + len(batches)" in line
)


def press_debug(person: Person, wait: bool) -> None:
    header: Any = person.shell.header
    assert person.hand.sees("debug")
    (header.debug_wait if wait else header.debug_now).trigger()


def snippet(person: Person) -> dict[str, Any]:
    """What the message's button copies."""
    assert person.advice == "Copy launch.json snippet"
    person.hand.click("message_action")
    read: dict[str, Any] = json.loads(QGuiApplication.clipboard().text())
    return read


@pytest.fixture(scope="module")
def ready(fake_engine: None, person: Person) -> Person:
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 60, "the engine")
    return person


def test_that_the_window_says_where_to_attach_and_the_copied_snippet_leads_there(ready: Person) -> None:
    press_debug(ready, wait=True)
    assert "waits for a debugger at 127.0.0.1:" in ready.message(60)
    assert ready.steps() == 0
    connect = snippet(ready)["configurations"][0]["connect"]
    assert ready.shell.message.isVisible()
    with Editor(connect["port"], {MODULE: [LINE]}) as editor:
        frame = editor.stopped()
        assert editor.look("len(batches)", frame) == "1"
        editor.clear(MODULE)
        editor.go_on()
        ready.wait_idle()
    assert ready.record(ready.shown())["state"] == "finished"
    assert ready.record(ready.shown())["chunk_steps"] == 1
    assert not ready.shell.message.isVisible()


def test_that_stopping_while_the_run_waits_leaves_no_run_behind(ready: Person) -> None:
    before = ready.runs()
    press_debug(ready, wait=True)
    ready.message(60)
    ready.shell.stop_discard_requested.emit()
    ready.wait_idle()
    assert ready.runs() == before


def test_that_a_run_told_not_to_wait_goes_on_by_itself(ready: Person) -> None:
    before = ready.runs()
    press_debug(ready, wait=False)
    ready.hand.wait(lambda: len(ready.runs()) > len(before), 60, "the run")
    ready.wait_idle()
    assert ready.record(ready.runs()[-1])["state"] == "finished"


def test_that_a_run_at_a_breakpoint_is_stopped_by_the_window(ready: Person) -> None:
    press_debug(ready, wait=True)
    ready.message(60)
    with Editor(snippet(ready)["configurations"][0]["connect"]["port"], {MODULE: [LINE]}) as editor:
        editor.stopped()
        ready.hand.wait(lambda: ready.shell.header.state == "training", 30, "the run")
        ready.composition.training._thread.desk.kill()  # what the ladder comes to after its deadlines
        ready.hand.wait(lambda: "ended" in ready.message(), 60, "what happened")
        ready.wait_idle()
    ready.put_away_message()
