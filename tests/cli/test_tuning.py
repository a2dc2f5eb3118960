"""``modelwright tune``: the table, what is written, and threads that need a process of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli.tuning import doing_line, tune_lines
from app.desk import Ended
from app.flows import measuring, tuning
from app.flows.measuring import Measuring
from app.plans import make_plan
from app.project import Project
from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Control, Crashed, Failed, Stopped, Tuning
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


@pytest.mark.parametrize("won", [False, True])
def test_that_a_thread_count_of_another_process_is_a_row_beside_the_others(won: bool) -> None:
    row = TuneRow("threads", {"threads": 2}, 1500.0, gain=1.25, noise=0.02)
    view = measuring.with_threads(VIEW, row, won=won)
    rows = [row for row in view.rows if row.stage == "threads"]
    assert [(row.settings["threads"], row.chosen) for row in rows] == [(1, not won), (2, won)]
    assert [row.stage for row in view.rows][:2] == ["threads"] * 2
    assert view.chosen["threads"] == (2 if won else 1)
    assert view.after == (1.25 * 1200.0 if won else 1200.0)


@pytest.mark.parametrize(
    ("gain", "noise", "words"),
    [
        (1.14, 0.02, "1.14× ± 0.02"),
        (1.14, 0.08, "no difference beyond noise"),
        (1.02, 0.0, "no difference beyond noise"),
        (0.55, 0.02, "0.55× ± 0.02"),
        (0.0, 0.0, ""),
    ],
)
def test_that_each_row_says_what_is_beyond_the_noise(gain: float, noise: float, words: str) -> None:
    row = TuneRow("threads", {"threads": 2}, 1000.0, gain=gain, noise=noise)
    line = tune_lines(replace(VIEW, rows=(row,)))[1]
    assert (words in line) if words else ("×" not in line and "noise" not in line)


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
    assert found.created
    assert tuning.kept(project, name, "torch", "cpu") is None
    design = project.load_design()
    design.rename(next(node.name for node in design.nodes.values() if node.kind == "dense"), "another")
    project.save_design(design)
    assert tuning.kept(project, name, "fake", "cpu") is None  # it is about another design


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
    assert "890 in what seemed faster" in text
    assert "as chosen" not in text
    assert "--set" not in text
    assert "best so far" in "\n".join(tune_lines(replace(VIEW, early=True)))


def test_that_a_template_is_measured_but_not_written(tmp_path: Path) -> None:
    outcome = modelwright(tmp_path, "tune", "digits-mlp", "--engine", "fake", "--apply")
    assert outcome.status == 1
    assert "is not changed" in outcome.err


class Process:
    """One of an engine's processes: at rest until it is told to take a turn, at its thread count's speed."""

    def __init__(self, desk: Machine) -> None:
        self.desk, self.job, self.told, self.limit = desk, None, 0, 0.0
        self.closed = False

    def control(self, control: Control) -> None:
        assert control.action == "resume"
        self.told += 1

    def expect(self, seconds: float) -> None:
        self.limit = seconds

    def close(self) -> None:
        self.closed = True

    def run(self, job: Any) -> Iterator[Any]:
        self.job = job
        try:
            yield from self._first() if job.stays else ()
            yield from self._turns(job.recipe.threads or 1)
        finally:
            self.close()

    def _first(self) -> Iterator[Any]:
        view = replace(VIEW, elsewhere=self.desk.elsewhere)
        yield Tuning(view, "measure", {}, 0.5, 0.6, 1.0, 2.0)
        yield Tuning(view, "compile", {"run_mode": "xla"}, 0.6, 0.7, 1.0, 2.0)
        if self.desk.killed:
            raise Ended(Crashed("signal", 0, 9, ""))
        if self.desk.compiler_hangs:
            assert self.limit
            facts = {"job": "tune", "seconds": self.limit}
            raise Ended(Failed(ErrorCode.TIME_LIMIT.value, facts))
        if not self.desk.elsewhere:
            yield Answer(view)
            return

    def _turns(self, threads: int) -> Iterator[Any]:
        desk, rate = self.desk, 0.0
        if self.job.stays and not desk.elsewhere:  # type: ignore[attr-defined]
            return
        if threads in desk.broken:
            raise Ended(Failed("out_of_memory", {"limit": 0}))
        while not desk.stopping:
            told = self.told
            yield Tuning(replace(VIEW, elsewhere=desk.elsewhere), "wait", {}, 1.0, 1.0, 0.0, 0.0, rate)
            if desk.stopping:
                return
            assert self.told == told + 1, "it takes no turn but when it is told to"
            desk.turns.append(threads)
            rate = desk.rates[threads] * desk.moment()


class Machine:
    """A desk whose engine keeps its threads: its processes live side by side, at moments that differ."""

    def __init__(self, rates: Mapping[int, float], elsewhere: tuple[int, ...] = (2,)) -> None:
        self.rates, self.elsewhere = dict(rates), elsewhere
        self.turns, self.broken = list[int](), set[int]()
        self.moments: Iterator[float] = itertools.repeat(1.0)
        self.stopping = self.discards = self.killed = self.compiler_hangs = False
        self.processes: list[Process] = []
        self._first = self.another("fake")
        self._end: Any = None

    def moment(self) -> float:
        return next(self.moments)

    def ended_by(self, end: Any) -> None:
        self._end = end

    def stop(self, keep: bool) -> None:
        self.stopping, self.discards = True, not keep
        self._end()

    def kill(self) -> None:
        self.killed = True

    def host(self, engine: str) -> Process:
        return self._first

    def another(self, engine: str) -> Process:
        self.processes.append(Process(self))
        return self.processes[-1]

    def ask(self, engine: str, job: Any, wanted: type) -> Iterator[Any]:
        assert not job.threads_only
        return self._first.run(job)

    def ask_at(self, host: Any, job: Any, wanted: type) -> Iterator[Any]:
        assert job.threads_only
        return host.run(job)  # type: ignore[no-any-return]


def measured(desk: Any) -> tuple[list[Any], TuneView]:
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    return rest_of(Measuring(desk, "fake", job).events())


def rest_of(running: Any) -> tuple[list[Any], TuneView]:
    events = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            return events, end.value


def threads_of(view: TuneView) -> dict[int, bool]:
    return {int(row.settings["threads"]): row.chosen for row in view.rows if row.stage == "threads"}


@pytest.mark.parametrize(("other", "won"), [(1250.0, True), (1090.0, False), (900.0, False), (400.0, False)])
def test_that_another_thread_count_is_raced_turn_by_turn_between_two_live_processes(
    other: float, won: bool
) -> None:
    desk = Machine({1: 1000.0, 2: other})
    _, view = measured(desk)
    assert threads_of(view) == {1: not won, 2: won}
    pairs = [set(pair) for pair in batched(desk.turns, 2)]
    assert pairs == [{1, 2}] * (2 if other == 400.0 else measuring.TURNS)
    firsts = desk.turns[::2]
    assert abs(firsts.count(1) - firsts.count(2)) <= 1
    row = next(row for row in view.rows if row.settings == {"threads": 2})
    assert row.gain == pytest.approx(other / 1000.0)
    assert view.after == pytest.approx(1200.0 * (other / 1000.0 if won else 1.0))
    assert len(desk.processes) == 2
    assert all(process.closed for process in desk.processes)


def test_that_a_machine_that_slows_down_for_both_misleads_nobody() -> None:
    alike = Machine({1: 1000.0, 2: 1010.0})
    alike.moments = (factor for pair in itertools.count() for factor in [3.0 / (1 + pair % 5)] * 2)
    _, view = measured(alike)
    assert threads_of(view) == {1: True, 2: False}
    assert view.after == 1200.0
    faster = Machine({1: 1000.0, 2: 1300.0})
    faster.moments = (factor for pair in itertools.count() for factor in [3.0 / (1 + pair % 5)] * 2)
    assert threads_of(measured(faster)[1]) == {1: False, 2: True}


def test_that_a_gain_within_the_noise_keeps_the_plain_count_and_says_so() -> None:
    desk = Machine({1: 1000.0, 2: 1150.0})
    random = np.random.default_rng(1)
    desk.moments = (float(random.uniform(0.5, 1.5)) for _ in itertools.count())
    _, view = measured(desk)
    assert threads_of(view) == {1: True, 2: False}
    assert "no difference beyond noise" in "\n".join(tune_lines(view))


def test_that_more_threads_are_tried_only_while_they_help_and_the_winner_is_raced_on() -> None:
    desk = Machine({1: 1000.0, 2: 2000.0, 4: 1500.0, 8: 9000.0}, (2, 4, 8, 16))
    events, view = measured(desk)
    assert threads_of(view) == {1: False, 2: True, 4: False}
    assert [sorted(set(pair)) for pair in batched(desk.turns, 2)] == [[1, 2]] * 8 + [[2, 4]] * 8
    shares = [event.share for event in events]
    assert shares == sorted(shares)
    assert {event.doing for event in events} == {"measure", "compile", "start"}
    assert all(process.closed for process in desk.processes)


def test_that_a_thread_count_that_cannot_be_run_is_a_row_with_its_reason() -> None:
    desk = Machine({1: 1000.0})
    desk.broken.add(2)
    _, view = measured(desk)
    (row,) = (row for row in view.rows if row.settings == {"threads": 2})
    assert (row.code, row.chosen) == ("out_of_memory", False)
    assert view.chosen == VIEW.chosen


def test_that_a_compiler_that_takes_too_long_is_broken_off_and_the_rest_goes_on() -> None:
    desk = Machine({1: 1000.0, 2: 1500.0})
    desk.compiler_hangs = True
    _, view = measured(desk)
    assert desk.processes[0].limit == measuring.COMPILE_TIMES * 5.0 == 20.0
    (row,) = (row for row in view.rows if row.code == ErrorCode.TUNE_COMPILE_LONG.value)
    assert (row.stage, dict(row.settings), row.facts["seconds"]) == ("way", {"run_mode": "xla"}, 20)
    assert threads_of(view) == {1: False, 2: True}
    assert len(desk.processes) == 3  # the present count needed a process anew
    text = "\n".join(tune_lines(view))
    assert "not done after 20 s" in text


def test_that_a_stop_waits_for_no_compiler_and_keeps_what_was_measured() -> None:
    desk: Any = Machine({})
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    running = Measuring(desk, "fake", job).events()
    assert (next(running).doing, next(running).doing) == ("measure", "compile")  # type: ignore[union-attr]
    desk.stop(keep=True)
    with pytest.raises(StopIteration) as end:
        next(running)
    assert desk.killed
    assert end.value.value == replace(VIEW, elsewhere=(2,), early=True)
    assert all(process.closed for process in desk.processes)


@pytest.mark.parametrize("after", [1, 4, 7])
def test_that_a_stop_between_two_turns_keeps_the_best_so_far(after: int) -> None:
    desk: Any = Machine({1: 1000.0, 2: 2000.0})
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    running = Measuring(desk, "fake", job).events()
    while len(desk.turns) < after:
        next(running)
    desk.stop(keep=True)
    assert rest_of(running)[1] == replace(VIEW, elsewhere=(2,), early=True)
    assert all(process.closed for process in desk.processes)


def test_that_a_stop_that_discards_has_no_table() -> None:
    desk: Any = Machine({})
    job = TuneJob(GraphSpec("", (), ()), Recipe(), "", None)  # type: ignore[arg-type]
    running = Measuring(desk, "fake", job).events()
    next(running), next(running)
    desk.stop(keep=False)
    with pytest.raises(Ended) as ended:
        next(running)
    assert ended.value.event == Stopped(step=0, kept=False)


def batched(turns: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(turns[place : place + size]) for place in range(0, len(turns), size)]
