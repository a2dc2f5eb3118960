"""Frozen records to plain JSON-like data and back, by their type hints.

``to_plain`` turns a dataclass into dictionaries, lists, numbers, strings and NumPy arrays (arrays stay
arrays: the wire carries them as buffers, JSON writers refuse them). ``from_plain`` builds the record
again, ignores unknown fields, and raises ``RECORD_MALFORMED`` naming the path of what does not fit.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import numpy as np

from engines.contract.errors import ErrorCode, WorkbenchError

Record = TypeVar("Record")


def to_plain(value: Any) -> Any:
    """Return ``value`` as plain data; a class with a ``kind`` carries it as its tag."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain: dict[str, Any] = {}
        tag: str | None = getattr(type(value), "kind", None)
        if tag is not None:
            plain["kind"] = tag
        for field in dataclasses.fields(value):
            plain[field.name] = to_plain(getattr(value, field.name))
        return plain
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[Record], data: Any) -> Record:
    """Build a record of type ``kind`` from plain ``data``.

    Raises:
        WorkbenchError: ``RECORD_MALFORMED`` with the path of the first field that does not fit.
    """
    return typing.cast("Record", _build(kind, data, getattr(kind, "__name__", "record")))


def _malformed(where: str, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.RECORD_MALFORMED, where=where, why=why)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(hint: Any, data: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _build_union(typing.get_args(hint), data, where)
    if dataclasses.is_dataclass(hint):
        return _build_record(typing.cast("type", hint), data, where)
    if origin is tuple:
        return _build_tuple(typing.get_args(hint), data, where)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _build_mapping(typing.get_args(hint)[1], data, where)
    if origin is np.ndarray:
        return _array(data, where)
    return _build_scalar(hint, data, where)


def _array(data: Any, where: str) -> Any:
    if not isinstance(data, np.ndarray):
        raise _malformed(where, "an array is wanted")
    return data


def _build_record(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise _malformed(where, f"{kind.__name__} is wanted, {type(data).__name__} is there")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in data:
            values[field.name] = _build(_hints(kind)[field.name], data[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise _malformed(f"{where}.{field.name}", "it is missing")
    return kind(**values)


def _build_union(options: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in options:
        return None
    tagged = [option for option in options if isinstance(option, type) and hasattr(option, "kind")]
    if tagged and isinstance(data, Mapping):
        for option in tagged:
            if data.get("kind") == option.kind:
                return _build(option, data, where)
        raise _malformed(where, f"its kind {data.get('kind')!r} is unknown")
    if type(data) is int and int not in options and float in options:
        return float(data)  # a whole number is one, too
    for option in options:
        if _fits(option, data):
            return _build(option, data, where)
    raise _malformed(where, f"{type(data).__name__} does not fit")


def _fits(option: Any, data: Any) -> bool:
    if option in (bool, int, float, str):
        return type(data) is option
    if typing.get_origin(option) is tuple:
        return isinstance(data, (list, tuple))
    return isinstance(data, Mapping)


def _build_tuple(options: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, (list, tuple)):
        raise _malformed(where, f"a list is wanted, {type(data).__name__} is there")
    if len(options) == 2 and options[1] is Ellipsis:
        return tuple(_build(options[0], item, f"{where}[{place}]") for place, item in enumerate(data))
    if len(options) != len(data):
        raise _malformed(where, f"{len(options)} entries are wanted, {len(data)} are there")
    return tuple(_build(option, item, f"{where}[{i}]") for i, (option, item) in enumerate(zip(options, data)))


def _build_mapping(option: Any, data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise _malformed(where, f"a table is wanted, {type(data).__name__} is there")
    return {str(key): _build(option, item, f"{where}.{key}") for key, item in data.items()}


def _build_scalar(hint: Any, data: Any, where: str) -> Any:
    if hint is Any:
        return data
    if hint is float and type(data) in (int, float):
        return float(data)
    if type(data) is not hint:
        wanted = getattr(hint, "__name__", str(hint))
        raise _malformed(where, f"{wanted} is wanted, {type(data).__name__} is there")
    return data
