"""``modelwright engines``: install, repair, remove, use and find, with an engine from a folder of wheels."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.engine_facts.places import choose, kept_of, place_of, python_of
from app.engine_facts.reports import load_reports, save_reports
from app.flows import engines
from engines import registry
from engines.contract.capabilities import EngineReport, EngineRow
from engines.environments import builders
from engines.environments.kept import ABSENT, HALF_MADE, READY
from engines.environments.locked import LOCKED, Locked
from engines.host.process import ProcessHost
from tests.environments.fake_pythons import (
    fake_python,
    needs_scripts,
    real_python,
    write_wheel,
    write_wheel_with_numpy,
)
from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.commands

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
FAKE = next(row for row in registry.ENGINES if row.name == "fake")
LISTING = ("app.flows.engines", "app.plans", "engines.registry")


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> EngineRow:
    """The fake engine, as one of a package ``tiny`` that is not in this interpreter."""
    tiny = replace(FAKE, package="tiny", install="tiny==1.0", title="Tiny", visible=True)
    for module in LISTING:
        monkeypatch.setattr(f"{module}.ENGINES", (tiny,))
    return tiny


@pytest.fixture
def wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, row: EngineRow) -> Path:
    """A folder of wheels in place of the network; the engine's list names the one in it."""
    folder = tmp_path / "wheels"
    write_wheel_with_numpy(folder, "tiny")
    locked = Locked(("tiny==1.0",), pythons=(VERSION,), oldest="1.0", below="2")
    monkeypatch.setitem(LOCKED, row.name, locked)
    for installer in ("PIP", "UV"):
        monkeypatch.setenv(f"{installer}_NO_INDEX", "1")
        monkeypatch.setenv(f"{installer}_FIND_LINKS", str(folder))
    return folder


def health(outcome: Outcome) -> dict[str, object]:
    """Return the doctor's one answer."""
    records = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    (found,) = [record for record in records if record["kind"] == "engine_health"]
    return found


def codes(outcome: Outcome) -> list[str]:
    return [finding["code"] for finding in health(outcome)["findings"]]  # type: ignore[attr-defined]


@needs_scripts
def test_that_an_engine_is_installed_into_its_own_environment_and_runs_there(
    home: Path, row: EngineRow, wheels: Path
) -> None:
    before = modelwright(home, "engines", "--json")
    assert before.status == 0
    assert health(before)["state"] == "missing"
    assert codes(before) == ["engine_missing"]
    outcome = modelwright(home, "engines", "install", "fake", "--json")
    assert outcome.status == 0, outcome.err
    assert outcome.last == outcome.last | {"kind": "finished"}
    assert health(outcome)["state"] == "ready"
    assert health(outcome)["place"] == "own"
    assert str(health(outcome)["python"]).startswith(str(home))
    assert kept_of("fake").state() == READY
    assert place_of(row).kind == "own"
    progress = [event for event in outcome.events if event["kind"] == "progress"]
    assert {event["stage"] for event in progress} >= {"python", "environment", "check"}
    again = modelwright(home, "engines")
    assert "Tiny 1.0 (fake), Python" in again.out
    assert "in an environment of its own" in again.out
    trained = modelwright(home, "train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--json")
    assert trained.status == 0, trained.err
    spoilt = kept_of("fake")
    spoilt.mark.unlink()
    assert codes(modelwright(home, "engines", "--json")) == ["environment_half_made"]
    told = modelwright(home, "engines")
    assert told.status == 0
    assert "modelwright engines repair fake" in told.out
    assert modelwright(home, "engines", "repair", "fake").status == 0
    assert spoilt.state() == READY
    assert modelwright(home, "engines", "remove", "fake").status == 0
    assert spoilt.state() == ABSENT
    assert health(modelwright(home, "engines", "--json"))["state"] == "missing"


@needs_scripts
def test_that_a_half_installed_engine_is_told_from_a_good_one_by_what_its_import_says(
    home: Path, row: EngineRow, wheels: Path
) -> None:
    write_wheel_with_numpy(wheels, "tiny")
    assert modelwright(home, "engines", "install", "fake").status == 0
    numpy = wheels / "numpy-shelf" / "numpy"
    numpy.unlink()
    (numpy).mkdir()
    (numpy / "__init__.py").write_text("raise ImportError('libblas.so.3: cannot open shared object file')")
    outcome = modelwright(home, "engines", "--json")
    assert outcome.status == 0
    assert health(outcome)["state"] == "broken"
    told = modelwright(home, "engines").out
    assert "modelwright engines repair fake" in told
    assert "libblas.so.3" in told


