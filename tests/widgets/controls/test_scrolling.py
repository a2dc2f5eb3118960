"""What does not fit scrolls, and its bar takes nothing away from what it scrolls."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.controls.card import Card
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label
from widgets.look.theme import apply
from widgets.look.tokens import GAP


class Page(QWidget):
    """Two columns beside one another, as a room has them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [Card("One"), Card("Two")]
        for part in self.parts:
            part.setFixedHeight(200)
        self.area, self.beside = Scrolling(*self.parts), QFrame()
        self.area.column.addStretch(1)
        line = QHBoxLayout(self)
        line.setContentsMargins(GAP, GAP, GAP, GAP)
        line.setSpacing(GAP)
        line.addWidget(self.area, 2)
        line.addWidget(self.beside, 1)


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> Page:
    apply(qapp, "light")
    made = Page()
    qtbot.addWidget(made)
    made.resize(600, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_that_there_is_no_bar_where_all_fits(page: Page) -> None:
    assert not page.area.bar.isVisible()


def test_that_cards_stay_as_wide_when_they_have_to_scroll(page: Page) -> None:
    wide = [part.width() for part in page.parts]
    page.resize(600, 300)
    QApplication.processEvents()
    assert page.area.bar.isVisible()
    assert [part.width() for part in page.parts] == wide
    assert wide[0] == page.area.width()


def test_that_the_bar_stands_in_the_gap_and_touches_neither_side(page: Page) -> None:
    page.resize(600, 300)
    QApplication.processEvents()
    bar = page.area.bar
    assert bar.parentWidget() is page
    assert bar.geometry().left() > page.area.geometry().right()
    assert bar.geometry().right() < page.beside.geometry().left()
    assert (bar.y(), bar.height()) == (page.area.y(), page.area.height())


def test_that_bar_and_page_move_together(page: Page) -> None:
    page.resize(600, 300)
    QApplication.processEvents()
    page.area.bar.setValue(70)
    assert page.parts[0].mapTo(page.area, QPoint()).y() == -70
    page.area.verticalScrollBar().setValue(0)
    assert page.area.bar.value() == 0
    assert page.area.bar.maximum() == 416 - page.area.height()


def test_that_a_press_on_the_bar_scrolls(page: Page) -> None:
    page.resize(600, 300)
    QApplication.processEvents()
    bar = page.area.bar
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, bar.height() - 4))
    assert page.area.verticalScrollBar().value() > 0


def test_that_the_bar_goes_with_its_page(page: Page) -> None:
    page.resize(600, 300)
    QApplication.processEvents()
    page.area.hide()
    assert not page.area.bar.isVisible()


def test_that_the_bar_finds_the_gap_around_a_holder_that_ends_with_the_cards(
    qapp: QApplication, qtbot: QtBot
) -> None:
    page, holder = QWidget(), QWidget()
    qtbot.addWidget(page)
    part = Card("One")
    part.setFixedHeight(500)
    area = Scrolling(part)
    within, around = QStackedLayout(holder), QVBoxLayout(page)
    within.addWidget(area)
    around.setContentsMargins(GAP, GAP, GAP, GAP)
    around.addWidget(holder)
    page.resize(400, 300)
    page.show()
    qtbot.waitExposed(page)
    assert area.bar.isVisible()
    assert area.bar.parentWidget() is page
    assert area.bar.x() > holder.geometry().right()
    assert area.bar.geometry().right() < page.width()


def test_that_nothing_scrolls_where_the_words_have_room_at_their_width(qtbot: QtBot) -> None:
    words = label("Many words that take one line here and a dozen where the page is narrow. " * 2, wrap=True)
    area = Scrolling(words)
    qtbot.addWidget(area)
    area.resize(1200, 40)
    area.show()
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() == 0)
    area.resize(200, 40)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
