"""Continue on …: a run goes on as a new one, on another engine or for more epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.comparing import engine_choices
from app.flows.further import Further, done_epochs
from app.workbench import Workbench
from engines.contract.errors import WorkbenchError
from engines.contract.spec import Recipe
from engines.training.run_folder import RunRecord, read_recipe, read_run

if TYPE_CHECKING:
    from widgets.comparing.shown import GoOn


class FurtherController(QObject):
    """Asks on which engine and for how long, then hands the run to whoever trains."""

    def __init__(self, bench: Workbench, go_on: Callable[[Path, Further], object]) -> None:
        super().__init__(bench)
        self._bench, self._go_on = bench, go_on
        bench.continue_requested.connect(self.ask)
        bench.shell.add_action(
            "continue_on", "Continue on another engine …", "", self._ask_of_shown, idle=True
        )

    def ask(self, run: str) -> None:
        """Open the sheet for a run's folder."""
        if not run or self._bench.shell.header.state != "idle":
            return
        try:
            record, recipe = read_run(Path(run)), read_recipe(Path(run))
        except WorkbenchError as fault:
            self._bench.tell(fault)
            return
        self._open_sheet(Path(run), record, recipe)

    def _open_sheet(self, run: Path, record: RunRecord, recipe: Recipe) -> None:
        from widgets.comparing.sheet import ContinueSheet

        done, epochs = done_epochs(record), recipe.epochs
        left = epochs - done if record.step < record.total_steps and epochs > done else epochs
        choices = sorted(engine_choices(), key=lambda choice: choice.key == record.engine)
        window = self._bench.shell.window()
        sheet = ContinueSheet(record.title, choices, left, done, window, record.device, recipe.precision)
        sheet.chosen.connect(lambda chosen: self._go_on(run, further_of(chosen)))
        sheet.open()

    def _ask_of_shown(self) -> None:
        """Ask about the run that is shown; where there is none, lead to those there are."""
        if self._bench.run:
            self.ask(self._bench.run)
        else:
            self._bench.shell.open_room("runs")


def further_of(chosen: GoOn) -> Further:
    """Return what a person chose as the flow wants it."""
    settings = (f"precision={chosen.precision}",) if chosen.precision else ()
    return Further(chosen.engine, chosen.device, settings, chosen.checkpoint, epochs=chosen.epochs)
