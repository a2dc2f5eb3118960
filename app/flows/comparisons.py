"""What differs between two runs or two model files.

Each comparison ends in ``Finished`` whose summary has one entry a value, ``COLUMN.value``, and plain ones
for what is between the columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.desk import TOOLS, Desk
from app.flows.main_job import Answering
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished
from engines.contract.files import existing
from engines.contract.jobs import ReadGraphJob
from engines.contract.views import GraphView
from engines.runs.compare import compare_runs

Summary = dict[str, float | str]


def compare(desk: Desk, first: Path, second: Path) -> Answering:
    """Compare two runs or two model files; raises ``NOT_COMPARABLE`` where one is a run and one is not."""
    if first.is_dir() != second.is_dir():
        raise WorkbenchError(ErrorCode.NOT_COMPARABLE, first=str(first), second=str(second))
    if first.is_dir():
        yield Finished(run_summary(first, second))
    else:
        ours = yield from desk.ask(TOOLS, ReadGraphJob(existing(first)), GraphView)
        theirs = yield from desk.ask(TOOLS, ReadGraphJob(existing(second)), GraphView)
        yield Finished(_columns({"first": _figures(ours), "second": _figures(theirs)}))


def run_summary(first: Path, second: Path) -> Summary:
    """Return what differs between two runs, as a flat table."""
    found = compare_runs(first, second)
    pairs = (*found.settings, *found.figures)
    return {
        **_columns(
            {
                "first": {pair.name: _plain(pair.first) for pair in pairs},
                "second": {pair.name: _plain(pair.second) for pair in pairs},
            }
        ),
        "common_steps": found.common_steps,
        "first_difference": found.first_difference,
        "max_abs_difference": found.max_abs_difference,
        "max_rel_difference": found.max_rel_difference,
    }


def _figures(view: GraphView) -> Summary:
    operators = Counter(node.op for node in view.nodes if node.family != "io")
    sizes = {"nodes": operators.total(), "parameters": view.parameters, "bytes": view.bytes}
    return {"format": view.format, **sizes, **dict(sorted(operators.items()))}


def _columns(columns: Mapping[str, Summary]) -> Summary:
    return {f"{column}.{name}": value for column, values in columns.items() for name, value in values.items()}


def _plain(value: Any) -> float | str:
    if value is None:
        return ""
    return value if isinstance(value, (int, float, str)) else str(value)
