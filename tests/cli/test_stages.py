"""What an engine's own compiler makes of a trained model, as ``modelwright inspect RUN`` tells it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command import modelwright

pytestmark = pytest.mark.framework

BATCH_NORMS = {"torch": "batch_norm", "tensorflow": "FusedBatchNormV3"}
"""What each engine calls the operation that its compiler takes away."""


@pytest.fixture(scope="module", params=BATCH_NORMS)
def lowered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer for a digits CNN after one epoch, its statistics no longer the first ones."""
    work: Path = tmp_path_factory.mktemp("stages")
    settings = ("--set", "epochs=1", "--set", "threads=1", "--out", work / "run", "--json")
    engine = ("--data", "digits", "--engine", request.param)
    assert modelwright(work / "home", "train", "digits-cnn", *engine, *settings).status == 0
    outcome = modelwright(work / "home", "inspect", work / "run", "--json")
    assert outcome.status == 0, outcome.err
    answers = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    return next(record for record in answers if record["kind"] == "lowered_view")


def operations(stage: dict[str, Any]) -> Counter[str]:
    return Counter(node["op"] for node in stage["graph"]["nodes"] if node["family"] != "io")


def test_that_the_compiler_takes_every_batch_norm_away(lowered: dict[str, Any]) -> None:
    name = BATCH_NORMS[lowered["engine"]]
    first, last = lowered["stages"][0], lowered["stages"][-1]
    assert operations(first)[name] == 3
    assert operations(last)[name] == 0
    assert operations(last).total() < operations(first).total()


def test_that_every_stage_answers_held_out_samples_as_the_first_does(lowered: dict[str, Any]) -> None:
    allowed = lowered["bound"] * (1 + lowered["reference_max"])
    assert lowered["samples"] == 256
    assert [stage["max_abs_error"] <= allowed for stage in lowered["stages"]].count(False) == 0
    assert lowered["stages"][-1]["max_abs_error"] > 0, "folding rounds: no difference at all means no folding"
    assert all(stage["latency_ms"] > 0 for stage in lowered["stages"])


def test_that_operations_find_their_way_back_to_the_layers_that_a_person_drew(
    lowered: dict[str, Any],
) -> None:
    drawn = {"conv1", "norm1", "relu1", "conv2", "norm2", "residual", "relu2", "pool", "conv3", "logits"}
    for stage in (lowered["stages"][0], lowered["stages"][-1]):
        nodes = stage["graph"]["nodes"]
        found = {node["layer"] for node in nodes} | {layer for node in nodes for layer in node["merged"]}
        assert drawn - {"norm1", "norm2", "norm3"} <= found


def test_that_each_graph_is_whole_and_laid_out(lowered: dict[str, Any]) -> None:
    for stage in lowered["stages"]:
        graph = stage["graph"]
        names = {node["id"] for node in graph["nodes"]}
        assert {edge[end] for edge in graph["edges"] for end in ("source", "target")} <= names
        assert [node["op"] for node in graph["nodes"]].count("Input") == 1
        assert [node["op"] for node in graph["nodes"]].count("Output") == 1
        assert len({(node["x"], node["y"]) for node in graph["nodes"]}) == len(names)
