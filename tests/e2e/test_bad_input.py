"""Bad input through the real window: each fault is told with what, why and what to do; nothing is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.messages.table import _CRASHES, rows
from app.messages.words import BUTTONS
from app.project import Project
from app.window import _on_fault
from engines.training.checkpoints import latest_valid
from tests.e2e.person import Person

pytestmark = pytest.mark.gui_e2e

TABLE = "a,b,c,kind\n" + "".join(f"{n}.5,{n % 7},{n * 2},{'cat' if n % 2 else 'dog'}\n" for n in range(60))


@pytest.fixture(scope="module")
def clerk(fake_engine: None, person: Person) -> Person:
    """A project with a design for tables, on an engine that takes its time."""
    person.start_from("breast-cancer")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 60, "the engine")
    return person


@pytest.fixture(autouse=True)
def calm(clerk: Person) -> Iterator[None]:
    """Begin and end without a message."""
    clerk.put_away_message()
    yield
    clerk.put_away_message()


def spoilt(line: int, text: str) -> str:
    lines = TABLE.splitlines(keepends=True)
    lines[line - 1] = text + "\n"
    return "".join(lines)


BAD_TABLES = {
    "ragged": (spoilt(7, "1,2,cat"), ["Line 7", "3 instead of 4"]),
    "text": (spoilt(9, "1,many,3,cat"), ["“many”", "line 9", "column 2", "“b”"]),
    "hole": (spoilt(9, "1,,3,cat"), ["line 9", "column 2", "“b”"]),
    "nan": (spoilt(4, "nan,2,3,cat"), ["line 4", "column 1", "“a”"]),
    "infinite": (spoilt(4, "1,2,inf,cat"), ["line 4", "column 3", "“c”"]),
    "no target": (spoilt(4, "1,2,3,"), ["line 4", "column 4", "“kind”"]),
    "one of a kind": (spoilt(4, "1,2,3,bird"), ["“bird”", "1"]),
    "open quote": (spoilt(5, '1,2,"3,cat'), ["line"]),
    "empty": ("", ["empty"]),
    "one column": ("a\n1\n2\n", ["too few columns"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_that_a_bad_table_is_told_with_its_place(clerk: Person, tmp_path: Path, case: str) -> None:
    text, words = BAD_TABLES[case]
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    clerk.drop(path)
    told = clerk.message()
    for word in ("table.csv", *words):
        assert word in told
    assert clerk.advice in ("Read data again", "Choose a file")
    assert path.read_text(encoding="utf-8") == text
    assert clerk.shell.key == "data"


def test_that_a_mended_table_is_read_again_by_the_messages_button(clerk: Person, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(spoilt(7, "1,2,cat"), encoding="utf-8")
    clerk.drop(path)
    clerk.message()
    path.write_text(TABLE, encoding="utf-8")
    clerk.hand.click("message_action")
    clerk.hand.wait(lambda: clerk.composition.bench.manifest is not None, 30, "the mended data")
    assert clerk.composition.bench.manifest.classes == ("cat", "dog")  # type: ignore[union-attr]
    assert not clerk.shell.message.isVisible()


def test_that_data_that_do_not_fit_the_design_name_the_layer_and_lead_there(
    clerk: Person, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    clerk.drop(path)
    clerk.hand.wait(lambda: clerk.composition.bench.manifest is not None, 30, "the data")
    clerk.hand.wait(clerk.idle, 30, "▶")
    clerk.hand.click("train")
    told = clerk.message()
    assert "does not fit" in told
    assert "30" in told and "3" in told  # noqa: PT018
    assert clerk.runs() == []
    clerk.hand.click("message_action")
    assert clerk.shell.key == "design"
    assert clerk.hand.sees("layer_name")


def test_that_data_which_vanished_are_named(clerk: Person, tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    path.write_text(TABLE, encoding="utf-8")
    clerk.drop(path)
    clerk.hand.wait(lambda: clerk.composition.bench.manifest is not None, 30, "the data")
    path.unlink()
    clerk.composition.data.prepare()
    assert "gone.csv" in clerk.message()
    assert clerk.advice


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")


def torch_like(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("model/version", "3\n")


def keras_like(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", '{"keras_version": "3.0"}')
        archive.writestr("model.weights.h5", b"")


def hdf5(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))


FILES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "model.pt": (torch_like, "PyTorch"),
    "model.keras": (keras_like, "Keras"),
    "model.h5": (hdf5, "HDF5"),
    "things.zip": (zipped, "ZIP"),
    "noise.bin": (lambda path: path.write_bytes(os.urandom(500)), "what kind of file"),
    "empty.onnx": (lambda path: path.write_bytes(b""), "empty.onnx"),
    "broken.onnx": (lambda path: path.write_bytes(b"\x08\x07garbage" * 9), "broken.onnx"),
}


@pytest.mark.parametrize("name", FILES)
def test_that_a_dropped_file_is_named_for_what_it_is(clerk: Person, tmp_path: Path, name: str) -> None:
    make, word = FILES[name]
    make(tmp_path / name)
    clerk.drop(tmp_path / name)
    told = clerk.message()
    assert name in told
    assert word.casefold() in told.casefold()
    assert clerk.composition.bench.project is not None


def test_that_a_project_of_a_newer_version_is_left_as_it_is(clerk: Person, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "newer", "diabetes")
    file = project.folder / "project.toml"
    file.write_text(file.read_text().replace("version = 1", "version = 9"))
    before = file.read_bytes()
    open_now = clerk.composition.bench.project
    clerk.drop(project.folder)
    told = clerk.message()
    assert "newer" in told
    assert "version 9" in told
    assert file.read_bytes() == before
    assert clerk.composition.bench.project is open_now


def test_that_a_design_of_a_newer_version_and_a_broken_one_are_named(clerk: Person, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "diabetes")
    design = project.design_path("diabetes")
    design.write_text(design.read_text().replace('"version": 1', '"version": 7'))
    clerk.drop(project.folder)
    assert "version 7" in clerk.message()
    clerk.put_away_message()
    design.write_text('{\n  "oops"\n}')
    clerk.drop(project.folder)
    told = clerk.message()
    assert "diabetes.json" in told
    assert "line 3" in told


def test_that_a_layer_that_does_not_fit_is_red_and_keeps_the_train_button_shut(clerk: Person) -> None:
    clerk.start_from("digits-cnn")
    bench = clerk.composition.bench
    assert bench.design is not None
    clerk.hand.click_in(
        clerk.shell.room("design").canvas.viewport(), clerk.shell.room("design").canvas.place_of("conv1")
    )
    clerk.enter("setting_filters", "7")
    problems = bench.design.problems()
    assert problems
    node = next(iter(problems))
    assert not clerk.hand.find("train").isEnabled()
    assert node in clerk.hand.find("train").toolTip()
    assert not clerk.shell.action("train").isEnabled()
    card = clerk.shell.room("design").canvas.sheet.by_id[node]
    assert card.problem
    canvas = clerk.shell.room("design").canvas
    canvas.setFocus()
    clerk.shell.room("design").undo()
    assert not bench.design.problems()
    assert clerk.idle()


def test_that_a_design_that_cannot_be_saved_is_told_and_saved_later(clerk: Person) -> None:
    clerk.start_from("digits-mlp")
    bench = clerk.composition.bench
    assert bench.project is not None
    designs = bench.project.folder / "designs"
    aside = designs.rename(designs.with_name("aside"))
    designs.write_text("in the way")
    room = clerk.shell.room("design")
    clerk.hand.click_in(room.canvas.viewport(), room.canvas.place_of("hidden"))
    clerk.enter("setting_units", "99")
    assert "could not be written" in clerk.message()
    assert clerk.advice == "Choose a folder"
    assert clerk.shell.status.saved.text() == "Not saved"
    designs.unlink()
    aside.rename(designs)
    clerk.put_away_message()
    clerk.enter("setting_units", "98")
    clerk.hand.wait(
        lambda: bench.project.load_design().nodes["hidden"].settings["units"] == 98, 5, "it saved"
    )  # type: ignore[union-attr]


def test_that_runs_that_cannot_be_written_are_told(clerk: Person) -> None:
    bench = clerk.composition.bench
    assert bench.project is not None
    folder = bench.project.runs_folder
    folder.rmdir()
    folder.write_text("in the way")
    clerk.hand.click("train")
    told = clerk.message(60)
    assert "runs" in told
    assert "could not be written" in told
    assert clerk.idle()
    folder.unlink()
    folder.mkdir()


@pytest.fixture
def small_disk(clerk: Person) -> Iterator[Path]:
    """Put the project's runs on a disk of two megabytes."""
    bench = clerk.composition.bench
    assert bench.project is not None
    folder = bench.project.runs_folder
    if shutil.which("mount") is None or getattr(os, "geteuid", lambda: 1)() != 0:
        pytest.skip("a small disk can only be mounted by root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def test_that_a_full_disk_costs_one_checkpoint_and_no_earlier_one(clerk: Person, small_disk: Path) -> None:
    clerk.hand.choose("device", 1)
    run = clerk.train()
    clerk.hand.wait(lambda: latest_valid(run / "checkpoints")[0] is not None, 30, "a checkpoint")
    filler = fill(small_disk)
    told = clerk.message()
    assert "disk is full" in told
    assert str(run) in told
    assert clerk.advice == "Show runs"
    assert latest_valid(run / "checkpoints")[0] is not None
    filler.unlink()
    clerk.go("train")
    clerk.hand.click("run_resume")
    clerk.hand.wait(lambda: clerk.state() == "finished", 60, "the end of the resumed run")
    clerk.wait_idle()


@pytest.fixture(scope="module")
def trained(clerk: Person) -> Path:
    """A finished run."""
    clerk.hand.choose("device", 0)
    run = clerk.train()
    clerk.wait_idle()
    return run


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["recipe.json", "split.npz", "checkpoint"])
def test_that_one_flipped_bit_is_found_when_the_run_is_opened(
    clerk: Person, trained: Path, name: str
) -> None:
    path = max((trained / "checkpoints").glob("*.safetensors")) if name == "checkpoint" else trained / name
    whole = path.read_bytes()
    try:
        flip(path)
        clerk.close()
        clerk.open()
        clerk.go("train")
        told = clerk.message()
        assert path.name in told
        assert "damaged" in told
    finally:
        path.write_bytes(whole)


