"""What a comparison comes to: rounding told from another meaning, and files that lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.flows.engine_comparison import compare_engines
from engines.contract.comparison import EXPLAINS
from engines.runs.engine_comparison import curves_of, judge
from tests.comparing.orders import compared, desk_of, last_of, order_of
from tests.helpers.small_engines import (
    Adaptive,
    NumpyTrainer,
    OtherEpsilon,
    Rough,
    RoughDownwards,
    Wrong,
    WrongInSingle,
    small_project,
)

pytestmark = pytest.mark.usefixtures("engines_of_numpy")


def test_that_another_meaning_is_told_from_rounding_by_the_check(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two=Wrong) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path)))
    verdict = judge(found)
    assert verdict.word == "differ"
    assert verdict.worst is not None
    assert verdict.worst.part == "check"
    assert 0 < verdict.worst.beyond < 20
    assert not verdict.clean


@pytest.mark.parametrize(("right", "wrong"), [(NumpyTrainer, Wrong), (Adaptive, OtherEpsilon)])
def test_that_another_momentum_or_epsilon_is_found_by_the_check_and_not_judged_without(
    tmp_path: Path, right: type[NumpyTrainer], wrong: type[NumpyTrainer]
) -> None:
    verdict = judge(compared(tmp_path / "checked", right, wrong))
    assert (verdict.word, verdict.clean) == ("differ", False)
    assert verdict.worst is not None
    assert verdict.worst.part == "check"
    alone = judge(compared(tmp_path / "alone", right, wrong, "whole"))
    assert (alone.word, alone.clean, alone.explained) == ("not_judged", True, 0.0)
    alike = judge(compared(tmp_path / "alike", right, right))
    assert (alike.word, alike.clean) == ("agree", True)


def test_that_rounding_above_the_bound_is_explained_by_what_each_engine_rounds_alone(tmp_path: Path) -> None:
    found = compared(tmp_path, Rough, RoughDownwards)
    verdict = judge(found)
    assert (verdict.word, verdict.clean) == ("agree", True)
    assert verdict.whole is not None
    assert found.bound < verdict.whole.early <= verdict.explained
    own = {(pair.first, pair.curve): pair.early for pair in found.own}
    assert set(own) == {(engine, curve) for engine in ("one", "two") for curve in ("loss", "validation_loss")}
    assert verdict.explained == EXPLAINS * max(own["one", "loss"], own["two", "loss"])
    home = tmp_path / "project"
    for one in found.entrants:
        check, whole = (curves_of(home / run)["loss"][1][:100] for run in (one.check, one.run))
        plain = np.abs(check.astype(float) - whole) / np.maximum(np.abs(check.astype(float)), 0.01)
        assert own[one.engine, "loss"] == plain.max()
    assert judge(compared(tmp_path / "alone", Rough, RoughDownwards, "whole")).word == "not_judged"


def test_that_another_meaning_in_single_precision_alone_is_found_and_does_not_excuse_itself(
    tmp_path: Path,
) -> None:
    found = compared(tmp_path, NumpyTrainer, WrongInSingle)
    verdict = judge(found)
    assert (verdict.word, verdict.clean) == ("differ", False)
    assert verdict.worst is not None
    assert verdict.worst.part == "whole"
    checks = [pair.early for pair in found.curves if pair.part == "check"]
    assert max(checks) <= found.check_bound
    assert verdict.worst.onset > found.bound
    assert max(pair.early for pair in found.own) >= verdict.worst.early / 2


@pytest.mark.parametrize(
    "changes",
    [{"settings": ("accumulate=2",)}, {"settings": ("epochs=2",)}, {"settings": ("precision=fp64",)}],
)
def test_that_a_check_that_trains_something_else_is_no_yardstick(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert compared(tmp_path, NumpyTrainer, NumpyTrainer, **changes).own == ()


def test_that_a_file_that_answers_otherwise_fails_against_every_engine_but_the_liar(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two={"make": NumpyTrainer, "lie": 0.5}) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, parts=("whole",))))
    passed = {(proof.file, proof.against): proof.passed for proof in found.proofs}
    assert passed == {
        ("one", "one"): True,
        ("two", "one"): True,
        ("one", "two"): False,
        ("two", "two"): False,
    }
    assert not judge(found).clean
