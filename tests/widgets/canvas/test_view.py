"""The canvas under the hand: wheel, drag, click, keys, search, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engines.contract.errors import ErrorCode, WorkbenchError
from tests.widgets.canvas.sheets import chain
from widgets.canvas.model import Card, Link, Sheet
from widgets.canvas.panel import CanvasPanel
from widgets.canvas.view import Canvas
from widgets.look.theme import apply, current

NAMES = ("in", "conv", "norm", "out")


@pytest.fixture
def panel(qtbot: QtBot) -> CanvasPanel:
    made = CanvasPanel("canvas", movable=True)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.canvas.show_sheet(chain(*NAMES))
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def canvas(panel: CanvasPanel) -> Canvas:
    panel.canvas.setFocus()
    return panel.canvas


def click(canvas: Canvas, name: str) -> None:
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.place_of(name))


def drag(
    canvas: Canvas, start: QPoint, by: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton
) -> None:
    view = canvas.viewport()
    QTest.mousePress(view, button, pos=start)
    for part in (1, 2, 3):
        QTest.mouseMove(view, start + by * part / 3)
    QTest.mouseRelease(view, button, pos=start + by)


def wheel(canvas: Canvas, at: QPoint, delta: int) -> None:
    event = QWheelEvent(
        QPointF(at),
        canvas.viewport().mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def test_that_a_click_selects_and_a_click_beside_keeps_the_selection(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.card_selected) as caught:
        click(canvas, "norm")
    assert caught.args == ["norm"]
    assert canvas.selected == "norm"
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert canvas.selected == "norm"


def test_that_the_wheel_zooms_about_the_cursor(canvas: Canvas) -> None:
    spot = canvas.place_of("out")
    before, level = canvas.mapToScene(spot), canvas.zoom_level
    wheel(canvas, spot, 240)
    assert canvas.zoom_level > 1.3 * level
    after = canvas.mapToScene(spot)
    assert (after - before).manhattanLength() < 3
    for _ in range(60):
        wheel(canvas, spot, -240)
    assert canvas.zoom_level >= 0.02


def test_that_dragging_the_ground_pans(canvas: Canvas) -> None:
    before = canvas.place_of("conv")
    drag(canvas, QPoint(20, 20), QPoint(60, 90))
    assert canvas.place_of("conv") - before == QPoint(60, 90)


def test_that_dragging_a_card_moves_it_and_says_so_once(canvas: Canvas, qtbot: QtBot) -> None:
    before = canvas.sheet.by_id["conv"]
    moved: list[str] = []
    canvas.card_moved.connect(moved.append)
    drag(canvas, canvas.place_of("conv"), QPoint(80, 40))
    after = canvas.sheet.by_id["conv"]
    assert moved == ["conv"]
    assert after.x - before.x == pytest.approx(80 / canvas.zoom_level, abs=4)
    assert after.y - before.y == pytest.approx(40 / canvas.zoom_level, abs=4)


def test_that_a_trembling_click_moves_nothing(canvas: Canvas) -> None:
    moved: list[str] = []
    canvas.card_moved.connect(moved.append)
    drag(canvas, canvas.place_of("conv"), QPoint(2, 2))
    assert moved == []


def test_that_a_canvas_may_refuse_to_move_cards(qtbot: QtBot) -> None:
    fixed = Canvas()
    qtbot.addWidget(fixed)
    fixed.resize(600, 500)
    fixed.show_sheet(chain(*NAMES))
    fixed.show()
    before = fixed.sheet
    drag(fixed, fixed.place_of("conv"), QPoint(80, 40))
    assert fixed.sheet is before


def test_that_arrows_walk_along_the_edges_and_enter_opens(canvas: Canvas, qtbot: QtBot) -> None:
    walked = []
    canvas.card_selected.connect(walked.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End):
        QTest.keyClick(canvas, key)
    assert walked == ["in", "conv", "norm", "conv", "out"]
    with qtbot.waitSignal(canvas.card_opened) as caught:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert caught.args == ["out"]


def test_that_tab_walks_all_cards_and_then_leaves_the_canvas(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    canvas, after = Canvas(), QLineEdit()
    column = QVBoxLayout(window)
    column.addWidget(canvas)
    column.addWidget(after)
    canvas.show_sheet(chain(*NAMES))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    canvas.setFocus()
    seen = []
    canvas.card_selected.connect(seen.append)
    for _ in range(5):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert seen == list(NAMES)
    assert after.hasFocus()


def test_that_escape_selects_nothing(canvas: Canvas) -> None:
    canvas.select("conv")
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selected == ""


def test_that_selecting_brings_a_card_into_sight(canvas: Canvas) -> None:
    canvas.show_sheet(chain(*(f"n{number}" for number in range(60))))
    assert not canvas.viewport().rect().contains(canvas.place_of("n50"))
    canvas.select("n50")
    assert canvas.viewport().rect().contains(canvas.place_of("n50"))


def test_that_fit_shows_everything(canvas: Canvas) -> None:
    canvas.show_sheet(chain(*(f"n{number}" for number in range(30))))
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.seen().contains(canvas.bounds)


def test_that_a_long_sheet_begins_readable_at_its_top(canvas: Canvas) -> None:
    canvas.show_sheet(chain(*(f"n{number}" for number in range(60))))
    assert canvas.zoom_level >= 0.75
    assert canvas.viewport().rect().contains(canvas.place_of("n0"))


def test_that_a_screen_reader_hears_the_selected_card(canvas: Canvas) -> None:
    assert canvas.accessibleDescription() == "4 nodes, 3 edges"
    canvas.select("conv")
    assert "conv · Step" in canvas.accessibleDescription()


def test_that_a_problem_is_red_and_gives_its_reason(qtbot: QtBot) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    fine, broken = Card("a", "a"), Card("b", "b", problem="8 and 16 do not fit").at(0, 120)
    canvas.show_sheet(Sheet((fine, broken), (Link("a", "b"),)))
    canvas.show()
    picture = canvas.viewport().grab().toImage()
    assert QColor(current().bad) not in colours_around(picture, canvas, fine)
    assert QColor(current().bad) in colours_around(picture, canvas, broken)
    QTest.mouseMove(canvas.viewport(), canvas.place_of("b"))
    assert "8 and 16 do not fit" in canvas.viewport().toolTip()


def colours_around(picture: QImage, canvas: Canvas, card: Card) -> list[QColor]:
    corner = canvas.mapFromScene(QPointF(card.x, card.y))
    far = canvas.mapFromScene(QPointF(card.x + card.width, card.y + card.height))
    places = range(corner.x() - 2, far.x() + 2)
    return [picture.pixelColor(x, y) for x in places for y in range(corner.y(), far.y())]


def test_that_ctrl_f_finds_dims_and_walks_matches(panel: CanvasPanel, canvas: Canvas, qtbot: QtBot) -> None:
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    QTest.keyClick(canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = panel.find_bar
    assert bar.line.hasFocus()
    QTest.keyClicks(bar.line, "o")
    assert bar.count.text() == "3 found"  # conv, norm, out
    QTest.keyClick(bar.line, Qt.Key.Key_Return)
    assert (canvas.selected, bar.count.text()) == ("conv", "1 of 3")
    QTest.keyClick(bar.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert (canvas.selected, bar.count.text()) == ("out", "3 of 3")
    QTest.keyClicks(bar.line, " nothing")
    assert bar.count.text() == "None"
    QTest.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert canvas.hasFocus()


def test_that_the_overview_is_there_only_while_something_is_out_of_sight(panel: CanvasPanel) -> None:
    overview = panel._minimap
    assert not overview.isVisible()
    panel.canvas.show_sheet(chain(*(f"n{number}" for number in range(60))))
    assert overview.isVisible()
    before = panel.canvas.seen().center().y()
    QTest.mouseClick(overview, Qt.MouseButton.LeftButton, pos=QPoint(66, 120))
    assert panel.canvas.seen().center().y() > before + 1000


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_that_the_whole_graph_is_saved_as_a_picture(panel: CanvasPanel, tmp_path: Path, suffix: str) -> None:
    panel.canvas.zoom(3.0)
    target = tmp_path / f"graph.{suffix}"
    panel.save(target)
    if suffix == "svg":
        text = target.read_text()
        assert all(f"{name} · Step" in text for name in NAMES)
    else:
        picture = QImage(str(target))
        bounds = panel.canvas.bounds
        assert picture.width() / picture.height() == pytest.approx(
            (bounds.width() + 48) / (bounds.height() + 48), rel=0.02
        )


def test_that_a_picture_that_cannot_be_written_is_told(panel: CanvasPanel, tmp_path: Path) -> None:
    for name in ("graph.png", "graph.svg"):
        with pytest.raises(WorkbenchError) as told:
            panel.save(tmp_path / "missing" / name)
        assert told.value.code is ErrorCode.COPY_UNWRITABLE
        assert name in told.value.facts["path"]


def test_that_it_follows_the_theme(canvas: Canvas, qapp: QApplication) -> None:
    apply(qapp, "dark")
    corner = canvas.viewport().grab().toImage().pixelColor(2, 2)
    assert corner == QColor(current().surface)
    apply(qapp, "light")


def big_sheet(count: int) -> Sheet:
    cards = tuple(
        Card(str(i), f"n{i}", "dense" if i % 2 else "pool", problem="bad" if i == 3 else "").at(
            (i % 50) * 220.0, (i // 50) * 90.0
        )
        for i in range(count)
    )
    return Sheet(cards, tuple(Link(str(i), str(i + 50)) for i in range(count - 50)))


def test_that_thousands_of_cards_are_drawn_from_afar_in_their_colours(canvas: Canvas) -> None:
    canvas.show_sheet(big_sheet(2000))
    canvas.fit()
    assert canvas.zoom_level < 0.35
    picture = canvas.viewport().grab().toImage()
    found = {picture.pixelColor(canvas.place_of(name)).name() for name in ("0", "1", "2", "3")}
    assert {current().family("pool"), current().family("dense"), current().bad} == found


def test_that_among_thousands_a_click_still_hits(canvas: Canvas) -> None:
    canvas.show_sheet(big_sheet(2000))
    canvas.fit()
    click(canvas, "1234")
    assert canvas.selected == "1234"
    canvas.highlight(frozenset({"7"}))
    assert not canvas.viewport().grab().isNull()


def test_that_near_thousands_show_their_words(canvas: Canvas) -> None:
    canvas.show_sheet(big_sheet(2000))
    canvas.zoom(1.0 / canvas.zoom_level)
    canvas.select("1010")
    picture = canvas.viewport().grab().toImage()
    assert QColor(current().accent) in colours_around(picture, canvas, canvas.sheet.by_id["1010"])


def covered(panel: CanvasPanel) -> list[str]:
    """Return the cards in sight that lie under a tool or the overview."""
    canvas = panel.canvas
    over = [part.geometry() for part in (panel._tools, panel._minimap) if part.isVisible()]
    places = {
        card.id: canvas.mapFromScene(QRectF(card.x, card.y, card.width, card.height)).boundingRect()
        for card in canvas.sheet.cards
    }
    return [name for name, place in places.items() if any(place.intersects(part) for part in over)]


@pytest.mark.parametrize("size", [(628, 690), (842, 650), (1260, 950)])
@pytest.mark.parametrize("count", [4, 15])
def test_that_tools_and_overview_cover_no_card_of_a_column_at_rest(
    panel: CanvasPanel, size: tuple[int, int], count: int
) -> None:
    names = [f"layer{place}" for place in range(count)]
    panel.resize(*size)
    panel.canvas.show_sheet(chain(*names, skips=((names[0], names[2]),)))
    QApplication.processEvents()
    assert covered(panel) == []


def test_that_a_compact_panel_opens_as_large_as_its_width_allows(qtbot: QtBot) -> None:
    panel = CanvasPanel("canvas", compact=True)
    qtbot.addWidget(panel)
    panel.resize(276, 640)
    panel.canvas.show_sheet(chain(*(f"layer{place}" for place in range(20))))
    panel.show()
    qtbot.waitExposed(panel)
    assert panel.canvas.zoom_level == pytest.approx(0.9)
    assert panel.canvas.seen().left() < panel.canvas.bounds.left()
    assert panel.canvas.seen().right() > panel.canvas.bounds.right()
