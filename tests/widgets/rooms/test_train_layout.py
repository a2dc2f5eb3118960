"""The Train room's places: nothing is cut, scrolls sideways, jumps or is left empty."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.events import (
    Finished,
    Stopped,
)
from engines.contract.spec import Recipe
from tests.widgets.rooms.training import going, train_room
from tests.widgets.shown import cut, nameless, outside
from widgets.controls.buttons import Button
from widgets.controls.scrolling import Scrolling
from widgets.look.theme import apply
from widgets.look.tokens import GAP
from widgets.rooms.train import TrainRoom
from widgets.rooms.train_parts import span_shown


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> TrainRoom:
    return train_room(qapp, qtbot)


@pytest.mark.parametrize(
    ("step", "ended", "shown"),
    [(0, False, 50), (50 * 36, False, 50), (51 * 36, False, 100), (399 * 36, False, 400), (90, True, 2.5)],
)
def test_that_the_charts_of_a_long_run_open_step_by_step_and_end_where_it_ended(
    step: int, ended: bool, shown: float
) -> None:
    assert span_shown(step, 400 * 36, 36, ended=ended) == shown * 36


def test_that_the_charts_of_a_stopped_run_leave_no_room_for_what_was_not_trained(room: TrainRoom) -> None:
    going(room, epochs=3)
    room.show_event(Stopped(108, True))
    room.loss.paint_now()
    assert room.loss.plot.viewRange()[0][1] == pytest.approx(108, rel=0.02)


def test_that_nothing_beside_where_a_run_is_moves_as_its_numbers_grow(room: TrainRoom) -> None:
    where = room.head.where
    room.head.set_where((1, 60), (1, 2100), 1.0, 37.0)
    first = where.sizeHint().width()
    room.head.set_where((60, 60), (2099, 2100), 38.0, 0.0)
    assert where.sizeHint().width() == first


def test_that_no_chart_scrolls_sideways_in_the_smallest_window(room: TrainRoom, qtbot: QtBot) -> None:
    room.resize(896, 522)
    room.show()
    going(room)
    bar = room._charts.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert room.loss_card.geometry().bottom() < room.measure_card.geometry().top()
    room.resize(1216, 722)
    qtbot.waitUntil(lambda: room.loss_card.geometry().top() == room.measure_card.geometry().top())


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_is_cut_before_a_run_or_in_one(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = TrainRoom()
    qtbot.addWidget(room)
    room.resize(round(1216 * scale), round(722 * scale))
    room.show()
    for happens in (lambda: None, lambda: going(room)):
        happens()
        qtbot.waitUntil(lambda: cut(room) == [])
        assert nameless(room) == []
        assert outside(room.form) == []
    apply(qapp, "light")


def test_that_recipe_and_checkpoints_are_seen_whole_in_the_smallest_window(room: TrainRoom) -> None:
    room.show()
    going(room)
    room.show_event(Finished({"test_accuracy": 0.98}))
    tune = Button("Tune for this machine", "tune")
    room.recipe_card.body.insertWidget(1, tune)
    QApplication.processEvents()
    assert not any(area.bar.isVisible() for area in room.findChildren(Scrolling))
    for card in (room.recipe_card, room.checkpoint_card):
        assert card.visibleRegion().boundingRect() == card.rect()
        assert card.mapTo(room, QPoint(card.width(), 0)).x() == room.width() - GAP
    assert room.checkpoint_card.geometry().bottom() == room.height() - GAP - 1


def test_that_the_checkpoints_stay_in_sight_while_a_long_recipe_scrolls(room: TrainRoom) -> None:
    room.show()
    going(room)
    room.set_recipe(Recipe(weight_decay=0.01, warmup_steps=50))
    room.show_event(Finished({"test_accuracy": 0.98}))
    QApplication.processEvents()
    assert room.form.fields["weight_decay"].isVisible()
    assert room.checkpoint_card.visibleRegion().boundingRect() == room.checkpoint_card.rect()


def test_that_the_page_does_not_jump_when_a_run_ends(room: TrainRoom) -> None:
    room.show()
    going(room)
    QApplication.processEvents()
    before = room.loss_card.mapTo(room, QPoint()).y()
    room.show_event(Finished({"test_accuracy": 0.98}))
    QApplication.processEvents()
    assert room.head.go_on.isVisible()
    assert room.loss_card.mapTo(room, QPoint()).y() == before


@pytest.mark.parametrize(("width", "beneath"), [(1216, False), (720, True)])
def test_that_the_bar_of_a_run_goes_beneath_where_its_words_need_the_room(
    room: TrainRoom, width: int, beneath: bool
) -> None:
    room.resize(width, 722)
    room.show()
    going(room)
    room.show_event(Finished({"test_accuracy": 0.98}))
    QApplication.processEvents()
    head = room.head
    assert (head.bar.y() > head.where.geometry().bottom()) == beneath
    assert (head.bar.width() == head.width()) == beneath
