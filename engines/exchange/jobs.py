"""The exchange room's job, as the tools host runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engines.contract.events import Answer, Event, Finished, Progress
from engines.contract.jobs import ReadGraphJob
from engines.exchange.formats import open_graph
from engines.graph.onnx_jobs import Flags, stoppable


@stoppable
def read_graph(job: ReadGraphJob, flags: Flags) -> Iterator[Event]:
    """Read a file of any format that opens; answered with a ``GraphView``, laid out."""
    yield Progress(stage="read", done=0, total=1)
    yield Answer(open_graph(Path(job.path)))
    yield Finished()
