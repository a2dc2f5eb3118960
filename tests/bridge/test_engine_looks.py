"""Only the chosen engine is looked at by itself; the others when somebody wants to see them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from app.controllers import engines as controller
from app.controllers.engines import EnginesController
from app.engine_facts.reports import load_reports, save_reports
from app.messages import words
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineHealth, EngineReport, Finding
from engines.contract.events import Answer, Failed, Finished, Stopped

TORCH = EngineReport("torch", "2.13.0", (DeviceView("cpu", "CPU"),))
FLOW = EngineReport("tensorflow", "2.21.0", (DeviceView("cpu", "CPU"), DeviceView("cuda:0", "A GPU")))


class Looks:
    """The controller with its probes caught: ``asked`` are the engines' names, ``end`` answers one."""

    def __init__(self, made: EnginesController, asked: list[str]) -> None:
        self.made, self.asked = made, asked

    def end(self, report: EngineReport) -> None:
        health = EngineHealth(report.engine, "python", "this", "ready", report)
        self.made._on_probe_events(report.engine, [Answer(report), Answer(health)])
        self.made._on_probe_ended(report.engine, Finished())

    def break_down(self, name: str) -> None:
        facts = {"title": "PyTorch", "python": "python", "why": "ImportError: broken", "command": "mend"}
        finding = Finding("engine_half_installed", facts, mend="install")
        health = EngineHealth(name, "python", "this", "broken", None, (finding,))
        self.made._on_probe_events(name, [Answer(health)])
        self.made._on_probe_ended(name, Finished())

    @property
    def titles(self) -> list[str]:
        menu = self.made._bench.shell.header.engine.menu()
        return [action.property("title") for action in menu.actions()]


