"""CSV files: encoding, separator and header are found out; every fault names its line and column."""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.files import read_bytes
from engines.data.options import Options
from engines.data.raw import Floats, Raw

SEPARATORS = (",", ";", "\t", "|")
TARGETS = ("target", "label", "class", "y")
"""Names that mark the target column where none is chosen, the surest first; else it is the last column."""

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "#n/a", "-"))
_PROBE_ROWS = 200
_NO_END = "unexpected end of data"
"""What ``csv`` says of a quote that is never closed, at the file's end; it is told where its row begins."""


@dataclass(frozen=True)
class Table:
    """Rows of text with the line that each begins at; ``columns`` are the header's names."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    comma: bool  # whether a decimal comma is possible


def read_csv(path: Path, options: Options) -> Raw:
    """Read a CSV file; raises ``WorkbenchError`` with the file's line and column."""
    table = read_table(path, options)
    target = _target_column(table, options)
    for name in options.drop:
        _column(table, name)
    kept = [
        number for number, name in enumerate(table.columns) if number != target and name not in options.drop
    ]
    if not kept:
        raise WorkbenchError(ErrorCode.DATA_COLUMNS_FEW, path=table.path, columns=", ".join(table.columns))
    return Raw(
        path=table.path,
        inputs=np.stack([_numbers(table, number) for number in kept], axis=1),
        target=_target(table, target, options.task),
        target_name=table.columns[target],
        features=tuple(table.columns[number] for number in kept),
        lines=np.array(table.lines, np.int64),
        columns=(*(number + 1 for number in kept), target + 1),
    )


def read_table(path: Path, options: Options) -> Table:
    """Read a CSV file as text."""
    text = _decode(read_bytes(path), str(path))
    separator = options.separator or _separator(text)
    records = _records(text, separator, str(path))
    if not records:
        raise WorkbenchError(ErrorCode.DATA_EMPTY, path=str(path))
    first = records[0][1]
    header = options.header == "yes" or (options.header != "no" and not any(_parses(cell) for cell in first))
    names = _names(first, header, records[0][0], str(path))
    body = records[1:] if header else records
    if not body:
        raise WorkbenchError(ErrorCode.DATA_EMPTY, path=str(path))
    for line, cells in body:
        if len(cells) != len(names):
            facts: dict[str, Fact] = {
                "path": str(path),
                "line": line,
                "have": len(cells),
                "wanted": len(names),
            }
            raise WorkbenchError(ErrorCode.DATA_RAGGED, **facts)
    rows = tuple(tuple(cells) for _, cells in body)
    return Table(str(path), names, rows, tuple(line for line, _ in body), separator != ",")


def number(cell: str, comma: bool = False) -> float | None:
    """Return a cell as a number, NaN where it is missing, ``None`` where it is text."""
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    if "_" in text:
        return None
    try:
        return float(text.replace(",", ".") if comma and "." not in text else text)
    except ValueError:
        return None


def _decode(content: bytes, path: str) -> str:
    encodings = ("utf-8-sig", "cp1252")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16", "utf-16")
    try:
        text = content.decode(encodings[0])
    except UnicodeDecodeError:
        try:
            text = content.decode(encodings[1])
        except UnicodeDecodeError as fault:
            raise WorkbenchError(ErrorCode.DATA_ENCODING, path=path, position=fault.start) from None
    if "\0" in text:
        raise WorkbenchError(ErrorCode.DATA_ENCODING, path=path, position=text.index("\0"))
    return text


def _separator(text: str) -> str:
    """Choose the separator under which most of the first rows have the same, greatest width."""

    return max(SEPARATORS, key=lambda separator: _agreement(text, separator))


def _agreement(text: str, separator: str) -> tuple[int, int]:
    """Return how many of the first rows share their commonest width above one, and that width."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        widths = Counter(len(row) for row, _ in zip(reader, range(_PROBE_ROWS)) if len(row) > 1)
    except csv.Error:
        return 0, 0
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _records(text: str, separator: str, path: str) -> list[tuple[int, list[str]]]:
    """Split into rows, each with the line it begins at; blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as fault:
        line = begins if str(fault) == _NO_END else max(reader.line_num, 1)
        facts: dict[str, Fact] = {"path": path, "line": line, "why": str(fault)}
        raise WorkbenchError(ErrorCode.DATA_BROKEN, **facts) from None
    return records


def _names(first: Sequence[str], header: bool, line: int, path: str) -> tuple[str, ...]:
    names = tuple(
        (cell.strip() if header else "") or f"column{place}" for place, cell in enumerate(first, start=1)
    )
    for place, name in enumerate(names):
        if name in names[:place]:
            facts: dict[str, Fact] = {"path": path, "line": line, "column": place + 1, "name": name}
            raise WorkbenchError(ErrorCode.DATA_HEADER_TWICE, **facts)
    return names


def _parses(cell: str) -> bool:
    value = number(cell, comma=True)
    return value is not None and not (math.isnan(value) and cell.strip() == "")


def _column(table: Table, name: str) -> int:
    if name not in table.columns:
        facts: dict[str, Fact] = {"path": table.path, "name": name, "columns": ", ".join(table.columns)}
        raise WorkbenchError(ErrorCode.DATA_COLUMN_UNKNOWN, **facts)
    return table.columns.index(name)


def _target_column(table: Table, options: Options) -> int:
    if options.target:
        return _column(table, options.target)
    names = [name.lower() for name in table.columns]
    return next((names.index(name) for name in TARGETS if name in names), len(names) - 1)


def _numbers(table: Table, column: int, code: ErrorCode = ErrorCode.DATA_VALUE_NOT_NUMERIC) -> Floats:
    values = [number(row[column], table.comma) for row in table.rows]
    for row, value in enumerate(values):
        if value is None:
            facts: dict[str, Fact] = {"path": table.path, "line": table.lines[row], "column": column + 1}
            cell = table.rows[row][column].strip()[:80]
            raise WorkbenchError(code, **facts, name=table.columns[column], value=cell)
    return np.array(values, np.float64)


def _target(table: Table, column: int, task: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Read the target as numbers where it is, as text otherwise; "" is a missing text."""
    values = [number(row[column], table.comma) for row in table.rows]
    told = [value for value in values if value is not None and not math.isnan(value)]
    mostly = len(told) * 2 > len(values) and len(set(told)) > 20
    if task == "regression" or None not in values or (not task and mostly):
        return _numbers(table, column, ErrorCode.DATA_TARGET_NOT_NUMERIC)
    cells = [row[column].strip() for row in table.rows]
    return np.array(["" if cell.lower() in MISSING else cell for cell in cells], np.str_)
