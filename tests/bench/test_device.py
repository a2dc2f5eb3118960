"""What a loop by hand sees of the machine's accelerators, and what a figure says of where it was got."""

from __future__ import annotations

import sys

import pytest

from tests.bench import device
from tests.bench.figures import Figure, run


@pytest.mark.parametrize(
    ("chosen", "outside", "seen"),
    [
        ("cpu", {}, "-1"),
        ("cpu", {"CUDA_VISIBLE_DEVICES": "0,1"}, "-1"),
        ("cuda:0", {}, "0"),
        ("cuda:2", {}, "2"),
        ("cuda:1", {"CUDA_VISIBLE_DEVICES": "4,7"}, "7"),
        ("cuda", {"CUDA_VISIBLE_DEVICES": "GPU-8f3a"}, "GPU-8f3a"),
    ],
)
def test_that_a_loop_by_hand_sees_the_chosen_device_alone(
    monkeypatch: pytest.MonkeyPatch, chosen: str, outside: dict[str, str], seen: str
) -> None:
    monkeypatch.setenv(device.VARIABLE, chosen)
    assert device.shown(outside)["CUDA_VISIBLE_DEVICES"] == seen


def test_that_a_figure_of_another_device_than_the_cpu_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(device.VARIABLE, "")
    for given, where in (([], ""), (["--device", "cuda:1"], " on cuda:1")):
        monkeypatch.setattr(sys, "argv", ["bench", *given])
        seen: list[str] = []

        def measure(repeats: int, seen: list[str] = seen) -> list[Figure]:
            seen.append(device.device())
            return [Figure("speed", 1.0, 0.5, "×", True)]

        assert run(measure, 1, None) == 0
        assert f"speed{where}  " in capsys.readouterr().out
        assert seen == [given[1] if given else "cpu"]
