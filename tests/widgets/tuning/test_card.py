"""The tuning's card: what its cells say, what can be taken, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.messages.table import tell
from engines.contract.events import Tuning
from engines.contract.views import TuneRow, TuneView
from widgets.look.theme import apply
from widgets.rooms.train_parts import side_width
from widgets.tuning.card import TunePart, TuningCard
from widgets.tuning.progress import TuneProgress
from widgets.tuning.words import summary_text, way_text

ROWS = (
    TuneRow("threads", {"threads": 1}, 20_000.0, 0.1, 0.2, True),
    TuneRow(
        "way",
        {"run_mode": "xla", "memory_layout": "channels_last"},
        50_000.0,
        0.2,
        4.0,
        True,
        gain=2.5,
        noise=0.04,
    ),
    TuneRow("way", {"run_mode": "compiled"}, code="compile_failed", facts={"why": "no"}),
    TuneRow("batch_size", {"batch_size": 1024}, 90_000.0),
)
CHOSEN = {"threads": 1, "run_mode": "xla"}
VIEW = TuneView("torch", "cpu", ROWS, CHOSEN, 20_000.0, 50_000.0)


@pytest.fixture
def card(qtbot: QtBot) -> TuningCard:
    made = TuningCard()
    qtbot.addWidget(made)
    made.show_view(VIEW, "PyTorch on CPU", lambda row: "It could not be compiled.")
    return made


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"threads": 1}, "1 thread"),
        ({"threads": 4}, "4 threads"),
        ({"run_mode": "xla", "memory_layout": "channels_last"}, "XLA, NHWC"),
        ({"batch_size": 1024}, "batches of 1,024"),
        ({"chunk_steps": 35}, "35 steps a call"),
    ],
)
def test_that_a_way_is_said_in_a_few_words(settings: dict[str, Any], text: str) -> None:
    assert way_text(TuneRow("way", settings)) == text


def test_that_the_rows_show_rates_what_was_taken_and_why_one_did_not_go(card: TuningCard) -> None:
    assert [row[0] for row in card.table.model.rows] == [
        "• 1 thread",
        "• XLA, NHWC",
        "compiled",
        "batches of 1,024",
    ]
    assert "50,000 ± 10%" in card.table.csv()
    assert "compiled,not here," in card.table.csv()
    assert card.subtitle.text() == "PyTorch on CPU"
    assert card.note.text().startswith("It could not be compiled. Another batch size changes")
    assert card.summary.text() == (
        "20,000 → 50,000 samples/s: 2.50 times as fast. Taken: 1 thread, XLA, NHWC."
    )


def test_that_a_gain_is_told_beyond_the_noise_and_sorts_as_a_number(card: TuningCard) -> None:
    same = TuneRow("threads", {"threads": 2}, 20_500.0, 0.1, gain=1.025, noise=0.05)
    slow = TuneRow("threads", {"threads": 4}, 9_000.0, 0.1, gain=0.45, noise=0.01)
    card.show_view(replace(VIEW, rows=(*ROWS, same, slow)))
    shown = [card.table.proxy.index(row, 2).data() for row in range(6)]
    assert shown == ["–", "2.50×", "–", "–", "noise", "0.45×"]
    assert "2.50× ± 0.04" in card.table.csv()
    assert "no difference" in card.table.csv()
    card.table.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert card.table.proxy.index(0, 0).data() == "• XLA, NHWC"


def test_that_noise_is_told_beside_the_whole_gain() -> None:
    assert summary_text(replace(VIEW, noise=0.08)).startswith(
        "20,000 → 50,000 samples/s: 2.50 ± 0.08 times as fast."
    )


def test_that_what_compiled_too_long_is_offered_to_be_measured_anyway(card: TuningCard, qtbot: QtBot) -> None:
    late = TuneRow("way", {"run_mode": "compiled"}, code="tune_compile_long", facts={"seconds": 20})
    card.show_view(replace(VIEW, rows=(*ROWS, late)), "", lambda row: tell(row.code, row.facts).what)
    assert [str(cell) for cell in card.table.model.rows[-1][:2]] == ["compiled", "too long"]
    assert card.minimumSizeHint().width() <= 320  # as wide as the side of its room
    assert "compiling it was not done after 20 s" in card.note.text()
    assert not card.longer.isHidden()
    assert card.longer.text() == "Measure it anyway"
    with qtbot.waitSignal(card.longer_requested):
        card.longer.click()


def test_that_a_recipe_that_nothing_beats_is_said_to_stay() -> None:
    kept = TuneView("a", "cpu", ROWS, before=100.0, after=100.0)
    assert summary_text(kept) == "100 samples/s: nothing was clearly faster. The recipe stays as it is."
    assert summary_text(replace(kept, after=101.0)) == (
        "Side by side there was no clear gain: 100 samples/s as it is, 101 in what seemed faster. "
        "The recipe stays as it is."
    )
    assert summary_text(TuneView("a", "cpu")).startswith("nothing was clearly faster")


def test_that_a_table_of_a_stopped_tuning_says_so() -> None:
    early = TuneView("torch", "cpu", ROWS, {"threads": 1}, early=True)
    assert summary_text(early) == "Stopped early: the best so far. Taken: 1 thread."


def test_that_only_a_way_that_was_measured_can_be_taken(card: TuningCard, qtbot: QtBot) -> None:
    assert not card.take.isEnabled()
    assert card.take.toolTip()
    card.table.select(["2"])
    assert not card.take.isEnabled()
    card.table.select(["3"])
    with qtbot.waitSignal(card.settings_taken) as taken:
        card.take.click()
    assert taken.args == [{"batch_size": 1024}]


def test_that_without_a_table_there_is_no_card(card: TuningCard) -> None:
    card.show_view(None)
    assert card.isHidden()


def test_that_the_button_waits_while_it_goes(qtbot: QtBot) -> None:
    part = TunePart()
    qtbot.addWidget(part)
    part.set_going(going=True)
    assert not part.button.isEnabled()
    assert part.button.text() == "Tuning …"
    part.set_going(going=False)
    assert part.button.isEnabled()


@pytest.mark.parametrize("state", ["starting", "training", "paused", "stopping"])
def test_that_nothing_is_measured_beside_a_run_and_the_buttons_say_so(
    card: TuningCard, qtbot: QtBot, state: str
) -> None:
    part = TunePart()
    qtbot.addWidget(part)
    tips = part.button.toolTip(), card.longer.toolTip()
    for shown, button in ((part, part.button), (card, card.longer)):
        shown.set_run_state(state)
        assert not button.isEnabled()
        assert "run is going on" in button.toolTip()
        shown.set_run_state("idle")
        assert button.isEnabled()
    assert (part.button.toolTip(), card.longer.toolTip()) == tips


def event(rows: int, doing: str = "measure", **changes: Any) -> Tuning:
    view = TuneView("torch", "cpu", ROWS[:rows])
    made = Tuning(view, doing, {"run_mode": "xla"}, 0.25, 0.75, 10.0, 20.0)
    return replace(made, **changes)


def test_that_rows_arrive_while_it_goes_and_only_the_end_offers_to_take_one(card: TuningCard) -> None:
    card.begin("PyTorch on CPU")
    assert not card.isHidden()
    assert card.table.isHidden()
    for rows in (1, 2, 4):
        card.show_event(event(rows))
        assert len(card.table.model.rows) == rows
        assert not card.table.isHidden()
    assert card.take.isHidden()
    assert card.summary.isHidden()
    card.end()
    card.show_view(VIEW)
    assert card.progress.isHidden()
    assert not card.take.isHidden()
    assert not card.summary.isHidden()


def test_that_what_had_no_time_can_be_measured_with_more(card: TuningCard, qtbot: QtBot) -> None:
    assert card.longer.isHidden()
    late = TuneRow("batch_size", {"batch_size": 64}, code="tune_no_time", facts={"seconds": 3})
    card.show_view(TuneView("jax", "cpu", (*ROWS, late), CHOSEN, 1.0, 2.0))
    assert not card.longer.isHidden()
    assert [str(cell) for cell in card.table.model.rows[-1][:2]] == ["batches of 64", "no time"]
    with qtbot.waitSignal(card.longer_requested):
        card.longer.click()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_that_the_bar_moves_on_while_a_compiler_says_nothing(qtbot: QtBot) -> None:
    clock = Clock()
    progress = TuneProgress(clock=clock)
    qtbot.addWidget(progress)
    progress.begin()
    progress.show_event(event(0, "compile"))
    assert progress.doing.text() == "Compiling: XLA"
    shares, times = [], []
    for clock.now in (0.0, 5.0, 9.0, 60.0):
        progress.tick()
        shares.append(progress.bar.share)
        times.append(progress.time.text())
    assert shares == pytest.approx([0.25, 0.5, 0.7, 0.725])
    assert times == ["0 s of about 10 s", "5 s of about 10 s", "9 s of about 10 s", "60 s of about 10 s"]
    progress.show_event(event(0, "measure", share=0.75, next_share=0.8, left=4.0))
    assert (progress.doing.text(), progress.time.text()) == ("Measuring: XLA", "about 4 s left")
    clock.now += 3.0
    progress.tick()
    assert progress.time.text() == "nearly done"
    progress.end()


def test_that_the_way_out_is_pressed_once(qtbot: QtBot) -> None:
    progress = TuneProgress()
    qtbot.addWidget(progress)
    progress.begin()
    with qtbot.waitSignal(progress.stop_requested):
        progress.stop.click()
    progress.stopping()
    assert not progress.stop.isEnabled()
    progress.begin()
    assert progress.stop.isEnabled()
    progress.end()


def test_that_its_rows_stay_in_sight_as_they_come(qtbot: QtBot) -> None:
    area, page, card = QScrollArea(), QWidget(), TuningCard()
    above = QWidget()
    above.setFixedHeight(500)
    column = QVBoxLayout(page)
    column.addWidget(above)
    column.addWidget(card)
    column.addStretch(1)
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.resize(360, 400)
    qtbot.addWidget(area)
    area.show()
    card.begin("PyTorch on CPU")
    card.reveal()
    bar = area.verticalScrollBar()
    for rows in (1, 2, 4):
        card.show_event(event(rows))
        qtbot.waitUntil(lambda: bar.value() == min(card.y(), bar.maximum()) and bar.maximum() > 0)
        height = card.height()
        qtbot.waitUntil(
            lambda height=height: card.y() - bar.value() + height <= 420 or bar.value() == card.y()
        )
    card.end()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_every_setting_is_read_whole_in_the_room_beside_the_charts(
    qapp: QApplication, qtbot: QtBot, scale: float
) -> None:
    apply(qapp, "light", scale)
    card = TuningCard()
    qtbot.addWidget(card)
    more = (
        TuneRow(
            "way", {"run_mode": "compiled", "memory_layout": "channels_last"}, 1e5, 0.2, 4.0, True, gain=1.5
        ),
        TuneRow("chunk_steps", {"chunk_steps": 35}, 123_456.0, 0.2, 4.0, True, gain=1.9, noise=0.5),
    )
    card.show_view(
        replace(VIEW, rows=(*ROWS, *more)), "PyTorch on CPU", lambda row: "It could not be compiled."
    )
    card.setFixedWidth(side_width())
    card.show()
    view = card.table.view
    qtbot.waitUntil(lambda: view.columnWidth(0) >= view.sizeHintForColumn(0))
    assert view.horizontalScrollBar().maximum() == 0
    apply(qapp, "light")
