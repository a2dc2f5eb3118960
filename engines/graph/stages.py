"""The stages of an engine's compiler as a person looks at them: coloured and laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import LayOutJob
from engines.contract.views import GraphView, NodeView, StageView
from engines.graph.families import family_of_engine
from engines.graph.layout import lay_out
from engines.training.control import ControlFlags


def lay_out_stages(job: LayOutJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the view, its graphs laid out; stages: ``lay_out`` once a graph."""
    stages: list[StageView] = []
    for number, stage in enumerate(job.view.stages):
        yield Progress(stage="lay_out", done=number, total=len(job.view.stages))
        if flags.should_stop:
            yield Stopped(step=number, kept=False)
            return
        stages.append(replace(stage, graph=lay_out(_coloured(stage.graph))))
    yield Answer(replace(job.view, stages=tuple(stages)))
    yield Finished()


def _coloured(graph: GraphView) -> GraphView:
    return replace(graph, nodes=tuple(_with_family(node) for node in graph.nodes))


def _with_family(node: NodeView) -> NodeView:
    return node if node.family == "io" else replace(node, family=family_of_engine(node.op))
