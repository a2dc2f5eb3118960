"""Layout of big graphs as models have them: attention blocks with a shared mask, dense blocks, residuals.

Run: ``python -m tests.bench.layout [--nodes N]``. Prints the seconds for each graph; 2.0 is wanted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from engines.contract.views import EdgeView, GraphView, NodeView
from engines.graph.layout import lay_out

WANTED_S = 2.0


class Growing:
    """A graph that grows at its end."""

    def __init__(self) -> None:
        self.count = 0
        self.pairs: list[tuple[int, int]] = []
        self.scopes: list[tuple[str, ...]] = []

    def add(self, scope: str, *sources: int) -> int:
        """Add a node after ``sources`` and return it."""
        self.pairs += [(source, self.count) for source in sources]
        self.scopes.append((scope,) if scope else ())
        self.count += 1
        return self.count - 1

    def chain(self, scope: str, source: int, length: int) -> int:
        """Add ``length`` nodes in a row."""
        for _ in range(length):
            source = self.add(scope, source)
        return source

    def view(self) -> GraphView:
        """Return it as records."""
        nodes = tuple(
            NodeView(f"n{number}", f"n{number}", "Op", "other", scope=scope)
            for number, scope in enumerate(self.scopes)
        )
        edges = tuple(EdgeView(f"n{a}", f"n{b}", f"t{a}") for a, b in self.pairs)
        return GraphView("made", "onnx", nodes, edges)


def transformer(nodes: int) -> GraphView:
    """Attention blocks of an exporter's small operations; every block reads one mask."""
    graph = Growing()
    last, mask = graph.add(""), graph.add("")
    block = 0
    while graph.count < nodes:
        scope, start = f"block{block}", last
        query, key, value = (graph.chain(scope, start, 6) for _ in range(3))
        scores = graph.add(scope, graph.add(scope, query, key), mask)
        mixed = graph.chain(scope, graph.add(scope, graph.chain(scope, scores, 2), value), 4)
        middle = graph.add(scope, mixed, start)
        last = graph.add(scope, graph.chain(scope, middle, 9), middle)
        block += 1
    return graph.view()


def dense_net(nodes: int) -> GraphView:
    """Blocks in which each layer reads all earlier ones."""
    graph = Growing()
    last, block = graph.add(""), 0
    while graph.count < nodes:
        features = [last]
        for _ in range(12):
            joined = graph.add(f"block{block}", *features)
            features.append(graph.chain(f"block{block}", joined, 5))
        last = graph.add(f"block{block}", *features)
        block += 1
    return graph.view()


def residual(nodes: int) -> GraphView:
    """Convolution, norm, activation, twice, with a skip; a deep side way to the end."""
    graph = Growing()
    last, block, heads = graph.add(""), 0, []
    while graph.count < nodes:
        inner = graph.chain(f"block{block}", last, 5)
        last = graph.chain(f"block{block}", graph.add(f"block{block}", inner, last), 1)
        if block % 50 == 0:
            heads.append(last)
        block += 1
    graph.add("", *heads, last)
    return graph.view()


def seconds_of(work: Callable[[], object], runs: int = 3) -> float:
    """Return the median processor time (other programs do not count) of ``work``."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20_000)
    nodes = parser.parse_args().nodes
    for make in (transformer, dense_net, residual):
        view = make(nodes)
        flat = seconds_of(lambda view=view: lay_out(view))
        mark = "ok" if flat <= WANTED_S else "MISSED"
        size = f"{len(view.nodes)} nodes, {len(view.edges)} edges"
        print(f"{make.__name__}: {size}: {flat:.2f} s ({mark})")


if __name__ == "__main__":
    main()
