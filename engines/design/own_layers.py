"""The layers of one's own that lie beside a design: their files, settings, shapes, and whether they may run.

Nothing here runs a file. What only its code can say, shapes and parameters, is asked of a process that is
thrown away: a question that has no answer yet is kept in ``pending``, and whoever can asks it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.own_layers import OWN, DescribeLayerJob, LayerAnswer
from engines.contract.records import to_plain
from engines.contract.spec import ParameterSpec, Setting
from engines.design import costs
from engines.design.kinds import LayerKind, SettingKind, Settings, Shape
from engines.design.names import check_name
from engines.design.own_declaration import MOST_BYTES, MOST_INPUTS, Declaration, read_declaration

FOLDER = "layers"
FILE = "file"
"""The setting that names a layer's file."""


def _asked_elsewhere(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    raise AssertionError("the shape of one's own layer comes from its file")


OWN_KIND = LayerKind(
    key=OWN,
    title="Your layer",
    family="other",
    shape=_asked_elsewhere,
    cost=costs.nothing,
    semantics="A Python file of your project, with ordinary control flow",
    inputs=(1, MOST_INPUTS),
    free=True,
)
"""The row of every layer of one's own; what a file declares comes on top of it."""


class Answers(Protocol):
    """Where answers are kept from one session to the next."""

    def recall(self, key: str) -> LayerAnswer | None:
        """Return the answer of that key, if it is known."""
        ...

    def keep(self, key: str, answer: LayerAnswer) -> None:
        """Remember an answer."""
        ...


class Remembered:
    """Answers for as long as the process lives."""

    def __init__(self) -> None:
        self._known: dict[str, LayerAnswer] = {}

    def recall(self, key: str) -> LayerAnswer | None:
        """Return the answer of that key, if it is known."""
        return self._known.get(key)

    def keep(self, key: str, answer: LayerAnswer) -> None:
        """Remember an answer."""
        self._known[key] = answer


@dataclass(frozen=True)
class LayerFile:
    """A file as it is now."""

    path: Path
    source: str
    digest: str


@dataclass(frozen=True)
class Described:
    """All that a ``LayerSpec`` holds of one's own layer."""

    settings: Mapping[str, Setting]
    shape: Shape
    parameters: tuple[ParameterSpec, ...]
    source: str
    file: str


class OwnLayers:
    """The folder ``layers`` beside a design. ``trusts`` tells whether the person trusts a file's content."""

    def __init__(
        self,
        folder: Path | None = None,
        trusts: Callable[[str], bool] = lambda digest: False,
        answers: Answers | None = None,
    ) -> None:
        self.folder = folder / FOLDER if folder else None
        self._trusts = trusts
        self._answers = answers or Remembered()
        self._read: dict[str, tuple[tuple[int, int], LayerFile]] = {}
        self.pending: dict[str, DescribeLayerJob] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The files that are there, sorted."""
        found = self.folder.glob("*.py") if self.folder else ()
        return tuple(sorted(path.name for path in found if path.is_file()))

    def file(self, name: str) -> LayerFile:
        """Read a file, or remember it where it did not change.

        Raises:
            WorkbenchError: ``OWN_LAYER_MISSING``, ``OWN_LAYER_BROKEN``, ``FILE_UNREADABLE``.
        """
        path = (self.folder or Path()) / name
        if self.folder is None or Path(name).name != name or not path.is_file():
            raise WorkbenchError(ErrorCode.OWN_LAYER_MISSING, file=name, folder=str(self.folder or ""))
        stamp = path.stat()
        mark = stamp.st_mtime_ns, stamp.st_size
        if name not in self._read or self._read[name][0] != mark:
            self._read[name] = mark, _load(path)
        return self._read[name][1]

    def declaration(self, name: str) -> Declaration:
        """Return what a file declares; raises as ``file`` does."""
        return read_declaration(self.file(name).source, name)

    def row(self, settings: Settings) -> LayerKind:
        """Return the row of a layer with these settings; of a broken file the file's name alone."""
        name = str(settings.get(FILE, ""))
        choices = tuple(sorted({*self.names, name}))
        chosen = SettingKind(
            FILE, "choice", name, "The file in the project's folder “layers”", choices=choices
        )
        try:
            declared = self.declaration(name)
        except WorkbenchError:
            return replace(OWN_KIND, settings=(chosen,))
        return replace(
            OWN_KIND,
            title=f"{declared.title} (your layer)",
            semantics=declared.about or OWN_KIND.semantics,
            settings=(chosen, *declared.settings),
            inputs=declared.inputs,
        )

    def describe(self, node: str, settings: Settings, inputs: tuple[Shape, ...]) -> Described:
        """Return shape and parameters of a layer whose inputs have these shapes.

        Raises:
            WorkbenchError: as ``file`` does; ``OWN_LAYER_UNTRUSTED``; ``OWN_LAYER_PENDING`` where the file
                has yet to be asked; what the file itself failed with; ``DESIGN_SETTING_INVALID``.
        """
        name = str(settings.get(FILE, ""))
        file, row = self.file(name), self.row(settings)
        self.declaration(name)
        chosen = {
            kind.key: kind.check(name, settings.get(kind.key, kind.default)) for kind in row.settings[1:]
        }
        if not self._trusts(file.digest):
            raise WorkbenchError(ErrorCode.OWN_LAYER_UNTRUSTED, file=name, folder=str(self.folder))
        question = DescribeLayerJob(file.source, str(file.path), chosen, inputs)
        key = _key(question)
        answer = self._answers.recall(key)
        if answer is None:
            self.pending[key] = question
            raise WorkbenchError(ErrorCode.OWN_LAYER_PENDING, file=name)
        if answer.code:
            raise WorkbenchError(ErrorCode(answer.code), answer.details, **answer.facts)
        parameters = tuple(_named(node, parameter) for parameter in answer.parameters)
        return Described(chosen, answer.shape, parameters, file.source, str(file.path))

    def learn(self, key: str, answer: LayerAnswer) -> None:
        """Take the answer to a pending question."""
        self.pending.pop(key, None)
        self._answers.keep(key, answer)


def stem_of(name: str) -> str:
    """Return what a layer of this file may be called; a plain word where the file's name is none."""
    try:
        return check_name(Path(name).stem)
    except WorkbenchError:
        return "own"


def _load(path: Path) -> LayerFile:
    content = read_bytes(path)
    facts: dict[str, Fact] = {"file": path.name, "line": 0, "text": ""}
    if len(content) > MOST_BYTES:
        why = f"it has {len(content)} bytes; a layer's file may have {MOST_BYTES}."
        raise WorkbenchError(ErrorCode.OWN_LAYER_BROKEN, **facts, why=why)
    try:
        source = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        raise WorkbenchError(ErrorCode.OWN_LAYER_BROKEN, **facts, why="UTF-8 is wanted.") from fault
    return LayerFile(path.absolute(), source, digest_of(source))


def digest_of(source: str) -> str:
    """Return what a file's content is known by."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _key(question: DescribeLayerJob) -> str:
    asked = {**to_plain(question), "file": ""}  # the answer does not depend on where the file lies
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _named(node: str, parameter: ParameterSpec) -> ParameterSpec:
    """Put the layer's name before the role, which may be whatever a layer may be called."""
    return replace(parameter, name=f"{node}/{check_name(parameter.name)}")
