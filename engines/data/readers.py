"""The table of readers: what a source may be, and who reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import sha256_of
from engines.data.array_file import read_npy, read_npz
from engines.data.bundled import BUNDLED, read_bundled
from engines.data.csv_table import read_csv
from engines.data.options import Options
from engines.data.raw import Raw

READERS: dict[str, Callable[[Path, Options], Raw]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".npz": read_npz,
    ".npy": read_npy,
}
"""The reader of each kind of file, by the end of its name."""


def known_sources() -> tuple[str, ...]:
    """Return what a source may be: the bundled sets' names and the files' endings."""
    return (*BUNDLED, *READERS)


def read(source: str, options: Options) -> Raw:
    """Read a bundled set or a file; raises ``DATA_SOURCE_UNKNOWN`` or the reader's own errors."""
    if source in BUNDLED:
        return read_bundled(source, options)
    return _reader(source)(Path(source), options)


def content_key(source: str) -> str:
    """Return what stands for the source's content: a file's SHA-256, or a bundled set's name."""
    if source in BUNDLED:
        return hashlib.sha256(f"bundled {source}".encode()).hexdigest()
    _reader(source)
    return sha256_of(Path(source))


def _reader(source: str) -> Callable[[Path, Options], Raw]:
    reader = READERS.get(Path(source).suffix.lower())
    if reader is None:
        known = ", ".join(known_sources())
        raise WorkbenchError(ErrorCode.DATA_SOURCE_UNKNOWN, source=source, known=known)
    return reader
