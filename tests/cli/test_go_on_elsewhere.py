"""A run gone on with on another engine, by the command line: half here and half there are the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.runs.engine_comparison import Curve, curves_of, differences
from engines.runs.verify import verify
from engines.training.run_folder import read_run
from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.commands

FIRST, SECOND = "torch", "tensorflow"


class Bench:
    """Trains small runs in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, name: str, *arguments: object) -> Outcome:
        """Train into the run ``name``."""
        return modelwright(self.home, "train", *arguments, "--out", self.home / name, "--json")

    def fresh(self, name: str, engine: str, epochs: int, *more: str) -> Outcome:
        settings = ("--set", f"epochs={epochs}", "--set", "threads=1", *more)
        return self(name, "digits-mlp", "--data", "digits", "--engine", engine, *settings)

    def loss(self, name: str) -> dict[str, Curve]:
        return curves_of(self.home / name)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.framework
@pytest.mark.parametrize(
    ("here", "there", "precision", "bound"), [(FIRST, SECOND, "fp64", 1e-9), (SECOND, FIRST, "fp32", 1e-5)]
)
def test_that_half_on_one_engine_and_half_on_another_are_the_whole_on_the_first(
    bench: Bench, here: str, there: str, precision: str, bound: float
) -> None:
    whole, half, rest = (f"{name}-{here}-{precision}" for name in ("whole", "half", "rest"))
    chosen = ("--set", f"precision={precision}")
    assert bench.fresh(whole, here, 4, *chosen).status == 0
    assert bench.fresh(half, here, 2, *chosen).status == 0
    outcome = bench(rest, "--resume", bench.home / half, "--engine", there, "--set", "epochs=4")
    assert outcome.status == 0, outcome.err
    for name in ("loss", "validation_loss"):
        steps, apart = differences(bench.loss(whole)[name], bench.loss(rest)[name])
        assert len(steps) == (140 if name == "loss" else 4)
        assert apart.max() <= bound
    record = read_run(bench.home / rest)
    assert (record.engine, record.parent_engine, record.parent_step) == (there, here, 70)
    assert record.parent == half
    assert verify(bench.home / rest) == ()
    assert read_run(bench.home / half).engine == here


def test_that_without_a_folder_the_new_run_lies_beside_its_parent(bench: Bench) -> None:
    assert bench.fresh("parent/one", "fake", 2).status == 0
    parent = bench.home / "parent" / "one"
    arguments = ("--resume", parent, "--checkpoint", "best", "--set", "epochs=3", "--json")
    outcome = modelwright(bench.home, "train", *arguments)
    assert outcome.status == 0, outcome.err
    new = parent.with_name(outcome.last["run"])
    assert new != parent
    assert json.loads((new / "run.json").read_text())["parent"] == "one"


def test_that_on_its_own_engine_a_run_is_resumed_in_its_folder(bench: Bench) -> None:
    assert bench.fresh("own", "fake", 2).status == 0
    run = bench.home / "own"
    outcome = modelwright(
        bench.home, "train", "--resume", run, "--engine", "fake", "--set", "epochs=3", "--json"
    )
    assert outcome.status == 0
    assert outcome.last["run"] == "own"
    assert read_run(run).parent == ""
    assert read_run(run).total_steps == 3 * 35


def test_that_an_engine_nobody_knows_leaves_no_folder(bench: Bench) -> None:
    assert bench.fresh("known", "fake", 1).status == 0
    outcome = bench("nowhere", "--resume", bench.home / "known", "--engine", "troch")
    assert outcome.status == 1
    assert "torch" in outcome.err
    assert not (bench.home / "nowhere").exists()


def test_that_a_folder_in_use_is_not_overwritten(bench: Bench) -> None:
    assert bench.fresh("first", "fake", 1).status == 0
    before = (bench.home / "first" / "run.json").read_bytes()
    outcome = bench("first", "--resume", bench.home / "first", "--checkpoint", "best")
    assert outcome.status == 1
    assert (bench.home / "first" / "run.json").read_bytes() == before
