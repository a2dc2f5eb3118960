from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from engines.contract.spec import Recipe
from engines.training.recipes import PRECISIONS as KNOWN
from widgets.rooms.recipe_form import PRECISIONS, RecipeForm


def test_that_every_precision_is_offered() -> None:
    assert {key for key, _ in PRECISIONS} == set(KNOWN)


def test_that_double_precision_is_chosen_by_the_keyboard(qtbot: Any) -> None:
    form = RecipeForm()
    qtbot.addWidget(form)
    form.set_recipe(Recipe())
    form.show()
    changes: list[dict[str, Any]] = []
    form.recipe_changed.connect(changes.append)
    field = form.fields["precision"]
    assert isinstance(field, QComboBox)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert changes[:1] == [{"precision": "fp64"}]
    assert form.recipe.precision == "fp64"
