"""``modelwright tune``: the table, what is written, and threads that need a process of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli.tuning import doing_line, tune_lines
from app.desk import Ended
from app.flows import measuring, tuning
from app.flows.measuring import Measuring
from app.plans import make_plan
from app.project import Project
from engines.contract.events import Answer, Crashed, Stopped, Tuning
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
    view = measuring.with_threads(VIEW, TuneRow("threads", {"threads": 2}, rate))
    rows = [row for row in view.rows if row.stage == "threads"]
    assert [(row.settings["threads"], row.chosen) for row in rows] == [(1, not wins), (2, wins)]
    assert view.chosen["threads"] == (2 if wins else 1)
    assert view.after == (rate if wins else 1200.0)


def test_that_what_was_chosen_is_kept_and_written_into_the_recipe(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "digits", "digits-mlp")
    before = make_plan(str(project.folder)).recipe
    assert (before.run_mode, before.chunk_steps) == ("", 0)
    outcome = modelwright(tmp_path, "tune", project.folder, "--engine", "fake", "--apply", "--json")
    assert outcome.status == 0, outcome.err
    (view,) = (
        event["record"] for event in outcome.events if event.get("record", {}).get("kind") == "tune_view"
    )
    after = make_plan(str(project.folder)).recipe
    assert {key: getattr(after, key) for key in view["chosen"]} == view["chosen"]
    assert view["chosen"] == {"run_mode": "hurried", "memory_layout": "channels_last"}
    assert view["after"] > 2 * view["before"]
    assert after.batch_size == before.batch_size
    assert outcome.last["kind"] == "finished"
    name = project.current_design
    found = tuning.kept(Project.open(project.folder), name, "fake", "cpu")
    assert found is not None
    assert [row.stage for row in found.rows] == [row["stage"] for row in view["rows"]]
    assert tuning.kept(project, name, "torch", "cpu") is None


def test_that_json_lines_tell_what_is_in_hand_and_each_row_as_it_comes(tmp_path: Path) -> None:
    outcome = modelwright(tmp_path, "tune", "digits-cnn", "--engine", "fake", "--json")
    assert outcome.kinds[-3:] == ["tuning", "answer", "finished"]
    told = [event for event in outcome.events if event["kind"] == "tuning"]
    counts = [len(event["view"]["rows"]) for event in told]
    assert counts[0] == 0
    assert set(range(counts[-1] + 1)) == set(counts)
    compiled = next(event for event in told if event["doing"] == "compile")
    assert compiled["settings"]["run_mode"] == "hurried"
    assert compiled["takes"] == 4.0
    assert compiled["view"]["after"] > 0
    assert told[-1]["left"] < told[0]["left"]


def test_that_a_person_reads_what_is_in_hand_and_for_how_long() -> None:
    event = Tuning(VIEW, "compile", {"run_mode": "xla"}, 0.4, 0.8, 6.0, 8.2)
    assert doing_line(event).startswith("compiling: xla · about 8")
    assert doing_line(replace(event, doing="measure", settings={"threads": 2})).startswith(
        "measuring: threads 2"
    )
    assert "the recipe as it is" in doing_line(replace(event, settings={}))


def test_that_a_recipe_that_nothing_beats_is_said_to_stay() -> None:
    text = "\n".join(tune_lines(replace(VIEW, chosen={}, after=890.0)))
    assert "it stays" in text
    assert "--set" not in text
    assert "best so far" in "\n".join(tune_lines(replace(VIEW, early=True)))


def test_that_a_template_is_measured_but_not_written(tmp_path: Path) -> None:
    outcome = modelwright(tmp_path, "tune", "digits-mlp", "--engine", "fake", "--apply")
    assert outcome.status == 1
    assert "is not changed" in outcome.err


class Machine:
    """A desk whose engine keeps its threads: each process measures one count, at a moment of its own."""

    def __init__(self, rates: list[float], elsewhere: tuple[int, ...] = (2,)) -> None:
        self.rates, self.threads, self.elsewhere = rates, list[int](), elsewhere
        self.stopping = self.discards = self.killed = False
        self.closed = 0
        self._end: Any = None

    def ended_by(self, end: Any) -> None:
        self._end = end

    def stop(self, keep: bool) -> None:
        self.stopping, self.discards = True, not keep
        self._end()

    def kill(self) -> None:
        self.killed = True

    def close(self) -> None:
        self.closed += 1

    def another(self, engine: str) -> Any:
        return self

    def ask(self, engine: str, job: Any, wanted: type) -> Iterator[Any]:
        view = replace(VIEW, elsewhere=self.elsewhere)
        for doing in ("measure", "compile"):
            yield Tuning(view, doing, {}, 0.5, 0.6, 1.0, 2.0)
            if self.killed:
                raise Ended(Crashed("signal", 0, 9, ""))
        yield Answer(view)

    def ask_at(self, host: Any, job: Any, wanted: type) -> Iterator[Any]:
        assert job.threads_only
        self.threads.append(job.recipe.threads)
        rows = (TuneRow("threads", {"threads": job.recipe.threads}, self.rates.pop(0)),)
        yield Answer(replace(VIEW, rows=rows))


def measured(desk: Any) -> tuple[list[Any], TuneView]:
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    events, running = [], Measuring(desk, "fake", job).events()
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            return events, end.value


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
    desk = Machine(rates)
    _, view = measured(desk)
    assert desk.threads == asked
    assert (
        next(row.settings["threads"] for row in view.rows if row.stage == "threads" and row.chosen) == chosen
    )
    assert view.after == after


def test_that_more_threads_are_tried_only_while_they_help() -> None:
    desk = Machine([2400.0, 1200.0, 2400.0, 1000.0], (2, 4, 8, 16))
    events, view = measured(desk)
    assert desk.threads == [2, 1, 2, 4]
    assert view.chosen["threads"] == 2
    shares = [event.share for event in events]
    assert shares == sorted(shares)
    assert {event.doing for event in events} == {"measure", "compile", "start"}


def test_that_a_stop_waits_for_no_compiler_and_keeps_what_was_measured() -> None:
    desk: Any = Machine([])
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    running = Measuring(desk, "fake", job).events()
    assert (next(running).doing, next(running).doing) == ("measure", "compile")  # type: ignore[union-attr]
    desk.stop(keep=True)
    with pytest.raises(StopIteration) as end:
        next(running)
    assert desk.killed
    assert end.value.value == replace(VIEW, elsewhere=(2,), early=True)
    assert desk.closed == 1  # the process that stood by


def test_that_a_stop_that_discards_has_no_table() -> None:
    desk: Any = Machine([])
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    running = Measuring(desk, "fake", job).events()
    next(running), next(running)
    desk.stop(keep=False)
    with pytest.raises(Ended) as ended:
        next(running)
    assert ended.value.event == Stopped(step=0, kept=False)
