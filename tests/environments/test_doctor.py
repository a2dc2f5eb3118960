"""The doctor tells apart what is missing, half there, too old, without CUDA or retired, and what mends it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.messages.table import rows, tell
from engines.contract.capabilities import DeviceView, EngineReport, EngineRow, Finding
from engines.contract.errors import ErrorCode
from engines.contract.events import Crashed, Failed
from engines.environments import doctor, gpu
from engines.environments.asked import Asked
from engines.environments.chosen import OTHER, OWN
from engines.environments.doctor import THIS_PLACE, Place, findings_before, findings_of_report, state_of
from engines.environments.gpu import Gpu
from engines.environments.kept import Kept
from engines.environments.locked import LOCKED
from engines.training.lock import FolderLock
from tests.environments.fake_pythons import fake_python, needs_scripts

ROW = EngineRow("torch", "PyTorch", package="torch", module="engines.backends.torch", install="torch==2.13.0")
RETIRED = EngineRow("mxnet", "MXNet", package="mxnet", module="m", install="mxnet==1.9.1", retired=True)
HERE = EngineRow("torch", "Fake", package="numpy", module="engines.backends.fake", install="numpy")
ELSEWHERE = Place(OTHER, "/lab/bin/python")
GPU = Gpu("NVIDIA H100", "535.161.08", "12.2")


@pytest.fixture
def own(tmp_path: Path) -> Kept:
    return Kept("torch", tmp_path / "torch")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU."""
    monkeypatch.setattr(gpu, "find", lambda: None)
    monkeypatch.setattr(gpu, "complaint", lambda: "")


def report(version: str = "2.13.0", devices: tuple[str, ...] = ("cpu",), **facts: str) -> EngineReport:
    return EngineReport("torch", version, tuple(DeviceView(name, name) for name in devices), facts=facts)


def codes(findings: object) -> list[str]:
    found = list(findings)  # type: ignore[call-overload]
    for finding in found:
        told = tell(finding.code, finding.facts)
        assert finding.code in rows()
        assert "?" not in told.text.replace("? ", ""), told.text
        assert finding.mend in ("", "install", "repair", "choose", "forget")
    return [finding.code for finding in found]


def mends(findings: object) -> list[str]:
    return [finding.mend for finding in findings]  # type: ignore[attr-defined]


def test_that_a_package_that_is_here_leaves_nothing_to_say_and_one_that_is_not_is_missing(own: Kept) -> None:
    assert codes(findings_before(HERE, THIS_PLACE, own)) == []
    gone = EngineRow("torch", "Gone", package="no_such_package", module="m", install="gone==1")
    found = tuple(findings_before(gone, THIS_PLACE, own))
    assert codes(found) == ["engine_missing"]
    assert mends(found) == ["install"]
    assert state_of(found) == "missing"


def test_that_an_environment_that_was_never_made_means_missing(own: Kept) -> None:
    found = tuple(findings_before(ROW, Place(OWN, str(own.python)), own))
    assert codes(found) == ["engine_missing"]


def test_that_an_environment_without_its_mark_is_half_made_and_one_being_made_is_waited_for(
    own: Kept,
) -> None:
    own.venv.mkdir(parents=True)
    found = tuple(findings_before(ROW, Place(OWN, str(own.python)), own))
    assert codes(found) == ["environment_half_made"]
    assert mends(found) == ["repair"]
    assert state_of(found) == "half_made"
    lock = FolderLock(own.folder)
    try:
        busy = tuple(findings_before(ROW, Place(OWN, str(own.python)), own))
    finally:
        lock.release()
    assert codes(busy) == ["environment_busy"]
    assert mends(busy) == [""]


def test_that_an_interpreter_that_went_away_is_named_with_the_way_back(own: Kept, tmp_path: Path) -> None:
    found = tuple(findings_before(ROW, Place(OTHER, str(tmp_path / "python")), own))
    assert codes(found) == ["interpreter_gone"]
    assert mends(found) == ["forget"]
    assert state_of(found) == "broken"


