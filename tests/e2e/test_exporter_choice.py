"""The design's own exporter, chosen in the real window before anything was exported."""

from __future__ import annotations

import json

import onnx
import pytest

from tests.e2e.person import Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]


def test_that_the_design_writes_the_file_where_a_person_says_so(person: Person) -> None:
    person.start_from("digits-mlp")
    run = person.train(120)
    person.wait_idle()
    room = person.go("ship")
    person.hand.choose("ship_empty_exporter", 1)
    person.hand.click("ship_empty_export")
    person.hand.wait(lambda: room.proof.verdict.text == "Proven", 90, "the proof")  # type: ignore[attr-defined]
    person.hand.wait(lambda: person.hand.find("ship_export").isEnabled(), 60, "the end of the export")
    assert room.exporter.key == "design"  # type: ignore[attr-defined]
    model = onnx.load(run / "artifacts" / "model.onnx")
    assert model.producer_name == "modelwright"
    assert [node.op_type for node in model.graph.node] == ["Flatten", "Gemm", "Relu", "Gemm"]
    assert json.loads((run / "artifacts" / "proof.json").read_text())["status"] == "passed"
    person.hand.picture("exporter")


def test_that_the_engine_writes_it_again_when_it_is_chosen_back(person: Person) -> None:
    room = person.go("ship")
    person.hand.choose("ship_exporter", 0)
    person.hand.click("ship_export")
    path = person.runs()[-1] / "artifacts" / "model.onnx"
    person.hand.wait(lambda: onnx.load(path).producer_name == "pytorch", 90, "the engine's file")
    person.hand.wait(lambda: person.hand.find("ship_export").isEnabled(), 60, "the end of the export")
    assert room.proof.verdict.text == "Proven"  # type: ignore[attr-defined]
