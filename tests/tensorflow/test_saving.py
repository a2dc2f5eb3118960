"""Every design as a ``.keras`` file: Keras' own layers alone, opened by somebody who has no more."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import GraphSpec
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from tests.conformance.engine import Engine
from tests.conformance.measures import FORWARD, error, question
from tests.conformance.nets import layer_cases, one_of_each
from tests.conformance.test_onnx import DESIGNS, asked_of
from tests.own.layers import BEND, design_with, put
from tests.torch.cases import SEQUENCE, SIGNAL, one_layer

pytestmark = pytest.mark.framework

WAYS = {
    f"{kind} {way}": one_layer(kind, SEQUENCE, {"units": 3, **way})
    for kind in ("lstm", "gru")
    for way in ({"bidirectional": True}, {"bidirectional": True, "return_sequences": True})
}
MORE = {
    **{name: spec for name, (_, spec) in layer_cases().items() if name.startswith("positional_encoding")},
    **WAYS,
}
COUNTERPARTS = {
    "embedding": "Embedding",
    "lstm": "LSTM",
    "gru": "GRU",
    "multi_head_attention": "MultiHeadAttention",
    "layer_norm": "LayerNormalization",
    "group_norm": "GroupNormalization",
    "rms_norm": "RMSNormalization",
    "batch_norm": "BatchNormalization",
    "prelu": "PReLU",
    "conv2d": "Conv2D",
    "dense": "Dense",
    "dropout": "Dropout",
    "upsample2d": "UpSampling2D",
}
"""What Keras has a layer for, and which."""
ALONE = """
import os, pathlib, sys
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    model = keras.models.load_model(path)
    x = np.load(path.with_suffix(".npy"))
    if x.shape[1:] != model.input_shape[1:]:
        x = np.moveaxis(x, 1, -1)
    np.save(path.with_suffix(".answer.npy"), np.asarray(model(x, training=False)))
assert not [name for name in sys.modules if name.startswith("engines")]
"""
"""Opens every file beside its inputs; images and signals are turned, their channels last."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = Engine("tensorflow")
    yield found
    assert found.close() == ""


def save(engine: Engine, spec: GraphSpec, weights: dict[str, Any], target: Path) -> Path:
    engine.ask("save", spec=spec, weights=weights, form=target.suffix[1:], target=str(target))
    return target


def config_of(engine: Engine, spec: GraphSpec, folder: Path) -> dict[str, Any]:
    path = save(engine, spec, question(spec, 1)[1], folder / "model.keras")
    with zipfile.ZipFile(path) as file:
        found: dict[str, Any] = json.loads(file.read("config.json"))
    return found


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield everything in a config that Keras has to make."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from objects(entry)


def test_that_every_design_opens_without_modelwright_and_answers_as_it_did(
    engine: Engine, tmp_path: Path
) -> None:
    questions = [asked_of(name) for name in DESIGNS] + [question(spec, 6) for spec in MORE.values()]
    for number, (spec, weights, x, _) in enumerate(questions):
        save(engine, spec, weights, tmp_path / f"{number}.keras")
        np.save(tmp_path / f"{number}.npy", x.astype(np.float32))
    command = [sys.executable, "-I", "-c", ALONE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    ours = engine.ask("forwards", questions=questions, precision="fp32")
    for number, (name, wanted) in enumerate(zip([*DESIGNS, *MORE], ours, strict=True)):
        found = np.load(tmp_path / f"{number}.answer.npy")
        turned = found if found.shape == wanted.shape else np.moveaxis(found, -1, 1)
        assert error(turned, wanted.astype(np.float64), FORWARD) <= 1, name


@pytest.mark.parametrize("kind", COUNTERPARTS)
def test_that_a_layer_stands_in_the_file_as_keras_own(engine: Engine, tmp_path: Path, kind: str) -> None:
    config = config_of(engine, one_of_each()[kind], tmp_path)
    assert COUNTERPARTS[kind] in {entry["class_name"] for entry in objects(config)}


@pytest.mark.parametrize("name", TEMPLATES)
def test_that_a_template_names_nothing_but_keras(engine: Engine, tmp_path: Path, name: str) -> None:
    spec = freeze(TEMPLATES[name].design())
    made = list(objects(config_of(engine, spec, tmp_path)))
    modules = {str(entry.get("module")) for entry in made if entry.get("module")}
    assert {module.partition(".")[0] for module in modules} == {"keras"}
    layers = {layer.name for layer in spec.layers}
    assert layers <= {entry["config"].get("name") for entry in made if isinstance(entry["config"], dict)}


def test_that_a_sequence_is_given_as_the_design_has_it_and_a_signal_with_its_channels_last(
    engine: Engine, tmp_path: Path
) -> None:
    shapes = []
    for kind, given in (("lstm", SEQUENCE), ("conv1d", SIGNAL)):
        config = config_of(engine, one_layer(kind, given, {}), tmp_path)
        (border,) = (entry for entry in objects(config) if entry["class_name"] == "InputLayer")
        shapes.append(tuple(border["config"]["batch_shape"]))
    assert shapes == [(None, *SEQUENCE), (None, *reversed(SIGNAL))]


def test_that_the_reset_gate_of_a_saved_gru_has_no_bias_of_its_own(engine: Engine, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    spec = one_layer("gru", SEQUENCE, {"units": 3})
    weights = question(spec, 2)[1]
    save(engine, spec, weights, tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as file:
        file.extract("model.weights.h5", tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as held:
        arrays: list[np.ndarray] = []
        held.visititems(
            lambda _, entry: arrays.append(np.asarray(entry)) if hasattr(entry, "shape") else None
        )
    (bias,) = (array for array in arrays if array.shape == (2, 9))
    r, z, n = np.split(weights["layer/bias"], 3)
    np.testing.assert_array_equal(bias, np.float32([np.concatenate([z, r, n]), np.zeros(9)]))


def test_that_a_layer_of_ones_own_is_refused_by_name_and_saved_as_a_graph(
    engine: Engine, tmp_path: Path
) -> None:
    put(tmp_path / "layers", "bend.py", BEND)
    spec = freeze(design_with(tmp_path / "layers", "bend.py"))
    weights = question(spec, 1)[1]
    with pytest.raises(AssertionError, match=r"save_unsupported: .*'node': 'own', 'layer': '.*bend\.py'"):
        save(engine, spec, weights, tmp_path / "m.keras")
    assert not (tmp_path / "m.keras").exists()
    assert (save(engine, spec, weights, tmp_path / "m.savedmodel") / "saved_model.pb").is_file()


def test_that_weights_come_back_from_keras_layouts_bit_for_bit(engine: Engine) -> None:
    for name, spec in {**one_of_each(), **WAYS}.items():
        _, weights, x, _ = question(spec, 3)
        _, after = engine.ask("train_forward", spec=spec, weights=weights, x=x)
        kept = {key: array for key, array in after.items() if "running_" not in key}
        assert kept.keys() == {key for key in weights if "running_" not in key}
        for key, array in kept.items():
            np.testing.assert_array_equal(array, weights[key].astype(np.float32), err_msg=f"{name} {key}")
