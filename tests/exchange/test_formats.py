"""Any file is named by its content; what cannot be opened is never run."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Finished, Stopped
from engines.contract.jobs import ReadGraphJob
from engines.exchange.foreign import FOREIGN
from engines.exchange.formats import FORMATS, identify, open_graph
from engines.exchange.jobs import read_graph
from engines.training.control import ControlFlags
from tests.graph.models import dense

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "resources" / "templates" / "digits-cnn.json"


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return buffer.getvalue()


def safetensors(arrays: dict[str, np.ndarray]) -> bytes:
    """Written by the format's own library, which the reader does not use."""
    from safetensors.numpy import save

    return bytes(save(arrays))


LEGACY = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickle.dumps(1001, protocol=2)
FILES = {
    "torch": archive("model/data.pkl", "model/data/0", "model/version"),
    "torchscript": archive("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"),
    "torch_export": archive("m/archive_format", "m/data/weights/w", "m/models/model.json"),
    "keras": archive("metadata.json", "config.json", "model.weights.h5"),
    "hdf5": b"\x89HDF\r\n\x1a\n" + b"\0" * 64,
    "tflite": b"\x1c\0\0\0TFL3" + b"\0" * 64,
    "gguf": b"GGUF\x03\0\0\0",
    "ort": b"\x1c\0\0\0ORTM" + b"\0" * 64,
    "mxnet": struct.pack("<QQ", 0x112, 0) + b"\0" * 16,
    "pickle": pickle.dumps({"a": [1, 2]}),
    "onnx": dense().SerializeToString(),
    "safetensors": safetensors({"a.weight": np.ones((2, 3), np.float32)}),
    "design": TEMPLATE.read_bytes(),
}


@pytest.mark.parametrize("key", FILES)
def test_that_a_file_is_named_by_its_content_whatever_it_is_called(tmp_path: Path, key: str) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(FILES[key])
    facts = identify(path)
    assert facts.key == key
    assert facts.bytes == len(FILES[key])
    assert facts.opens == (key in {row.key for row in FORMATS})
    assert bool(facts.missing) != facts.opens


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, (1, 2), "text", 7, 1 << 70, Path])
def test_that_pickles_of_every_protocol_are_seen(tmp_path: Path, protocol: int, content: object) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps(content, protocol=protocol))
    assert identify(tmp_path / "m").key == "pickle"
    assert identify(tmp_path / "m").runs_code