def test_that_without_the_package_the_installation_fails_by_name_and_is_half_made(
    home: Path, row: EngineRow, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_way = builders.ways
    monkeypatch.setattr(builders, "ways", lambda *about: every_way(*about)[:1])
    shutil.rmtree(wheels)
    wheels.mkdir()
    outcome = modelwright(home, "engines", "install", "fake", "--json")
    assert outcome.status == 1
    assert outcome.last["code"] in ("install_failed", "network_down")
    assert "tiny" in outcome.last["details"]
    assert kept_of("fake").state() == HALF_MADE
    assert codes(modelwright(home, "engines", "--json")) == ["environment_half_made"]


@pytest.mark.parametrize("command", ["repair", "remove"])
def test_that_an_environment_that_was_never_made_can_be_neither_repaired_nor_removed(
    home: Path, row: EngineRow, command: str
) -> None:
    outcome = modelwright(home, "engines", command, "fake", "--json")
    assert outcome.last["code"] == "environment_none"


def test_that_an_engine_without_a_list_cannot_be_installed(home: Path) -> None:
    assert modelwright(home, "engines", "install", "fake", "--json").last["code"] == "job_unsupported"


def test_that_remove_takes_nothing_but_the_environment_that_is_kept(home: Path, row: EngineRow) -> None:
    theirs = home / "mine" / "keep.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    own = kept_of("fake")
    own.venv.mkdir(parents=True)
    assert modelwright(home, "engines", "remove", "fake").status == 0
    assert theirs.read_text() == "mine"
    assert own.state() == ABSENT


@pytest.fixture
def other(tmp_path: Path) -> str:
    """Another interpreter that has the engine: this very Python, by another name."""
    (tmp_path / "other" / "site").mkdir(parents=True)
    (tmp_path / "other" / "site" / "tiny.py").write_text("")
    return real_python(tmp_path / "other", "echo it prints")


@needs_scripts
def test_that_another_interpreter_is_used_once_it_has_answered(
    home: Path, row: EngineRow, other: str
) -> None:
    outcome = modelwright(home, "engines", "use", "fake", "--python", other, "--json")
    assert outcome.status == 0, outcome.err
    assert health(outcome)["place"] == "other"
    assert python_of("fake") == other
    listed = modelwright(home, "engines")
    assert f"in {other}" in listed.out
    assert "Tiny 1.0" in listed.out
    back = modelwright(home, "engines", "use", "fake", "--this", "--json")
    assert back.status == 0
    assert python_of("fake") == sys.executable


@needs_scripts
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("exit 3", "interpreter_dies"),
        ("echo I am a shell", "interpreter_no_python"),
        (f'exec "{sys.executable}" -S "$@"', "interpreter_without_engine"),
    ],
)
def test_that_one_that_does_not_answer_is_refused_and_the_choice_before_stays(
    home: Path, row: EngineRow, other: str, tmp_path: Path, body: str, code: str
) -> None:
    assert modelwright(home, "engines", "use", "fake", "--python", other).status == 0
    bad = fake_python(tmp_path / "bad", body)
    outcome = modelwright(home, "engines", "use", "fake", "--python", bad, "--json")
    assert outcome.status == 1
    assert outcome.last["code"] == code
    assert python_of("fake") == other


@needs_scripts
def test_that_one_that_dies_as_a_worker_is_refused(
    home: Path, row: EngineRow, other: str, tmp_path: Path
) -> None:
    site = tmp_path / "dying" / "site"
    site.mkdir(parents=True)
    (site / "tiny.py").write_text("")
    inside = "import sys, os\nif any('worker' in one for one in sys.orig_argv): os._exit(9)"
    dying = real_python(tmp_path / "dying", inside=inside)
    outcome = modelwright(home, "engines", "use", "fake", "--python", dying, "--json")
    assert outcome.last["code"] == "engine_dies"
    assert outcome.last["facts"]["status"] == 9
    assert python_of("fake") == sys.executable


@needs_scripts
def test_that_an_interpreter_that_went_away_afterwards_is_named_and_can_be_left(
    home: Path, row: EngineRow, other: str
) -> None:
    assert modelwright(home, "engines", "use", "fake", "--python", other).status == 0
    Path(other).unlink()
    assert codes(modelwright(home, "engines", "--json")) == ["interpreter_gone"]
    assert modelwright(home, "train", "digits-mlp", "--engine", "fake").status == 1
    assert modelwright(home, "engines", "use", "fake", "--this").status == 0
    assert codes(modelwright(home, "engines", "--json")) == ["engine_missing"]


