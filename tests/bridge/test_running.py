"""Precision and run mode: values of the recipe, chosen in the header, undone, given up with an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import engines as controller
from app.controllers.engines import EnginesController
from app.controllers.running import RunningController
from app.engine_facts.choices import device_rows, mode_rows, precision_rows
from app.messages import words
from app.project import Project
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineHealth, EngineReport
from engines.contract.events import Answer, Finished
from engines.registry import ENGINES, engine
from widgets.controls.command_palette import find_actions, sentence
from widgets.rooms.recipe_words import PRECISIONS
from widgets.shell import Shell

CPU = (DeviceView("cpu", "CPU"),)
TORCH = EngineReport(
    "torch",
    "2.13.0",
    CPU,
    precisions=("fp32", "fp64", "bf16"),
    modes=("eager",),
    refusals={
        "precision/tf32": "no_gpu",
        "mode/compiled": "no_compiler",
        "device/cuda": "built_without_cuda",
    },
)
FLOW = EngineReport("tensorflow", "2.21.0", CPU, precisions=("fp32", "fp64"), modes=("graph", "eager", "xla"))


class Running:
    """Header, workbench and both controllers over a fresh project; probes are caught."""

    def __init__(self, shell: Shell, bench: Workbench, engines: EnginesController) -> None:
        self.shell, self.bench, self.engines = shell, bench, engines

    def report(self, report: EngineReport) -> None:
        health = EngineHealth(report.engine, "python", "this", "ready", report)
        self.engines._on_probe_events(report.engine, [Answer(health)])
        self.engines._on_probe_ended(report.engine, Finished())

    @property
    def recipe(self) -> Any:
        assert self.bench.design is not None
        return self.bench.design.recipe

    @property
    def header(self) -> str:
        return self.shell.header.mode.text()

    @property
    def told(self) -> str:
        return self.shell.message.accessibleName() if self.shell.message.isVisibleTo(self.shell) else ""

    def pick(self, words: str) -> None:
        actions = self.shell.header.mode.menu().actions()
        next(action for action in actions if action.text().startswith(words)).trigger()


@pytest.fixture
def running(bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Running:
    monkeypatch.setattr(controller, "is_installed", lambda row: row.name in ("torch", "tensorflow"))
    monkeypatch.setattr(bench, "work", lambda *_: None)
    engines = EnginesController(bench)
    RunningController(bench, engines)
    made = Running(bench.shell, bench, engines)
    bench.open_project(Project.create(tmp_path / "digits", "digits-mlp"))
    bench.engine = "torch"
    engines.begin()
    made.report(TORCH)
    return made


def test_that_the_header_shows_what_the_recipe_says(running: Running) -> None:
    assert running.header == "FP32 · eager"
    running.bench.edit_recipe({"precision": "fp64"})
    assert running.header == "FP64 · eager"


def test_that_a_choice_in_the_header_is_the_recipes_and_can_be_undone(running: Running) -> None:
    running.pick("BF16")
    assert running.recipe.precision == "bf16"
    assert running.header == "BF16 · eager"
    running.shell.action("undo").trigger()
    assert (running.recipe.precision, running.header) == ("fp32", "FP32 · eager")
    running.shell.action("redo").trigger()
    assert running.recipe.precision == "bf16"


def test_that_what_does_not_go_is_grey_with_the_reports_reason(running: Running) -> None:
    rows = {row.key: row.reason for row in precision_rows(TORCH)}
    assert rows["tf32"] == words.REASONS["no_gpu"]
    assert rows["fp16"] == words.NO_PRECISION
    assert [key for key, reason in rows.items() if not reason] == ["fp32", "fp64", "bf16"]
    row = engine("torch")
    assert row is not None
    assert [(each.key, each.reason) for each in mode_rows(row, TORCH)] == [
        ("", ""),
        ("compiled", words.REASONS["no_compiler"]),
    ]


def test_that_all_is_offered_before_the_engine_has_spoken() -> None:
    row = engine("tensorflow")
    assert row is not None
    assert not any(each.reason for each in (*precision_rows(None), *mode_rows(row, None)))
    assert [each.key for each in precision_rows(None)] == [key for key, _ in PRECISIONS]


def test_that_the_usual_way_is_kept_as_nothing_so_that_it_holds_on_every_engine(running: Running) -> None:
    running.engines._on_engine_chosen("tensorflow")
    running.report(FLOW)
    running.pick("XLA")
    assert running.recipe.run_mode == "xla"
    running.pick("Graph")
    assert running.recipe.run_mode == ""


def test_that_another_engine_falls_back_where_it_lacks_the_choice_and_says_so(running: Running) -> None:
    running.engines.reports["tensorflow"] = FLOW
    running.bench.edit_recipe({"precision": "bf16"})
    running.shell.engine_chosen.emit("tensorflow")
    assert running.recipe.precision == "fp32"
    assert running.header == "FP32 · graph"
    assert running.told == "TensorFlow has no BF16 mixed here: it trains with FP32."


def test_that_a_mode_of_the_other_engine_is_given_up_before_the_new_one_has_spoken(running: Running) -> None:
    running.shell.engine_chosen.emit("tensorflow")
    running.report(FLOW)
    running.pick("XLA")
    running.engines.reports.clear()
    running.shell.engine_chosen.emit("torch")
    assert running.recipe.run_mode == ""
    assert "PyTorch has no XLA here" in running.told


def test_that_an_engine_that_answers_late_falls_back_then(running: Running) -> None:
    running.bench.edit_recipe({"precision": "bf16"})
    running.shell.engine_chosen.emit("tensorflow")
    assert running.recipe.precision == "bf16"
    running.report(FLOW)
    assert running.recipe.precision == "fp32"


def test_that_opening_a_design_changes_nothing_in_it(running: Running) -> None:
    running.bench.edit_recipe({"precision": "fp16"})
    running.report(replace(TORCH, version="2.13.1"))
    assert running.recipe.precision == "fp16"
    assert running.header == "FP16 · eager"
    chosen = next(a for a in running.shell.header.mode.menu().actions() if a.text().startswith("FP16"))
    assert chosen.isChecked()
    assert not chosen.isEnabled()


def test_that_devices_show_their_memory_and_a_missing_kind_its_reason() -> None:
    gpu = DeviceView("cuda:0", "NVIDIA H100", 80 << 30)
    assert [(row.title, row.detail) for row in device_rows(replace(TORCH, devices=(*CPU, gpu)), "cpu")] == [
        ("CPU", ""),
        ("NVIDIA H100", "80 GB"),
    ]
    refused = device_rows(TORCH, "cpu")[1]
    assert (refused.title, refused.reason) == ("NVIDIA GPU (CUDA)", words.REASONS["built_without_cuda"])
    gone = device_rows(TORCH, "cuda:3")[-1]
    assert (gone.key, gone.reason) == ("cuda:3", words.NO_DEVICE)


def test_that_an_engine_not_installed_is_grey_and_leads_to_its_page(running: Running, qtbot: QtBot) -> None:
    running.engines._show()
    menu = running.shell.header.engine.menu()
    with qtbot.waitSignal(running.shell.more_of_engines) as asked:
        menu.actions()[-1].trigger()
    assert asked.args == [controller.ENGINES_PAGE]


def test_that_what_needs_a_gpu_is_given_up_with_it(running: Running) -> None:
    gpu = DeviceView("cuda:0", "NVIDIA H100", 80 << 30)
    running.report(replace(TORCH, devices=(*CPU, gpu), precisions=("fp32", "tf32")))
    running.shell.device_chosen.emit("cuda:0")
    running.pick("TF32")
    assert running.recipe.precision == "tf32"
    running.shell.device_chosen.emit("cpu")
    assert running.recipe.precision == "fp32"
    rows = {row.key: row.reason for row in precision_rows(running.engines.reports["torch"], "cpu")}
    assert rows["tf32"] == words.REASONS["not_on_device"]


def test_that_every_way_to_run_is_explained() -> None:
    assert {mode for row in ENGINES for mode in row.modes} <= set(words.MODE_HINTS)


def test_that_control_k_finds_the_page_and_what_can_be_installed(running: Running) -> None:
    said = [sentence(action) for action in find_actions(running.shell)]
    assert words.ENGINES_PAGE in said
    assert "Install MXNet" in said
    assert "Install PyTorch" not in said
    assert "Precision: FP64" in said
    assert "Run mode: Eager" in said