def test_that_old_checkpoints_of_pytorch_are_no_mere_pickles(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(LEGACY)
    assert identify(tmp_path / "m.pt").key == "torch"


def test_that_a_saved_model_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    assert identify(tmp_path).key == "saved_model"
    assert identify(tmp_path / "saved_model.pb").key == "saved_model"


@pytest.mark.parametrize("key", sorted({row.key for row in FOREIGN} - {"saved_model"}))
def test_that_what_cannot_be_opened_says_what_it_is_and_what_is_missing(tmp_path: Path, key: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(FILES[key])
    with pytest.raises(WorkbenchError) as caught:
        open_graph(path)
    assert caught.value.code is ErrorCode.UNSUPPORTED_FORMAT
    assert caught.value.facts["format"]
    assert caught.value.facts["missing"]


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_that_no_code_in_a_file_is_ever_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bomb = pickle.dumps(Bomb())
    contents = {
        "a.pkl": bomb,
        "b.pt": archive("m/data.pkl"),
        "c.safetensors": struct.pack("<Q", len(bomb)) + bomb,
        "d.onnx": bomb,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WorkbenchError):
            open_graph(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


def test_that_a_missing_and_an_unknown_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("sun\n")
    for name, code in (("nothing", ErrorCode.FILE_MISSING), ("holiday.txt", ErrorCode.FORMAT_UNKNOWN)):
        with pytest.raises(WorkbenchError) as caught:
            identify(tmp_path / name)
        assert caught.value.code is code


def test_that_looking_at_a_file_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from engines.exchange.formats import identify;"
        f"identify(Path({str(TEMPLATE)!r}));"
        "print(sorted({'onnx','onnxruntime','igraph','torch','google'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_a_design_is_shown_as_the_graph_of_its_layers() -> None:
    view = open_graph(TEMPLATE)
    written = json.loads(TEMPLATE.read_text())
    assert view.format == "design"
    assert [node.id for node in view.nodes] == [node["name"] for node in written["nodes"]]
    assert {(edge.source, edge.target) for edge in view.edges} == {
        (source, node["name"]) for node in written["nodes"] for source in node["inputs"]
    }
    assert view.parameters > 1000
    assert not view.notes
    assert view.outputs[0].shape == ("batch", "10")


def test_that_a_design_that_does_not_fit_is_shown_with_a_note(tmp_path: Path) -> None:
    written = json.loads(TEMPLATE.read_text())
    written["nodes"] = [node for node in written["nodes"] if node["kind"] != "input"]
    names = {node["name"] for node in written["nodes"]}
    for node in written["nodes"]:
        node["inputs"] = [source for source in node["inputs"] if source in names]
    (tmp_path / "d.json").write_text(json.dumps(written))
    assert open_graph(tmp_path / "d.json").notes


def test_that_a_project_shows_the_design_worked_on_last(tmp_path: Path) -> None:
    (tmp_path / "designs").mkdir()
    for name in ("digits-cnn", "diabetes"):
        content = (TEMPLATE.parent / f"{name}.json").read_bytes()
        (tmp_path / "designs" / f"{name}.json").write_bytes(content)
    (tmp_path / "project.toml").write_text('name = "Mine"\ndesign = "digits-cnn"\n')
    for path in (tmp_path, tmp_path / "project.toml"):
        assert identify(path).key == "project"
        view = open_graph(path)
        assert (view.format, view.facts["project"], view.facts["designs"]) == (
            "project", "Mine", "diabetes, digits-cnn"
        )  # fmt: skip
        assert len(view.nodes) > 8
    (tmp_path / "project.toml").write_text("name = [")
    with pytest.raises(WorkbenchError) as caught:
        open_graph(tmp_path)
    assert caught.value.code is ErrorCode.PROJECT_UNREADABLE


def test_that_a_project_without_a_design_says_so(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text('name = "Empty"\n')
    with pytest.raises(WorkbenchError) as caught:
        open_graph(tmp_path)
    assert caught.value.code is ErrorCode.DESIGN_NOT_IN_PROJECT


def test_that_weights_are_shown_by_module_with_their_statistics(tmp_path: Path) -> None:
    arrays = {
        "enc.one.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "enc.one.bias": np.array([0, 0, 3], np.float64),
        "enc.two.steps": np.array([4, 5], np.int64),
        "flag": np.array([True, False]),
    }
    (tmp_path / "w.safetensors").write_bytes(safetensors(arrays))
    view = open_graph(tmp_path / "w.safetensors")
    shown = {weight.name: weight for node in view.nodes for weight in node.weights}
    assert {node.id for node in view.nodes} == {"enc.one", "enc.two", "flag"}
    assert next(node.scope for node in view.nodes if node.id == "enc.one") == ("enc",)
    assert view.parameters == 6 + 3 + 2 + 2
    for name, array in arrays.items():
        assert shown[name].shape == array.shape
        assert shown[name].bytes == array.nbytes
        assert shown[name].mean == pytest.approx(array.astype(np.float64).mean())
        assert shown[name].zeros == np.mean(array == 0)


def test_that_bfloat16_is_widened_and_float8_has_no_statistics(tmp_path: Path) -> None:
    header = {
        "a.b": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
        "a.f": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [4, 6]},
    }
    text = json.dumps(header).encode()
    numbers = np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16
    content = struct.pack("<Q", len(text)) + text + numbers.astype("<u2").tobytes() + b"\x38\x40"
    (tmp_path / "w").write_bytes(content)
    weights = open_graph(tmp_path / "w").nodes[0].weights
    assert (weights[0].minimum, weights[0].maximum) == (-2.0, 1.5)
    assert np.isnan(weights[1].mean)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},
        {
            "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        },
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2]}},
        {"a": 7},
        {"a": {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]}},
        {"__metadata__": 3, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
    ],
)  # fmt: skip
def test_that_a_header_that_lies_is_refused(tmp_path: Path, header: dict[str, object]) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 8)
    with pytest.raises(WorkbenchError) as caught:
        open_graph(tmp_path / "w.safetensors")
    assert caught.value.code is ErrorCode.FILE_DAMAGED


@given(st.binary(max_size=300))
def test_that_any_bytes_are_named_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        assert identify(path).key
    except WorkbenchError as error:
        assert error.code is ErrorCode.FORMAT_UNKNOWN  # noqa: PT017


@pytest.mark.parametrize("key", sorted(FILES))
def test_that_flipped_bytes_never_raise_anything_but_our_error(tmp_path: Path, key: str) -> None:
    random_, path = random.Random(key), tmp_path / f"m.{key}"
    for _ in range(60):
        content = bytearray(FILES[key])
        for _ in range(random_.choice((1, 2, 8))):
            content[random_.randrange(len(content))] = random_.randrange(256)
        path.write_bytes(content[: random_.choice((len(content), random_.randrange(1, len(content))))])
        try:
            view = open_graph(path)
        except WorkbenchError:
            continue
        assert view.nodes or key == "design"


def test_that_the_job_obeys_a_stop() -> None:
    flags = ControlFlags()
    flags.stop(keep=True)
    assert [*read_graph(ReadGraphJob(str(TEMPLATE)), flags)] == [Stopped(step=0, kept=False)]


def test_that_the_job_opens_what_opens(tmp_path: Path) -> None:
    events = list(read_graph(ReadGraphJob(str(TEMPLATE)), ControlFlags()))
    assert isinstance(events[-1], Finished)
    assert isinstance(events[-2], Answer)
    (tmp_path / "m.pt").write_bytes(FILES["torch"])
    with pytest.raises(WorkbenchError):
        list(read_graph(ReadGraphJob(str(tmp_path / "m.pt")), ControlFlags()))