@needs_scripts
def test_that_an_engine_that_hangs_keeps_no_other_waiting_and_is_given_up_with_the_line_where_it_stood(
    home: Path, row: EngineRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(FAKE, name="onnxruntime", package="numpy", title="Quick", visible=True)
    slow = replace(row, package="numpy")
    for module in LISTING:
        monkeypatch.setattr(f"{module}.ENGINES", (slow, quick))
    inside = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'engines.backends.fake.probe': import time; time.sleep(600)\n"
        "sys.meta_path.insert(0, Slow())"
    )
    choose("fake", real_python(tmp_path, inside=inside))
    monkeypatch.setattr("app.desk.ProcessHost", partial(ProcessHost, start_seconds=8.0))
    monkeypatch.setattr(engines.probe_all, "__defaults__", (0.5,))
    told = modelwright(home, "engines", "--json")
    answered = {event["record"]["engine"]: event for event in told.events if event["kind"] == "answer"}
    assert answered["onnxruntime"]["seq"] < answered["fake"]["seq"]
    (waiting,) = [event for event in told.events if event["kind"] == "log" and event["code"]]
    assert (waiting["code"], waiting["facts"]) == ("engine_slow", {"title": "Tiny"})
    (finding,) = answered["fake"]["record"]["findings"]
    assert finding["code"] == "engine_hangs"
    assert (finding["facts"]["seconds"], finding["facts"]["line"]) == (8, 4)
    assert finding["facts"]["file"].endswith("sitecustomize.py")
    assert told.status == 0


def test_that_use_wants_one_place(home: Path) -> None:
    assert modelwright(home, "engines", "use", "fake").status == 2
    assert modelwright(home, "engines", "use", "fake", "--this", "--own").status == 2


@needs_scripts
def test_that_reports_belong_to_the_interpreter_that_gave_them(
    home: Path, row: EngineRow, other: str
) -> None:
    here = EngineReport("fake", "1", ())
    save_reports({"fake": here})
    assert load_reports() == {"fake": here}
    assert modelwright(home, "engines", "use", "fake", "--python", other).status == 0
    assert load_reports() == {}
    there = EngineReport("fake", "2", ())
    save_reports({"fake": there})
    assert load_reports() == {"fake": there}
    assert modelwright(home, "engines", "use", "fake", "--this").status == 0
    assert load_reports() == {"fake": here}


def test_that_every_python_is_listed_with_the_engines_in_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.environments.discover.candidates", lambda near: [Path(sys.executable)])
    outcome = modelwright(home, "engines", "find", "--json")
    assert outcome.status == 0
    (record,) = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    assert [one["python"] for one in record["found"]] == [sys.executable]
    assert "onnxruntime" in record["found"][0]["engines"]
    assert sys.executable in modelwright(home, "engines", "find").out


STOPPING = """
import sys
from app.main import main
from engines.environments import builders
from engines.environments.builders import Way

sleep = "import os, sys, time; os.makedirs(sys.argv[1]); print('begun', flush=True); time.sleep(600)"

def ways(locked, base, venv, python, gpu):
    return [Way("w", ((sys.executable, "-c", sleep, str(venv)),))]

builders.ways = ways
sys.exit(main(["engines", "install", "torch", "--json"]))
"""


@pytest.fixture
def stoppable(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that installs for ten minutes."""
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_that_control_c_stops_an_installation_at_once_and_what_is_left_is_half_made(
    home: Path, stoppable: subprocess.Popen[str]
) -> None:
    assert stoppable.stdout is not None
    for line in stoppable.stdout:
        if "begun" in line and json.loads(line)["text"] == "begun":
            break
    stoppable.send_signal(signal.SIGINT)
    began = time.monotonic()
    lines = stoppable.stdout.read().splitlines()
    assert stoppable.wait(30) == 130
    assert time.monotonic() - began < 30
    assert json.loads(lines[-1])["kind"] == "stopped"
    assert kept_of("torch").state() == HALF_MADE


def test_that_wheels_written_by_hand_are_wheels(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "tiny", "1.0", {"tiny.py": ""})
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--no-index",
        "--no-deps",
        "-q",
        str(wheel),
    ]
    assert subprocess.run(command, capture_output=True).returncode == 0
