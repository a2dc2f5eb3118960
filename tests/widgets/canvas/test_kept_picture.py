"""A pan moves the kept picture: it shows what a fresh one would, and draws only what came into sight."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.canvas.sheets import chain
from widgets.canvas.kept import KeptPicture
from widgets.canvas.model import Card, Link, Sheet
from widgets.canvas.view import Canvas
from widgets.look.theme import apply, current

SIZE = (500, 400)


def wide_sheet(count: int = 900) -> Sheet:
    """A field of cards with edges down and far across, some of them bent by points."""
    dice = random.Random(5)
    cards = tuple(
        Card(str(i), f"layer{i}", ("dense", "pool", "activate")[i % 3], "N × 4", "1,024").at(
            i % 30 * 220.0, i // 30 * 90.0
        )
        for i in range(count)
    )
    ends = [(str(i), str(min(count - 1, i + dice.randrange(25, 95)))) for i in range(0, count - 31, 2)]
    bent = Link("0", "45", points=((92.0, 52.0), (3000.0, 300.0), (92.0, 500.0), (3392.0, 90.0)))
    return Sheet(cards, (*(Link(*pair) for pair in ends), bent))


@pytest.fixture(params=["many", "few"])
def canvas(request: pytest.FixtureRequest, qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(*SIZE)
    made.show_sheet(wide_sheet() if request.param == "many" else chain(*"abcdefgh", skips=(("a", "f"),)))
    made.show()
    qtbot.waitExposed(made)
    return made


def seen(canvas: Canvas) -> QImage:
    return canvas.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def fresh(canvas: Canvas) -> QImage:
    canvas._kept.forget()
    return seen(canvas)


def differing(one: QImage, other: QImage) -> float:
    """Return the share of pixels that look different: by more than the rounding of soft edges."""
    first, second = (
        np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)
        for image in (one, other)
    )
    return float((abs(first - second).max(axis=2) > 4).mean())


@pytest.mark.parametrize("scale", [0.1, 0.36, 0.8, 1.0, 1.7])
@pytest.mark.parametrize("step", [(3, 5), (-7, 0), (0, -11), (-40, 23)])
def test_that_a_panned_picture_is_the_one_drawn_anew(
    canvas: Canvas, scale: float, step: tuple[int, int]
) -> None:
    canvas.zoom(scale / canvas.zoom_level)
    canvas.centre_on(canvas.bounds.center())
    seen(canvas)
    for _ in range(6):
        canvas._pan(QPoint(*step))
        panned = seen(canvas)
        assert 0 < canvas._kept.drawn < SIZE[0] * SIZE[1] / 4
    assert differing(panned, fresh(canvas)) < 0.002


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
@pytest.mark.parametrize("scale", [0.1, 0.36, 0.8, 1.0])
def test_that_a_pan_at_any_scaling_of_the_screen_draws_only_strips_without_seams(
    canvas: Canvas, ratio: float, scale: float
) -> None:
    canvas.zoom(scale / canvas.zoom_level)
    canvas.centre_on(canvas.bounds.center())
    kept, size = KeptPicture(), canvas.viewport().size()

    def picture(by: KeptPicture) -> QImage:
        shown = by.shown(size, ratio, canvas.viewportTransform(), "", canvas._paint_part)
        return shown.toImage().convertToFormat(QImage.Format.Format_RGB32)

    picture(kept)
    whole = kept.drawn
    assert whole == round(size.width() * ratio) * round(size.height() * ratio)
    for _ in range(4):  # at 125% and 150% each step ends between two pixels of the screen, the last on one
        canvas._pan(QPoint(-7, 5))
        panned = picture(kept)
        assert 0 < kept.drawn < whole / 4
    assert differing(panned, picture(KeptPicture())) < 0.002


def test_that_a_picture_at_rest_is_not_drawn_again(canvas: Canvas) -> None:
    seen(canvas)
    seen(canvas)
    assert canvas._kept.drawn == 0


def test_that_a_jump_farther_than_the_window_draws_all_of_it(canvas: Canvas) -> None:
    canvas.zoom(1 / canvas.zoom_level)
    seen(canvas)
    canvas._pan(QPoint(SIZE[0] + 20, 0))
    seen(canvas)
    assert canvas._kept.drawn == canvas.viewport().width() * canvas.viewport().height()


def test_that_picking_and_pointing_leave_no_trace_behind(canvas: Canvas) -> None:
    canvas.zoom(1 / canvas.zoom_level)
    names = [card.id for card in canvas.sheet.cards[:2]]
    canvas.select(names[0])
    canvas.select("")
    plain = seen(canvas)
    canvas.select(names[0], reveal=False)
    picked = seen(canvas)
    assert differing(plain, picked) > 0
    canvas.select("")
    canvas._hover(canvas.sheet.by_id[names[1]])
    assert differing(plain, seen(canvas)) > 0
    canvas._hover(None)
    assert differing(plain, seen(canvas)) == 0


def test_that_a_search_and_another_theme_draw_the_picture_anew(canvas: Canvas, qapp: QApplication) -> None:
    plain = seen(canvas)
    canvas.highlight(frozenset())
    assert differing(plain, seen(canvas)) > 0
    canvas.highlight(None)
    assert differing(plain, seen(canvas)) == 0
    apply(qapp, "dark")
    ground = Counter(memoryview(seen(canvas).constBits()).cast("I")).most_common(1)[0][0]
    assert QColor(ground).name() == current().surface


def test_that_a_hidden_canvas_keeps_no_pixels(canvas: Canvas) -> None:
    seen(canvas)
    canvas.hide()
    assert canvas._kept._picture.isNull()


def test_that_zooming_draws_the_picture_anew(canvas: Canvas) -> None:
    before = seen(canvas)
    canvas.zoom(1.25)
    after = seen(canvas)
    assert differing(before, after) > 0
    assert differing(after, fresh(canvas)) == 0
