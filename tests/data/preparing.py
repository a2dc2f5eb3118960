"""Run the preparation as the tools host does, in the test's own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer, Event, Finished
from engines.contract.jobs import PrepareDataJob
from engines.contract.spec import DataManifest
from engines.data.prepare import run
from engines.data.prepared import PreparedData, open_prepared
from engines.training.control import ControlFlags


def events(source: str | Path, cache: Path, **options: str) -> list[Event]:
    """All events of one preparation."""
    return list(run(PrepareDataJob(str(source), str(cache), options), ControlFlags()))


def prepare(source: str | Path, cache: Path, **options: str) -> DataManifest:
    """Prepare a source and return its manifest."""
    *_, answer, last = events(source, cache, **options)
    assert isinstance(last, Finished)
    assert isinstance(answer, Answer)
    assert isinstance(answer.record, DataManifest)
    return answer.record


def prepared(source: str | Path, cache: Path, **options: str) -> PreparedData:
    """Prepare a source and open it."""
    return open_prepared(cache / prepare(source, cache, **options).digest)


def refusal(source: str | Path, cache: Path, **options: str) -> WorkbenchError:
    """The error that a source is refused with."""
    with pytest.raises(WorkbenchError) as caught:
        events(source, cache, **options)
    assert not list(cache.glob("*/manifest.json"))
    return caught.value


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """Write lines as a file."""
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def rows(count: int = 20, separator: str = ",") -> list[str]:
    """Rows ``number, its square, a word`` for a file with two classes."""
    return [separator.join((str(row), str(row * row), ("odd", "even")[row % 2 == 0])) for row in range(count)]
