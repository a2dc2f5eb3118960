"""How a design runs: the header's precision and run mode, which are values of its recipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject

from app.controllers.engines import EnginesController
from app.engine_facts.choices import SHORT, mode_rows, precision_rows
from app.messages import words
from app.workbench import Workbench
from engines.registry import engine
from widgets.controls.drops import DropRow, DropSection
from widgets.rooms.recipe_words import MODES


class RunningController(QObject):
    """Shows and changes the recipe's precision and run mode; the Train room shows the same values.

    A design that comes to another engine keeps what that one has; the rest falls back, and that is said.
    """

    def __init__(self, bench: Workbench, engines: EnginesController) -> None:
        super().__init__(bench)
        self._bench, self._engines = bench, engines
        self._switched = ""
        bench.shell.mode_chosen.connect(self._on_mode_chosen)
        bench.shell.engine_chosen.connect(self._on_engine_chosen)
        bench.shell.device_chosen.connect(lambda _: self._on_engine_chosen(bench.engine))
        bench.engine_changed.connect(self._on_engine_changed)
        bench.project_changed.connect(self.show)
        bench.design_changed.connect(self.show)
        engines.reported.connect(self._on_engine_changed)

    def sections(self) -> list[DropSection]:
        """Return what the header offers for the chosen engine."""
        row = engine(self._bench.engine)
        if row is None:
            return []
        design, report = self._bench.design, self._engines.reports.get(row.name)
        precision = design.recipe.precision if design else "fp32"
        mode = design.recipe.run_mode if design else ""
        mode = "" if mode in row.modes[:1] else mode
        precisions, modes = precision_rows(report, self._bench.device), mode_rows(row, report)
        made = [DropSection("precision", words.PRECISION, precisions, precision)]
        if modes:
            known = [*modes, *_lost(modes, mode)]
            made.append(DropSection("run_mode", words.RUN_MODE, known, mode))
        return made

    def show(self) -> None:
        """Show what the recipe says, with what the engine has."""
        self._bench.modes = self.sections()
        self._bench.shell.set_modes(self._bench.modes)
        self._bench.modes_changed.emit()

    def _on_mode_chosen(self, section: str, key: str) -> None:
        self._bench.edit_recipe({section: key})
        self.show()

    def _on_engine_chosen(self, name: str) -> None:
        self._switched = name
        self._on_engine_changed()

    def _on_engine_changed(self) -> None:
        if self._switched and self._switched == self._bench.engine:
            self._fall_back()
        self.show()

    def _fall_back(self) -> None:
        """Give up what the engine chosen last lacks, once it has reported."""
        design = self._bench.design
        if design is None:
            return
        values, told = {}, []
        for section in self.sections():
            chosen = next((row for row in section.rows if row.key == section.chosen), None)
            if chosen is not None and chosen.reason:
                values[section.key] = "fp32" if section.key == "precision" else ""
                told.append((chosen.title, next(row.title for row in section.rows if not row.reason)))
        if self._engines.reports.get(self._bench.engine) is not None:
            self._switched = ""
        if values:
            self._bench.edit_recipe(values)
            self._tell(told)

    def _tell(self, told: Iterable[tuple[str, str]]) -> None:
        row = engine(self._bench.engine)
        assert row is not None
        sentences = (
            words.FELL_BACK.format(title=row.title, lost=lost, instead=instead) for lost, instead in told
        )
        self._bench.say(" ".join(sentences), "info")


def _lost(rows: Sequence[DropRow], key: str) -> list[DropRow]:
    """Return a row for a mode of the recipe that the engine does not know."""
    if any(row.key == key for row in rows):
        return []
    title = dict(MODES).get(key, key)
    return [DropRow(key, title, reason=words.NO_MODE, short=SHORT.get(key, title.lower()))]
