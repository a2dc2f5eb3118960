"""The recipe's form: what few recipes need is folded away, what an engine lacks is grey."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from engines.contract.spec import Recipe
from engines.registry import ENGINES
from engines.training.recipes import MEMORY_LAYOUTS, PRECISIONS
from tests.widgets.shown import nameless
from widgets.controls import DropRow, DropSection, FieldRow
from widgets.look.theme import apply
from widgets.rooms import recipe_words
from widgets.rooms.recipe_form import RecipeForm

MODES = DropSection(
    "run_mode",
    "Run mode",
    (DropRow("", "Graph"), DropRow("eager", "Eager"), DropRow("xla", "XLA", reason="built without XLA")),
    "",
)


@pytest.fixture
def form(qapp: QApplication, qtbot: QtBot) -> RecipeForm:
    apply(qapp, "light")
    made = RecipeForm()
    qtbot.addWidget(made)
    made.show()
    return made


def changes_of(form: RecipeForm) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = []
    form.recipe_changed.connect(changes.append)
    return changes


def test_that_every_value_has_a_word() -> None:
    assert {key for key, _ in recipe_words.PRECISIONS} == set(PRECISIONS)
    assert {key for key, _ in recipe_words.MODES} >= {mode for row in ENGINES for mode in row.modes}
    assert {key for key, _ in recipe_words.LAYOUTS} == set(MEMORY_LAYOUTS)


def test_that_what_few_recipes_need_is_out_of_sight_until_asked_for(form: RecipeForm, qtbot: QtBot) -> None:
    assert not form.fields["clip_norm"].isVisible()
    qtbot.mouseClick(form.more, Qt.MouseButton.LeftButton)
    assert form.fields["clip_norm"].isVisible()
    qtbot.keyClick(form.more, Qt.Key.Key_Space)
    assert not form.fields["clip_norm"].isVisible()


def test_that_it_is_open_where_something_in_it_is_not_as_usual(form: RecipeForm) -> None:
    form.set_recipe(Recipe(clip_norm=1.5))
    assert form.fields["clip_norm"].isVisible()
    form.set_editable(False)
    assert form._texts["clip_norm"].isVisible()
    assert not form._texts["accumulate"].isVisible()


def test_that_clipping_parts_and_layout_are_changed_by_keys(form: RecipeForm, qtbot: QtBot) -> None:
    form.more.setChecked(True)
    changes = changes_of(form)
    clip, parts, layout = (form.fields[name] for name in ("clip_norm", "accumulate", "memory_layout"))
    assert isinstance(clip, QLineEdit)
    assert isinstance(parts, QSpinBox)
    clip.selectAll()
    qtbot.keyClicks(clip, "0.5")
    qtbot.keyClick(clip, Qt.Key.Key_Return)
    qtbot.keyClick(parts, Qt.Key.Key_Up)
    qtbot.keyClick(layout, Qt.Key.Key_End)
    qtbot.keyClick(layout, Qt.Key.Key_Return)
    assert {"clip_norm": 0.5} in changes
    assert {"accumulate": 2} in changes
    assert changes[-1] == {"memory_layout": "channels_last"}
    assert form.recipe.clip_norm == 0.5


def test_that_the_form_offers_what_the_engine_has(form: RecipeForm) -> None:
    form.set_offers([MODES])
    field = form.fields["run_mode"]
    assert isinstance(field, QComboBox)
    assert [field.itemText(place) for place in range(field.count())] == ["Graph", "Eager", "XLA"]
    model = field.model()
    assert isinstance(model, QStandardItemModel)
    assert [model.item(place).isEnabled() for place in range(3)] == [True, True, False]
    assert field.itemData(2, Qt.ItemDataRole.ToolTipRole) == "built without XLA"
    assert field.currentText() == "Graph"


def test_that_offering_is_no_change_and_keeps_the_choice(form: RecipeForm) -> None:
    form.set_recipe(Recipe(run_mode="eager"))
    changes = changes_of(form)
    form.set_offers([MODES])
    field = form.fields["run_mode"]
    assert isinstance(field, QComboBox)
    assert field.currentText() == "Eager"
    form.set_editable(False)
    assert changes == []


def test_that_every_field_has_a_name(form: RecipeForm) -> None:
    assert nameless(form) == []


def test_that_every_value_says_what_it_does(form: RecipeForm) -> None:
    rows = form.findChildren(FieldRow)
    assert rows
    assert [row.title.text() for row in rows if not row.toolTip()] == []
