"""Tuning in the real window: one button, a table that stays, one step to undo, a stop."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.person import Person

pytestmark = pytest.mark.gui_e2e


def card(person: Person) -> Any:
    return person.composition.tuning._card


def test_that_a_tuning_ends_in_the_recipe_and_its_table_stays(fake_engine: None, person: Person) -> None:
    person.start_from("digits-mlp")
    bench = person.composition.bench
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 60, "the engine")
    person.go("train")
    assert card(person).isHidden()
    design = bench.design
    assert design is not None
    before = design.recipe
    person.hand.click("tune")
    person.hand.wait(lambda: person.composition.tuning.running, 20, "the tuning")
    shown = card(person)
    person.hand.wait(lambda: 0 < len(shown.table.model.rows) < 8, 20, "the first rows")
    person.hand.wait(lambda: "Compiling: hurried" in shown.progress.doing.text(), 20, "the compiler")
    assert "s of about 4 s" in shown.progress.time.text()
    person.hand.wait(lambda: not person.composition.tuning.running, 60, "its end")
    after = design.recipe
    assert (after.run_mode, after.memory_layout) == ("hurried", "channels_last")
    assert after.batch_size == before.batch_size
    assert not card(person).isHidden()
    ways = [row[0] for row in card(person).table.model.rows]
    assert any("hurried" in way for way in ways)
    assert any("batches of" in way for way in ways)
    assert "• hurried, NHWC" in ways
    assert card(person).progress.isHidden()
    bench.undo.undo()
    assert design.recipe == before
    bench.undo.redo()
    assert design.recipe == after


def test_that_a_row_can_be_taken_by_hand(fake_engine: None, person: Person) -> None:
    bench = person.composition.bench
    table = card(person).table
    key = next(key for key, row in zip(table.model.keys, table.model.rows) if "batches of 64" in row[0])
    table.select([key])
    person.hand.click("tuning_take")
    assert bench.design is not None
    assert bench.design.recipe.batch_size == 64
    bench.undo.undo()


def test_that_the_table_is_there_again_when_the_project_is_opened_anew(
    fake_engine: None, person: Person
) -> None:
    rows = list(card(person).table.model.rows)
    person.close()
    person.open()
    person.go("train")
    assert card(person).table.model.rows == rows


def tune_until_it_compiles(person: Person) -> None:
    person.hand.click("tune")
    text = card(person).progress.doing
    person.hand.wait(lambda: "Compiling" in text.text() and text.isVisible(), 30, "the compiler")


def test_that_a_tuning_that_is_discarded_changes_nothing(fake_engine: None, person: Person) -> None:
    bench = person.composition.bench
    assert bench.design is not None
    bench.edit_recipe({"run_mode": "", "memory_layout": ""})
    before, rows = bench.design.recipe, list(card(person).table.model.rows)
    tune_until_it_compiles(person)
    bench.shell.stop_discard_requested.emit()
    person.hand.wait(lambda: not person.composition.tuning.running, 20, "its end")
    assert bench.design.recipe == before
    assert card(person).table.model.rows == rows
    assert bench.shell.header.state == "idle"


def test_that_a_stop_takes_the_best_so_far_without_waiting_for_the_compiler(
    fake_engine: None, person: Person
) -> None:
    bench = person.composition.bench
    assert bench.design is not None
    tune_until_it_compiles(person)
    person.hand.click("tune_stop")
    person.hand.wait(lambda: not person.composition.tuning.running, 20, "its end")
    assert bench.design.recipe.memory_layout == "channels_last"
    assert bench.design.recipe.run_mode == ""
    assert card(person).summary.text().startswith("Stopped early")
    assert bench.shell.header.state == "idle"
    assert person.shell.message.isHidden()


def test_that_nothing_can_be_tuned_while_a_run_goes_on(fake_engine: None, person: Person) -> None:
    button = card(person).longer, person.composition.tuning._part.button  # type: ignore[union-attr]
    shell = person.composition.bench.shell
    shell.train_requested.emit()
    person.hand.wait(lambda: shell.header.state == "training", 30, "the run")
    assert [one.isEnabled() for one in button] == [False, False]
    assert {one.toolTip() for one in button} == {"A run is going on."}
    shell.stop_discard_requested.emit()
    person.hand.wait(lambda: shell.header.state == "idle", 30, "its end")
    assert [one.isEnabled() for one in button] == [True, True]