@pytest.fixture
def looks(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Looks:
    monkeypatch.setattr(controller, "is_installed", lambda row: row.name in ("torch", "tensorflow"))
    made, asked = EnginesController(bench), list[str]()

    def work(name: str, flow: Any, *_: Any) -> None:
        if name.startswith("probe") and isinstance(flow, partial):
            asked.append(flow.keywords["engine"])

    monkeypatch.setattr(bench, "work", work)
    return Looks(made, asked)


def test_that_only_the_chosen_engine_is_looked_at_by_itself(looks: Looks) -> None:
    looks.made.begin()
    looks.end(TORCH)
    assert looks.asked == ["torch"]
    assert load_reports() == {"torch": TORCH}


def test_that_the_others_are_looked_at_when_their_list_opens(looks: Looks) -> None:
    looks.made.begin()
    looks.made._bench.shell.header.engine.menu().aboutToShow.emit()
    assert looks.asked == ["torch"]  # one at a time
    looks.end(TORCH)
    looks.made._bench.shell.header.engine.menu().aboutToShow.emit()
    assert looks.asked == ["torch", "tensorflow"]
    looks.end(FLOW)
    looks.made._bench.shell.header.engine.menu().aboutToShow.emit()
    assert looks.asked == ["torch", "tensorflow"]
    assert load_reports() == {"torch": TORCH, "tensorflow": FLOW}


def test_that_the_others_are_looked_at_when_settings_open(looks: Looks) -> None:
    shell = looks.made._bench.shell
    shell.key = "settings"
    shell.room_chosen.emit("settings")
    assert looks.asked == []  # nothing before the window has begun
    looks.made.begin()
    looks.end(TORCH)
    shell.room_chosen.emit("settings")
    assert looks.asked == ["torch", "tensorflow"]


def test_that_no_engine_is_looked_at_while_one_trains(looks: Looks) -> None:
    looks.made.begin()
    looks.end(TORCH)
    looks.made._bench.shell.set_run_state("training")
    looks.made.look_at_others()
    assert looks.asked == ["torch"]


def test_that_the_last_sessions_report_is_shown_meanwhile(looks: Looks) -> None:
    save_reports({"tensorflow": FLOW, "gone": EngineReport("gone", "1", ())})
    looks.made.begin()
    assert "TensorFlow 2.21" in looks.titles
    assert set(looks.made.reports) == {"tensorflow"}


def test_that_an_engine_that_broke_since_then_is_told(looks: Looks) -> None:
    save_reports({"torch": TORCH})
    looks.made.begin()
    looks.break_down("torch")
    shell = looks.made._bench.shell
    assert looks.made.reports == {}
    assert load_reports() == {}
    assert "ImportError: broken" in shell.message.accessibleName()
    assert shell.status.engine.words.text() == "Engine: PyTorch does not start"
    row = next(action for action in shell.header.engine.menu().actions() if action.data() == "torch")
    assert (row.isEnabled(), row.toolTip()) == (False, words.DOES_NOT_START)


def test_that_an_engine_nobody_chose_breaks_without_a_word(looks: Looks) -> None:
    looks.made.begin()
    looks.end(TORCH)
    looks.made.probe("tensorflow")
    looks.break_down("tensorflow")
    assert not looks.made._bench.shell.message.isVisibleTo(looks.made._bench.shell)
    assert looks.made.is_broken("tensorflow")


def test_that_an_engine_that_was_mended_can_be_chosen_again(looks: Looks) -> None:
    looks.made.begin()
    looks.break_down("torch")
    looks.made.probe("torch")
    looks.end(TORCH)
    assert not looks.made.is_broken("torch")
    assert looks.made._bench.shell.status.engine.words.text() == "Engine: ready"


def test_that_a_doctor_who_fails_is_told_of_too(looks: Looks) -> None:
    looks.made.begin()
    looks.made._on_probe_ended("torch", Failed("unexpected", {"what": "ImportError", "why": "broken"}))
    assert looks.made.is_broken("torch")
    assert "ImportError" in looks.made._bench.shell.message.accessibleName()


def test_that_an_engine_is_not_asked_twice_at_once(looks: Looks) -> None:
    looks.made.begin()
    looks.made.probe("torch")
    assert looks.asked == ["torch"]


def test_that_choosing_an_engine_looks_at_it_once(looks: Looks) -> None:
    looks.made.begin()
    looks.end(TORCH)
    looks.made._on_engine_chosen("tensorflow")
    looks.end(FLOW)
    looks.made._on_engine_chosen("torch")
    looks.made._on_engine_chosen("tensorflow")
    assert looks.asked == ["torch", "tensorflow"]


def test_that_a_damaged_file_of_reports_counts_as_none(looks: Looks) -> None:
    from app.engine_facts import reports

    save_reports({"torch": TORCH})
    reports._file().write_text("{")
    assert load_reports() == {}


def test_that_one_that_hangs_keeps_the_others_waiting_for_a_few_seconds_alone(looks: Looks) -> None:
    now = [100.0]
    shell = looks.made._bench.shell
    looks.made.looking._clock = lambda: now[0]
    looks.made.begin()
    shell.key = "settings"
    now[0] += 4
    looks.made.looking.tick()
    assert looks.asked == ["torch"]
    now[0] += 4
    looks.made.looking.tick()
    assert looks.asked == ["torch", "tensorflow"]
    assert shell.status.engine.words.text() == "Engine: PyTorch is still starting, 8 s"
    looks.end(FLOW)
    assert "TensorFlow 2.21" in looks.titles
    assert looks.made.health["tensorflow"].state == "ready"
    assert "torch" in looks.made.looking


def test_that_a_hanging_engine_does_not_keep_another_from_being_chosen_and_warmed(looks: Looks) -> None:
    looks.made.begin()
    looks.made._on_engine_chosen("tensorflow")
    assert looks.asked == ["torch", "tensorflow"]
    looks.end(FLOW)
    assert looks.made._bench.shell.status.engine.words.text() == "Engine: ready"
    looks.made._on_probe_ended("torch", Stopped(step=0, kept=False))
    assert looks.made._bench.shell.status.engine.words.text() == "Engine: ready"


def test_that_an_engine_that_was_skipped_keeps_what_it_said_last_time(looks: Looks) -> None:
    save_reports({"torch": TORCH})
    looks.made.begin()
    looks.made._on_probe_ended("torch", Stopped(step=0, kept=False))
    assert not looks.made.is_broken("torch")
    assert looks.made.reports == {"torch": TORCH}
    assert load_reports() == {"torch": TORCH}
    assert not looks.made._bench.shell.message.isVisibleTo(looks.made._bench.shell)
