"""The ring says where the keyboard is: after Tab there is one, after a press of the mouse there is none."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from widgets.controls import Button
from widgets.look.theme import apply


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication) -> QWidget:
    apply(qapp, "light")
    made = QWidget()
    line = QHBoxLayout(made)
    line.addWidget(QLineEdit())
    for name in ("one", "two", "three"):
        line.addWidget(Button(name, name))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made)
    return made


def button(page: QWidget, name: str) -> Button:
    found = page.findChild(Button, name)
    assert found is not None
    return found


def ringed(page: QWidget) -> list[str]:
    return [one.objectName() for one in page.findChildren(Button) if one.property("ring")]


def press_tab(page: QWidget) -> None:
    QTest.keyClick(page.focusWidget() or page, Qt.Key.Key_Tab)


def test_that_the_keyboard_leaves_a_ring_and_the_mouse_none(page: QWidget) -> None:
    QTest.mouseClick(button(page, "one"), Qt.MouseButton.LeftButton)
    assert page.focusWidget() is button(page, "one")
    assert ringed(page) == []
    press_tab(page)
    assert ringed(page) == ["two"]
    press_tab(page)
    assert ringed(page) == ["three"]
    QTest.mouseClick(button(page, "one"), Qt.MouseButton.LeftButton)
    assert ringed(page) == []


def test_that_the_ring_can_be_seen_and_moves_nothing(page: QWidget) -> None:
    def looks() -> bytes:
        image = button(page, "two").grab().toImage()
        return bytes(image.constBits())

    QTest.mouseClick(button(page, "one"), Qt.MouseButton.LeftButton)
    before, size = looks(), button(page, "two").sizeHint()
    press_tab(page)
    assert looks() != before
    assert button(page, "two").sizeHint() == size


def test_that_a_button_which_waits_keeps_its_focus_for_later(page: QWidget) -> None:
    QTest.mouseClick(button(page, "one"), Qt.MouseButton.LeftButton)
    press_tab(page)
    button(page, "two").set_busy(True, "Working …")
    assert ringed(page) == []
    assert page.focusWidget() is None
    button(page, "two").set_busy(False)
    assert page.focusWidget() is button(page, "two")
    assert ringed(page) == ["two"]


def test_that_a_button_takes_no_focus_from_what_was_chosen_meanwhile(page: QWidget) -> None:
    button(page, "two").setFocus(Qt.FocusReason.TabFocusReason)
    button(page, "two").set_busy(True)
    field = page.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    button(page, "two").set_busy(False)
    assert page.focusWidget() is field


def test_that_a_press_on_what_has_the_focus_already_brings_no_ring_elsewhere(page: QWidget) -> None:
    press_tab(page)
    first = button(page, ringed(page)[0])
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert ringed(page) == []
    button(page, "three").setFocus()  # the program goes on after the press
    assert ringed(page) == []
