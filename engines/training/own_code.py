"""A layer of one's own at work: its file becomes an object, and faults in it are told as the person's own.

The file's first class is the layer. Its settings stand in the object as attributes, ``training`` says
whether it trains. This is the only place that runs such a file.
"""

from __future__ import annotations

import linecache
import math
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.own_layers import DescribeLayerJob, LayerAnswer
from engines.contract.spec import GraphSpec, LayerSpec, ParameterSpec, Setting
from engines.training.control import ControlFlags
from engines.training.initial_weights import INITIALIZERS

LOADING, SHAPES, PARAMETERS = "loading it", "asking for its output shape", "asking for its parameters"
RUNNING = "computing it with {engine}"
Shape = tuple[int, ...]
_LINE = "own_line"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class OwnCode:
    """One layer's file, loaded, with its settings."""

    def __init__(self, source: str, file: str, settings: Mapping[str, Setting]) -> None:
        self._given = source, file, settings
        self._source = source
        self.name = Path(file).name
        self.place = _place(source, file)
        with self.told(LOADING):
            self.layer = self._load(source, settings)

    @classmethod
    def of(cls, layer: LayerSpec) -> OwnCode:
        """Load a design's layer."""
        return cls(layer.source, layer.file, layer.settings)

    def __deepcopy__(self, memo: dict[int, Any]) -> OwnCode:
        return OwnCode(*self._given)

    def _load(self, source: str, settings: Mapping[str, Setting]) -> Any:
        module = ModuleType(f"own_layer_{Path(self.name).stem}")
        module.__file__ = self.place
        if not Path(self.place).is_file():  # so that tracebacks and tracers find the lines all the same
            linecache.cache[self.place] = len(source), None, source.splitlines(keepends=True), self.place
        exec(compile(source, self.place, "exec"), module.__dict__)
        made = (one for one in vars(module).values() if isinstance(one, type))
        kind: Any = next(one for one in made if one.__module__ == module.__name__)
        layer = kind.__new__(kind)
        for key, value in settings.items():
            setattr(layer, key, value)
        layer.training = False
        layer.__init__()
        return layer

    def answer(
        self,
        layer: LayerSpec,
        engine: str,
        library: Any,
        inputs: tuple[Any, ...],
        weights: Mapping[str, Any],
        training: bool,
        written: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Compute the layer: ``inputs`` have their batch and the design's layout, and so has the answer.

        ``library`` is what ``forward`` gets as ``xp`` where the engine has no method of its own. ``written``
        turns a function into one that an engine's graph can hold.
        """
        with self.told(RUNNING.format(engine=engine)):
            value = self.traced(engine, library, inputs, weights, training, written)
            shape = tuple(value.shape[1:])
            if shape != layer.output_shape:
                raise ValueError(f"the answer has the shape {shape}, output_shape says {layer.output_shape}")
        return value

    def traced(
        self,
        engine: str,
        library: Any,
        inputs: tuple[Any, ...],
        weights: Mapping[str, Any],
        training: bool,
        written: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Compute as ``answer`` does, with nothing around it that a tracer would stumble over."""
        self.layer.training = training
        own = getattr(type(self.layer), engine, None)
        given = inputs if own else (library, *inputs)
        function = own or type(self.layer).forward
        return (written(function) if written else function)(self.layer, *given, weights)

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Turn a fault of the file's into ``OWN_LAYER_FAILED`` with its line and what stands there."""
        try:
            yield
        except WorkbenchError:
            raise
        except (Exception, SystemExit) as error:  # a file may not end the process that runs it, either
            details = "".join(
                traceback.format_exception(type(error), error, error.__traceback__, chain=False)
            )
            line = getattr(error, _LINE, 0) or line_in(details, self.place)
            facts: dict[str, Fact] = {"file": self.name, "line": line, "doing": doing}
            said = str(error).strip().splitlines() or ["It gave no reason."]
            why = said[-1 if said[0].startswith("in user code") else 0].strip()[:300]
            text = text_of(self._source, line)
            raise WorkbenchError(
                ErrorCode.OWN_LAYER_FAILED,
                details,
                **facts,
                what=type(error).__name__,
                why=why,
                text=text,
            ) from error


def name_line(error: BaseException, line: int) -> None:
    """Note which line of the file a fault came from, where the traceback names a rewritten one."""
    if line:
        setattr(error, _LINE, line)


def line_in(details: str, place: str) -> int:
    """Return the innermost line of a file that a traceback, or a tracer's note, names; 0 where none is."""
    found = re.findall(rf'File:? "?{re.escape(place)}"?(?:, line |:)(\d+)', details)
    return int(found[-1]) if found else 0


def text_of(source: str, line: int) -> str:
    """Return what stands in a line, "" where there is no such line."""
    lines = source.splitlines()
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""


def export_fault(spec: GraphSpec, error: BaseException, engine: str) -> WorkbenchError | None:
    """Return what to tell where an exporter stumbled inside a layer of one's own; None where it did not."""
    told = _ANSI.sub("", "".join(traceback.format_exception(type(error), error, error.__traceback__)))
    for layer in spec.own_layers:
        line = line_in(told, _place(layer.source, layer.file))
        if line:
            return export_fault_at(layer, line, error, engine)
    return None


def export_fault_at(layer: LayerSpec, line: int, error: BaseException, engine: str) -> WorkbenchError:
    """Return what to tell where an exporter stumbled over this layer; ``line`` is 0 where it is not known."""
    told = _ANSI.sub("", "".join(traceback.format_exception(type(error), error, error.__traceback__)))
    deepest = error
    while deepest.__cause__ or deepest.__context__:
        deepest = deepest.__cause__ or deepest.__context__ or deepest
    why = (_ANSI.sub("", str(deepest)).strip().splitlines() or [type(deepest).__name__])[0][:300]
    facts = {"node": layer.name, "file": Path(layer.file).name, "engine": engine, "why": why}
    text = text_of(layer.source, line) or why
    return WorkbenchError(ErrorCode.OWN_LAYER_EXPORT, told, **facts, line=line, text=text)


def lines_of(layer: LayerSpec) -> str:
    """Return the path under which the layer's lines stand in tracebacks."""
    return _place(layer.source, layer.file)


def demand_method(layer: LayerSpec, code: OwnCode, engine: str, title: str) -> None:
    """Return if the file can be computed by ``engine``; raises ``OWN_LAYER_ENGINE``."""
    if callable(getattr(code.layer, engine, None)) or callable(getattr(code.layer, "forward", None)):
        return
    ignored = ("output_shape", "parameters")
    known = [key for key in vars(type(code.layer)) if not key.startswith("_") and key not in ignored]
    methods = [key for key in known if callable(getattr(code.layer, key))]
    facts = {"node": layer.name, "file": code.name, "engine": title, "method": engine}
    raise WorkbenchError(ErrorCode.OWN_LAYER_ENGINE, **facts, known=", ".join(methods) or "no such method")


def describe(job: DescribeLayerJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the layer's shape and parameters; raises ``OWN_LAYER_FAILED``."""
    code = OwnCode(job.source, job.file, job.settings)
    with code.told(SHAPES):
        shape = _shape(code.layer.output_shape(*job.inputs))
    with code.told(PARAMETERS):
        asked = getattr(code.layer, "parameters", None)
        found = dict(asked(*job.inputs)) if asked is not None else {}
        parameters = tuple(_parameter(str(role), value) for role, value in found.items())
    yield Answer(LayerAnswer(shape, parameters))


def _parameter(role: str, value: Any) -> ParameterSpec:
    """Return the parameter that ``(3, 4)`` or ``("ones", (3, 4))`` stands for."""
    named = len(value) == 2 and isinstance(value[0], str)
    shape = _shape(value[1] if named else value)
    initializer = value[0] if named else ("glorot_uniform" if len(shape) > 1 else "zeros")
    if initializer not in INITIALIZERS:
        raise ValueError(f"{role}: the initializer {initializer!r} is none of {', '.join(INITIALIZERS)}")
    place = math.prod(shape[2:])
    fans = (shape[1] * place, shape[0] * place) if len(shape) > 1 else (0, 0)
    return ParameterSpec(role, shape, initializer, *fans)


def _shape(value: Any) -> Shape:
    sizes = tuple(value)
    if not sizes or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ValueError(f"a shape is a tuple of whole numbers above 0, without the batch, not {value!r}")
    return tuple(int(size) for size in sizes)


def _place(source: str, file: str) -> str:
    """Return the file's path where it still says the same, so that breakpoints set there are met."""
    try:
        same = Path(file).read_text(encoding="utf-8-sig") == source
    except (OSError, UnicodeDecodeError):
        same = False
    return file if same else f"<{Path(file).name} as the run has it>"
