"""Designs as JSON files that git can follow: fixed key order, one value a line where it matters.

A file is parsed into plain records first and built afterwards, so a bad file never half-changes anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes, write_text_atomic
from engines.contract.records import from_plain, to_plain
from engines.contract.spec import Recipe, Setting
from engines.design.document import Design

FORMAT = "modelwright-design"
VERSION = 1


@dataclass(frozen=True)
class NodeRecord:
    """One node as it stands in the file."""

    name: str
    kind: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    position: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class DesignRecord:
    """A whole design as it stands in the file."""

    format: str
    version: int
    name: str
    data: str = ""
    recipe: Recipe = field(default_factory=Recipe)
    nodes: tuple[NodeRecord, ...] = ()


def load(path: Path) -> Design:
    """Read a design.

    Raises:
        WorkbenchError: ``FILE_MISSING``, ``FILE_UNREADABLE``, ``DESIGN_FILE_BROKEN`` (line and column),
            ``DESIGN_FILE_NEWER``, ``DESIGN_FILE_MALFORMED``, or what the document refuses.
    """
    return build(parse(read_bytes(path), str(path)), str(path))


def save(design: Design, path: Path) -> None:
    """Write a design, all or nothing; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    write_text_atomic(path, to_text(design))


def to_text(design: Design) -> str:
    """Return the file's text; the same design gives the same text."""
    text = json.dumps(to_plain(_record(design)), indent=2, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[\n[^][{}]*\]", lambda found: _one_line(found[0]), text) + "\n"


def parse(content: bytes, path: str) -> dict[str, Any]:
    """Parse JSON into a table and check format and version; raises as ``load``."""
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair could not be saved again
    except json.JSONDecodeError as fault:
        raise _broken(path, fault.lineno, fault.colno, fault.msg) from None
    except UnicodeDecodeError as fault:
        before = content[: fault.start]
        column = len(before) - before.rfind(b"\n")
        raise _broken(path, before.count(b"\n") + 1, column, "UTF-8 is wanted") from None
    except (ValueError, RecursionError) as fault:
        raise _malformed(path, "JSON", str(fault)) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _malformed(path, "format", f"{FORMAT} is wanted")
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise WorkbenchError(ErrorCode.DESIGN_FILE_NEWER, path=path, version=version, supported=VERSION)
    return data


def build(data: Mapping[str, Any], path: str) -> Design:
    """Build the document from a parsed table; raises as ``load``."""
    try:
        record = from_plain(DesignRecord, data)
    except WorkbenchError as fault:
        raise _malformed(path, str(fault.facts["where"]), str(fault.facts["why"])) from None
    design = Design(record.name, record.data, record.recipe)
    for node in record.nodes:
        design.add(node.kind, node.name or " ", node.settings, node.position)
    for node in record.nodes:
        for source in node.inputs:
            design.connect(source, node.name)
    return design


def _record(design: Design) -> DesignRecord:
    nodes = tuple(
        NodeRecord(node.name, node.kind, node.settings, node.inputs, node.position)
        for node in design.nodes.values()
    )
    return DesignRecord(FORMAT, VERSION, design.name, design.data, design.recipe, nodes)


def _one_line(values: str) -> str:
    """Take the line breaks out of a list; JSON strings hold none, so no value changes."""
    return "[" + re.sub(r"\n *", " ", values[1:-1]).strip() + "]"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _broken(path: str, line: int, column: int, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DESIGN_FILE_BROKEN, path=path, line=line, column=column, why=why)


def _malformed(path: str, where: str, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DESIGN_FILE_MALFORMED, path=path, where=where, why=why)