@needs_scripts
@pytest.mark.parametrize(
    ("body", "code"),
    [("exit 3", "interpreter_dies"), ("echo I am a shell", "interpreter_no_python")],
)
def test_that_an_interpreter_that_is_none_is_told(own: Kept, tmp_path: Path, body: str, code: str) -> None:
    place = Place(OTHER, fake_python(tmp_path, body))
    assert codes(findings_before(ROW, place, own)) == [code]


@pytest.mark.parametrize(
    ("asked", "code", "mend"),
    [
        (
            Asked("/lab/bin/python", "3.9.1", packages={"torch": "2", "numpy": "1"}),
            "interpreter_old",
            "choose",
        ),
        (Asked("/lab/bin/python", "3.12.1", packages={"numpy": "1"}), "interpreter_without_engine", "choose"),
        (Asked("/lab/bin/python", "3.12.1", packages={"torch": "2"}), "interpreter_without_numpy", "choose"),
        (Asked("/lab/bin/python", "3.12.1", packages={"torch": "2", "numpy": "1"}), "", ""),
    ],
)
def test_that_what_an_interpreter_says_is_judged(
    own: Kept, monkeypatch: pytest.MonkeyPatch, asked: Asked, code: str, mend: str
) -> None:
    monkeypatch.setattr(doctor, "ask", lambda python, packages: asked)
    found = tuple(findings_before(ROW, ELSEWHERE, own))
    assert codes(found) == [code] * bool(code)
    assert mends(found) == [mend] * bool(code)


@pytest.mark.parametrize(
    ("version", "wrong"),
    [
        ("2.13.0", False),
        ("2.13.0+cu128", False),
        ("2.6", False),
        ("2.5.1", True),
        ("1.13.1", True),
        ("3.0.0.dev20260101", True),
        ("", True),
    ],
)
def test_that_a_version_outside_what_the_backend_was_written_for_is_told(version: str, wrong: bool) -> None:
    found = tuple(findings_of_report(ROW, THIS_PLACE, report(version)))
    assert codes(found) == ["engine_version"] * wrong
    assert state_of(found) == "ready"


def test_that_the_exact_command_that_mends_it_fits_the_place() -> None:
    (here,) = findings_of_report(ROW, THIS_PLACE, report("1.0"))
    (kept,) = findings_of_report(ROW, Place(OWN, "/own/python"), report("1.0"))
    (other,) = findings_of_report(ROW, ELSEWHERE, report("1.0"))
    assert here.facts["command"] == "modelwright engines install torch"
    assert kept.facts["command"] == "modelwright engines repair torch"
    assert str(other.facts["command"]).startswith(
        '"/lab/bin/python" -m pip install --upgrade "torch==2.13.0"'
    )
    assert [here.mend, kept.mend, other.mend] == ["install", "repair", "choose"]
    assert sys.executable not in str(here.facts["command"])


def on_gpu(monkeypatch: pytest.MonkeyPatch, found: Gpu, said: EngineReport) -> list[Finding]:
    monkeypatch.setattr(gpu, "find", lambda: found)
    return list(findings_of_report(ROW, THIS_PLACE, said))


def test_that_a_build_without_cuda_beside_a_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = on_gpu(monkeypatch, GPU, report("2.13.0+cpu", cuda=""))
    assert codes([finding]) == ["engine_without_cuda"]
    assert finding.severity == "warning"
    assert finding.facts["gpu"] == "NVIDIA H100"
    assert finding.mend == "install"


def test_that_a_driver_too_old_for_the_build_is_told_with_the_one_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (finding,) = on_gpu(monkeypatch, GPU, report(cuda="13.0"))
    assert codes([finding]) == ["driver_old"]
    assert finding.facts["wanted"] == "580.65"
    assert finding.mend == ""


def test_that_a_gpu_that_should_be_seen_and_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = replace(report(cuda="12.4"), refusals={"device/cuda": "CUDA unknown error."})
    (finding,) = on_gpu(monkeypatch, GPU, said)
    assert codes([finding]) == ["gpu_not_seen"]
    assert "It says: CUDA unknown error." in tell(finding.code, finding.facts).why
    assert finding.mend == "install"
    (silent,) = on_gpu(monkeypatch, GPU, report(cuda="12.4"))
    assert tell(silent.code, silent.facts).why.endswith("It says: nothing.")


