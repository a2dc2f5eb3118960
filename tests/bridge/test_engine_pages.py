"""What the buttons of an engine's page set going, and what is shown while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.controllers.engine_pages import EnginePagesController
from app.controllers.engines import EnginesController
from app.flows import engines
from app.messages import words
from app.workbench import Workbench
from engines.contract.capabilities import EngineHealth, EngineReport, Interpreter, Interpreters
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Log, Progress, Stopped
from widgets.rooms.settings import SettingsRoom
from widgets.settings.views import EngineView


class Thread:
    """A flow that was asked for; the test says what comes of it."""

    def __init__(self, name: str, flow: Any, on_events: Any, on_end: Any) -> None:
        self.name, self.flow, self.on_events, self.on_end = name, flow, on_events, on_end
        self.stopped: bool | None = None

    def stop(self, keep: bool = True) -> None:
        self.stopped = keep


class Pages:
    """Both controllers and the room over a workbench whose work is caught."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.threads: list[Thread] = []
        self.engines = EnginesController(bench)
        self.pages = EnginePagesController(bench, self.engines)
        self.room = SettingsRoom()
        bench.shell.add_room("start", "Start", "start", SettingsRoom)
        bench.shell.add_room("settings", "Settings", "settings", self._make, bottom=True)

    def _make(self) -> SettingsRoom:
        self.pages.connect_room(self.room)
        return self.room

    def work(self, name: str, flow: Any, on_events: Any = None, on_end: Any = None) -> Thread:
        self.threads.append(Thread(name, flow, on_events, on_end))
        return self.threads[-1]

    def last(self, name: str) -> Thread:
        return next(thread for thread in reversed(self.threads) if thread.name == name)

    def view(self, name: str = "torch") -> EngineView:
        return self.room.engines.items[name].view

    @property
    def told(self) -> str:
        return self.bench.shell.message.accessibleName()


