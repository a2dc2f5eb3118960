"""A recipe changed by text: ``epochs=20``, as the command line and the window's quick field give it."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from typing import Any

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe

CHOICES: dict[str, tuple[str, ...]] = {
    "loss": ("cross_entropy", "binary_cross_entropy", "mean_squared_error", "mean_absolute_error", "huber"),
    "optimizer": ("sgd", "adam", "adamw", "rmsprop"),
    "schedule": ("constant", "cosine", "step"),
    "metrics": ("accuracy", "f1", "auc", "mae", "r2"),
    "precision": ("fp32", "bf16", "fp16"),
}
"""What the settings that are words may be; an engine may offer fewer and says so."""

_LEAST: dict[str, float] = {
    "epochs": 1,
    "batch_size": 1,
    "step_epochs": 1,
    "learning_rate": 0.0,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "epsilon": 0.0,
    "step_factor": 0.0,
    "warmup_steps": 0,
    "seed": 0,
    "validate_every": 0,
    "patience": 0,
    "checkpoint_every": 0,
    "threads": 0,
    "chunk_steps": 0,
}
_BELOW_ONE = ("beta1", "beta2")
_ABOVE_ZERO = ("learning_rate", "epsilon")


def setting_names() -> tuple[str, ...]:
    """Return every setting of a recipe that a person may change, in the recipe's order."""
    return tuple(field.name for field in dataclasses.fields(Recipe) if field.name != "version")


def apply_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """Return ``recipe`` with every ``key=value`` applied, in order.

    Raises:
        WorkbenchError: ``SETTING_UNKNOWN`` with the list and the nearest, ``SETTING_INVALID``.
    """
    changes = dict(_parse(text) for text in settings)
    return dataclasses.replace(recipe, **changes)


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is most like ``word``, for “did you mean”."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.0)), "")


def _parse(text: str) -> tuple[str, Any]:
    key, equals, value = (part.strip() for part in text.partition("="))
    known = setting_names()
    if key not in known:
        raise WorkbenchError(
            ErrorCode.SETTING_UNKNOWN, setting=key, known=", ".join(known), nearest=nearest(key, known)
        )
    if not equals or not value:
        raise _invalid(key, value, "a value after the =")
    return key, _READERS[type(getattr(Recipe(), key))](key, value)


def _integer(key: str, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise _invalid(key, text, _wanted_number(key, "a whole number")) from None
    if value < _LEAST.get(key, value):
        raise _invalid(key, text, _wanted_number(key, "a whole number"))
    return value


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _invalid(key, text, _wanted_number(key, "a number")) from None
    top = 1.0 if key in _BELOW_ONE else float("inf")
    least = _LEAST.get(key, 0.0)
    if not least <= value < top or (key in _ABOVE_ZERO and value == 0.0):
        raise _invalid(key, text, _wanted_number(key, "a number"))
    return value


def _wanted_number(key: str, kind: str) -> str:
    if key in _BELOW_ONE:
        return f"{kind} from 0 to below 1"
    if key in _ABOVE_ZERO:
        return f"{kind} above 0"
    return f"{kind}, {_LEAST[key]:g} or more"


def _word(key: str, text: str) -> str:
    if key == "monitor":
        return _monitor(text)
    if text not in CHOICES[key]:
        raise _invalid(key, text, _one_of(CHOICES[key]))
    return text


def _words(key: str, text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words or any(word not in CHOICES[key] for word in words):
        raise _invalid(key, text, f"{_one_of(CHOICES[key])}, several with commas")
    return words


def _monitor(text: str) -> str:
    known = ("validation_loss", *(f"validation_{metric}" for metric in CHOICES["metrics"]))
    if text not in known:
        raise _invalid("monitor", text, _one_of(known))
    return text


def _one_of(words: Sequence[str]) -> str:
    return "one of " + ", ".join(words)


def _invalid(setting: str, value: str, wanted: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.SETTING_INVALID, setting=setting, value=value, wanted=wanted)


_READERS: dict[type, Callable[[str, str], Any]] = {int: _integer, float: _number, str: _word, tuple: _words}
