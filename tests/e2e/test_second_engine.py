"""A second engine in the real window: looked at when somebody asks, chosen in the header, trained with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engines.runs.verify import verify
from tests.e2e.person import Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]


def reports(person: Person) -> set[str]:
    return set(person.composition.engines.reports)


def choose(person: Person, name: str) -> None:
    button: Any = person.shell.header.engine
    next(action for action in button.menu().actions() if action.data() == name).trigger()


def test_that_another_engine_is_found_chosen_and_trained_with(person: Person) -> None:
    person.start_from("digits-mlp")
    design = person.composition.bench.design
    assert design is not None
    design.set_recipe(replace(design.recipe, threads=1, epochs=5, patience=0))
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "the engine")
    assert reports(person) == {"torch"}
    person.go("settings")
    person.hand.wait(lambda: reports(person) >= {"torch", "tensorflow"}, 120, "TensorFlow's report")
    choose(person, "tensorflow")
    assert person.shell.header.engine.text().startswith("TensorFlow 2.")
    person.go("train")
    run = person.train(120)
    person.wait_idle()
    record = person.record(run)
    assert record["engine"] == "tensorflow"
    assert record["state"] == "finished"
    assert float(record["summary"]["test_accuracy"]) > 0.8
    assert verify(run) == ()
