"""Charts: painted only when seen and new, followed or held by hand, read by the pointer, saved whole."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from engines.contract.errors import ErrorCode, WorkbenchError
from tests.widgets.sample_runs import STEPS_PER_EPOCH, SampleRun
from widgets.charts import saving
from widgets.charts.loss_chart import LossChart
from widgets.charts.numbers import decade_texts, nice_step, number_text, tick_texts
from widgets.look.theme import apply


@pytest.fixture
def chart(qapp: QApplication, qtbot: QtBot) -> LossChart:
    apply(qapp, "light")
    made = LossChart("loss_chart", "Loss")
    qtbot.addWidget(made)
    made.resize(640, 360)
    return made


def fed(chart: LossChart, steps: int = 200) -> SampleRun:
    run = SampleRun()
    run.take(steps)
    chart.set_span(run.total, STEPS_PER_EPOCH, "epoch")
    chart.set_train(*run.series("loss"))
    chart.set_validation(*run.validations("loss"))
    return run


def shown(chart: LossChart, qtbot: QtBot) -> None:
    with qtbot.waitExposed(chart):
        chart.show()
    qtbot.waitUntil(lambda: chart.frames > 0)


def wheel(chart: LossChart) -> None:
    middle = QPointF(chart.plot.viewport().rect().center())
    event = QWheelEvent(
        middle,
        chart.plot.viewport().mapToGlobal(middle),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(chart.plot.viewport(), event)


def test_that_every_extreme_of_the_run_is_on_the_canvas(chart: LossChart, qtbot: QtBot) -> None:
    run = fed(chart, 720)
    shown(chart, qtbot)
    _, drawn = chart.traces["every_step"].item.getData()
    assert drawn.max() == run.columns["loss"].max()
    low, high = chart.plot.viewRange()[1]
    assert low <= run.columns["loss"].min()
    assert high >= run.columns["loss"].max()


def test_that_a_long_run_is_drawn_with_few_points_and_all_its_extremes(
    chart: LossChart, qtbot: QtBot
) -> None:
    values = np.random.default_rng(3).normal(1, 0.2, 300_000).astype(np.float32)
    chart.set_train(np.arange(300_000, dtype=np.int64), values)
    shown(chart, qtbot)
    columns = chart.plot.plotItem.vb.width()
    drawn = {key: chart.traces[key].item.getData()[1] for key in ("every_step", "train")}
    assert len(drawn["every_step"]) <= 8 * columns + 8
    assert len(drawn["train"]) <= 2 * columns + 1
    assert (drawn["every_step"].min(), drawn["every_step"].max()) == (values.min(), values.max())


def test_that_nothing_is_painted_while_nobody_looks(chart: LossChart, qtbot: QtBot) -> None:
    fed(chart)
    assert not chart._timer.isActive()
    shown(chart, qtbot)
    chart.hide()
    frames = chart.frames
    chart.invalidate()
    assert not chart._timer.isActive()
    assert chart.frames == frames


def test_that_a_burst_of_news_is_one_frame(chart: LossChart, qtbot: QtBot) -> None:
    run = fed(chart)
    shown(chart, qtbot)
    qtbot.waitUntil(lambda: not chart._timer.isActive())
    frames = chart.frames
    for _ in range(50):
        run.take(1)
        chart.set_train(*run.series("loss"))
    with qtbot.waitSignal(chart.painted):
        pass
    assert chart.frames == frames + 1


def test_that_the_wheel_holds_the_view_and_reset_lets_it_follow_again(chart: LossChart, qtbot: QtBot) -> None:
    run = fed(chart)
    shown(chart, qtbot)
    whole = chart.plot.viewRange()[0]
    wheel(chart)
    near = chart.plot.viewRange()[0]
    assert near[1] - near[0] < whole[1] - whole[0]
    run.take(100)
    chart.set_train(*run.series("loss"))
    chart.paint_now()
    assert chart.plot.viewRange()[0] == pytest.approx(near)
    qtbot.mouseClick(chart.reset_button, Qt.MouseButton.LeftButton)
    chart.paint_now()
    assert chart.plot.viewRange()[0] == pytest.approx(whole)
    assert not chart.reset_button.isEnabled()


def test_that_the_logarithmic_scale_shows_powers_and_leaves_out_what_has_none(
    chart: LossChart, qtbot: QtBot
) -> None:
    steps = np.arange(4, dtype=np.int64)
    chart.set_train(steps, np.array([100, 1, 0, 0.01], np.float32))
    shown(chart, qtbot)
    qtbot.mouseClick(chart.log_button, Qt.MouseButton.LeftButton)
    chart.paint_now()
    _, drawn = chart.traces["every_step"].item.getData()
    np.testing.assert_allclose(drawn, [2, 0, np.nan, -2])
    assert chart.left_axis.tickStrings([2, 0, -2], 1, 1) == ["100", "1", "0.01"]


def test_that_the_pointer_reads_the_values_of_its_step(chart: LossChart, qtbot: QtBot) -> None:
    run = fed(chart)
    shown(chart, qtbot)
    box = chart.plot.plotItem.vb
    spot = chart.plot.mapFromScene(box.mapViewToScene(QPointF(72, 0.5)))
    qtbot.mouseMove(chart.plot.viewport(), QPoint(spot.x() + 3, spot.y()))
    qtbot.mouseMove(chart.plot.viewport(), spot)
    assert chart.readout.panel.isVisible()
    at = round(float(chart.readout.line.value()))
    assert abs(at - 72) <= 2
    words = chart.readout.panel.text()
    assert f"step {at}" in words
    assert number_text(float(run.columns["loss"][at])) in words
    qtbot.mouseMove(chart.plot.viewport(), QPoint(1, 1))
    assert not chart.readout.panel.isVisible()


def test_that_a_chart_without_data_shows_its_axes_and_no_readout(chart: LossChart, qtbot: QtBot) -> None:
    shown(chart, qtbot)
    chart._on_plot_pointed(QPointF(200, 100))
    assert not chart.readout.panel.isVisible()


def test_that_infinities_and_gaps_do_not_spoil_the_view(chart: LossChart, qtbot: QtBot) -> None:
    values = np.array([1, np.inf, np.nan, 2, -np.inf, 3], np.float32)
    chart.set_train(np.arange(6, dtype=np.int64), values)
    shown(chart, qtbot)
    low, high = chart.plot.viewRange()[1]
    assert np.isfinite([low, high]).all()
    assert high < 4


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_that_a_chart_that_cannot_be_saved_says_so(chart: LossChart, tmp_path: Path, ending: str) -> None:
    with pytest.raises(WorkbenchError) as told:
        chart.save(tmp_path / "missing" / f"loss.{ending}")
    assert told.value.code is ErrorCode.COPY_UNWRITABLE


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_that_the_menu_asks_where_to_save_and_takes_no_for_an_answer(
    chart: LossChart, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, proposed = ["", str(tmp_path / f"mine.{ending}")], list[str]()

    def ask(parent: object, title: str, name: str, kinds: str) -> tuple[str, str]:
        proposed.append(name)
        return answers.pop(0), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    menu = saving.menu(chart)
    action = next(one for one in menu.actions() if ending.upper() in one.text())
    action.trigger()
    assert not any(tmp_path.iterdir())
    action.trigger()
    assert (tmp_path / f"mine.{ending}").stat().st_size > 0
    assert proposed == [f"{chart.objectName()}.{ending}"] * 2
    menu.deleteLater()


def test_that_a_picture_has_the_format_of_its_ending_and_is_a_png_else(
    chart: LossChart, tmp_path: Path
) -> None:
    for name, begins in (("a.jpg", b"\xff\xd8"), ("b", b"\x89PNG"), ("c.xyz", b"\x89PNG")):
        chart.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_that_a_chart_is_saved_whole(chart: LossChart, qtbot: QtBot, tmp_path: Path, ending: str) -> None:
    run = fed(chart)
    shown(chart, qtbot)
    target = tmp_path / f"loss.{ending}"
    chart.save(target)
    if ending == "png":
        assert QImage(str(target)).width() == 2 * chart.width()
    elif ending == "svg":
        assert len(list(ElementTree.parse(target).iter("{http://www.w3.org/2000/svg}path"))) >= 3
    else:
        rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
        read = [float(row["every_step"]) for row in rows if row["every_step"]]
        np.testing.assert_array_equal(np.array(read, np.float32), run.columns["loss"][:200])
        assert sum(bool(row["validation"]) for row in rows) == 200 // STEPS_PER_EPOCH


def test_that_the_menu_offers_picture_formats_and_reset(chart: LossChart, qtbot: QtBot) -> None:
    shown(chart, qtbot)
    qtbot.mouseClick(chart.save_button, Qt.MouseButton.LeftButton)
    menu = chart.findChild(QMenu)
    assert menu is not None
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Copy as picture",
        "Save as PNG …",
        "Save as SVG …",
        "Save as CSV …",
        "Show everything again",
    ]
    menu.actions()[0].trigger()
    assert not QApplication.clipboard().pixmap().isNull()
    menu.close()


def test_that_another_theme_redraws_the_chart(qapp: QApplication, chart: LossChart, qtbot: QtBot) -> None:
    shown(chart, qtbot)
    light = chart.grab().toImage().pixelColor(320, 200).lightness()
    apply(qapp, "dark")
    assert chart.grab().toImage().pixelColor(320, 200).lightness() < light
    apply(qapp, "light")


def test_that_epochs_are_counted_on_the_axis(chart: LossChart, qtbot: QtBot) -> None:
    fed(chart)
    shown(chart, qtbot)
    ticks = chart.bottom.tickValues(0, 720, 500)[0][1]
    assert len(ticks) >= 5
    words = chart.bottom.tickStrings(ticks, chart.bottom.scale, chart.bottom.tickValues(0, 720, 500)[0][0])
    assert words[0] == "0"
    assert words[-1] == "20"


@given(st.floats(1e-9, 1e9), st.integers(2, 12))
def test_that_ticks_are_round_and_not_too_many(span: float, wanted: int) -> None:
    step = nice_step(span, wanted)
    assert span / step <= wanted * (1 + 1e-6)
    assert span / step >= wanted / 2.6
    assert f"{step:e}"[:4] in ("1.00", "2.00", "2.50", "5.00")


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        (0.0, 0.5, "0.0"),
        (0.25, 0.25, "0.25"),
        (1500.0, 500, "1,500"),
        (8e-4, 2e-4, "8e-4"),
        (1e-3, 2e-4, "1e-3"),
        (0.0, 2e-4, "0"),
        (7.1e-4, 0, "7.1e-4"),
        (0.0613, 0, "0.0613"),
        (12345.6, 0, "12,346"),
        (float("nan"), 0, "–"),
        (float("inf"), 0, "∞"),
        (0.0, 0, "0"),
    ],
)
def test_that_numbers_read_as_a_person_writes_them(value: float, step: float, words: str) -> None:
    assert number_text(value, step) == words


def test_that_ticks_close_to_one_another_are_told_apart() -> None:
    ticks = [number_text(value, 5e-5) for value in (9.5e-4, 1e-3, 1.05e-3, 1.1e-3)]
    assert ticks == ["9.5e-4", "1e-3", "1.05e-3", "1.1e-3"]
    assert tick_texts([9.5e-4, 1e-3, 1.05e-3], 5e-5) == ["0.00095", "0.00100", "0.00105"]
    assert tick_texts([0.0, 5e-4, 1e-3], 5e-4) == ["0.0000", "0.0005", "0.0010"]
    assert tick_texts([0.0, 2e-4, 4e-4], 2e-4) == ["0", "2e-4", "4e-4"]
    assert tick_texts([0.0, 250.0, 500.0], 250.0) == ["0", "250", "500"]
    assert [number_text(value, 2e-7) for value in (0.0, 2e-7, 1e-6)] == ["0", "2e-7", "1e-6"]
    assert number_text(-2.44e-7) == "-2.4e-7"


def test_that_the_decades_of_one_axis_are_written_alike() -> None:
    assert decade_texts([-3, -2, -1, 0, 2]) == ["0.001", "0.01", "0.1", "1", "100"]
    assert decade_texts([-16, -11, -6, -1]) == ["1e-16", "1e-11", "1e-6", "1e-1"]


def test_that_a_cleared_chart_is_blank_and_draws_the_next_run_from_its_beginning(
    chart: LossChart, qtbot: QtBot
) -> None:
    fed(chart, 200)
    shown(chart, qtbot)
    items = [trace.item for trace in chart.traces.values()]
    chart.clear()
    chart.paint_now()
    assert all(item.getData()[1] is None or not len(item.getData()[1]) for item in items)
    second = fed(chart, 90)
    chart.paint_now()
    assert [trace.item for trace in chart.traces.values()] == items
    steps, values = second.series("loss")
    assert chart.traces["every_step"].item.getData()[0].tolist() == steps.tolist()
    assert chart.traces["every_step"].item.getData()[1].tolist() == values.tolist()


@pytest.mark.parametrize(("low", "high"), [(2.03, 2.41), (0.0008812, 0.0011188), (0.09, 0.142), (11.0, 29.0)])
def test_that_a_low_chart_has_two_values_on_its_axis_at_least(
    chart: LossChart, low: float, high: float
) -> None:
    assert len(chart.left_axis.tickValues(low, high, 70)[0][1]) > 1
