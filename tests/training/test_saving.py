"""Writing a model in an engine's own format: what lay at the target before is never lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer
from engines.contract.jobs import SaveJob
from engines.contract.views import ProofView
from engines.training import saving
from engines.training.control import ControlFlags
from engines.training.saving import Format, save

Array = npt.NDArray[np.float64]


def write_folder(model: float, path: Path) -> None:
    path.mkdir()
    (path / "graph").write_text(str(model))
    (path / "variables").mkdir()
    (path / "variables" / "data").write_text("1")


def write_file(model: float, path: Path) -> None:
    path.write_text(str(model))


def answering(factor: float) -> Callable[[Array], Array]:
    return lambda inputs: inputs * factor


def read(path: Path, model: float) -> Callable[[Array], Array]:
    file = path / "graph" if path.is_dir() else path
    return answering(float(file.read_text()))


FORMATS = {"folder": Format("folder 1", write_folder, read), "file": Format("file 1", write_file, read)}


@pytest.fixture(autouse=True)
def samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove on samples at hand: a prepared data set is of no matter here."""
    monkeypatch.setattr(saving, "held_out_samples", lambda data, count: np.arange(count)[:, None])


def saved(target: Path, format: str, model: float = 2.0) -> None:
    job = SaveJob("run", "data", str(target), format, samples=4)
    for _ in save(job, ControlFlags(), lambda run, checkpoint: model, answering, FORMATS):
        pass


def test_that_a_saved_model_gives_way_to_the_next(tmp_path: Path) -> None:
    saved(tmp_path / "model", "folder")
    saved(tmp_path / "model", "folder", 3.0)
    assert (tmp_path / "model" / "graph").read_text() == "3.0"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("format", ["folder", "file"])
def test_that_a_folder_with_somebodys_work_in_it_is_left_as_it_is(tmp_path: Path, format: str) -> None:
    target = tmp_path / "models"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(WorkbenchError) as raised:
        saved(target, format)
    assert raised.value.code is ErrorCode.SAVE_FOLDER_TAKEN
    assert raised.value.facts == {"path": str(target), "others": "thesis.txt"}
    assert (target / "thesis.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_that_a_file_laid_into_a_saved_model_keeps_it(tmp_path: Path) -> None:
    saved(tmp_path / "model", "folder")
    (tmp_path / "model" / "notes.md").write_text("accuracy 0.98")
    with pytest.raises(WorkbenchError, match="save_folder_taken"):
        saved(tmp_path / "model", "folder", 3.0)
    assert (tmp_path / "model" / "notes.md").exists()
    assert (tmp_path / "model" / "graph").read_text() == "2.0"


def test_that_answers_that_are_no_numbers_prove_nothing_and_are_not_written(tmp_path: Path) -> None:
    job = SaveJob("run", "data", str(tmp_path / "model"), "file", samples=4)
    events = save(job, ControlFlags(), lambda run, checkpoint: float("nan"), answering, FORMATS)
    proof = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(proof, ProofView)
    assert (proof.status, proof.reason) == ("failed", "not_finite")
    assert list(events)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("format", ["folder", "file"])
def test_that_an_empty_folder_is_no_obstacle(tmp_path: Path, format: str) -> None:
    (tmp_path / "model").mkdir()
    saved(tmp_path / "model", format)
    assert (tmp_path / "model").is_dir() == (format == "folder")
