"""``modelwright compare --design``: tables for a person, events for a script, a status to trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import reporting
from app.engine_facts import titles
from app.flows import comparison_work, engine_comparison, entrants, further
from tests.comparing.orders import desk_of
from tests.helpers.command import Outcome, modelwright
from tests.helpers.small_engines import (
    ROWS,
    CpuOnly,
    Layerless,
    NumpyTrainer,
    QuickWrong,
    Rough,
    RoughDownwards,
    Wrong,
    WrongInSingle,
    small_project,
)

pytestmark = pytest.mark.commands

Run = Callable[..., Outcome]


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that compares on engines of NumPy, behaving as told."""
    for module in (comparison_work, engine_comparison, entrants, further):
        for name in ("known_engine", "installed_engine"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, ROWS.__getitem__)
    monkeypatch.setattr(titles, "ENGINES", tuple(ROWS.values()))
    project = small_project(tmp_path)

    def run(*arguments: str, **hosts: Any) -> Outcome:
        monkeypatch.setattr(reporting, "Desk", lambda: desk_of(**hosts))
        engines = ("--engines", "one,two", "--steps", "20")
        return modelwright(tmp_path / "home", "compare", "--design", project.folder, *engines, *arguments)

    return run


def test_that_a_person_reads_verdict_engines_curves_and_proofs(compare: Run) -> None:
    outcome = compare()
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "One and Two agree: 0 over 20 steps in FP64, bound 1e-9."
    assert "All 4 proofs of the ONNX files passed." in lines
    assert any(line.split()[:3] == ["One", "cpu", "done"] for line in lines)
    heads = ("engine", "curves", "ONNX file of")
    assert [sum(line.startswith(head) for line in lines) for head in heads] == [1, 1, 1]
    assert lines[-1].startswith("Kept as comparison ")
    assert max(map(len, lines)) <= 160


def test_that_a_script_reads_every_figure_in_the_last_line(compare: Run) -> None:
    outcome = compare("--json")
    assert outcome.status == 0
    summary = outcome.last["summary"]
    assert outcome.last["kind"] == "finished"
    assert summary["verdict"] == "agree"
    assert summary["one.state"] == summary["two.state"] == "done"
    for engine in ("one", "two"):
        assert summary[f"{engine}.samples_per_second"] > 0
        assert summary[f"{engine}.peak_memory_bytes"] > 1e6
        assert summary[f"{engine}.test_accuracy"] > 0.5
    assert summary["one~two.check.loss_difference"] == 0
    assert summary["one~two.whole.validation_loss_difference"] == 0
    assert summary["two@one.proof"] == "passed"
    assert summary["two@one.max_abs_error"] < 1e-5
    records = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    assert records[-1]["kind"] == "comparison"
    assert records[-1]["state"] == "finished"


def test_that_a_device_is_named_for_one_engine_and_the_rest_stay_on_the_cpu(compare: Run) -> None:
    outcome = compare("--device", "two=second:0", "--quick")
    assert outcome.status == 0
    rows = [line.split()[:3] for line in outcome.out.splitlines()]
    assert ["One", "cpu", "done"] in rows
    assert ["Two", "second:0", "done"] in rows
    summary = compare("--device", "second:1", "--device", "two=cpu", "--quick", "--json").last["summary"]
    assert (summary["one.device"], summary["two.device"]) == ("second:1", "cpu")


@pytest.mark.parametrize(
    ("given", "told"), [(["three=cpu"], "three, which --engines does not"), (["a", "b"], "two devices")]
)
def test_that_a_device_that_belongs_to_nobody_is_refused(compare: Run, given: list[str], told: str) -> None:
    outcome = compare(*(word for name in given for word in ("--device", name)))
    assert outcome.status != 0
    assert told in " ".join(outcome.err.replace("│", " ").split())


def test_that_a_device_which_an_engine_has_not_leaves_that_engine_out(compare: Run) -> None:
    outcome = compare("--device", "two=cuda:7", "--json", two=CpuOnly)
    assert outcome.status == 1
    assert outcome.last["code"] == "engine_left_out"
    assert "cuda:7" in outcome.err
    assert "Two" in outcome.err


