"""What a run's engine makes of its model: the stages of its compiler, drawn, timed and compared."""

from __future__ import annotations

from pathlib import Path

from app.desk import TOOLS, Desk
from app.flows.main_job import Answering, but_answers, data_of_run, open_run
from app.plans import installed_engine, known_engine, prepared_folder
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished
from engines.contract.jobs import LayOutJob, LowerJob
from engines.contract.views import GraphView, LoweredView


def stages(desk: Desk, run: Path, checkpoint: str = "best") -> Answering:
    """Show a run's model from as it was built to as its engine runs it; answered with a ``LoweredView``.

    Raises:
        WorkbenchError: ``STAGES_NONE`` or ``ENGINE_MISSING``.
    """
    record = yield from open_run(desk, run)
    row = known_engine(record.engine)
    if not row.lowers:
        raise WorkbenchError(ErrorCode.STAGES_NONE, engine=row.title)
    row = installed_engine(row.name)
    desk.warm(row.name)
    manifest = yield from data_of_run(desk, run)
    job = LowerJob(str(run.absolute()), str(prepared_folder(manifest)), checkpoint)
    plain = yield from but_answers(desk.ask(row.name, job, LoweredView))
    view = yield from desk.ask(TOOLS, LayOutJob(plain), LoweredView)
    last = view.stages[-1]
    yield Finished(
        {
            "stages": len(view.stages),
            "nodes_before": operations(view.stages[0].graph),
            "nodes_after": operations(last.graph),
            "latency_before_ms": view.stages[0].latency_ms,
            "latency_after_ms": last.latency_ms,
            "max_abs_error": max(stage.max_abs_error for stage in view.stages),
        }
    )


def operations(graph: GraphView) -> int:
    """Count the nodes that compute, inputs and outputs left out."""
    return sum(node.family != "io" for node in graph.nodes)
