"""How far curves are apart, against plain arithmetic; bounds, masks and the verdict on them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.contract.comparison import EXPLAINS, ONSET_STEPS, Comparison, CurvePair, Entrant, FileProof
from engines.contract.views import ProofView
from engines.design.freeze import freeze
from engines.runs.engine_comparison import (
    BOUND_STEPS,
    curve_bound,
    differences,
    draws_masks,
    explained,
    judge,
    measure,
    without_masks,
)
from tests.design.builders import chain, residual

losses = arrays.arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 1e6))


def curve(values: object) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    found = np.asarray(values, np.float64)
    return np.arange(len(found)), found


@given(losses, losses)
def test_that_the_difference_is_relative_but_for_small_losses(a: np.ndarray, b: np.ndarray) -> None:  # type: ignore[type-arg]
    steps, apart = differences(curve(a), curve(b))
    assert len(steps) == min(len(a), len(b))
    for place, value in enumerate(apart.tolist()):
        assert math.isclose(value, abs(a[place] - b[place]) / max(abs(a[place]), 0.01), rel_tol=1e-12)


@given(losses, losses, st.sampled_from([1e-9, 1e-5, 5e-4, 1.0]))
def test_that_a_pair_names_its_largest_difference_and_where_the_bound_is_passed(
    a: np.ndarray,  # type: ignore[type-arg]
    b: np.ndarray,  # type: ignore[type-arg]
    bound: float,
) -> None:
    apart = differences(curve(a), curve(b))
    pair = measure(("a", "b"), "loss", apart, bound)
    values = apart[1].tolist()
    assert pair.largest == max(values)
    assert values[pair.at] == pair.largest
    assert pair.early == max(values[:BOUND_STEPS])
    above = [place for place, value in enumerate(values) if value > bound]
    assert pair.beyond == (above[0] if above else -1)


def test_that_validations_are_compared_where_both_have_one() -> None:
    first = np.array([35, 70, 105]), np.array([1.0, 0.5, 0.25])
    second = np.array([35, 105, 140]), np.array([1.0, 0.26, 0.2])
    steps, apart = differences(first, second)
    assert steps.tolist() == [35, 105]
    np.testing.assert_allclose(apart, [0.0, 0.04])
    pair = measure(("a", "b"), "validation_loss", (steps, apart), 1e-5)
    assert (pair.early, pair.early_at, pair.beyond) == (0.0, 35, 105)


@pytest.mark.parametrize("last", [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.inf), (math.inf, math.inf)])
def test_that_a_loss_that_is_no_number_is_as_far_as_can_be(last: tuple[float, float]) -> None:
    apart = differences(*(curve([1.0, value]) for value in last))
    pair = measure(("a", "b"), "loss", apart, 1e-5)
    assert pair.largest == math.inf
    assert pair.beyond == 1


def mlp(rate: float = 0.0) -> object:
    return chain(
        ("input", "x", {"shape": (4,)}),
        ("dense", "hidden", {"units": 8}),
        ("relu", "act", {}),
        ("dropout", "drop", {"rate": rate}),
        ("dense", "out", {"units": 3}),
    )


def test_that_bounds_are_those_promised_by_design_and_precision() -> None:
    calm, other = freeze(mlp()), freeze(residual())  # type: ignore[arg-type]
    assert [curve_bound(calm, p) for p in ("fp64", "fp32", "bf16")] == [1e-9, 1e-5, 0.0]
    assert [curve_bound(other, p) for p in ("fp64", "fp32", "tf32")] == [1e-9, 5e-4, 0.0]


def test_that_dropout_is_found_and_switched_off_without_touching_anything_else() -> None:
    spec = freeze(mlp(0.5))  # type: ignore[arg-type]
    assert draws_masks(spec)
    calm = without_masks(spec)
    assert not draws_masks(calm)
    assert without_masks(calm) == calm
    changed = [layer.name for layer, other in zip(spec.layers, calm.layers) if layer != other]
    assert changed == ["drop"]
    assert spec.parameters == calm.parameters


def pair(
    early: float, bound: float, part: str = "whole", names: str = "ab", largest: float = 0.0
) -> CurvePair:
    return CurvePair(
        names[0], names[1], "loss", 100, max(early, largest), 99, early, 99, -1, part=part, bound=bound
    )


def comparison(*curves: CurvePair, **changes: object) -> Comparison:
    made = Comparison(
        id="c",
        title="t",
        data="d",
        created="",
        device="cpu",
        precision="fp32",
        seed=0,
        epochs=1,
        total_steps=200,
        steps_per_epoch=100,
        bound=1e-5,
        bound_steps=100,
        entrants=tuple(Entrant(name, "done") for name in "abc"),
        check_bound=1e-9,
        curves=curves,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("curves", "changes", "word", "part"),
    [
        ([pair(1e-7, 1e-5)], {}, "agree", "whole"),
        ([pair(1e-3, 1e-5)], {}, "not_judged", "whole"),
        ([pair(1e-3, 1e-5), pair(1e-12, 1e-9, "check")], {}, "agree", "check"),
        ([pair(1e-7, 1e-5), pair(1e-6, 1e-9, "check")], {}, "differ", "check"),
        ([pair(1e-3, 1e-9)], {"precision": "fp64", "bound": 1e-9}, "differ", "whole"),
        ([pair(1e-3, 0.0)], {"precision": "bf16", "bound": 0.0}, "unbounded", "whole"),
        ([pair(1e-2, 1e-5)], {"masks": True}, "masks", "whole"),
        ([pair(1e-2, 1e-5), pair(1e-14, 1e-9, "check")], {"masks": True}, "agree", "check"),
        ([pair(1e-12, 1e-9, "check"), pair(1e-3, 1e-5, names="ac")], {}, "not_judged", "whole"),
        ([pair(1e-2, 1e-9, "check"), pair(1e-3, 1e-5, names="ac")], {}, "differ", "check"),
    ],
)
def test_that_double_precision_decides_and_single_precision_alone_never_accuses(
    curves: list[CurvePair], changes: dict[str, object], word: str, part: str
) -> None:
    verdict = judge(comparison(*curves, **changes))
    assert verdict.word == word
    assert verdict.worst is not None
    assert verdict.worst.part == part


def own(value: float, engine: str, curve: str = "loss") -> CurvePair:
    return replace(pair(value, 0.0, "own", engine * 2), curve=curve)


@pytest.mark.parametrize(
    ("apart", "distances", "word"),
    [
        (9.7e-3, (2.5e-2, 2.0e-2), "agree"),  # seen on a small CNN: rounding at its kinks
        (2.6e-2, (2.6e-2, 4.1e-6), "agree"),  # seen, too: the one was lucky, the other not
        (4.9e-2, (2.5e-2, 2.0e-2), "agree"),
        (5.1e-2, (2.5e-2, 2.0e-2), "differ"),
        (9e-6, (1e-9, 1e-9), "agree"),  # what is promised anyway needs no explanation
        (2e-5, (1e-6, 1e-6), "differ"),
        (math.inf, (math.inf, 1e-6), "differ"),  # no number on one side alone is no rounding
    ],
)
def test_that_single_precision_is_judged_by_what_each_engines_own_rounding_does(
    apart: float, distances: tuple[float, float], word: str
) -> None:
    curves = pair(apart, 1e-5), pair(1e-14, 1e-9, "check")
    found = comparison(*curves, check_steps=100, own=tuple(map(own, distances, "ab")))
    verdict = judge(found)
    expected = max(1e-5, EXPLAINS * max(distances)) if max(distances) < math.inf else 1e-5
    assert verdict.word == word
    assert verdict.clean == (word == "agree")
    assert verdict.explained == explained(found, curves[0]) == expected
    assert verdict.worst is not None
    assert verdict.worst.part == ("check" if word == "agree" else "whole")


@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0), st.floats(1e-9, 1.0))
def test_that_the_order_of_two_engines_is_no_matter_and_more_rounding_never_accuses(
    apart: float, first: float, second: float
) -> None:
    curves = pair(apart, 1e-5), pair(1e-14, 1e-9, "check")

    def word(*distances: float) -> str:
        return judge(comparison(*curves, check_steps=100, own=tuple(map(own, distances, "ab")))).word

    assert word(first, second) == word(second, first)
    if word(first, second) == "agree":
        assert word(2 * first, 2 * second) == "agree"
    if apart <= first + second:  # what the triangle of two curves and their one check allows
        assert word(first, second) == "agree"


@pytest.mark.parametrize(
    ("onset", "part", "word"),
    [(9e-6, "check", "agree"), (2e-5, "whole", "differ"), (1e-2, "whole", "differ")],
)
def test_that_nothing_above_the_bound_is_explained_before_rounding_can_have_grown(
    onset: float, part: str, word: str
) -> None:
    curves = replace(pair(1e-2, 1e-5), onset=onset), pair(1e-14, 1e-9, "check")
    found = comparison(*curves, check_steps=100, own=(own(2e-2, "a"), own(1e-6, "b")))
    verdict = judge(found)
    assert verdict.word == word
    assert verdict.worst is not None
    assert verdict.worst.part == part
    assert judge(replace(found, own=())).word == "agree"
    assert judge(replace(found, own=(), curves=curves[:1])).word == "not_judged"


@given(losses, losses)
def test_that_the_onset_is_the_largest_of_the_first_losses(a: np.ndarray, b: np.ndarray) -> None:  # type: ignore[type-arg]
    apart = differences(curve(a), curve(b))
    assert measure(("a", "b"), "loss", apart, 1e-5).onset == max(apart[1][:ONSET_STEPS])
    assert measure(("a", "b"), "validation_loss", apart, 1e-5).onset == 0.0


@pytest.mark.parametrize(
    ("distances", "changes"),
    [
        ([own(1e-6, "a")], {}),  # the other's is not known
        ([own(1e-6, "a"), own(1e-6, "b", "validation_loss")], {}),
        ([own(1e-6, "a"), own(1e-6, "b")], {"check_steps": 20}),  # it tells of the first steps alone
        ([own(1e-6, "a"), own(1e-6, "b")], {"masks": True}),
    ],
)
def test_that_what_was_not_measured_accuses_nobody(
    distances: list[CurvePair], changes: dict[str, object]
) -> None:
    curves = pair(1e-2, 1e-5), pair(1e-14, 1e-9, "check")
    known = {"check_steps": 100, **changes}
    assert judge(comparison(*curves, own=tuple(distances), **known)).word == "agree"


def test_that_a_difference_of_meaning_is_one_however_much_each_engine_rounds() -> None:
    curves = pair(1e-2, 1e-5), pair(1e-3, 1e-9, "check")
    verdict = judge(comparison(*curves, check_steps=100, own=(own(1.0, "a"), own(1.0, "b"))))
    assert (verdict.word, verdict.clean) == ("differ", False)
    assert verdict.worst is not None
    assert verdict.worst.part == "check"


def test_that_without_a_check_nobody_is_accused_and_nothing_is_called_agreed() -> None:
    verdict = judge(comparison(pair(1e-2, 1e-5)))
    assert (verdict.word, verdict.clean, verdict.explained) == ("not_judged", True, 0.0)


def test_that_without_two_curves_there_is_no_verdict() -> None:
    verdict = judge(comparison())
    assert (verdict.word, verdict.worst, verdict.engines, verdict.clean) == ("alone", None, (), False)


def proof(status: str) -> FileProof:
    return FileProof("a", "b", ProofView(status, 10, 1e-6, 1e-6, 1e-5))


def test_that_a_failed_proof_or_engine_keeps_a_verdict_from_being_clean() -> None:
    fine = comparison(pair(1e-7, 1e-5), proofs=(proof("passed"),))
    assert judge(fine).clean
    assert not judge(replace(fine, proofs=(proof("passed"), proof("failed")))).clean
    assert not judge(replace(fine, proofs=(FileProof("a", "b", None, "model_broken"),))).clean
    failed = (Entrant("a", "done"), Entrant("b", "done"), Entrant("c", "failed", code="crashed"))
    assert judge(replace(fine, entrants=failed)).failed == ("c",)
    assert not judge(replace(fine, entrants=failed)).clean