@pytest.fixture
def pages(bench: Workbench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Pages:
    made = Pages(bench)
    qtbot.addWidget(made.room)
    monkeypatch.setattr(bench, "work", made.work)
    bench.engine = "torch"
    made.engines.health["torch"] = EngineHealth(
        "torch", "/py", "this", "ready", EngineReport("torch", "2.13", ())
    )
    bench.shell.open_room("settings")
    return made


def calls(thread: Thread) -> tuple[Callable[..., Any], dict[str, Any]]:
    assert isinstance(thread.flow, partial)
    return thread.flow.func, thread.flow.keywords


def test_that_settings_open_at_the_chosen_engine(pages: Pages) -> None:
    assert pages.room.engines.key == "torch"
    pages.bench.shell.more_of_engines.emit("jax")
    assert pages.bench.shell.key == "settings"
    assert pages.room.engines.key == "jax"


def test_that_an_engine_without_an_answer_is_being_looked_at(pages: Pages) -> None:
    assert pages.view().state == "ready"
    pages.engines.probe("torch")
    assert pages.view().state == "checking"


@pytest.mark.parametrize(("mend", "flow"), [("install", engines.install), ("repair", engines.repair)])
def test_that_an_installation_shows_its_stages_and_its_log(pages: Pages, mend: str, flow: Any) -> None:
    pages.room.mend_requested.emit("torch", mend)
    thread = pages.last(f"{mend} torch")
    assert calls(thread) == (flow, {"name": "torch"})
    assert pages.view().state == "installing"
    said: list[Event] = [
        Progress("environment", 0, 8),
        Log("info", "$ uv venv"),
        Progress("packages", 2, 8),
        Log("info", "+ torch"),
        Progress("something new", 3, 8),
    ]
    thread.on_events(said)
    install = pages.view().install
    assert install is not None
    assert (install.stage, install.share) == ("Fetching and installing packages, 2 of 8", 0.25)
    assert pages.room.engine_pages["torch"].install.log.toPlainText() == "$ uv venv\n+ torch"
    thread.on_end(Finished())
    assert pages.view().install is not None
    assert pages.view().install.state == "done"  # type: ignore[union-attr]
    assert pages.threads[-1].name == "probe torch"


def test_that_an_engine_that_hangs_says_so_on_its_page_and_can_be_skipped(pages: Pages) -> None:
    now = [100.0]
    pages.engines.looking._clock = lambda: now[0]
    pages.engines.probe("torch")
    page = pages.room.engine_pages["torch"]
    assert page.chip.text == "looking …"
    assert page.panels == []
    now[0] += 12
    pages.engines.looking.tick()
    assert page.chip.text == "still starting, 12 s"
    (panel,) = page.panels
    assert "PyTorch is still starting" in panel.what.text()
    now[0] += 1
    pages.engines.looking.tick()
    assert page.panels == [panel]  # the words stay, so that a button under the mouse does, too
    assert panel.button.isEnabled()
    assert not page.again.isEnabled()
    panel.button.click()
    thread = pages.last("probe torch")
    assert thread.stopped is False
    thread.on_end(Stopped(step=0, kept=False))
    assert page.chip.text == "not waited for"
    assert page.again.isEnabled()
    assert pages.bench.shell.status.engine.words.text() == "Engine: PyTorch was not waited for"
    assert [one.name for one in pages.threads if one.name.startswith("spare")] == []
    page.again.click()
    assert page.chip.text == "looking …"


def test_that_another_interpreter_that_hangs_can_be_skipped_and_the_old_one_is_asked_again(
    pages: Pages,
) -> None:
    now = [100.0]
    pages.engines.looking._clock = lambda: now[0]
    pages.pages.choose_interpreter("torch", "/a/python")
    now[0] += 6
    pages.engines.looking.tick()
    pages.room.engine_pages["torch"].panels[0].button.click()
    thread = pages.last("choose torch")
    assert thread.stopped is False
    thread.on_end(Stopped(step=0, kept=False))
    assert "runs in" not in pages.told
    assert pages.threads[-1].name == "probe torch"


def test_that_one_installation_goes_on_at_once(pages: Pages) -> None:
    pages.pages.mend("torch", "install")
    pages.pages.mend("torch", "repair")
    assert [thread.name for thread in pages.threads] == ["install torch"]


def test_that_cancel_stops_it_and_keeps_nothing(pages: Pages) -> None:
    pages.pages.mend("torch", "install")
    pages.room.cancel_requested.emit("torch")
    thread = pages.last("install torch")
    assert thread.stopped is False
    thread.on_end(Stopped(step=0, kept=False))
    assert pages.view().install is not None
    assert pages.view().install.state == "stopped"  # type: ignore[union-attr]
    pages.room.cancel_requested.emit("torch")  # nothing is left to stop


def test_that_a_failed_installation_is_told_and_its_log_stays(pages: Pages) -> None:
    pages.pages.mend("torch", "install")
    fault = WorkbenchError(ErrorCode.NETWORK_DOWN, engine="torch", why="no route to host")
    pages.last("install torch").on_end(fault)
    assert "no route to host" in pages.told
    assert pages.view().install is not None
    assert pages.view().install.state == "failed"  # type: ignore[union-attr]
    pages.room.install_closed.emit("torch")
    pages.pages.show()
    assert pages.view().install is None


def test_that_an_interpreter_is_taken_after_the_doctor_agreed(pages: Pages) -> None:
    pages.room.interpreter_chosen.emit("torch", "/a/python")
    thread = pages.last("choose torch")
    assert calls(thread) == (engines.choose_interpreter, {"engine": "torch", "python": "/a/python"})
    assert pages.view().state == "checking"
    thread.on_end(Finished())
    assert "PyTorch runs in" in pages.told
    assert pages.threads[-1].name == "probe torch"


def test_that_a_refused_interpreter_is_told(pages: Pages) -> None:
    pages.pages.choose_interpreter("torch", "/a/python")
    fault = WorkbenchError(ErrorCode.INTERPRETER_NO_PYTHON, python="/a/python", why="hello")
    pages.last("choose torch").on_end(fault)
    assert "/a/python is no Python" in pages.told


def test_that_forget_goes_back_to_this_interpreter(pages: Pages) -> None:
    pages.pages.mend("torch", "forget")
    assert calls(pages.last("choose torch"))[1] == {"engine": "torch", "python": "this"}


def test_that_choose_opens_the_list_of_interpreters(pages: Pages) -> None:
    pages.bench.shell.show()
    pages.pages.mend("torch", "choose")
    menu = pages.room.engine_pages["torch"].interpreter.choice.menu()
    assert menu.isVisible()
    menu.hide()


def test_that_other_interpreters_are_looked_for_once_at_a_time(pages: Pages) -> None:
    pages.room.discover_requested.emit("torch")
    pages.room.discover_requested.emit("jax")
    assert [thread.name for thread in pages.threads].count("interpreters") == 1
    found = Interpreters((Interpreter("/a/python", "3.12.1", {"torch": "2.4"}),))
    pages.last("interpreters").on_events([Answer(found)])
    pages.last("interpreters").on_end(Finished())
    assert "/a/python" in [row.key for row in pages.view().interpreters]
    pages.room.discover_requested.emit("torch")
    assert [thread.name for thread in pages.threads].count("interpreters") == 2


def test_that_a_file_is_browsed_for(pages: Pages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def choose_file(parent: Any, title: str, *_: Any) -> tuple[str, str]:
        asked.append(title)
        return (str(tmp_path / "python"), "") if len(asked) == 1 else ("", "")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose_file)
    pages.room.browse_requested.emit("torch")
    assert asked == [words.BROWSE_TITLE.format(title="PyTorch")]
    assert calls(pages.last("choose torch"))[1]["python"] == str(tmp_path / "python")
    count = len(pages.threads)
    pages.room.browse_requested.emit("torch")  # and thought better of it
    assert len(pages.threads) == count


def test_that_what_was_removed_last_costs_no_installation_that_began_since(pages: Pages) -> None:
    pages.pages.mend("torch", "remove")
    pages.pages.mend("torch", "install")
    pages.last("remove torch").on_end(Finished())
    pages.last("install torch").on_events([Log("info", "Downloading")])
    assert pages.view().state == "installing"


def test_that_an_environment_is_removed(pages: Pages) -> None:
    pages.pages.mend("torch", "remove")
    thread = pages.last("remove torch")
    assert calls(thread) == (engines.remove, {"name": "torch"})
    thread.on_end(Finished())
    assert pages.told == "The environment of PyTorch is removed."
    pages.pages.mend("torch", "remove")
    pages.last("remove torch").on_end(WorkbenchError(ErrorCode.ENVIRONMENT_BUSY, engine="torch", folder="/x"))
    assert "another window" in pages.told


def test_that_the_first_engine_that_is_installed_becomes_the_chosen_one(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.bench.engine = ""
    monkeypatch.setattr("app.controllers.engines.is_installed", lambda row: row.name == "jax")
    pages.pages.mend("jax", "install")
    pages.last("install jax").on_end(Finished())
    assert pages.bench.engine == "jax"
