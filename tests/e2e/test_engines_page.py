"""The engines page in the real window: a broken engine says why and is mended; one is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engine_facts.places import choose, kept_of, place_of
from app.tour.hand import let_run
from engines.environments.kept import HALF_MADE, READY
from engines.environments.locked import LOCKED, Locked
from engines.registry import engine
from tests.e2e.person import Person, seconds_since
from tests.environments.fake_pythons import fake_python, needs_scripts, write_wheel_with_numpy

pytestmark = [pytest.mark.gui_e2e, needs_scripts]
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
TINY = Locked(("tiny==1.0",), pythons=(VERSION,), oldest="1", below="2")


@pytest.fixture(scope="module")
def dying(home: Path, fake_engine: None) -> Iterator[str]:
    """Let the engine run in an interpreter that dies, and be installable from a folder without a network."""
    python = fake_python(home / "dying", "echo 'libtiny.so: cannot open shared object file' >&2; exit 3")
    choose("fake", python)
    write_wheel_with_numpy(home / "wheels", "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LOCKED, "fake", TINY)
        for installer in ("PIP", "UV"):
            patch.setenv(f"{installer}_NO_INDEX", "1")
            patch.setenv(f"{installer}_FIND_LINKS", str(home / "wheels"))
        yield python


@pytest.fixture(scope="module")
def owner(dying: str, person: Person) -> Person:
    """Sit down before a window whose engine is broken."""
    return person


def page(owner: Person) -> Any:
    room: Any = owner.go("settings")
    return room.engine_pages["fake"]


def answered(owner: Person) -> bool:
    return "fake" in owner.composition.engines.health and not owner.composition.engines.looking


def place() -> str:
    row = engine("fake")
    assert row is not None
    return place_of(row).kind


def wait_state(owner: Person, words: str, seconds: float = 120) -> None:
    owner.hand.wait(lambda: page(owner).chip.text == words, seconds, f"the engine to be {words}")


def test_that_a_broken_engine_is_told_within_3_s_of_its_answer(owner: Person, dying: str) -> None:
    from time import monotonic

    owner.hand.wait(lambda: answered(owner), 60, "the doctor")
    began = monotonic()
    assert "ends as soon as it starts" in owner.message(3)
    assert seconds_since(began) < 3
    assert owner.shell.status.engine.words.text() == "Engine: Fake does not start"
    assert owner.advice == "Show engines"
    owner.hand.click("message_action")
    assert owner.shell.key == "settings"
    shown = page(owner)
    assert shown.chip.text == "does not work"
    assert dying in shown.panels[0].what.text()
    assert "libtiny.so: cannot open shared object file" in shown.panels[0].why.text()


def test_that_the_button_beside_the_words_mends_it(owner: Person) -> None:
    page(owner)
    assert owner.hand.text("mend_fake_0") == "Back to Modelwright’s own Python"
    owner.hand.click("mend_fake_0")
    wait_state(owner, "ready")
    assert page(owner).panels == []
    assert place() == "this"
    owner.hand.wait(
        lambda: owner.shell.status.engine.words.text() == "Engine: ready", 30, "the engine in the header"
    )
    assert "runs in" in owner.message()
    owner.put_away_message()


def test_that_an_interpreter_that_is_no_good_is_refused_and_the_old_one_stays(
    owner: Person, dying: str
) -> None:
    owner.composition.engine_pages.choose_interpreter("fake", dying)
    assert "ends as soon as it starts" in owner.message(60)
    wait_state(owner, "ready")
    assert place() == "this"
    assert page(owner).interpreter.choice.text() == "Modelwright’s own Python"
    owner.put_away_message()


def test_that_an_installation_is_stopped_and_what_is_half_made_is_called_so(owner: Person) -> None:
    page(owner)
    owner.hand.click("engine_fake_install")
    owner.hand.wait(lambda: kept_of("fake").venv.exists(), 60, "the environment")
    owner.hand.click("install_cancel_fake")
    owner.hand.wait(lambda: page(owner).install.title.text() == "The installation was stopped", 60, "its end")
    assert kept_of("fake").state() == HALF_MADE
    assert place() == "this"
    wait_state(owner, "ready")


def test_that_an_engine_is_installed_into_an_environment_of_its_own(owner: Person) -> None:
    page(owner)
    owner.hand.click("engine_fake_repair")
    owner.hand.wait(lambda: page(owner).install.title.text() == "Fake is installed", 180, "the installation")
    assert "tiny" in page(owner).install.log.toPlainText()
    wait_state(owner, "ready")
    assert kept_of("fake").state() == READY
    assert place() == "own"
    assert page(owner).interpreter.choice.text() == "An environment of its own"
    assert str(kept_of("fake").folder) in page(owner).interpreter.path.text()
    owner.hand.click("install_close_fake")
    assert not page(owner).install.isVisible()


def test_that_a_half_made_environment_is_told_from_a_good_one_and_repaired(owner: Person) -> None:
    kept_of("fake").mark.unlink()
    page(owner)
    owner.hand.click("engine_fake_probe")
    wait_state(owner, "half installed")
    owner.hand.click("mend_fake_0")
    wait_state(owner, "ready", 180)
    assert kept_of("fake").state() == READY


def test_that_a_run_begins_in_the_environment_that_was_chosen(owner: Person) -> None:
    owner.put_away_message()
    owner.start_from("breast-cancer")
    run = owner.train()
    owner.wait_idle()
    assert owner.record(run)["state"] == "finished"


def test_that_an_environment_is_removed_and_the_engine_goes_back(owner: Person) -> None:
    page(owner)
    owner.hand.click("engine_fake_remove")
    owner.hand.wait(lambda: place() == "this", 60, "the way back")
    wait_state(owner, "ready")
    assert not kept_of("fake").venv.exists()
    let_run(50)
