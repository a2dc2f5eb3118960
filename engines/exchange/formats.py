"""What kind of file is this, and who opens it: the table of formats.

``identify`` only looks at bytes; the window calls it. ``open_graph`` reads, and belongs into the tools host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.views import GraphView
from engines.exchange import design_json, onnx, project, safetensors
from engines.exchange.foreign import FOREIGN
from engines.exchange.sniff import Look


@dataclass(frozen=True)
class FormatFacts:
    """What a file is: ``opens`` whether it can be opened now, else ``missing`` names what that needs.

    ``runs_code`` says that the format can carry code which its own tools would run.
    """

    path: str
    key: str
    title: str
    opens: bool
    bytes: int
    missing: str = ""
    runs_code: bool = False


@dataclass(frozen=True)
class Format:
    """One row of what can be opened."""

    key: str
    title: str
    match: Callable[[Look], bool]
    open_graph: Callable[[Path], GraphView]


FORMATS: tuple[Format, ...] = (
    Format("project", "Modelwright project", project.match, project.open_graph),
    Format("design", "Modelwright design", design_json.match, design_json.open_graph),
    Format("safetensors", "safetensors", safetensors.match, safetensors.open_graph),
    Format("onnx", "ONNX", onnx.match, onnx.open_graph),
)
"""Every format that opens. What only a name speaks for is asked after everything whose content does."""


def identify(path: Path) -> FormatFacts:
    """Name what ``path`` is, by its content first.

    Raises:
        WorkbenchError: ``FILE_MISSING``, ``FILE_UNREADABLE`` or ``FORMAT_UNKNOWN``.
    """
    look = Look(path)
    for foreign in FOREIGN:
        if foreign.match(look):
            return FormatFacts(
                str(path), foreign.key, foreign.title, False, look.size, foreign.missing, foreign.runs_code
            )
    for row in FORMATS:
        if row.match(look):
            return FormatFacts(str(path), row.key, row.title, True, look.size)
    raise WorkbenchError(ErrorCode.FORMAT_UNKNOWN, path=str(path))


def open_graph(path: Path) -> GraphView:
    """Read ``path`` as a graph, whatever format it has.

    Raises:
        WorkbenchError: as ``identify``, ``UNSUPPORTED_FORMAT``, or what the format's reader raises.
    """
    facts = identify(path)
    if not facts.opens:
        raise WorkbenchError(
            ErrorCode.UNSUPPORTED_FORMAT, path=str(path), format=facts.title, missing=facts.missing
        )
    return next(row for row in FORMATS if row.key == facts.key).open_graph(path)
