"""What an engine declares, and what is refused before a training begins."""

from __future__ import annotations

from typing import Any

import pytest

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe
from engines.training.abilities import Abilities, check_abilities, compile_fault

ABILITIES = Abilities(
    "Engine",
    precisions=("fp32", "tf32", "bf16"),
    modes=("plain", "compiled"),
    layouts=("channels_last", "channels_first"),
)
CPU, GPU = DeviceView("cpu", "CPU"), DeviceView("cuda:0", "GPU")


@pytest.mark.parametrize(
    ("changes", "device"),
    [
        ({}, "cpu"),
        ({"precision": "bf16"}, "cpu"),
        ({"precision": "tf32"}, "cuda:1"),
        ({"run_mode": "compiled", "memory_layout": "channels_first"}, "cpu"),
    ],
)
def test_that_what_an_engine_has_is_let_through(changes: dict[str, Any], device: str) -> None:
    check_abilities(Recipe(**changes), ABILITIES, device)


@pytest.mark.parametrize(
    ("changes", "code", "asked", "known"),
    [
        ({"precision": "fp64"}, ErrorCode.PRECISION_MISSING, ("precision", "fp64"), "fp32, bf16"),
        ({"precision": "tf32"}, ErrorCode.PRECISION_MISSING, ("precision", "tf32"), "fp32, bf16"),
        ({"run_mode": "xla"}, ErrorCode.RUN_MODE_MISSING, ("mode", "xla"), "plain, compiled"),
        (
            {"memory_layout": "sideways"},
            ErrorCode.LAYOUT_MISSING,
            ("layout", "sideways"),
            "channels_last, channels_first",
        ),
    ],
)
def test_that_what_it_has_not_is_refused_with_what_it_has(
    changes: dict[str, Any], code: ErrorCode, asked: tuple[str, str], known: str
) -> None:
    with pytest.raises(WorkbenchError) as caught:
        check_abilities(Recipe(**changes), ABILITIES, "cpu")
    assert caught.value.code is code
    facts = caught.value.facts
    assert (facts["engine"], facts[asked[0]], facts["known"]) == ("Engine", asked[1], known)


def test_that_tf32_is_offered_where_there_is_a_gpu_and_else_named_with_its_reason() -> None:
    assert ABILITIES.precisions_here([CPU, GPU]) == ("fp32", "tf32", "bf16")
    assert ABILITIES.refusals([CPU, GPU]) == {}
    assert ABILITIES.precisions_here([CPU]) == ("fp32", "bf16")
    assert ABILITIES.refusals([CPU], compiled="no_compiler") == {
        "precision/tf32": "no_gpu",
        "mode/compiled": "no_compiler",
    }


def test_that_the_defaults_are_the_first_of_each() -> None:
    assert ABILITIES.mode(Recipe()) == "plain"
    assert ABILITIES.layout(Recipe()) == "channels_last"
    assert ABILITIES.mode(Recipe(run_mode="compiled")) == "compiled"


def test_that_a_compilers_fault_names_its_first_line_and_keeps_the_rest() -> None:
    fault = compile_fault("Engine", "compiled", "plain", RuntimeError("\n  no compiler\nmore\n"))
    assert fault.facts["why"] == "no compiler"
    assert "more" in fault.details
    assert compile_fault("Engine", "a", "b", RuntimeError()).facts["why"] == "RuntimeError"
