"""An engine's page in words: state, place, interpreters with the reason against each, facts, what goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.engine_facts.health import bad_finding, health_of_fault, health_without_asking
from app.engine_facts.places import choose, kept_of
from app.engine_facts.views import Known, view_of
from app.messages import words
from app.messages.table import tell
from engines.contract.capabilities import (
    DeviceView,
    EngineHealth,
    EngineReport,
    EngineRow,
    Finding,
    Interpreter,
    Interpreters,
)
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Stopped
from engines.environments import doctor
from engines.registry import ENGINES, engine
from widgets.settings.views import STATES, InstallView

REPORT = EngineReport(
    "torch",
    "2.13.0+cpu",
    (DeviceView("cpu", "CPU"),),
    python="3.11.7",
    layers=("input", "dense"),
    precisions=("fp32", "fp64"),
    modes=("eager",),
    refusals={"mode/compiled": "no_compiler"},
    facts={"cuda": "", "driver": "570.86", "whatever": "7"},
)
HEALTHY = EngineHealth("torch", "/py", "this", "ready", REPORT)
WARNING = Finding("gpu_not_seen", {"title": "PyTorch"}, "warning")
DIED = Finding(
    "engine_dies",
    {"title": "PyTorch", "python": "/py", "status": 3, "why": "no libc", "command": "mend it"},
    "bad",
    "repair",
)


def row(name: str) -> EngineRow:
    found = engine(name)
    assert found is not None
    return found


TORCH = row("torch")


@pytest.fixture
def empty_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every framework."""
    monkeypatch.setattr("app.engine_facts.places._is_here", lambda row: False)


def test_that_a_healthy_engine_is_shown_with_all_it_said() -> None:
    view = view_of(TORCH, Known(HEALTHY))
    assert (view.state, view.version) == ("ready", "2.13.0")
    assert view.summary == "Trains designs, in Modelwright’s own Python."
    assert view.facts == (
        ("PyTorch", "2.13.0+cpu"),
        ("Python", "3.11.7"),
        ("CUDA of this build", "none"),
        ("GPU driver", "570.86"),
        ("whatever", "7"),
        ("Kinds of layers", "2"),
    )
    precisions, modes = view.abilities
    assert [item.key for item in precisions.rows if not item.reason] == ["fp32", "fp64"]
    assert modes.rows[1].reason == words.REASONS["no_compiler"]


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (Known(), "checking"),
        (Known(HEALTHY, looking=True), "checking"),
        (Known(replace(HEALTHY, findings=(WARNING,))), "warning"),
        (Known(replace(HEALTHY, state="broken", findings=(DIED,))), "broken"),
        (Known(HEALTHY, install=InstallView("running")), "installing"),
        (Known(HEALTHY, install=InstallView("done")), "ready"),
    ],
)
def test_that_the_state_says_what_matters_most(known: Known, state: str) -> None:
    assert view_of(TORCH, known).state == state
    assert state in STATES


def test_that_a_finding_is_told_in_the_tables_words_with_its_button() -> None:
    view = view_of(TORCH, Known(replace(HEALTHY, state="broken", findings=(DIED,))))
    told = tell(DIED.code, DIED.facts)
    (line,) = view.findings
    assert (line.what, line.why, line.todo) == (told.what, told.why, told.todo)
    assert (line.mend, line.button) == ("repair", "Repair")


def test_that_every_mend_of_the_doctor_has_words() -> None:
    for mend in (doctor.INSTALL, doctor.REPAIR, doctor.CHOOSE, doctor.FORGET):
        assert words.MENDS[mend]


def test_that_what_was_known_last_is_shown_until_the_engine_answers() -> None:
    view = view_of(TORCH, Known(report=REPORT))
    assert (view.state, view.version) == ("checking", "2.13.0")
    assert view.health is not None
    assert view.health.report == REPORT


def test_that_a_retired_engine_says_so_once() -> None:
    mxnet = row("mxnet")
    assert words.RETIRED_SENTENCE in view_of(mxnet, Known()).summary
    told = Finding("engine_retired", {"title": "MXNet", "version": "1.9.1"}, "note")
    health = EngineHealth("mxnet", "/py", "own", "ready", None, (told,))
    view = view_of(mxnet, Known(health))
    assert words.RETIRED_SENTENCE not in view.summary
    assert "retired" in view.findings[0].what


def test_that_an_engine_that_does_not_train_shows_providers_in_words() -> None:
    runtime = row("onnxruntime")
    report = EngineReport(
        "onnxruntime",
        "1.27",
        (),
        providers=("CUDAExecutionProvider", "NewExecutionProvider"),
        refusals={"provider/CUDAExecutionProvider": "libcuda.so.1: cannot open"},
    )
    view = view_of(runtime, Known(EngineHealth("onnxruntime", "/py", "this", "ready", report)))
    assert view.providers == (
        ("CUDAExecutionProvider", "NVIDIA GPU", "libcuda.so.1: cannot open"),
        ("NewExecutionProvider", "", ""),
    )
    assert view.abilities == ()
    assert "does not train" in view.summary


