"""Comparisons that are kept: opened, deleted and taken back by mouse; a device picked for one engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.controllers import comparing
from app.desk import Desk
from app.flows import comparison_work, engine_comparison, entrants, further
from app.flows.engine_comparison import ComparisonOrder, compare_engines
from app.project import Project
from app.tour.hand import let_run
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.events import Event, Finished
from engines.runs.engine_comparison import list_comparisons
from engines.runs.listing import list_runs
from tests.comparing.orders import desk_of
from tests.e2e.person import CONTROL, Person
from tests.helpers.small_engines import ROWS, small_project

pytestmark = pytest.mark.gui_e2e


@pytest.fixture(autouse=True, scope="module")
def small_engines() -> Iterator[None]:
    """Let the engines of NumPy be the ones that are known, each with two devices."""
    devices = DeviceView("cpu", "CPU"), DeviceView("second:0", "Second")
    reports = {name: EngineReport(name, "1.0", devices) for name in ROWS}
    with pytest.MonkeyPatch.context() as patch:
        for module in (comparison_work, engine_comparison, entrants, further):
            for name in ("known_engine", "installed_engine"):
                if hasattr(module, name):
                    patch.setattr(module, name, ROWS.__getitem__)
        patch.setattr(comparing, "ENGINES", tuple(ROWS.values()))
        patch.setattr(comparing, "is_installed", lambda row: True)
        patch.setattr(comparing, "load_reports", lambda: reports)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Project:
    """A project with two comparisons."""
    made = small_project(tmp_path_factory.mktemp("kept"))
    for _ in range(2):
        with desk_of() as desk:
            for _ in compare_engines(desk, ComparisonOrder(str(made.folder), "", ("one", "two"))):
                pass
    return made


@pytest.fixture(scope="module")
def keeper(project: Project, fake_engine: None, person: Person) -> Person:
    person.composition.bench.open_project(project)
    person.hand.wait(lambda: person.composition.bench.manifest is not None, 90, "the data")
    return person


def shown(person: Person) -> str:
    room: Any = person.shell.room("compare")
    return Path(room.view.key).name if room.view is not None else ""


def undo(person: Person, room: Any) -> None:
    person.hand.click_in(room.message.button, room.message.button.rect().center())


def test_that_deleted_comparisons_come_back_by_undo_and_leave_the_empty_page_when_all_are_gone(
    keeper: Person, project: Project
) -> None:
    newest, oldest = [found.id for _, found in list_comparisons(project.folder)]
    room: Any = keeper.go("compare")
    assert shown(keeper) == newest
    keeper.hand.click("compare_delete")
    assert shown(keeper) == oldest
    assert "in the bin" in room.message.what.text()
    assert [found.id for _, found in list_comparisons(project.folder)] == [oldest]
    undo(keeper, room)
    assert shown(keeper) == newest
    assert not room.message.isVisible()
    assert len(list_comparisons(project.folder)) == 2
    assert room.head.known.isVisible()
    for _ in range(2):
        keeper.hand.click("compare_delete")
    assert list_comparisons(project.folder) == []
    assert room.empty.isVisible()
    assert len(list_runs(project.folder)) == 8
    undo(keeper, room)
    assert shown(keeper) == oldest
    assert not room.empty.isVisible()


def test_that_the_sheet_sends_an_engine_to_the_device_that_is_picked_for_it(
    keeper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[ComparisonOrder] = []

    def only_note(desk: Desk, order: ComparisonOrder) -> Iterator[Event]:
        orders.append(order)
        yield Finished()

    monkeypatch.setattr(comparing, "compare_engines", only_note)
    keeper.hand.wait(lambda: "ready" in keeper.shell.status.engine.words.text(), 60, "the engine")
    keeper.hand.press(Qt.Key.Key_E, CONTROL)
    sheet: Any = keeper.hand.wait_for("compare_sheet", 20)
    assert list(sheet.devices) == list(ROWS)
    sheet.devices["two"].setFocus()
    keeper.hand.press(Qt.Key.Key_Down)
    keeper.hand.press(Qt.Key.Key_Return)
    keeper.hand.wait(lambda: bool(orders), 20, "the comparison to begin")
    assert (orders[0].engines, orders[0].devices) == (("one", "two", "three"), {"two": "second:0"})
    keeper.wait_idle(20)
    let_run(50)


def test_that_one_engine_is_compared_with_itself_by_keys_and_shown_as_two(
    keeper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_small_engines(desk: Desk, order: ComparisonOrder) -> Iterator[Event]:
        with desk_of() as small:
            yield from compare_engines(small, order)

    monkeypatch.setattr(comparing, "compare_engines", on_small_engines)
    keeper.hand.press(Qt.Key.Key_E, CONTROL)
    sheet: Any = keeper.hand.wait_for("compare_sheet", 20)
    for name in ("two", "three"):
        sheet.engines[name].setFocus()
        keeper.hand.press(Qt.Key.Key_Space)
    again = sheet.also["one"]
    again.setFocus()
    keeper.hand.press(Qt.Key.Key_Down)
    assert again.currentText() == "And quick"
    keeper.hand.press(Qt.Key.Key_Return)
    room: Any = keeper.go("compare")
    titles = ["one (plain)", "one (quick)"]
    keeper.hand.wait(lambda: [line.title for line in room.view.engines] == titles, 20, "the comparison")
    keeper.wait_idle(60)
    assert room.head.verdict.text().startswith("one (plain) and one (quick) agree: ")
    assert list(room.charts.curves.traces) == ["one:plain", "one:quick"]
    assert room.matrix.text().count("passed") == 4
