"""A broken or hostile file is refused in one way, and nothing outside its folder is read."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.graph import onnx_file
from engines.graph.layout import lay_out
from engines.graph.onnx_file import load_model, save_model
from engines.graph.read_onnx import graph_view, read_onnx
from tests.graph.models import conv_chain, dense


def refused(path: Path) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        load_model(path)
    return caught.value


def test_that_what_is_saved_is_read_back(tmp_path: Path) -> None:
    save_model(dense(), tmp_path / "m.onnx")
    assert load_model(tmp_path / "m.onnx") == dense()
    assert [file.name for file in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x0a", b"\xff" * 200, b"PK\x03\x04" + b"\0" * 50])
def test_that_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    assert refused(tmp_path / "m.onnx").code is ErrorCode.MODEL_BROKEN


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path / "no.onnx")
    assert error.code is ErrorCode.FILE_MISSING
    assert error.facts["path"] == str(tmp_path / "no.onnx")


def test_that_an_invalid_graph_is_refused_with_the_checkers_words(tmp_path: Path) -> None:
    model = dense()
    del model.graph.node[1]
    save_model(model, tmp_path / "m.onnx")
    error = refused(tmp_path / "m.onnx")
    assert error.code is ErrorCode.MODEL_BROKEN
    assert error.facts["why"]


def test_that_a_tensor_that_claims_a_planet_is_refused(tmp_path: Path) -> None:
    model = dense()
    model.graph.initializer[0].dims[:] = [1 << 40, 1 << 40]
    save_model(model, tmp_path / "m.onnx")
    assert refused(tmp_path / "m.onnx").code is ErrorCode.MODEL_TOO_LARGE
    model.graph.initializer[0].dims[:] = [-1, 8]
    save_model(model, tmp_path / "m.onnx")
    assert refused(tmp_path / "m.onnx").code is ErrorCode.MODEL_BROKEN


def test_that_a_file_over_the_limit_is_not_even_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(dense(), tmp_path / "m.onnx")
    monkeypatch.setattr(onnx_file, "MAX_BYTES", 100)
    monkeypatch.setattr(onnx, "load_model", None)
    assert refused(tmp_path / "m.onnx").code is ErrorCode.MODEL_TOO_LARGE


def external(tmp_path: Path, location: str) -> Path:
    """A model in ``tmp_path/model`` whose weight lies at ``location``."""
    folder = tmp_path / "model"
    folder.mkdir()
    model = dense()
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 8])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    model.graph.initializer[0].CopyFrom(tensor)
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return folder


WEIGHT = np.arange(24, dtype=np.float32).reshape(3, 8)


def test_that_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    folder = external(tmp_path, "w.bin")
    (folder / "w.bin").write_bytes(WEIGHT.tobytes())
    model = load_model(folder / "m.onnx")
    assert np.array_equal(numpy_helper.to_array(model.graph.initializer[0]), WEIGHT)


@pytest.mark.parametrize(
    "location", ["../secret", "sub/../../secret", "..\\secret", "C:\\secret", "/etc/hostname", "", "a\0b"]
)
def test_that_weights_outside_the_folder_are_never_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    error = refused(external(tmp_path, location) / "m.onnx")
    assert error.code in (ErrorCode.EXTERNAL_DATA_REFUSED, ErrorCode.MODEL_BROKEN)


def test_that_missing_weights_are_named(tmp_path: Path) -> None:
    error = refused(external(tmp_path, "w.bin") / "m.onnx")
    assert error.code is ErrorCode.EXTERNAL_DATA_REFUSED
    assert (error.facts["file"], error.facts["why"]) == ("w.bin", "missing")


def test_that_links_are_no_weights(tmp_path: Path) -> None:
    folder = external(tmp_path, "w.bin")
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    try:
        os.link(tmp_path / "secret", folder / "w.bin")
    except OSError:
        pytest.skip("this file system has no hard links")
    assert refused(folder / "m.onnx").facts["why"] == "not_a_plain_file"
    (folder / "w.bin").unlink()
    try:
        (folder / "w.bin").symlink_to(tmp_path / "secret")
    except OSError:
        pytest.skip("no right to make symbolic links")
    assert refused(folder / "m.onnx").facts["why"] == "not_a_plain_file"


def test_that_a_linked_folder_does_not_lead_outside(tmp_path: Path) -> None:
    folder = external(tmp_path, "sub/w.bin")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "w.bin").write_bytes(WEIGHT.tobytes())
    try:
        (folder / "sub").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("no right to make symbolic links")
    assert refused(folder / "m.onnx").facts["why"] == "outside"


def test_that_weights_hidden_in_a_branch_are_held_to_the_same_rules(tmp_path: Path) -> None:
    tensor = TensorProto(name="v", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    (tmp_path / "secret").write_bytes(b"\0" * 4)
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=tensor)],
        "inner",
        [],
        [helper.make_tensor_value_info("c", 1, [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("If", ["f"], ["y"], then_branch=inner, else_branch=inner)],
        "outer",
        [helper.make_tensor_value_info("f", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", 1, [1])],
    )
    (tmp_path / "model").mkdir()
    path = tmp_path / "model" / "m.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert refused(path).code is ErrorCode.EXTERNAL_DATA_REFUSED


@pytest.mark.parametrize("seed", range(4))
def test_that_flipped_bytes_never_raise_anything_but_our_error(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    whole = conv_chain(1).SerializeToString()
    path = tmp_path / "m.onnx"
    opened = 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(random_.choice((1, 1, 3, 20))):
            content[random_.randrange(len(content))] = random_.randrange(256)
        if random_.random() < 0.2:
            del content[random_.randrange(len(content)) :]
        path.write_bytes(content)
        with contextlib.suppress(WorkbenchError):
            assert read_onnx(path).format == "onnx"
            opened += 1
    assert opened < 150


def test_that_a_deep_nest_of_graphs_is_drawn() -> None:
    view = lay_out(graph_view(conv_chain(60), "file"))
    assert len(view.nodes) == 242
