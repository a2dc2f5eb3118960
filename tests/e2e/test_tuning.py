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
    person.hand.wait(lambda: not person.composition.tuning.running, 60, "its end")
    after = design.recipe
    assert after.chunk_steps > 0
    assert after.batch_size == before.batch_size
    assert not card(person).isHidden()
    ways = [row[0] for row in card(person).table.model.rows]
    assert any("hurried" in way for way in ways)
    assert any("batches of" in way for way in ways)
    assert sum(way.startswith("•") for way in ways) >= 3
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


def test_that_a_tuning_is_stopped_and_changes_nothing(fake_engine: None, person: Person) -> None:
    bench = person.composition.bench
    assert bench.design is not None
    before = bench.design.recipe
    person.hand.click("tune")
    person.hand.wait(lambda: person.composition.tuning.running, 20, "the tuning")
    person.hand.click("tune_stop")
    person.hand.wait(lambda: not person.composition.tuning.running, 20, "its end")
    assert bench.design.recipe == before
    assert bench.shell.header.state == "idle"
