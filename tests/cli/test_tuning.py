"""``modelwright tune``: the table, what is written, and threads that need a process of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli.tuning import tune_lines
from app.flows import tuning
from app.plans import make_plan
from app.project import Project
from engines.contract.jobs import TuneJob
from engines.contract.spec import GraphSpec, Recipe
from engines.contract.views import TuneRow, TuneView
from tests.helpers.command import modelwright

pytestmark = pytest.mark.commands

VIEW = TuneView(
    "fake",
    "cpu",
    (
        TuneRow("threads", {"threads": 1}, 1000.0, 0.1, 0.2, True),
        TuneRow("way", {"run_mode": "plain", "memory_layout": "channels_last"}, 1100.0, 0.1, 0.2, True),
        TuneRow(
            "way",
            {"run_mode": "xla"},
            code="compile_failed",
            facts={"engine": "Fake", "mode": "xla", "instead": "plain", "why": "no"},
        ),
        TuneRow("batch_size", {"batch_size": 64}, 2000.0, 0.1, 0.2),
    ),
    {"threads": 1, "run_mode": "plain"},
    900.0,
    1200.0,
)


def test_that_the_table_shows_every_way_its_reason_and_how_to_set_it() -> None:
    text = "\n".join(tune_lines(VIEW))
    assert "channels last" in text
    assert "1,100" in text
    assert "could not compile" in text
    assert "changes the mathematics" in text
    assert "--set threads=1 --set run_mode=plain" in text
    assert "1.33 times" in text


@pytest.mark.parametrize(("rate", "wins"), [(1310.0, False), (1330.0, True), (0.0, False)])
def test_that_more_threads_have_to_win_clearly(rate: float, wins: bool) -> None:
    view = tuning.with_threads(VIEW, TuneRow("threads", {"threads": 2}, rate))
    rows = [row for row in view.rows if row.stage == "threads"]
    assert [(row.settings["threads"], row.chosen) for row in rows] == [(1, not wins), (2, wins)]
    assert view.chosen["threads"] == (2 if wins else 1)
    assert view.after == (rate if wins else 1200.0)


def test_that_what_was_chosen_is_kept_and_written_into_the_recipe(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "digits", "digits-mlp")
    before = make_plan(str(project.folder)).recipe
    assert (before.run_mode, before.chunk_steps) == ("", 0)
    asked = ("--engine", "fake", "--seconds", "0.2", "--apply", "--json")
    outcome = modelwright(tmp_path, "tune", project.folder, *asked)
    assert outcome.status == 0, outcome.err
    view = next(
        event["record"] for event in outcome.events if event.get("record", {}).get("kind") == "tune_view"
    )
    after = make_plan(str(project.folder)).recipe
    assert {key: getattr(after, key) for key in view["chosen"]} == view["chosen"]
    assert after.batch_size == before.batch_size
    assert after.chunk_steps > 0
    assert outcome.last["kind"] == "finished"
    name = project.current_design
    found = tuning.kept(Project.open(project.folder), name, "fake", "cpu")
    assert found is not None
    assert [row.stage for row in found.rows] == [row["stage"] for row in view["rows"]]
    assert tuning.kept(project, name, "torch", "cpu") is None


def test_that_a_template_is_measured_but_not_written(tmp_path: Path) -> None:
    outcome = modelwright(tmp_path, "tune", "digits-mlp", "--engine", "fake", "--apply")
    assert outcome.status == 1
    assert "is not changed" in outcome.err


class TwoMoments:
    """A desk whose machine is quiet only while the other process measures first."""

    def __init__(self, rates: list[float]) -> None:
        self.rates, self.threads = rates, list[int]()

    def ask(self, engine: str, job: Any, wanted: type) -> Iterator[Any]:
        if not job.threads_only:
            return replace(VIEW, elsewhere=(2,))
            yield
        self.threads.append(job.recipe.threads)
        rows = (TuneRow("threads", {"threads": job.recipe.threads}, self.rates.pop(0)),)
        return replace(VIEW, rows=rows)
        yield


@pytest.mark.parametrize(
    ("rates", "asked", "chosen", "after"),
    [
        ([1250.0], [2], 1, 1200.0),  # no clear win: nothing more is asked
        ([2400.0, 2300.0, 2350.0], [2, 1, 2], 1, 2300.0),  # the machine had become quiet, for both
        ([2400.0, 1210.0, 2350.0], [2, 1, 2], 2, 2350.0),  # a win that holds
    ],
)
def test_that_another_process_has_to_win_twice(
    rates: list[float], asked: list[int], chosen: int, after: float
) -> None:
    desk: Any = TwoMoments(rates)
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    with pytest.raises(StopIteration) as end:
        next(tuning._measure(desk, "fake", job))
    view = end.value.value
    assert desk.threads == asked
    assert (view.chosen["threads"], view.after) == (chosen, after)
