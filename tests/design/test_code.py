"""Written code is run in a child and held against the catalogue's words in NumPy."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, Recipe
from engines.design.catalogue import CATALOGUE
from engines.design.code import WRITERS, write_code
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES, open_design
from engines.design.torch_layers import LAYERS
from engines.design.torch_sequences import tensor_name
from tests.data.preparing import prepare
from tests.design.builders import chain
from tests.design.reference import answer

ASK = """
import importlib.util, sys, warnings
import numpy as np, torch
warnings.simplefilter("error")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("written", path)
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    asked = np.load(path.replace(".py", ".npz"))
    model = written.Model()
    written.initialize(model)
    weights = {name[7:]: torch.from_numpy(asked[name]) for name in asked.files if name.startswith("weight:")}
    missing, unknown = model.load_state_dict(weights, strict=False)
    assert not unknown and all("bias_hh" in name for name in missing), (missing, unknown)
    inputs = [torch.from_numpy(asked[name]) for name in asked.files if name.startswith("input:")]
    np.save(path.replace(".py", ".npy"), model.double().eval()(*inputs).detach().numpy())
"""


def pictures() -> Design:
    """Every two-dimensional layer, with strides that need uneven padding."""
    design = chain(
        ("input", "image", {"shape": (4, 11, 10)}),
        ("conv2d", "even", {"filters": 6, "kernel": (3, 4), "stride": (2, 3), "groups": 2}),
        ("batch_norm", "norm", {"epsilon": 1e-3}),
        ("leaky_relu", "leaky", {"slope": 0.2}),
        ("max_pool2d", "largest", {"size": (2, 3), "stride": (2, 1), "padding": "same"}),
        ("average_pool2d", "average_pool", {"size": (2, 2), "stride": (1, 2), "padding": "same"}),
        ("average_pool2d", "middle", {"size": (3, 3), "stride": (1, 1), "padding": "same"}),
        ("max_pool2d", "odd", {"size": (3, 1), "stride": (1, 1), "padding": "same"}),
        ("upsample2d", "large", {"factor": (2, 1)}),
        ("conv2d", "tight", {"filters": 3, "kernel": (2, 2), "padding": "valid", "bias": False}),
        ("gelu", "gelu", {}),
        ("concatenate", "joined", {"axis": 0}),
        ("layer_norm", "whole", {}),
        ("softmax", "channels", {"axis": 0}),
        ("global_average_pool", "mean", {}),
        ("dense", "values", {"units": 5, "bias": False}),
        name="pictures",
    )
    design.connect("tight", "joined")
    return design


def rows() -> Design:
    """Every one-dimensional layer and the other activations, with two inputs."""
    design = chain(
        ("input", "left", {"shape": (3, 9)}),
        ("conv1d", "conv", {"filters": 4, "kernel": (4,), "stride": (2,)}),
        ("silu", "silu", {}),
        ("max_pool1d", "largest", {"size": (2,), "stride": (2,), "padding": "same"}),
        ("average_pool1d", "mean", {"size": (2,), "stride": (2,), "padding": "same"}),
        ("elu", "elu", {"alpha": 0.7}),
        ("reshape", "turned", {"shape": (2, 4)}),
        ("add", "sum", {}),
        ("average_pool1d", "narrow", {"size": (2,), "stride": (1,), "padding": "valid"}),
        ("sigmoid", "sigmoid", {}),
        ("dropout", "dropout", {}),
        ("flatten", "flat", {}),
        ("batch_norm", "norm", {}),
        ("tanh", "tanh", {}),
        ("softplus", "softplus", {}),
        ("softmax", "shares", {}),
        name='"""; raise SystemExit("the title ran") #',
    )
    design.add("input", "right", {"shape": (2, 4)})
    design.connect("right", "sum")
    design.add("global_max_pool", "top")
    design.connect("right", "top")
    design.add("concatenate", "both")
    for source in ("shares", "top"):
        design.connect(source, "both")
    return design


def sequences() -> Design:
    """Every layer over time, in both directions and none."""
    design = chain(
        ("input", "ids", {"shape": (6,)}),
        ("embedding", "words", {"vocabulary": 9, "units": 8}),
        ("positional_encoding", "waves", {}),
        ("multi_head_attention", "look", {"heads": 2, "causal": True}),
        ("layer_norm", "level", {"over": "features"}),
        ("positional_encoding", "places", {"form": "learned"}),
        ("lstm", "read", {"units": 3, "bidirectional": True, "return_sequences": True}),
        ("rms_norm", "even", {}),
        ("gru", "listen", {"units": 2, "bidirectional": True, "return_sequences": True}),
        ("multi_head_attention", "beside", {"heads": 4, "bias": False}),
        ("dense", "each", {"units": 4}),
        ("permute", "turned", {"axes": (1, 0)}),
        ("group_norm", "groups", {"groups": 2}),
        ("prelu", "bent", {}),
        ("time_max_pool", "largest", {}),
        ("multiply", "product", {}),
        ("concatenate", "all_", {}),
        ("dense", "values", {"units": 5}),
        name="sequences",
    )
    for kind, name, settings in (
        ("lstm", "last", {"units": 3}),
        ("lstm", "both", {"units": 3, "bidirectional": True}),
        ("gru", "late", {"units": 4, "bidirectional": True}),
        ("gru", "end", {"units": 3}),
        ("take_step", "first", {"step": 0}),
        ("time_average_pool", "mean", {}),
    ):
        design.add(kind, name, settings)
        design.connect("waves", name)
        design.connect(name, "all_")
    design.add("take_step", "step", {"step": -2})
    design.connect("look", "beside")
    design.connect("level", "step")
    design.add("dense", "narrow", {"units": 6})
    design.connect("step", "narrow")
    design.connect("narrow", "product")
    return design