def test_that_one_flipped_bit_keeps_a_run_from_being_exported(clerk: Person, trained: Path) -> None:
    path = trained / "design.json"
    whole = path.read_bytes()
    try:
        flip(path)
        clerk.put_away_message()
        clerk.go("ship")
        clerk.hand.click("ship_empty_export")
        told = clerk.message()
        assert "design.json" in told
        assert "damaged" in told
        assert not (trained / "artifacts" / "model.onnx").exists()
    finally:
        path.write_bytes(whole)


def test_that_a_fault_of_our_own_is_told_with_details_to_copy(
    clerk: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = ZeroDivisionError("a slip of ours")
    assert clerk.window is not None
    _on_fault(clerk.window, ZeroDivisionError, fault, None)
    assert "a slip of ours" in clerk.message()
    clerk.hand.click("message_copy")
    assert "ZeroDivisionError" in clerk.app.clipboard().text()
    assert "a slip of ours" in capsys.readouterr().err


def test_that_every_button_of_a_message_does_something(clerk: Person) -> None:
    offered = clerk.composition.bench._actions.keys() | {"", "copy_details"}
    named = {message.button for message in (*rows().values(), *_CRASHES.values())}
    assert named <= offered
    assert all(BUTTONS.get(button) for button in named - {"", "copy_details"})
