"""The comparison that was shown last is the one that is shown again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers.comparing import ComparisonsController
from app.project import Project
from app.session import Session, save_session
from app.workbench import Workbench
from engines.contract.comparison import Comparison, Entrant
from engines.runs.engine_comparison import COMPARISONS, RECORD
from engines.training.run_folder import write_record
from widgets.shell import Shell


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two comparisons, of which the later is called 002."""
    made = Project.create(tmp_path / "mine", "digits-mlp").folder
    entrants = tuple(Entrant(name) for name in ("torch", "jax"))
    for number in (1, 2):
        key = f"2026-11-23-00{number}-digits"
        found = Comparison(
            key,
            "digits",
            "digits",
            f"2026-11-23T12:0{number}:00+00:00",
            "cpu",
            "fp32",
            0,
            1,
            10,
            10,
            5e-4,
            10,
            entrants,
        )
        place = made / COMPARISONS / key
        place.mkdir(parents=True)
        write_record(place / RECORD, found)
    return made


def shown_again(qtbot: QtBot, project: Path, left: str) -> tuple[ComparisonsController, Workbench]:
    """Open a window after one in which ``left`` was shown; return its controller."""
    save_session(Session(comparison=left))
    shell = Shell()
    qtbot.addWidget(shell)
    bench = Workbench(shell)
    controller = ComparisonsController(bench)
    bench.open_project(Project.open(project))
    qtbot.addWidget(controller.make_room())
    return controller, bench


@pytest.mark.parametrize(
    ("left", "shown"), [("001", "001"), ("002", "002"), ("", "002"), ("deleted since", "002")]
)
def test_that_the_comparison_that_was_shown_last_is_shown_again_or_else_the_newest(
    qtbot: QtBot, project: Path, left: str, shown: str
) -> None:
    folder = project / COMPARISONS / f"2026-11-23-{left}-digits"
    controller, bench = shown_again(qtbot, project, str(folder))
    assert Path(controller.shown).name == f"2026-11-23-{shown}-digits"
    bench.close()


def test_that_picking_another_one_is_remembered(qtbot: QtBot, project: Path) -> None:
    controller, bench = shown_again(qtbot, project, "")
    other = str(project / COMPARISONS / "2026-11-23-001-digits")
    with qtbot.waitSignal(bench.looked_elsewhere, timeout=1000):
        controller._room.comparison_chosen.emit(other)  # type: ignore[union-attr]
    assert controller.shown == other
    bench.close()
