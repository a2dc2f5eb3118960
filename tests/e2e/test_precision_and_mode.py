"""Precision and run mode in the real window: chosen by the mouse, trained with, recorded, taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.tour.hand import let_run
from engines.training.run_folder import read_recipe
from tests.e2e.person import CONTROL, Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]


def pick(person: Person, button: str, words: str) -> None:
    """Open a menu of the header and click the entry that begins with ``words``."""
    menu = person.hand.find(button).menu()  # type: ignore[attr-defined]

    def click() -> None:
        action = next(action for action in menu.actions() if action.text().startswith(words))
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

    QTimer.singleShot(150, click)
    person.hand.click(button)
    person.hand.wait(lambda: QApplication.activePopupWidget() is None, 5, "the menu to close")
    let_run(50)


def header(person: Person) -> str:
    return str(person.shell.header.mode.text())


def test_that_precision_and_mode_are_chosen_by_the_mouse_and_recorded(person: Person) -> None:
    person.start_from("digits-mlp")
    bench = person.composition.bench
    assert bench.design is not None
    bench.design.set_recipe(replace(bench.design.recipe, threads=1, epochs=2, patience=0))
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "PyTorch")
    assert header(person) == "FP32 · eager"
    pick(person, "mode", "FP64")
    assert header(person) == "FP64 · eager"
    pick(person, "engine", "TensorFlow")
    person.hand.wait(lambda: "tensorflow" in person.composition.engines.health, 120, "TensorFlow")
    assert header(person) == "FP64 · graph"
    pick(person, "mode", "Eager")
    person.go("train")
    form: Any = person.shell.room("train").form
    assert form.fields["precision"].currentText() == "FP64"
    assert form.fields["run_mode"].currentText() == "Eager"
    run = person.train(120)
    person.wait_idle()
    recipe = read_recipe(run)
    assert (recipe.precision, recipe.run_mode) == ("fp64", "eager")


def test_that_each_choice_is_taken_back_by_keys(person: Person) -> None:
    person.shell.setFocus()
    person.hand.press(Qt.Key.Key_Z, CONTROL)
    assert header(person) == "FP64 · graph"
    person.hand.press(Qt.Key.Key_Z, CONTROL)
    assert header(person) == "FP32 · graph"


def test_that_what_does_not_go_here_is_grey_and_says_why(person: Person) -> None:
    actions = {action.data(): action for action in person.shell.header.mode.menu().actions()}
    if any(device.name != "cpu" for device in person.composition.engines.reports["tensorflow"].devices):
        pytest.skip("This machine has a GPU.")
    assert not actions["tf32"].isEnabled()
    assert "needs a GPU" in actions["tf32"].text()
