"""The verdict in words: each with its numbers, and never more than what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.messages import comparing
from engines.contract.comparison import Entrant
from engines.runs.engine_comparison import judge
from tests.runs.test_engine_comparison import comparison, own, pair

TITLES = {"a": "PyTorch", "b": "TensorFlow", "c": "JAX"}


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (2.94e-7, "2.9e-7"), (1e-9, "1e-9"), (0.0312, "3.1e-2"), (12.0, "1.2e1")]
)
def test_that_differences_have_two_figures_and_a_power(value: float, words: str) -> None:
    assert comparing.figure(value) == words


@pytest.mark.parametrize(
    ("engines", "words"),
    [
        ((), "no engine"),
        (("a",), "PyTorch"),
        (("a", "b"), "PyTorch and TensorFlow"),
        (("a", "b", "c"), "PyTorch, TensorFlow and JAX"),
    ],
)
def test_that_engines_are_listed_as_one_says_them(engines: tuple[str, ...], words: str) -> None:
    assert comparing.names(engines, TITLES) == words


def said(*curves: object, **changes: object) -> str:
    found = comparison(*curves, check_steps=100, **changes)  # type: ignore[arg-type]
    return comparing.verdict_words(found, judge(found), TITLES)


def test_that_agreement_names_number_steps_precision_and_bound() -> None:
    assert said(pair(2.9e-7, 1e-5)) == (
        "PyTorch and TensorFlow agree: 2.9e-7 over 100 steps in FP32, bound 1e-5."
    )
    assert said(pair(1e-2, 1e-5), pair(6.2e-15, 1e-9, "check")) == (
        "PyTorch and TensorFlow agree: 6.2e-15 over 100 steps in FP64, bound 1e-9."
    )


def test_that_disagreement_names_the_pair_and_the_step() -> None:
    words = said(replace(pair(1e-4, 1e-9, "check"), beyond=7), pair(1e-14, 1e-9, "check", names="ac"))
    assert words.startswith("PyTorch, TensorFlow and JAX do not agree: 1e-4 over 100 steps in FP64")
    assert "(PyTorch and TensorFlow, loss)" in words
    assert words.endswith("above it from step 7 on.")


def test_that_single_precision_alone_is_not_judged_and_points_to_the_check() -> None:
    words = said(pair(9.7e-3, 5e-4, largest=0.1))
    assert words == (
        "PyTorch and TensorFlow are not judged: 9.7e-3 over 100 steps in FP32, bound 5e-4 "
        "(PyTorch and TensorFlow, loss). That may be rounding alone: the check in FP64 tells."
    )


def test_that_what_rounding_does_not_explain_is_told_with_both_figures() -> None:
    distances = own(3e-7, "a"), own(2e-4, "b")
    curves = pair(2e-3, 5e-4), pair(6e-15, 1e-9, "check")
    words = said(*curves, own=distances)
    assert words == (
        "PyTorch and TensorFlow do not agree in FP32: 2e-3 over the first 100 steps, where rounding explains "
        "5e-4 (PyTorch and TensorFlow, loss). In FP64 they agree."
    )
    found = comparison(*curves, check_steps=100, own=distances)
    assert comparing.whole_words(found, judge(found)) == ""
    early = said(replace(curves[0], onset=1e-3), curves[1], own=(own(3e-7, "a"), own(2e-3, "b")))
    assert early == (
        "PyTorch and TensorFlow do not agree in FP32: 1e-3 over the first 5 steps, before rounding can have "
        "grown, bound 5e-4 (PyTorch and TensorFlow, loss). In FP64 they agree."
    )
    assert comparing.severity(judge(found)) == "bad"


def test_that_what_rounding_does_is_told_beside_a_verdict_in_double_precision() -> None:
    measured: dict[str, object] = {"check_steps": 100, "own": (own(2.5e-2, "a"), own(2e-2, "b"))}
    found = comparison(pair(9.7e-3, 5e-4), pair(6e-15, 1e-9, "check"), **measured)
    words = comparing.whole_words(found, judge(found))
    assert words == (
        "In FP32: 9.7e-3 over the first 100 steps, bound 5e-4, but rounding explains up to 5e-2."
    )
    notes = comparing.notes(found, TITLES)
    own_note = "From its own check in FP64 the FP32 of each engine is over 100 steps: {}."
    assert own_note.format("PyTorch 2.5e-2, TensorFlow 2e-2") in notes
    assert any("2 times the larger of two" in note for note in notes)
    half = replace(found, precision="bf16", bound=0.0)
    assert any("the BF16 of each engine" in note for note in comparing.notes(half, TITLES))
    assert not any("the larger of two" in note for note in comparing.notes(half, TITLES))
    calm = comparison(pair(2e-7, 1e-5), pair(6e-15, 1e-9, "check"))
    assert comparing.whole_words(calm, judge(calm)) == "In FP32: 2e-7 over the first 100 steps."
    wrong = comparison(pair(9.7e-3, 5e-4), pair(1e-3, 1e-9, "check"), **measured)
    assert "rounding" not in comparing.whole_words(wrong, judge(wrong))


def test_that_two_of_one_engine_are_called_by_what_sets_them_apart() -> None:
    def called(*entrants: Entrant) -> list[str]:
        found = replace(comparison(), entrants=entrants)
        return list(comparing.titles_of(found, {"torch": "PyTorch", "jax": "JAX"}).values())

    eager, compiled = (Entrant("torch", device="cpu", mode=mode, name=mode) for mode in ("eager", "compiled"))
    gpu = Entrant("torch", device="cuda:0", mode="eager", name="gpu")
    assert called(eager, Entrant("jax")) == ["PyTorch", "JAX"]
    assert called(eager, compiled, Entrant("jax")) == ["PyTorch (eager)", "PyTorch (compiled)", "JAX"]
    assert called(eager, gpu) == ["PyTorch (CPU)", "PyTorch (CUDA:0)"]
    assert called(eager, compiled, gpu)[2] == "PyTorch (CUDA:0, eager)"


def test_that_masks_and_half_precision_are_no_accusation() -> None:
    assert said(pair(5e-2, 0.0), masks=True) == (
        "PyTorch and TensorFlow drew different dropout masks: their curves are up to 5e-2 apart."
    )
    words = said(pair(5e-3, 0.0), precision="bf16", bound=0.0)
    assert words == "PyTorch and TensorFlow are up to 5e-3 apart over 100 steps in BF16."


def test_that_notes_say_what_was_switched_off_and_whose_weights_the_files_hold() -> None:
    found = comparison(pair(1e-7, 1e-5), dropout_off=True, weights_of="b")
    notes = comparing.notes(found, TITLES)
    assert comparing.DROPOUT_OFF in notes
    assert any("TensorFlow's run" in note for note in notes)
    assert comparing.MASKS not in notes
    assert comparing.MASKS in comparing.notes(replace(found, masks=True), TITLES)


def test_that_a_dead_process_and_a_missing_layer_are_told_as_everywhere() -> None:
    dead = Entrant("a", "failed", code="crashed", facts={"cause": "signal", "exit_code": 0, "signal": 9})
    assert comparing.reason(dead) == "The engine's process was ended from outside (killed, SIGKILL)."
    facts = {"node": "head", "layer": "lstm", "engine": "mxnet"}
    unable = Entrant("a", "failed", code="layer_unsupported", facts=facts)
    assert comparing.reason(unable).startswith("MXNet has no layer for head.")
    assert comparing.reason(Entrant("a")) == ""


@pytest.mark.parametrize(
    ("curves", "grave"),
    [([pair(1e-7, 1e-5)], "good"), ([pair(1e-2, 1e-5)], ""), ([pair(1e-2, 1e-9, "check")], "bad")],
)
def test_that_the_colour_is_as_grave_as_the_words(curves: list[object], grave: str) -> None:
    assert comparing.severity(judge(comparison(*curves))) == grave  # type: ignore[arg-type]
