"""The report is one file that shows what the optimizer did and asks the network for nothing."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import onnx
import pytest

from engines.contract.views import OptimizeView, PassView
from engines.graph.layout import lay_out
from engines.graph.optimize import begin, run_passes
from engines.graph.passes import PASSES
from engines.graph.profile import before_and_after, facts_of, latencies
from engines.graph.proof import prove
from engines.graph.read_onnx import graph_view
from engines.graph.reference import answered, make_reference
from engines.graph.report import html, write_report
from tests.graph.models import conv_chain, dense


@pytest.fixture(scope="module")
def view() -> OptimizeView:
    model = conv_chain(2)
    samples = make_reference(model)
    work = begin(model, samples)
    list(run_passes(work, PASSES))
    return OptimizeView(
        source="/models/<b>bold</b>.onnx",
        target="/models/o.onnx",
        before=facts_of(model, 0.5, 0.25),
        after=facts_of(work.model),
        passes=(*work.steps, PassView("bad", "Bad", "rejected", 4, 4, 0.5, 0.1, "raised: Oops <i>")),
        proof=prove(work.model, answered(samples, model), 1e-5),
        graph_before=lay_out(graph_view(model, "m")),
        graph_after=lay_out(graph_view(work.model, "m")),
    )


class Tags(HTMLParser):
    """Collect what opens, what closes, and what points somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "rect", "polyline"):
            self.open.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src", "xlink:href")]
        self.classes += [str(value) for name, value in attrs if name == "class"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "polyline"):
            assert self.open.pop() == tag


def test_that_the_page_is_whole_and_points_nowhere(view: OptimizeView) -> None:
    page = html(view)
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert not tags.links
    assert not re.search(r"https?://|@import|url\(|<script", page)
    assert "prefers-color-scheme: dark" in page


def test_that_the_page_tells_passes_proof_and_figures(view: OptimizeView) -> None:
    page = html(view)
    assert all(row.title in page for row in PASSES)
    assert "passed" in page
    assert "256 samples" in page
    assert "0.500" in page
    assert "BatchNormalization" in page
    assert page.count("<svg") == 2


def test_that_names_cannot_become_markup(view: OptimizeView) -> None:
    page = html(view)
    assert "<b>bold" not in page
    assert "Oops <i>" not in page
    assert "Oops &lt;i&gt;" in page


def test_that_every_node_is_drawn(view: OptimizeView) -> None:
    tags = Tags()
    tags.feed(html(view))
    assert view.graph_before is not None
    assert view.graph_after is not None
    nodes = len(view.graph_before.nodes) + len(view.graph_after.nodes)
    assert sum(name.startswith("node ") for name in tags.classes) == nodes


def test_that_the_report_is_written_whole(view: OptimizeView, tmp_path: Path) -> None:
    write_report(view, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == html(view)
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]


def test_that_every_model_is_timed_with_the_runtimes_optimizer_off_and_on() -> None:
    model = conv_chain(1)
    before, after = before_and_after(model, conv_chain(1), make_reference(model), seconds=0.0)
    assert min(before.latency_plain_ms, before.latency_runtime_ms, after.latency_plain_ms) > 0
    assert math.isnan(facts_of(dense()).latency_plain_ms)
    assert facts_of(dense()).operators == {"MatMul": 2, "Add": 1, "Relu": 1}
    for on in (False, True):
        times = latencies([model, model], make_reference(model), 0.01, optimize=on)
        assert len(times) == 2
        assert all(time > 0 for time in times)


def test_that_facts_count_what_is_stored() -> None:
    facts = facts_of(dense())
    assert (facts.nodes, facts.parameters) == (4, 3 * 8 + 8 + 8 * 5)
    assert facts.bytes == len(dense().SerializeToString())
    model = onnx.ModelProto()
    assert facts_of(model).nodes == 0