@pytest.mark.parametrize(("cuda", "told"), [("13.0", ["driver_silent"]), ("", [])])
def test_that_a_driver_that_answers_nobody_is_told_to_who_was_built_for_it(
    monkeypatch: pytest.MonkeyPatch, cuda: str, told: list[str]
) -> None:
    monkeypatch.setattr(
        gpu, "complaint", lambda: "Failed to initialize NVML: Driver/library version mismatch"
    )
    found = tuple(findings_of_report(ROW, THIS_PLACE, report(cuda=cuda)))
    assert codes(found) == told
    assert [finding.severity for finding in found] == ["note"] * len(told)
    assert state_of(found) == "ready"


@pytest.mark.parametrize("device", ["cuda:0", "gpu:1", "cuda", "tensorrt"])
def test_that_an_engine_that_has_the_gpu_gets_no_advice(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    assert on_gpu(monkeypatch, GPU, report(devices=("cpu", device), cuda="")) == []


def test_that_a_retired_engine_is_ready_and_says_so() -> None:
    said = EngineReport("mxnet", "1.9.1", (DeviceView("cpu", "CPU"),))
    found = tuple(findings_of_report(RETIRED, Place(OWN, "/own/python"), said))
    assert codes(found) == ["engine_retired"]
    assert found[0].severity == "note"
    assert state_of(found) == "ready"


@pytest.mark.parametrize("place", [THIS_PLACE, Place(OWN, "/own/python"), ELSEWHERE])
def test_that_every_end_of_a_probe_is_told_with_a_way_out(place: Place) -> None:
    half = Failed(ErrorCode.UNEXPECTED.value, {"what": "ImportError", "why": "libcudart.so.12 is not there"})
    ends = {
        "engine_half_installed": half,
        "protocol_mismatch": Failed(ErrorCode.PROTOCOL_MISMATCH.value, {"theirs": "9", "ours": 1}),
        "engine_hangs": Crashed("silent", 0, 0, ""),
        "engine_dies": Crashed("signal", 0, 11, "Fatal Python error\nIllegal instruction"),
    }
    late = Failed(ErrorCode.TIME_LIMIT.value, {"job": "probe", "seconds": 300.0})
    hanging = doctor.finding_of_end(ROW, place, late)
    assert codes([hanging]) == ["engine_hangs"]
    assert "within 300 seconds" in tell(hanging.code, hanging.facts).what
    assert "has no end" in tell(hanging.code, hanging.facts).why
    stack = (
        'Timeout (0:04:30)!\nThread 0x7f (most recent call first):\n  File "/lib/slow.py", line 4 in wait\n'
    )
    standing = doctor.finding_of_end(ROW, place, replace(late, details=stack))
    assert "stood still at /lib/slow.py, line 4" in tell(standing.code, standing.facts).why
    for code, end in ends.items():
        finding = doctor.finding_of_end(ROW, place, end)
        assert codes([finding]) == [code]
        assert state_of((finding,)) == "broken"
        assert finding.mend
    worker = Crashed(
        "exit", 1, 0, "Traceback (most recent call last):\nImportError: cannot import name 'core'"
    )
    assert codes([doctor.finding_of_end(ROW, place, worker)]) == ["engine_half_installed"]
    assert doctor.finding_of_end(ROW, place, ends["engine_dies"]).facts["status"] == -11
    assert "libcudart" in str(doctor.finding_of_end(ROW, place, half).facts["why"])
    command = str(doctor.finding_of_end(ROW, place, half).facts["command"])
    assert "--upgrade" not in command  # pip would find the version that is half there already satisfied
    assert ("--force-reinstall" in command) == (place == ELSEWHERE)


def test_that_the_list_s_first_requirement_is_the_engine_itself() -> None:
    assert all(locked.requirements[0].startswith(name.split("-")[0]) for name, locked in LOCKED.items())
