"""The lines that say how a file is used: they run, and prepare samples as the training did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

import onnx
import onnxruntime
from onnx import TensorProto, helper
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.views import GraphView, TensorView
from widgets.look import theme
from widgets.shipping.usage import PREPARATION, UsageCard, usage_code


def graph(preparation: dict[str, str] | None, *shape: str) -> GraphView:
    facts = {} if preparation is None else {PREPARATION: json.dumps(preparation)}
    entry = TensorView("image", "float", shape or ("batch", "2"))
    return GraphView("tiny", "onnx", (), (), inputs=(entry,), facts=facts)


def write_doubler(path: Path, preparation: dict[str, str]) -> None:
    """Write a model that gives back twice the sum of each sample."""
    entry = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 2])
    end = helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["batch", 1])
    twos = helper.make_tensor("twos", TensorProto.FLOAT, [2, 1], [2.0, 2.0])
    node = helper.make_node("MatMul", ["image", "twos"], ["sum"])
    model = helper.make_model(
        helper.make_graph([node], "doubler", [entry], [end], [twos]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    helper.set_model_props(model, {PREPARATION: json.dumps(preparation)})
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("preparation", "answer"),
    [
        ({"scale": "1/16", "seed": "0"}, 2 * (3 + 5) / 16),
        ({"mean": "[1.0, 2.0]", "std": "[2.0, 0.5]", "seed": "0"}, 2 * ((3 - 1) / 2 + (5 - 2) / 0.5)),
        ({"target_mean": "[100.0]", "target_std": "[10.0]"}, 2 * (3 + 5) * 10 + 100),
        ({}, 2 * (3 + 5)),
    ],
    ids=["scaled", "standardized", "target", "plain"],
)
def test_that_the_lines_run_and_prepare_as_the_training_did(
    tmp_path: Path, preparation: dict[str, str], answer: float
) -> None:
    file = tmp_path / 'my "own" model.onnx'
    write_doubler(file, preparation)
    code = usage_code(graph(preparation), str(file)).replace("np.zeros((1, 2), np.float32)", "SAMPLES")
    room: dict[str, Any] = {"SAMPLES": np.array([[3, 5]], np.float32)}
    exec(code, room)
    assert room["answers"] == pytest.approx(np.array([[answer]]), rel=1e-6)
    assert isinstance(room["session"], onnxruntime.InferenceSession)


def test_that_the_samples_have_the_models_shape_with_one_in_the_batch() -> None:
    assert "np.zeros((1, 1, 8, 8), np.float32)" in usage_code(graph(None, "batch", "1", "8", "8"), "m.onnx")
    assert "np.zeros((1,), np.float32)" in usage_code(graph(None, "N"), "m.onnx")


def test_that_a_file_of_somebody_else_is_used_without_any_preparation() -> None:
    odd = GraphView("x", "onnx", (), (), inputs=graph(None).inputs, facts={PREPARATION: "{broken"})
    assert "json" not in usage_code(odd, "m.onnx")


def test_that_the_card_copies_its_lines_and_goes_where_no_graph_is_known(
    qapp: QApplication, qtbot: QtBot
) -> None:
    theme.apply(qapp, "light")
    card = UsageCard()
    qtbot.addWidget(card)
    card.show_graph(graph({"scale": "1/16"}))
    assert card.isVisible()
    qtbot.mouseClick(card.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == usage_code(graph({"scale": "1/16"}), "model.onnx")
    assert card.copy.text() == "Copied"
    card.show_graph(None)
    assert not card.isVisible()


def test_that_the_lines_name_the_provider_that_is_chosen(qtbot: QtBot) -> None:
    card = UsageCard()
    qtbot.addWidget(card)
    card.show_graph(graph(None), "m.onnx")
    assert "providers" not in card.code.toPlainText()
    card.show_provider("CUDAExecutionProvider")
    lines = card.code.toPlainText().splitlines()
    assert 'providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]' in lines
    assert 'session = onnxruntime.InferenceSession("m.onnx", providers=providers)' in lines
    card.show_graph(graph(None), "n.onnx")
    assert '"n.onnx", providers=' in card.code.toPlainText()
    card.show_provider("CPUExecutionProvider")
    assert 'InferenceSession("n.onnx")' in card.code.toPlainText()
