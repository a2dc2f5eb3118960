"""What a layer of one's own says about itself, read from its file without running it.

The file's first class is the layer::

    class Gate:
        \"\"\"Scale every value by how large it is.\"\"\"

        settings = {"strength": 0.5, "rounds": {"default": 2, "minimum": 1, "maximum": 8, "help": "…"}}

        def output_shape(self, x): ...              # from the inputs' shapes, without the batch
        def parameters(self, x): ...                # {"weight": (3, 4)} or {"scale": ("ones", (3,))}
        def forward(self, xp, x, weights): ...      # any engine; or torch(self, x, weights), jax(…) …

``settings`` is a literal: numbers, true or false, ``("soft", "hard")`` for a choice, ``(3, 3)`` for sizes.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.kinds import SettingKind

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "mxnet")
MOST_BYTES = 256 * 1024
MOST_INPUTS = 16
_BOUND = 2**31 - 1
_SHAPES = "output_shape"


@dataclass(frozen=True)
class Declaration:
    """A layer's name, what it says of itself, its settings, its methods and how many inputs it takes."""

    title: str
    about: str
    settings: tuple[SettingKind, ...]
    methods: tuple[str, ...]
    inputs: tuple[int, int]

    @property
    def engines(self) -> tuple[str, ...]:
        """The methods that compute it: engines' names, and ``forward`` for any."""
        return tuple(name for name in self.methods if name not in (_SHAPES, "parameters"))


class _Unfit(Exception):  # noqa: N818 - never leaves this module
    """Something the file may not say, and its line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


def read_declaration(source: str, file: str) -> Declaration:
    """Read what a file declares; nothing of it runs.

    Raises:
        WorkbenchError: ``OWN_LAYER_BROKEN`` with the line and what stands there.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a text of theirs
            module = ast.parse(source, file)
        _demand_no_framework(module)
        return _declaration(module)
    except SyntaxError as fault:
        _broken(file, source, fault.lineno or 0, f"{fault.msg}.")
    except (ValueError, RecursionError, MemoryError) as fault:
        _broken(file, source, 0, f"it cannot be read as Python: {fault}.")
    except _Unfit as fault:
        _broken(file, source, fault.line, fault.why)


def _broken(file: str, source: str, line: int, why: str) -> NoReturn:
    lines = source.splitlines()
    text = lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""
    raise WorkbenchError(ErrorCode.OWN_LAYER_BROKEN, file=file, line=line, why=why, text=text)


def _demand_no_framework(module: ast.Module) -> None:
    for statement in module.body:
        names: list[str] = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            names = [statement.module or ""]
        for name in names:
            if name.partition(".")[0] in FRAMEWORKS:
                raise _Unfit(
                    statement.lineno,
                    f"import {name} inside the method that needs it: shapes are asked without any engine.",
                )


def _declaration(module: ast.Module) -> Declaration:
    kind = next((one for one in module.body if isinstance(one, ast.ClassDef)), None)
    if kind is None:
        raise _Unfit(len(module.body) and 1, "there is no class; the file's first class is the layer.")
    methods = {one.name: one for one in kind.body if isinstance(one, ast.FunctionDef)}
    if _SHAPES not in methods:
        raise _Unfit(kind.lineno, f"{kind.name} has no method output_shape(self, x).")
    found = Declaration(
        title=kind.name,
        about=ast.get_docstring(kind) or "",
        settings=tuple(_settings(kind)),
        methods=tuple(name for name in methods if not name.startswith("_")),
        inputs=_inputs(methods[_SHAPES]),
    )
    if not found.engines:
        raise _Unfit(
            kind.lineno, f"{kind.name} has no method forward(self, xp, x, weights) and none for an engine."
        )
    return found


def _inputs(method: ast.FunctionDef) -> tuple[int, int]:
    """Return how many inputs the layer takes: what ``output_shape`` takes beside ``self``."""
    given = [*method.args.posonlyargs, *method.args.args][1:]
    least = len(given) - len(method.args.defaults)
    most = MOST_INPUTS if method.args.vararg else len(given)
    if most < 1:
        raise _Unfit(method.lineno, "output_shape takes the shape of each input: output_shape(self, x).")
    return max(least, 1), most


def _settings(kind: ast.ClassDef) -> Iterator[SettingKind]:
    for value in filter(None, map(_settings_value, kind.body)):
        try:
            given = ast.literal_eval(value)
        except ValueError:
            raise _Unfit(
                value.lineno, "settings is a literal: it is read without running the file."
            ) from None
        if not isinstance(given, dict):
            raise _Unfit(value.lineno, "settings is a dict from names to values.")
        for key, default in given.items():
            yield _setting(key, default, value.lineno)


def _settings_value(statement: ast.stmt) -> ast.expr | None:
    """Return what a statement assigns to ``settings``; None where it does something else."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="settings")]) | ast.AnnAssign(target=ast.Name(id="settings")):
            return statement.value
    return None


def _setting(key: Any, given: Any, line: int) -> SettingKind:
    taken = ("file", "settings", "training", _SHAPES, "parameters", "forward")
    if not isinstance(key, str) or not key.isidentifier() or key.startswith("_") or key in taken:
        raise _Unfit(line, f"{key!r} cannot be the name of a setting.")
    more = dict(given) if isinstance(given, dict) else {}
    default: Any = more.get("default") if more else given
    text = str(more.get("help", "A setting of the file's own"))
    low, high = more.get("minimum", -_BOUND), more.get("maximum", _BOUND)
    made: SettingKind | None = None
    if isinstance(default, bool):
        made = SettingKind(key, "bool", default, text)
    elif isinstance(default, int):
        made = SettingKind(key, "int", default, text, low, high)
    elif isinstance(default, float) and math.isfinite(default):
        made = SettingKind(
            key, "float", default, text, more.get("minimum", -math.inf), more.get("maximum", math.inf)
        )
    elif _all(default, str):
        made = SettingKind(key, "choice", default[0], text, choices=tuple(default))
    elif _all(default, int):
        sizes = tuple(default)
        made = SettingKind(key, "sizes", sizes, text, more.get("minimum", 0), high, length=len(sizes))
    if made is None or not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        raise _Unfit(line, f"the setting {key} has no default that can be shown: {default!r}.")
    return made


def _all(value: Any, kind: type) -> bool:
    whole = isinstance(value, (tuple, list)) and 0 < len(value) <= 6 + 94 * (kind is str)
    return whole and all(isinstance(one, kind) and not isinstance(one, bool) for one in value)
