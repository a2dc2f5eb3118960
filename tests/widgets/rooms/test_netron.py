"""The Netron tab, in a process of its own: what it draws is the model, and nothing leaves the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from pytestqt.qtbot import QtBot

from widgets.look.tokens import DARK
from widgets.netron_view import NetronPage

pytestmark = pytest.mark.commands


def write_model(path: Path) -> int:
    """Write a chain of operations with a branch; return how many nodes it has."""
    value = helper.make_tensor_value_info
    slope = onnx.numpy_helper.from_array(np.ones(4, np.float32), "slope")
    nodes = [helper.make_node("PRelu", ["x", "slope"], ["t0"], name="prelu0")]
    nodes += [helper.make_node("Tanh", [f"t{i}"], [f"t{i + 1}"], name=f"tanh{i}") for i in range(10)]
    nodes.append(helper.make_node("Add", ["t10", "t0"], ["y"], name="add"))
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, ["batch", 4])],
        [value("y", TensorProto.FLOAT, ["batch", 4])],
        [slope],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return len(nodes)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("netron") / "model.onnx"
    nodes = write_model(path)
    command = [sys.executable, "-m", "tests.widgets.rooms.netron_probe", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told | {"wanted": nodes, "stderr": done.stderr}


def test_that_netron_draws_as_many_nodes_as_the_model_has(seen: dict[str, Any]) -> None:
    assert seen["nodes"] == seen["wanted"] == 12


def test_that_every_request_stays_on_the_servers_own_loopback_origin(seen: dict[str, Any]) -> None:
    assert len(seen["own"]) > 5
    origins = {urlsplit(url).netloc for url in seen["own"] if not url.startswith(("data:", "blob:"))}
    assert len(origins) == 1
    assert origins.pop().startswith("127.0.0.1:")
    assert seen["blocked_before"] == []  # Netron did not even try


def test_that_there_is_no_question_about_consent(seen: dict[str, Any]) -> None:
    assert seen["shown"] == "default"
    assert seen["message"] == ""
    assert "consent=" in seen["cookie"]


def test_that_shapes_stand_between_brackets_that_every_font_has(seen: dict[str, Any]) -> None:
    assert "slope[4]" in seen["words"]
    assert "\u3008" not in seen["words"]


def test_that_netron_is_dark_where_the_window_is(seen: dict[str, Any]) -> None:
    channels = (int(DARK.surface[place : place + 2], 16) for place in (1, 3, 5))
    assert seen["ground"] == f"rgb({', '.join(map(str, channels))})"
    assert seen["scheme"] == "dark"


def test_that_a_page_that_tries_to_reach_elsewhere_is_stopped_and_written_down(seen: dict[str, Any]) -> None:
    assert "https://example.com/pixel.png" in seen["blocked"]
    assert "http://127.0.0.1:1/other" in seen["blocked"]


def test_that_the_browser_is_let_go_in_order(seen: dict[str, Any]) -> None:
    assert "still not deleted" not in seen["stderr"]
    assert seen["address"] == "shut"


def test_that_the_page_needs_no_browser_before_there_is_an_address(qtbot: QtBot) -> None:
    page = NetronPage()
    qtbot.addWidget(page)
    counts: list[int] = []
    page.node_count(counts.append)
    assert counts == [0]
    assert page.requests() == []
    assert "PySide6.QtWebEngineCore" not in sys.modules
