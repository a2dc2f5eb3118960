"""The tuning's card: what its cells say, what can be taken, and how far it is."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engines.contract.views import TuneRow, TuneView
from widgets.tuning.card import TunePart, TuningCard
from widgets.tuning.words import summary_text, way_text

ROWS = (
    TuneRow("threads", {"threads": 1}, 20_000.0, 0.1, 0.2, True),
    TuneRow("way", {"run_mode": "xla", "memory_layout": "channels_last"}, 50_000.0, 0.2, 4.0, True),
    TuneRow("way", {"run_mode": "compiled"}, code="compile_failed", facts={"why": "no"}),
    TuneRow("batch_size", {"batch_size": 1024}, 90_000.0),
)
VIEW = TuneView("torch", "cpu", ROWS, {"threads": 1}, 20_000.0, 50_000.0)


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
        "compiled: not here",
        "batches of 1,024",
    ]
    assert "50,000 ± 10%" in card.table.csv()
    assert card.subtitle.text() == "PyTorch on CPU"
    assert card.note.text().startswith("It could not be compiled. Another batch size changes")
    assert card.summary.text() == (
        "20,000 → 50,000 samples/s: 2.50 times as fast. Taken: 1 thread, XLA, NHWC."
    )


def test_that_a_gain_within_the_noise_is_called_none() -> None:
    assert summary_text(TuneView("a", "cpu", before=100.0, after=101.0)).endswith("as fast as before.")
    assert summary_text(TuneView("a", "cpu")) == ""


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


def test_that_the_button_gives_way_to_progress_and_a_stop(qtbot: QtBot) -> None:
    part = TunePart()
    qtbot.addWidget(part)
    part.show()
    assert part.button.isVisible()
    part.set_going(going=True)
    part.set_share(0.5)
    assert not part.button.isVisible()
    assert part.bar.share == 0.5
    with qtbot.waitSignal(part.stop_requested):
        part.stop.click()
    part.set_going(going=False)
    assert part.button.isVisible()