def test_that_one_engine_is_compared_with_itself_by_device_and_by_run_mode(compare: Run) -> None:
    outcome = compare("--engines", "one,one:second:0", one=CpuOnly)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0].startswith("One (CPU) and One (SECOND:0) agree: ")
    quick = compare("--engines", "one:plain,one:quick", "--quick", "--json", one=QuickWrong)
    assert quick.status == 1
    assert quick.last["code"] == "engines_disagree"
    assert "One (plain) and One (quick) do not agree" in quick.err


def test_that_the_same_twice_is_no_comparison_and_says_what_would_be_one(compare: Run) -> None:
    outcome = compare("--engines", "one,one:cpu")
    assert outcome.status == 1
    assert "torch:eager,torch:compiled" in " ".join(outcome.err.split())


def test_that_disagreement_fails_and_says_where_it_begins(compare: Run) -> None:
    outcome = compare(two=Wrong)
    assert outcome.status == 1
    assert outcome.err.startswith("Error: The engines do not agree.")
    assert "above it from step" in outcome.err
    assert "One and Two do not agree" in outcome.out


def test_that_without_the_check_a_difference_is_told_as_not_judged_and_is_no_error(compare: Run) -> None:
    outcome = compare("--no-check", two=Wrong)
    assert (outcome.status, outcome.err) == (0, "")
    first = outcome.out.splitlines()[0]
    assert first.startswith("One and Two are not judged: ")
    assert first.endswith("That may be rounding alone: the check in FP64 tells.")
    summary = compare("--no-check", "--json", two=Wrong).last["summary"]
    assert summary["verdict"] == "not_judged"
    assert not any("own" in key or "explained" in key for key in summary)


def test_that_the_yardstick_of_single_precision_is_told_to_people_and_scripts(compare: Run) -> None:
    hundred = ("--steps", "100", "--set", "epochs=8")
    outcome = compare(*hundred, one=Rough, two=RoughDownwards)
    assert (outcome.status, outcome.err) == (0, "")
    assert "but rounding explains up to" in outcome.out
    assert "From its own check in FP64 the FP32 of each engine is over 100 steps: One " in outcome.out
    summary = compare(*hundred, "--json", one=Rough, two=RoughDownwards).last["summary"]
    apart = summary["one~two.whole.loss_early_difference"]
    own = [summary[f"{engine}.own_loss_difference"] for engine in ("one", "two")]
    assert 1e-5 < apart <= summary["one~two.whole.loss_explained_by_rounding"] == 2 * max(own)


def test_that_another_meaning_in_single_precision_alone_fails(compare: Run) -> None:
    outcome = compare("--steps", "100", "--set", "epochs=8", two=WrongInSingle)
    assert outcome.status == 1
    assert "do not agree in FP32" in outcome.err
    assert "In FP64 they agree." in outcome.err


def test_that_a_file_that_answers_otherwise_fails(compare: Run) -> None:
    outcome = compare("--no-check", two={"make": NumpyTrainer, "lie": 0.5})
    assert outcome.status == 1
    assert "2 of 4 proofs of the ONNX files failed." in outcome.err


def test_that_an_engine_that_is_left_out_fails_with_its_reason(compare: Run) -> None:
    outcome = compare("--json", two=Layerless)
    assert outcome.status == 1
    assert outcome.last["code"] == "engine_left_out"
    assert "Two" in outcome.err
    assert "has no layer for head" in outcome.err


def test_that_the_quick_form_is_the_check_alone(compare: Run) -> None:
    outcome = compare("--quick", "--json")
    assert outcome.status == 0
    keys = outcome.last["summary"]
    assert any(".check." in key for key in keys)
    assert not any(".whole." in key for key in keys)


def test_that_a_person_is_not_told_of_a_check_that_was_not_made(compare: Run) -> None:
    outcome = compare("--no-check")
    assert "FP64, bound" not in outcome.out
    assert "in FP32, bound 1e-5" in outcome.out
