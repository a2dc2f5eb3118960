"""A recipe changed by text: ``epochs=20``, as the command line gives it."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from typing import Any

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe
from engines.training.recipes import check_recipe


def setting_names() -> tuple[str, ...]:
    """Return every setting of a recipe that a person may change, in the recipe's order."""
    return tuple(field.name for field in dataclasses.fields(Recipe) if field.name != "version")


def apply_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """Return ``recipe`` with every ``key=value`` applied, in order, and checked as a whole.

    Raises:
        WorkbenchError: ``SETTING_UNKNOWN`` with the list and the nearest, ``SETTING_INVALID`` where a value
            is of the wrong type, ``RECIPE_INVALID`` where the recipe cannot be followed.
    """
    changed = dataclasses.replace(recipe, **dict(_parse(text) for text in settings))
    check_recipe(changed)
    return changed


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that ``word`` may have been meant for, "" where none is much like it."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def _parse(text: str) -> tuple[str, Any]:
    key, equals, value = (part.strip() for part in text.partition("="))
    known = setting_names()
    if key not in known:
        raise WorkbenchError(
            ErrorCode.SETTING_UNKNOWN, setting=key, known=", ".join(known), nearest=nearest(key, known)
        )
    wanted, read = _READERS[type(getattr(Recipe(), key))]
    try:
        return key, read(value)
    except ValueError:
        facts = {"setting": key, "value": value if equals else text, "wanted": wanted}
        raise WorkbenchError(ErrorCode.SETTING_INVALID, **facts) from None


def _word(text: str) -> str:
    if not text:
        raise ValueError("empty")
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


_READERS: dict[type, tuple[str, Callable[[str], Any]]] = {
    int: ("a whole number", int),
    float: ("a number", float),
    str: ("a word", _word),
    tuple: ("words with commas between them", _words),
}