def test_that_other_interpreters_stand_with_what_is_against_them() -> None:
    others = Interpreters(
        (
            Interpreter("/a/python", "3.12.1", {"torch": "2.4.1"}),
            Interpreter("/b/python", "3.12.1", {"jax": "0.10"}),
            Interpreter("/c/python", "3.8.2", why_not="interpreter_old"),
            Interpreter("/d/python", "", why_not="something_new"),
        )
    )
    rows = {item.key: item for item in view_of(TORCH, Known(HEALTHY, others=others)).interpreters}
    assert rows["this"].title == words.THIS_PYTHON
    assert rows["own"].reason == "not made yet"
    assert (rows["/a/python"].detail, rows["/a/python"].reason) == ("3.12.1 · PyTorch 2.4.1", "")
    assert rows["/b/python"].reason == "3.12.1 · without PyTorch"
    assert rows["/c/python"].reason == "Python 3.8.2 is too old"
    assert rows["/d/python"].reason == words.WHY_NOT_ELSE


def test_that_an_interpreter_of_ones_own_stays_shown_and_is_never_changed() -> None:
    choose("torch", "/home/ada/bin/python")
    view = view_of(TORCH, Known(HEALTHY))
    assert view.interpreter == "/home/ada/bin/python"
    chosen = next(item for item in view.interpreters if item.key == view.interpreter)
    assert (chosen.reason, chosen.short) == ("", words.YOUR_PYTHON)
    assert view.python == "/home/ada/bin/python"
    assert "never changes" in view.place
    assert dict(view.mends).keys() == {"install", "forget"}


def test_that_an_engine_that_cannot_live_here_says_so() -> None:
    view = view_of(row("mxnet"), Known())
    here = next(item for item in view.interpreters if item.key == "this")
    assert here.reason == words.CANNOT_LIVE_HERE
    assert view.interpreter == "own"
    assert next(item for item in view.interpreters if item.key == "own").reason == ""


def test_that_what_is_half_made_can_be_made_anew_or_removed() -> None:
    kept_of("torch").venv.mkdir(parents=True)
    view = view_of(TORCH, Known(HEALTHY))
    assert dict(view.mends).keys() == {"repair", "remove"}
    assert next(item for item in view.interpreters if item.key == "own").reason == "half made"


def test_that_one_button_is_not_shown_twice() -> None:
    missing = Finding(
        "engine_missing", {"engine": "torch", "title": "PyTorch", "install": "torch"}, "bad", "install"
    )
    health = EngineHealth("torch", "/py", "this", "missing", None, (missing,))
    view = view_of(TORCH, Known(health))
    assert view.mends == ()
    assert view.findings[0].severity == "missing"


@pytest.mark.usefixtures("empty_machine")
@pytest.mark.parametrize("shown", [item for item in ENGINES if item.visible], ids=lambda item: str(item.name))
def test_that_an_engine_that_is_plainly_missing_is_not_asked(shown: EngineRow) -> None:
    health = health_without_asking(shown)
    assert health is not None
    assert health.state == "missing"
    assert [finding.mend for finding in health.findings] == ["install"]
    assert "not installed" in view_of(shown, Known(health)).findings[0].what


def test_that_one_that_may_be_there_has_to_be_asked(tmp_path: Path) -> None:
    choose("torch", str(tmp_path / "python"))
    assert health_without_asking(TORCH) is None


@pytest.mark.usefixtures("empty_machine")
def test_that_a_half_made_environment_needs_no_asking() -> None:
    choose("torch", "own")
    kept_of("torch").venv.mkdir(parents=True)
    health = health_without_asking(TORCH)
    assert health is not None
    assert health.state == "half_made"


@pytest.mark.usefixtures("empty_machine")
def test_that_one_that_a_killed_repair_left_is_looked_at_since_it_can_be_brought_back() -> None:
    choose("torch", "own")
    kept_of("torch").venv.mkdir(parents=True)
    kept_of("torch").before.mkdir()
    kept_of("torch").mark_before.touch()
    assert health_without_asking(TORCH) is None


def test_that_a_doctor_who_fails_leaves_a_finding() -> None:
    fault = WorkbenchError(ErrorCode.DISK_FULL, path="/", why="full")
    assert bad_finding(health_of_fault("torch", fault)) == Finding("disk_full", {"path": "/", "why": "full"})
    unexpected = bad_finding(health_of_fault("torch", ValueError("odd")))
    assert unexpected is not None
    assert unexpected.facts == {"what": "ValueError", "why": "odd"}
    assert bad_finding(health_of_fault("torch", Stopped(step=0, kept=False))) is None
    stopped = health_of_fault("torch", Stopped(step=0, kept=False))
    view = view_of(TORCH, Known(stopped))
    assert view.state == "unknown"
    assert view.state in STATES
    assert "when you stopped looking" in view.findings[0].what


def test_that_an_engine_that_takes_its_time_says_so_with_a_way_out_in_place_of_what_was_known() -> None:
    broken = replace(HEALTHY, state="broken", findings=(DIED,))
    view = view_of(TORCH, Known(broken, looking=True, seconds=7))
    assert (view.state, view.seconds) == ("checking", 7)
    (line,) = view.findings
    assert "PyTorch is still starting" in line.what
    assert (line.mend, line.button) == ("skip", "Stop looking")
