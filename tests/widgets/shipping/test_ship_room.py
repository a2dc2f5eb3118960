"""The ship room: what a person learns about a file before they rely on it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engines.contract.views import BatchProof, ExportView, ModelFacts, OptimizeView, ProofView
from tests.widgets.canvas.sheets import small_graph
from widgets.controls import FieldRow
from widgets.controls.scrolling import Scrolling
from widgets.look import theme
from widgets.look.theme import current
from widgets.look.tokens import GAP
from widgets.rooms.ship import ShipRoom
from widgets.shipping.ruler import ErrorRuler, place
from widgets.shipping.words import VERDICTS, basis, figure, share, why

EXPORT = ExportView("/runs/7/artifacts/model.onnx", "reference.npz", 153_222, 20, "torch.onnx 2.13.0")


def proof(**changes: Any) -> ProofView:
    batches = (BatchProof(1, 4e-7, 3e-8), BatchProof(17, 6e-7, 5e-8), BatchProof(360, 1.1e-6, 8.7e-8))
    passed = ProofView("passed", 360, 1.1e-6, 8.7e-8, 1e-5, 12.6, 1.0, batches)
    return dataclasses.replace(passed, **changes)


FAILED = proof(
    status="failed",
    max_abs_error=0.032,
    max_rel_error=2.5e-3,
    classes_agree=0.986,
    where="conv2",
    reason="error_above_bound",
    batches=(BatchProof(1, 0.032, 2.5e-3),),
)
EMPTY = proof(status="not_provable", reason="constant_output", max_abs_error=0.0, max_rel_error=0.0)


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> ShipRoom:
    theme.apply(qapp, "light")
    made = ShipRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show()
    return made


def test_that_the_empty_room_asks_for_an_export(room: ShipRoom, qtbot: QtBot) -> None:
    button = room.findChild(QWidget, "ship_empty_export")
    assert button.isVisible()
    with qtbot.waitSignal(room.export_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_that_without_a_trained_model_the_button_is_grey_and_says_why(room: ShipRoom) -> None:
    room.set_exportable(False, "Train a model first.")
    button = room.findChild(QWidget, "ship_empty_export")
    assert not button.isEnabled()
    assert button.toolTip() == "Train a model first."
    room.set_exportable(True)
    assert button.isEnabled()
    assert button.toolTip() == ""


def test_that_with_nothing_to_export_the_empty_room_leads_to_where_there_is(
    room: ShipRoom, qtbot: QtBot
) -> None:
    room.set_exportable(False, "Train a model first.", "Go to Train", "train")
    assert not room.findChild(QWidget, "ship_empty_export").isVisible()
    with qtbot.waitSignal(room.room_requested) as asked:
        qtbot.mouseClick(room.way, Qt.MouseButton.LeftButton)
    assert asked.args == ["train"]
    room.set_exportable(True)
    assert room.findChild(QWidget, "ship_empty_export").isVisible()
    assert not room.way.isVisible()


def test_that_a_passed_proof_shows_its_numbers_in_green(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof())
    assert room.proof.verdict.text == "Proven"
    assert room.proof.absolute.text() == "1.1e-6"
    assert room.proof.relative.text() == "8.7e-8"
    assert room.proof.classes.text() == "100%"
    assert room.proof.absolute.palette().windowText().color().name() == current().good
    assert not room.proof.message.isVisible()


def test_that_a_failed_proof_is_red_and_says_where(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(FAILED)
    assert room.proof.verdict.text == "Failed"
    assert room.proof.absolute.palette().windowText().color().name() == current().bad
    assert room.proof.classes.text() == "98.60%"
    assert room.proof.message.isVisible()
    assert "“conv2”" in room.proof.message.why.text()
    assert "Do not ship" in room.proof.message.todo.text()


def test_that_nothing_provable_is_amber_and_never_called_proven(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(EMPTY)
    assert room.proof.verdict.text == "Not provable"
    assert room.proof.absolute.palette().windowText().color().name() == current().warning
    assert "do not change with the input" in room.proof.message.why.text()


def colours_of(widget: QWidget) -> set[str]:
    picture = widget.grab().toImage()
    return {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}


@pytest.mark.parametrize(
    ("view", "colour"),
    [(proof(), "good"), (FAILED, "bad"), (EMPTY, "warning")],
    ids=lambda value: str(value)[:20],
)
def test_that_the_dots_of_the_ruler_say_what_the_verdict_says(
    room: ShipRoom, view: ProofView, colour: str
) -> None:
    room.show_proof(view)
    shown = colours_of(room.proof.ruler)
    assert {name for name in ("good", "bad", "warning") if getattr(current(), name) in shown} == {colour}


def test_that_a_new_export_takes_the_old_proof_away(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof())
    room.show_export(dataclasses.replace(EXPORT, target="/runs/8/artifacts/model.onnx"))
    assert not room.proof.verdict.isVisible()
    assert not room.proof.absolute.isVisible()
    assert not room.proof.batches.isVisible()
    assert room.proof.message.what.text() == "Not proven yet."


def test_that_every_batch_size_has_its_row(room: ShipRoom) -> None:
    room.show_proof(proof())
    assert room.proof.batches.csv().splitlines() == [
        "Batch size,Largest absolute error,Largest relative error",
        "1,4e-7,3e-8",
        "17,6e-7,5e-8",
        "360,1.1e-6,8.7e-8",
    ]


def test_that_the_numbers_of_each_batch_size_are_there_for_whoever_asks(room: ShipRoom, qtbot: QtBot) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof())
    assert not room.proof.batches.isVisible()
    qtbot.mouseClick(room.proof.each, Qt.MouseButton.LeftButton)
    assert room.proof.batches.isVisible()
    room.show_proof(FAILED)
    assert room.proof.batches.isVisible()
    room.show_export(EXPORT)
    assert not room.proof.batches.isVisible()
    assert not room.proof.each.isVisible()


def test_that_proof_use_and_files_are_seen_whole_in_the_smallest_window(room: ShipRoom) -> None:
    room.set_formats("PyTorch", ["pt2"])
    room.show_export(EXPORT)
    room.show_proof(proof())
    facts = ModelFacts(19, 150_100, 38_000, 0.16, 0.139)
    room.show_optimized(OptimizeView("m", "/o.onnx", facts, facts, (), proof()))
    graph = small_graph()
    room.show_usage(dataclasses.replace(graph, inputs=graph.nodes[0].outputs))
    QApplication.processEvents()
    assert not any(area.bar.isVisible() for area in room.findChildren(Scrolling))
    for card in (room.proof, room.usage, room.file, room.optimized, room.own):
        assert card.visibleRegion().boundingRect() == card.rect(), card.title.text()


def test_that_the_files_go_beneath_the_proof_where_the_window_is_narrow(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof())
    assert room.file.mapTo(room, QPoint()).y() == room.proof.mapTo(room, QPoint()).y()
    room.resize(800, 700)
    QApplication.processEvents()
    assert room.file.mapTo(room, QPoint()).y() > room.proof.mapTo(room, QPoint()).y() + room.proof.height()
    assert room.file.width() == room.proof.width() == 800 - 2 * GAP
    room.resize(1216, 722)
    QApplication.processEvents()
    assert room.file.width() == 320


def test_that_the_folder_of_each_file_can_be_shown(room: ShipRoom, qtbot: QtBot) -> None:
    room.show_export(EXPORT)
    facts = ModelFacts(19, 150_100, 38_000, 0.16, 0.139)
    room.show_optimized(OptimizeView("m", "/runs/7/artifacts/optimized.onnx", facts, facts, (), proof()))
    for name, path in (
        ("ship_show_file", EXPORT.target),
        ("ship_show_optimized", "/runs/7/artifacts/optimized.onnx"),
    ):
        with qtbot.waitSignal(room.folder_requested) as caught:
            qtbot.mouseClick(room.findChild(QWidget, name), Qt.MouseButton.LeftButton)
        assert caught.args == [path]


def test_that_the_optimized_file_is_held_against_the_exported_one(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    before, after = ModelFacts(34, 153_222, 38_000, 0.2, 0.142), ModelFacts(19, 102_400, 38_000, 0.16, 0.139)
    room.show_optimized(OptimizeView("m", "/o.onnx", before, after, (), proof()))
    texts = [label.text() for label in room.optimized.findChildren(QLabel)]
    assert "34 → 19" in texts
    assert "153.2 KB → 102.4 KB" in texts
    assert "Proven" in room.optimized.verdict.text


def test_that_an_older_optimized_file_goes_with_a_new_export(room: ShipRoom) -> None:
    facts = ModelFacts(19, 150_100, 38_000, 0.16, 0.139)
    room.show_export(EXPORT)
    room.show_optimized(OptimizeView("m", "/o.onnx", facts, facts, (), proof()))
    room.show_export(EXPORT)
    assert room.optimized.path == ""
    assert room.optimized.none.isVisible()


def test_that_while_it_works_the_stage_is_shown_and_the_button_waits(room: ShipRoom) -> None:
    room.show_busy("Proving", 2, 4)
    assert room.stage.text() == "Proving …"
    assert room.progress.share == 0.5
    assert not room.export_button.isEnabled()
    room.show_idle()
    assert room.export_button.isEnabled()
    assert not room.progress.isVisible()


@pytest.mark.parametrize("view", [proof(), FAILED, EMPTY], ids=["passed", "failed", "not provable"])
def test_that_everything_fits_the_smallest_window(room: ShipRoom, view: ProofView) -> None:
    facts = ModelFacts(34, 153_222, 38_000, 0.2, 0.142)
    room.show_export(EXPORT)
    room.show_proof(view)
    room.show_optimized(OptimizeView("m", "/o.onnx", facts, facts, (), proof()))
    assert room.minimumSizeHint().width() <= 1216
    assert room.minimumSizeHint().height() <= 722


def test_that_every_status_of_a_proof_has_its_word_and_colour() -> None:
    assert set(VERDICTS) == {"passed", "failed", "not_provable"}
    assert VERDICTS["not_provable"][1] == "warning"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (2.4e-7, "2.4e-7"), (1e-5, "1e-5"), (math.inf, "infinite"), (math.nan, "not a number")],
)
def test_that_errors_read_as_a_person_writes_them(value: float, text: str) -> None:
    assert figure(value) == text


@given(st.floats(0, 1, exclude_max=True))
def test_that_agreement_is_never_rounded_up_to_all(value: float) -> None:
    assert share(value) != "100%"
    assert share(value) != "100.00%"


def test_that_no_classes_are_not_called_agreeing() -> None:
    assert share(-1.0) == "–"


def test_that_the_basis_names_samples_batches_and_bound() -> None:
    words = basis(proof())
    assert "360 held-out samples" in words
    assert "1, 17 and 360" in words
    assert "1e-5" in words


def test_that_an_unknown_reason_is_still_readable() -> None:
    assert why(proof(status="failed", reason="moon_phase")) == "moon phase"


@given(st.floats(0, 1e3), st.floats(0, 1e3))
def test_that_a_larger_error_never_stands_left_of_a_smaller_one(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= place(low) <= place(high) <= 1


@pytest.mark.parametrize("error", [math.inf, math.nan])
def test_that_what_is_no_number_stands_at_the_bad_end(error: float) -> None:
    assert place(error) == 1.0


def test_that_the_ruler_says_its_numbers_aloud(qtbot: QtBot) -> None:
    ruler = ErrorRuler()
    qtbot.addWidget(ruler)
    ruler.show_errors(proof().batches, 1e-5)
    assert ruler.accessibleDescription() == (
        "batches of 1: 3e-8; batches of 17: 5e-8; batches of 360: 8.7e-8; bound 1e-5"
    )


def test_that_a_regression_says_nothing_of_classes(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof(classes_agree=-1.0))
    assert not room.proof.classes.isVisible()
    room.show_proof(proof())
    assert room.proof.classes.isVisible()


def test_that_another_run_never_shows_the_former_ones_proof(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    room.show_proof(proof())
    room.clear()
    room.show_busy("Exporting")
    assert not room.proof.verdict.isVisible()
    assert not room.proof.absolute.isVisible()
    assert room.file.path == ""
    assert room.proof.message.what.text() == "Not proven yet."


def test_that_every_fact_of_a_file_stays_whole_in_a_low_window(room: ShipRoom) -> None:
    room.show_export(EXPORT)
    facts = ModelFacts(34, 153_222, 38_000, 0.2, 0.142)
    room.show_optimized(OptimizeView("m", "/o.onnx", facts, facts, (), proof()))
    room.show_proof(proof())
    room.resize(896, 522)
    for row in room.findChildren(FieldRow):
        assert row.height() >= row.sizeHint().height()


def test_that_a_file_is_told_of_in_names_that_people_know_and_what_is_not_known_is_left_out(
    room: ShipRoom,
) -> None:
    def words() -> set[str]:
        QApplication.processEvents()
        return {label.text() for label in room.file.findChildren(QLabel) if label.isVisible()}

    room.show_export(ExportView("/x/model.onnx", "", 10, 20, "torch.onnx 2.13.0"))
    assert {"Written by", "PyTorch 2.13.0"} <= words()
    room.show_export(ExportView("/x/model.onnx", "", 10, 20, ""))
    assert "ONNX opset" in words()
    assert "Written by" not in words()
