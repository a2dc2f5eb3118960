"""``--set key=value``: typed by the recipe's fields, refused with the list and the nearest match."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recipe_settings import apply_settings, nearest, setting_names
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe


def refused(text: str) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        apply_settings(Recipe(), [text])
    return caught.value


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("epochs=20", "epochs", 20),
        (" batch_size = 64 ", "batch_size", 64),
        ("learning_rate=3e-4", "learning_rate", 3e-4),
        ("optimizer=adamw", "optimizer", "adamw"),
        ("metrics=accuracy, f1", "metrics", ("accuracy", "f1")),
        ("monitor=validation_accuracy", "monitor", "validation_accuracy"),
        ("weight_decay=0", "weight_decay", 0.0),
    ],
)
def test_that_a_setting_is_read_as_its_field_wants(text: str, name: str, value: object) -> None:
    recipe = apply_settings(Recipe(), [text])
    assert getattr(recipe, name) == value
    assert dataclasses.replace(recipe, **{name: getattr(Recipe(), name)}) == Recipe()


def test_that_the_last_of_two_values_counts_and_others_stay() -> None:
    recipe = apply_settings(Recipe(seed=7), ["epochs=3", "epochs=5"])
    assert (recipe.epochs, recipe.seed) == (5, 7)


def test_that_an_unknown_setting_names_the_list_and_the_nearest() -> None:
    error = refused("epoch=3")
    assert error.code is ErrorCode.SETTING_UNKNOWN
    assert error.facts["nearest"] == "epochs"
    assert "learning_rate" in str(error.facts["known"])


@pytest.mark.parametrize("text", ["epochs", "epochs=", "epochs=many", "epochs=2.5", "beta1=x", "loss="])
def test_that_a_value_of_the_wrong_type_is_refused_with_what_is_wanted(text: str) -> None:
    error = refused(text)
    assert error.code is ErrorCode.SETTING_INVALID
    assert error.facts["setting"] == text.partition("=")[0]
    assert error.facts["wanted"]


@pytest.mark.parametrize(
    "text",
    [
        "epochs=0",
        "batch_size=-1",
        "learning_rate=0",
        "learning_rate=nan",
        "learning_rate=inf",
        "beta1=1",
        "loss=hinge",
        "metrics=accuracy,charm",
        "monitor=train_loss",
    ],
)
def test_that_a_value_out_of_range_is_refused_with_what_is_wanted(text: str) -> None:
    error = refused(text)
    assert error.code is ErrorCode.RECIPE_INVALID
    assert error.facts["setting"] == text.partition("=")[0]
    assert error.facts["wanted"]


def test_that_settings_which_only_fit_together_are_checked_together() -> None:
    recipe = apply_settings(Recipe(), ["loss=huber", "metrics=mae,r2", "monitor=validation_mae"])
    assert (recipe.loss, recipe.metrics) == ("huber", ("mae", "r2"))
    assert refused("loss=huber").code is ErrorCode.RECIPE_INVALID


def test_that_the_version_is_no_setting() -> None:
    assert refused("version=2").code is ErrorCode.SETTING_UNKNOWN


@given(st.sampled_from(setting_names()), st.text())
def test_that_any_text_gives_a_recipe_or_a_named_fault(name: str, value: str) -> None:
    recipe = None
    with contextlib.suppress(WorkbenchError):
        recipe = apply_settings(Recipe(), [f"{name}={value}"])
    if recipe is None:
        refused_as = refused(f"{name}={value}").code
        assert refused_as in {ErrorCode.SETTING_INVALID, ErrorCode.RECIPE_INVALID}
    else:
        assert type(getattr(recipe, name)) is type(getattr(Recipe(), name))


def test_that_nothing_is_guessed_where_nothing_is_near() -> None:
    assert nearest("alpah", ["alpha", "beta"]) == "alpha"
    assert nearest("zzz", ["alpha", "beta"]) == ""
