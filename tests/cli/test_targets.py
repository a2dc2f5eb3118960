"""Where a command writes: never over what it reads, never into nothing, and no empty folder stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.desk import Desk
from app.flows.main_job import a_folder, demand_file, optimize
from app.flows.saving import is_onnx
from engines.contract.errors import ErrorCode, WorkbenchError


@pytest.mark.parametrize("wanted", ["m.onnx", "./m.onnx", "link.onnx"])
@pytest.mark.parametrize("as_report", [False, True])
def test_that_a_file_is_never_optimized_over_itself(tmp_path: Path, wanted: str, as_report: bool) -> None:
    source = tmp_path / "m.onnx"
    source.write_bytes(b"a model")
    (tmp_path / "link.onnx").hardlink_to(source)
    target = tmp_path / ("o.onnx" if as_report else wanted)
    report = tmp_path / wanted if as_report else None
    with pytest.raises(WorkbenchError) as caught:
        list(optimize(Desk(), source, target, report, None))
    assert caught.value.code is ErrorCode.TARGET_IS_SOURCE
    assert source.read_bytes() == b"a model"


def test_that_a_target_gets_its_folder_and_is_no_folder_itself(tmp_path: Path) -> None:
    demand_file(tmp_path / "new" / "m.onnx")
    assert (tmp_path / "new").is_dir()
    with pytest.raises(WorkbenchError) as caught:
        demand_file(tmp_path / "new")
    assert caught.value.code is ErrorCode.FILE_IS_FOLDER


@pytest.mark.parametrize("was_there", [True, False])
@pytest.mark.parametrize("began", [True, False])
def test_that_a_folder_in_which_no_run_began_is_as_it_was(
    tmp_path: Path, was_there: bool, began: bool
) -> None:
    run = tmp_path / "run"
    if was_there:
        run.mkdir()
    with a_folder(run) as folder:
        assert folder == run
        if began:
            (run / "run.json").touch()
    assert run.exists() is (was_there or began)


@pytest.mark.parametrize(
    ("name", "meant"), [("m.onnx", True), ("M.ONNX", True), ("m", True), ("m.pt2", False), ("m.onxn", False)]
)
def test_that_the_ending_says_which_format_is_meant(name: str, meant: bool) -> None:
    assert is_onnx(Path(name)) is meant
