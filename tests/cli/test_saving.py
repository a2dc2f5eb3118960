"""Files that only one engine writes: read again, proven, and opened by somebody who has no Modelwright."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.framework

ENDINGS = {"torch": ("pt2",), "tensorflow": ("keras", "savedmodel")}
OPEN_ALONE = {
    "pt2": """
import torch
answer = lambda x: torch.export.load(path).module()(torch.from_numpy(x)).detach().numpy()
""",
    "keras": """
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
answer = lambda x: keras.models.load_model(path).predict(x.transpose(0, 2, 3, 1), verbose=0)
""",
    "savedmodel": """
import tensorflow as tf
answer = lambda x: next(iter(
    tf.saved_model.load(path).signatures["serving_default"](tf.constant(x)).values()
)).numpy()
""",
}
"""How each file is opened by its framework alone."""


WORK = [
    ("torch", "digits-cnn"),
    ("tensorflow", "digits-cnn"),
    ("tensorflow", "digits-lstm"),
]


@pytest.fixture(scope="module", params=WORK, ids="-".join)
def work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An engine, and a folder with a run and its ONNX file with reference answers."""
    (name, template), folder = request.param, tmp_path_factory.mktemp("work")
    settings = ("--set", "epochs=1", "--set", "threads=1", "--out", folder / "run", "--json")
    engine = ("--data", "digits", "--engine", name)
    assert modelwright(folder / "home", "train", template, *engine, *settings).status == 0
    assert modelwright(folder / "home", "export", folder / "run", "--to", folder / "m.onnx").status == 0
    return name, folder


def save(folder: Path, target: Path) -> Outcome:
    return modelwright(folder / "home", "export", folder / "run", "--to", target, "--json")


def test_that_a_file_is_proven_and_opens_without_modelwright(work: tuple[str, Path], tmp_path: Path) -> None:
    engine, folder = work
    with np.load(folder / "run" / "artifacts" / "reference.npz") as kept:
        inputs, wanted = kept["inputs"][:17], kept["outputs"][:17]
    np.save(tmp_path / "inputs.npy", inputs)
    for ending in ENDINGS[engine]:
        outcome = save(folder, folder / f"model.{ending}")
        assert outcome.status == 0, outcome.err
        assert outcome.last["summary"]["proof"] == "passed"
        script = f"""
import sys
path, folder = sys.argv[1:]
import numpy as np
{OPEN_ALONE[ending]}
np.save(folder + "/answers.npy", answer(np.load(folder + "/inputs.npy")))
"""
        command = [sys.executable, "-I", "-c", script, str(folder / f"model.{ending}"), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        found = np.load(tmp_path / "answers.npy")
        assert np.abs(found - wanted).max() <= 1e-5 + 1e-5 * np.abs(wanted).max()


def test_that_saving_again_replaces_the_file_and_leaves_nothing_else(work: tuple[str, Path]) -> None:
    engine, folder = work
    target = folder / "again" / f"model.{ENDINGS[engine][-1]}"
    for _ in range(2):
        assert save(folder, target).status == 0
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_that_another_engines_ending_is_refused_with_those_that_go(work: tuple[str, Path]) -> None:
    engine, folder = work
    other = "keras" if engine == "torch" else "pt2"
    outcome = save(folder, folder / f"model.{other}")
    assert outcome.status == 1
    for ending in ENDINGS[engine]:
        assert f".{ending}" in outcome.last["facts"]["known"]
    assert not (folder / f"model.{other}").exists()
