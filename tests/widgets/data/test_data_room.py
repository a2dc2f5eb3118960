"""The data room: what a person sees of a set, and what they can ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PySide6")

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engines.contract.preview import ColumnView, DataPreview
from engines.contract.spec import DataManifest
from widgets.controls import DropRow
from widgets.data.bars import ClassBars
from widgets.data.pictures import is_picture, pictures
from widgets.data.sample_grid import best_grid
from widgets.data.words import facts, kind_of_input, warning_words
from widgets.look import theme
from widgets.rooms.data import DataRoom


def manifest(**changes: Any) -> DataManifest:
    values: dict[str, Any] = {
        "name": "digits",
        "source": "digits",
        "task": "classification",
        "digest": "0123456789abcdef",
        "input_shape": (1, 2, 2),
        "target_shape": (),
        "samples": 200,
        "splits": {"train": 128, "validation": 32, "test": 40},
        "classes": ("zero", "one"),
        "target": "digit",
        "preparation": {"scale": "1/16", "seed": "0"},
    }
    return DataManifest(**(values | changes))


def images(count: int = 3) -> DataPreview:
    samples = np.linspace(0, 1, count * 4, dtype=np.float32).reshape(count, 1, 2, 2)
    return DataPreview(
        samples, ("zero", "one", "zero")[:count], ("train", "test", "train")[:count], (150, 50)
    )


def table() -> tuple[DataManifest, DataPreview]:
    columns = (
        ColumnView("width", 1.0, 9.0, 4.5, 2.0, (1, 2, 3)),
        ColumnView("height", -1.0, 1.0, 0.0, 0.5, (3, 2, 1)),
    )
    target = ColumnView("price", 25.0, 346.0, 152.1, 77.0, (5, 1, 2))
    set_ = manifest(name="houses", task="regression", input_shape=(2,), classes=(), target="price")
    samples = np.array([[3.5, 0.25], [1.25, -1.0]], np.float32)
    return set_, DataPreview(samples, ("25", "346"), ("train", "test"), columns=columns, target=target)


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> DataRoom:
    theme.apply(qapp, "light")
    made = DataRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show()
    return made


def test_that_the_empty_room_says_what_to_do_and_its_button_asks_for_a_file(
    room: DataRoom, qtbot: QtBot
) -> None:
    button = room.findChild(QWidget, "data_empty_open")
    assert button.isVisible()
    with qtbot.waitSignal(room.file_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_that_pictures_are_shown_all_at_once_with_their_labels(room: DataRoom) -> None:
    room.show_data(manifest(), images())
    assert room.title.text() == "digits"
    assert "200 samples" in room.line.text()
    assert room.grid.isVisible()
    assert room.grid.accessibleDescription() == "3 samples: zero, one, zero"


def test_that_pointing_at_a_picture_tells_its_label_and_its_split(room: DataRoom) -> None:
    room.show_data(manifest(), images())
    assert room.grid.tip_at(room.grid.cell(1).center()) == "one (test)"
    assert room.grid.tip_at(QPointF(-5, -5)) == ""


def test_that_a_bright_pixel_is_drawn_bright(room: DataRoom) -> None:
    samples = np.zeros((1, 1, 2, 2), np.float32)
    samples[0, 0, 0, 1] = 1.0
    room.show_data(manifest(samples=1), DataPreview(samples, ("zero",), ("train",), (1, 0)))
    cell = room.grid.cell(0)
    drawn = room.grid.grab().toImage()
    bright, dark = (
        drawn.pixelColor(int(cell.left() + cell.width() * x), int(cell.top() + cell.height() * 0.25))
        for x in (0.75, 0.25)
    )
    assert bright.lightness() > 240
    assert dark.lightness() < 15


def test_that_the_split_tells_counts_and_shares(room: DataRoom) -> None:
    room.show_data(manifest(), images())
    assert room.split_bar.lines == ["Training 128 (64%)", "Validation 32 (16%)", "Test 40 (20%)"]


def test_that_classes_are_counted_in_words_too(room: DataRoom) -> None:
    room.show_data(manifest(), images())
    assert room.class_bars.accessibleDescription() == "zero: 150, one: 50"
    assert room.classes.subtitle.text() == "50 to 150 samples each"


def test_that_a_class_with_few_samples_is_named(qtbot: QtBot) -> None:
    bars = ClassBars()
    qtbot.addWidget(bars)
    bars.show_counts(["healthy", "ill"], [1000, 12])
    assert bars.few() == ["ill"]


def test_that_a_table_opens_on_its_columns_and_turns_to_its_rows(room: DataRoom, qtbot: QtBot) -> None:
    room.show_data(*table())
    assert room.columns.isVisible()
    assert room.columns.csv().splitlines()[1] == "width,1,4.5,9,2,1 2 3"
    qtbot.mouseClick(room.findChild(QWidget, "data_show_rows"), Qt.MouseButton.LeftButton)
    assert room.rows is not None
    assert room.rows.isVisible()
    assert room.rows.csv().splitlines()[1] == "25,Training,3.5,0.25"


def test_that_columns_sort_by_value_and_filter_by_name(room: DataRoom) -> None:
    room.show_data(*table())
    room.columns.view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [line.split(",")[0] for line in room.columns.csv().splitlines()[1:]] == ["height", "width"]
    room.columns.filter.setText("wid")
    assert len(room.columns.csv().splitlines()) == 2


def test_that_a_regression_shows_how_its_target_is_spread(room: DataRoom) -> None:
    room.show_data(*table())
    assert room.histogram.isVisible()
    assert not room.class_bars.isVisible()
    assert room.histogram.accessibleDescription() == "from 25 to 346: 5, 1, 2"


def test_that_going_from_a_table_to_pictures_leaves_no_table_behind(room: DataRoom) -> None:
    room.show_data(*table())
    room.show_data(manifest(), images())
    assert room.rows is None
    assert room.grid.isVisible()
    assert not room.findChild(QWidget, "data_show_rows").isVisible()
    assert room.class_bars.isVisible()


def test_that_warnings_are_told_in_sentences_and_vanish_with_the_next_set(room: DataRoom) -> None:
    room.show_data(manifest(warnings=("constant_column:age", "rows_dropped:3")), images())
    assert room.message.isVisible()
    assert room.message.what.text() == "2 things to know about this data"
    assert "“age”" in room.message.why.text()
    room.show_data(manifest(), images())
    assert not room.message.isVisible()


def test_that_one_column_or_one_row_is_no_plural() -> None:
    assert kind_of_input(manifest(input_shape=(1,))) == "1 column"
    assert kind_of_input(manifest(input_shape=(1200,))) == "1,200 columns"
    assert warning_words("rows_dropped:1").endswith("missing: 1.")


def test_that_an_unknown_warning_is_still_readable() -> None:
    assert warning_words("odd_thing") == "odd thing"


def test_that_preparation_is_told_as_facts() -> None:
    told = dict(facts(manifest(preparation={"mean": "[1]", "std": "[2]", "missing": "mean", "seed": "7"})))
    assert told["Columns"] == "mean 0, deviation 1"
    assert told["Missing values"] == "the column's mean"
    assert told["Seed of the split"] == "7"


def test_that_choosing_a_set_says_which(room: DataRoom, qtbot: QtBot) -> None:
    room.show_data(manifest(), images())
    room.set_sources([DropRow("digits", "Digits"), DropRow("wine", "Wine")], "digits")
    with qtbot.waitSignal(room.source_chosen) as caught:
        room.source.menu().actions()[1].trigger()
    assert caught.args == ["wine"]


def test_that_progress_is_shown_until_the_data_is_there(room: DataRoom) -> None:
    room.show_data(manifest(), images())
    room.show_progress(1, 4)
    assert room.progress.isVisible()
    assert room.progress.share == 0.25
    room.show_data(manifest(), images())
    assert not room.progress.isVisible()


def test_that_nothing_is_cut_at_the_smallest_window(room: DataRoom) -> None:
    room.show_data(*table())
    side = room.findChild(QWidget, "data_side")
    assert side.widget().width() <= side.viewport().width()
    assert room.minimumSizeHint().width() <= 1216
    assert room.minimumSizeHint().height() <= 722


@given(st.integers(1, 64), st.integers(220, 1600), st.integers(180, 1000))
def test_that_every_sample_has_a_place_and_big_rooms_are_never_overrun(
    count: int, width: int, height: int
) -> None:
    grid = best_grid(count, width, height, 20)
    rows = -(-count // grid.columns)
    assert grid.columns * rows >= count
    assert grid.columns * grid.side + 10 * (grid.columns - 1) <= width + 1e-6
    if grid.side > 20:
        assert rows * (grid.side + 20) + 10 * (rows - 1) <= height + 1e-6


@pytest.mark.parametrize(
    ("shape", "drawn"), [((1, 8, 8), True), ((3, 32, 32), True), ((2, 8, 8), False), ((30,), False)]
)
def test_that_only_grey_and_colour_arrays_are_drawn(shape: tuple[int, ...], drawn: bool) -> None:
    assert is_picture(shape) is drawn


def test_that_colour_and_missing_values_are_drawn() -> None:
    samples = np.zeros((1, 3, 2, 2), np.float32)
    samples[0, 0, 0, 0] = 1.0
    samples[0, 1, 1, 1] = np.nan
    picture = pictures(samples)[0]
    assert picture.pixelColor(0, 0).getRgb()[:3] == (255, 0, 0)
    assert picture.pixelColor(1, 1).getRgb()[:3] == (0, 0, 0)


def test_that_a_file_that_could_not_be_read_leaves_a_way_back(room: DataRoom, qtbot: QtBot) -> None:
    room.show_reading("bad.csv")
    assert "Reading bad.csv" in room._empty.sentence.text()
    assert not room._empty.button.isVisible()
    room.clear("bad.csv", "Digits")
    assert "bad.csv could not be read" in room._empty.sentence.text()
    assert room._empty.button.isVisible()
    with qtbot.waitSignal(room.back_requested):
        qtbot.mouseClick(room.back, Qt.MouseButton.LeftButton)
    room.clear()
    assert "no data yet" in room._empty.sentence.text()
    assert not room.back.isVisible()


def test_that_classes_of_one_size_are_said_once(room: DataRoom) -> None:
    shown = images()
    room.show_data(manifest(), DataPreview(shown.samples, shown.labels, shown.parts, (100, 100)))
    assert room.classes.subtitle.text() == "100 samples each"


def test_that_a_columns_name_is_read_before_its_mean_is(room: DataRoom) -> None:
    shown, preview = table()
    columns = tuple(replace(column, name=f"worst fractal {column.name}") for column in preview.columns)
    room.show_data(shown, replace(preview, columns=columns))
    view = room.columns.view
    assert not any(view.isColumnHidden(at) for at in range(6))
    room.resize(860, 722)
    room.columns._fit_columns()
    assert [at for at in range(6) if view.isColumnHidden(at)] in ([4], [2, 4])