def ask(spec: GraphSpec, path: Path) -> np.ndarray:
    """Write the script and what it is asked; return what it should answer."""
    random = np.random.default_rng(5)
    weights = {entry.name: random.uniform(0.5, 1.5, entry.shape) for entry in spec.parameters}
    inputs = [random.normal(0, 1, (3, *layer.output_shape)) for layer in spec.inputs]
    if spec.name == "sequences":
        inputs = [random.integers(-1, 11, inputs[0].shape).astype(float)]
    named = {
        f"weight:{tensor_name(layer, entry)}": weights[entry.name]
        for layer in spec.layers
        for entry in layer.parameters
    }
    path.write_text(write_code(spec, Recipe()), encoding="utf-8")
    numbered = {f"input:{place}": value for place, value in enumerate(inputs)}
    np.savez(path.with_suffix(".npz"), **named, **numbered)  # type: ignore[arg-type]
    return answer(spec, weights, *inputs)


def child(*arguments: str, folder: Path) -> str:
    """Run Python elsewhere than in the repository: the script has to stand alone."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.framework
def test_that_written_code_computes_what_the_catalogue_says(tmp_path: Path) -> None:
    designs = [pictures(), rows(), sequences(), *(open_design(name) for name in TEMPLATES)]
    paths = [tmp_path / f"design{number}.py" for number in range(len(designs))]
    wanted = [ask(freeze(design), path) for design, path in zip(designs, paths, strict=True)]
    child("-c", ASK, *map(str, paths), folder=tmp_path)
    for path, expected in zip(paths, wanted, strict=True):
        found = np.load(path.with_suffix(".npy"))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.framework
def test_that_written_code_trains_on_prepared_data(tmp_path: Path) -> None:
    manifest = prepare("breast-cancer", tmp_path)
    design = open_design("breast-cancer")
    recipe = replace(design.recipe, epochs=12, schedule="cosine", warmup_steps=10, optimizer="adamw")
    (tmp_path / "train.py").write_text(write_code(freeze(design), recipe), encoding="utf-8")
    told = child("train.py", str(tmp_path / manifest.digest), folder=tmp_path)
    assert told.count("epoch") == 12
    assert float(told.rsplit("accuracy ", 1)[1]) >= 0.9


STEPS = """
import importlib.util, sys
import torch

def load(path):
    spec = importlib.util.spec_from_file_location("script", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

torch.manual_seed(3)
inputs, targets = torch.randn(32, 1, 8, 8), torch.randint(0, 10, (32,))
scripts = [load(path) for path in sys.argv[1:]]
start = scripts[0].Model()
moved = []
for script in scripts:
    model = script.Model()
    model.load_state_dict(start.state_dict())
    script.train(model, inputs, targets, (inputs, targets))
    pairs = zip(model.parameters(), start.parameters())
    moved.append(torch.cat([(after - before).detach().flatten() for after, before in pairs]))
assert torch.allclose(*moved, rtol=1e-4, atol=1e-8)
print(float(moved[0].norm()))
"""


@pytest.mark.framework
def test_that_written_code_cuts_gradients_and_takes_a_batch_in_parts(tmp_path: Path) -> None:
    spec = freeze(open_design("digits-mlp"))
    recipe = Recipe(optimizer="sgd", momentum=0.0, learning_rate=0.5, epochs=1, clip_norm=0.01)
    for name, parts in (("whole.py", 1), ("parts.py", 4)):
        code = write_code(spec, replace(recipe, accumulate=parts))
        (tmp_path / name).write_text(code, encoding="utf-8")
    told = child("-c", STEPS, "whole.py", "parts.py", folder=tmp_path)
    assert float(told.splitlines()[-1]) == pytest.approx(0.5 * 0.01, rel=1e-3)


def test_that_every_layer_of_the_catalogue_is_written_and_held_against_numpy() -> None:
    used = {layer.layer for design in (pictures(), rows(), sequences()) for layer in freeze(design).layers}
    used |= {layer.layer for name in TEMPLATES for layer in freeze(open_design(name)).layers}
    assert used == set(CATALOGUE)
    assert set(LAYERS) | {"input"} == set(CATALOGUE)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.parametrize(
    "loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error", "mean_absolute_error", "huber"]
)
def test_that_every_recipe_gives_a_script_that_parses(optimizer: str, schedule: str, loss: str) -> None:
    recipe = Recipe(optimizer=optimizer, schedule=schedule, loss=loss, warmup_steps=3)
    tree = ast.parse(write_code(freeze(open_design("digits-cnn")), recipe))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert ("math" in imported) == ("math" in named)


def test_that_modules_carry_the_designs_names() -> None:
    text = write_code(freeze(open_design("digits-mlp")), Recipe())
    assert "self.hidden = nn.Linear(64, 128)" in text
    assert "residual = norm2 + relu1" in write_code(freeze(open_design("digits-cnn")), Recipe())


@pytest.mark.parametrize("change", [{"loss": "hinge"}, {"optimizer": "lion"}, {"schedule": "zigzag"}])
def test_that_an_unknown_value_of_the_recipe_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(WorkbenchError) as caught:
        write_code(freeze(open_design("digits-mlp")), replace(Recipe(), **change))  # type: ignore[arg-type]
    assert caught.value.code is ErrorCode.RECIPE_INVALID
    assert caught.value.facts["setting"] == next(iter(change))


def test_that_an_engine_without_a_writer_is_told_with_those_that_have_one() -> None:
    with pytest.raises(WorkbenchError) as caught:
        write_code(freeze(open_design("digits-mlp")), Recipe(), "abacus")
    assert caught.value.code is ErrorCode.DESIGN_CODE_ENGINE
    assert caught.value.facts["known"] == ", ".join(WRITERS)
