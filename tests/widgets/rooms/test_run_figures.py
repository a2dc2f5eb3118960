"""The figures of two runs side by side: named and written as everywhere else in the window."""

from __future__ import annotations

from dataclasses import fields

import pytest

from engines.contract.spec import Recipe
from widgets.rooms.run_figures import figure_text, figure_title


@pytest.mark.parametrize(
    ("name", "value", "title", "text"),
    [
        ("samples_per_second", 1349.98, "Samples a second", "1,350"),
        ("peak_memory_bytes", 198692864.0, "Most memory", "199 MB"),
        ("seconds", 16.5927, "Training time", "16.6 s"),
        ("seconds", 615.0, "Training time", "10:15"),
        ("test_accuracy", 0.98611111, "Test accuracy", "98.6%"),
        ("test_f1", 0.98880, "Test F1", "98.9%"),
        ("best_validation_loss", 0.0297086, "Best validation loss", "0.0297"),
        ("best_step", 700.0, "Best step", "700"),
        ("ended", "patience", "Ended by", "early stopping"),
        ("learning_rate", 0.0003, "Learning rate", "3e-4"),
        ("batch_size", 32, "Batch size", "32"),
        ("optimizer", "sgd", "Optimizer", "SGD, momentum"),
        ("run_mode", "", "Run mode", "Engine’s own"),
        ("layers", (1, 2, 3), "Layers", "3 layers"),
        ("test_mae", None, "Test mean absolute error", "–"),
    ],
)
def test_that_a_figure_reads_as_in_its_own_room(name: str, value: object, title: str, text: str) -> None:
    assert (figure_title(name), figure_text(name, value)) == (title, text)


def test_that_no_setting_of_a_recipe_is_shown_by_its_key() -> None:
    recipe = Recipe()
    for field in fields(recipe):
        words = figure_title(field.name), figure_text(field.name, getattr(recipe, field.name))
        assert all("_" not in word for word in words), words
