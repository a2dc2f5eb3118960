"""Work that is asked of an engine that does not start: the doctor's words, nothing lost, nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.desk import Desk, Ended
from app.engine_facts.places import choose, kept_of, place_of
from app.flows import engines
from engines import registry
from engines.contract.capabilities import EngineRow
from engines.contract.events import Crashed, Event, Log, Progress, Stopped
from engines.contract.jobs import Job
from tests.environments.fake_pythons import fake_python, needs_scripts, real_python
from tests.helpers.command import Outcome, modelwright
from tests.helpers.fake_jobs import fake_training

pytestmark = [pytest.mark.commands, needs_scripts]

FAKE = next(row for row in registry.ENGINES if row.name == "fake")
WORKS = 'case "$1" in -c) ;; *)'
"""The interpreter answers the question who it is; what follows befalls the engine's process alone."""


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> EngineRow:
    """The fake engine as one that NumPy is the package of, so that an interpreter can be chosen for it."""
    shown = replace(FAKE, package="numpy", title="Tiny", visible=True)
    for module in ("app.flows.engines", "app.plans", "engines.registry"):
        monkeypatch.setattr(f"{module}.ENGINES", (shown,))
    return shown


def train(home: Path) -> Outcome:
    out = str(home / "run")
    return modelwright(home, "train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--out", out)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo I am a cat", ["is no Python", "I am a cat"]),
        ("exit 3", ["ends as soon as it starts (exit code 3)", "It said: nothing."]),
        ("kill -SEGV $$", ["ends as soon as it starts (segmentation fault, SIGSEGV)"]),
    ],
)
def test_that_a_run_in_an_interpreter_that_is_none_says_so_instead_of_telling_of_a_crash(
    home: Path, row: EngineRow, tmp_path: Path, body: str, words: list[str]
) -> None:
    python = fake_python(tmp_path / "bad", body)
    choose("fake", python)
    told = train(home)
    assert told.status == 1
    assert python in told.err
    for word in words:
        assert word in told.err
    assert "checkpoint" not in told.err
    assert not (home / "run").exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'Illegal instruction: AVX2' >&2; kill -ILL $$", ["illegal instruction, SIGILL", "AVX2"]),
        ("exit 5", ["died before its work began (exit code 5)", "said last: nothing."]),
    ],
)
def test_that_an_engine_whose_process_dies_at_its_start_is_told_with_what_mends_it(
    home: Path, row: EngineRow, tmp_path: Path, body: str, words: list[str]
) -> None:
    python = real_python(tmp_path / "bad", before=f"{WORKS} {body};; esac")
    choose("fake", python)
    told = train(home)
    assert told.status == 1
    for word in [*words, "Tiny", f'"{python}" -m pip install']:
        assert word in told.err


def test_that_an_interpreter_that_was_deleted_is_called_gone_and_not_the_engine_missing(
    home: Path, row: EngineRow, tmp_path: Path
) -> None:
    choose("fake", str(tmp_path / "gone" / "python"))
    told = train(home)
    assert told.status == 1
    assert "There is no interpreter" in told.err
    assert "not installed" not in told.err


def test_that_a_kept_environment_that_lost_its_interpreter_is_half_made_and_offers_its_repair(
    home: Path, row: EngineRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(row, package="no_such_package")
    for module in ("app.flows.engines", "app.plans", "engines.registry"):
        monkeypatch.setattr(f"{module}.ENGINES", (absent,))
    own = kept_of("fake")
    own.python.parent.mkdir(parents=True)
    own.python.symlink_to(home / "uninstalled" / "python3.11")
    own.mark.write_text('{"digest": "x", "python": "3.11"}', encoding="utf-8")
    assert place_of(absent).kind == "own"
    for told in (train(home), modelwright(home, "engines")):
        said = told.out + told.err
        assert "The environment of Tiny is half made." in said
        assert "modelwright engines repair fake" in said
        assert "not installed" not in said


def test_that_an_interpreter_without_the_engine_is_named_and_left_as_it_is(
    home: Path, row: EngineRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(row, package="no_such_package", install="no-such==1.0")
    for module in ("app.flows.engines", "app.plans", "engines.registry"):
        monkeypatch.setattr(f"{module}.ENGINES", (absent,))
    python = real_python(tmp_path / "lab")
    told = modelwright(home, "engines", "use", "fake", "--python", python)
    assert told.status == 1
    assert f"{python} (Python " in told.err
    assert "has no Tiny." in told.err
    assert 'pip install --upgrade "no-such==1.0"' in told.err
    assert place_of(absent).kind == "this"


def test_that_a_probe_that_was_told_to_stop_says_nothing_against_the_engine(
    home: Path, row: EngineRow
) -> None:
    class Deaf:
        pid = 1

        def run(self, job: Job) -> Iterator[Event]:
            yield Log("info", "importing")
            desk.stop()
            yield Crashed("deaf", 0, 15, "")

        def stop(self, keep: bool) -> None:
            """Do as if it was not heard."""

        def close(self) -> None:
            """Nothing is held."""

    with Desk(lambda engine: Deaf()) as desk, pytest.raises(Ended) as caught:  # type: ignore[arg-type]
        list(engines.examine(desk, "fake"))
    assert caught.value.event == Stopped(step=0, kept=False)


@pytest.mark.parametrize("resumed", [False, True], ids=["anew", "resumed"])
@pytest.mark.parametrize(
    ("sign", "kind"), [("", "failed"), ("record", "crashed"), ("imported", "crashed"), ("lines", "failed")]
)
def test_that_a_crash_is_the_runs_own_once_its_engine_was_there(
    home: Path, row: EngineRow, tmp_path: Path, sign: str, kind: str, resumed: bool
) -> None:
    job = fake_training(tmp_path)
    run = Path(job.run)
    run.mkdir()
    if resumed:
        (run / "run.json").write_text("{}", encoding="utf-8")

    class Dying:
        pid = 1

        def run(self, job: Job) -> Iterator[Event]:
            if sign == "imported":
                yield Progress("engine", 1, 1)
            elif sign == "lines":
                yield Log("info", "importing")
            elif sign == "record":
                (run / "run.json").write_text('{"state": "running"}', encoding="utf-8")
            yield Crashed("signal", 0, 11, "")

        def close(self) -> None:
            """Nothing is held."""

    with Desk(lambda engine: Dying()) as desk:  # type: ignore[arg-type]
        *_, last = desk.run("fake", job)
    assert last.kind == kind
