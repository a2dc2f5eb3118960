"""What a person asked for, worked out before any process starts: design, recipe, data, engine, jobs.

The window's controllers and the command line use the same functions; nothing here waits or starts
anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.engine_facts.places import heal, is_there, missing
from app.home import data_cache, loose_runs
from app.own_layers import layers_place, own_layers, settle
from app.project import FILE, Project, new_run_folder
from app.recipe_settings import apply_settings, nearest
from engines.contract.capabilities import EngineRow
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.jobs import PrepareDataJob, TrainJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.design.freeze import freeze
from engines.design.templates import open_design
from engines.registry import ENGINES, engine


@dataclass(frozen=True)
class DataChoice:
    """Which data a design is trained on: a bundled set's name or a path, and the reader's options."""

    source: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A design with what it is to be trained on and how."""

    name: str
    spec: GraphSpec
    recipe: Recipe
    data: DataChoice
    project: Project | None = field(default=None, compare=False)

    @property
    def runs_folder(self) -> Path:
        """Where its runs go: into the project, or among the loose runs."""
        return self.project.runs_folder if self.project else loose_runs()

    def new_run(self) -> Path:
        """Make the folder of a new run."""
        return new_run_folder(self.runs_folder, self.name)


def make_plan(choice: str, data: str = "", settings: Sequence[str] = ()) -> Plan:
    """Work out what ``choice`` is: a project's folder, a template's name or a design's file.

    Raises:
        WorkbenchError: what the project, the design or a setting has against it.
    """
    path = Path(choice)
    if (path / FILE).is_file() or path.name == FILE:
        project = Project.open(path)
        return project_plan(project, project.current_design, data, settings)
    if path.is_dir():
        raise WorkbenchError(ErrorCode.NOT_A_PROJECT, path=str(path.absolute()))
    design = open_design(choice)
    design.own = own_layers(layers_place(choice))
    settle(design)
    recipe = apply_settings(design.recipe, settings)
    return Plan(path.stem, freeze(design), recipe, data_choice(data or design.data))


def project_plan(project: Project, name: str, data: str = "", settings: Sequence[str] = ()) -> Plan:
    """Return the plan of a project's design."""
    design = project.read_design(name)
    settle(design)
    recipe = apply_settings(design.recipe, settings)
    source = data_choice(data or project.data_source(design))
    return Plan(name, freeze(design), recipe, source, project)


def data_choice(text: str) -> DataChoice:
    """Read ``SOURCE`` or ``SOURCE?key=value&key=value`` (``target``, ``task``, ``seed`` …)."""
    source, _, tail = text.partition("?")
    parts = [part.partition("=") for part in tail.split("&") if part]
    return DataChoice(source, {key: value for key, _, value in parts})


def prepare_job(choice: DataChoice) -> PrepareDataJob:
    """Return the job that prepares the data into the cache, or reads what is there."""
    path = Path(choice.source)
    source = str(path.absolute()) if path.suffix else choice.source
    return PrepareDataJob(source, str(data_cache()), dict(choice.options))


def prepared_folder(manifest: DataManifest) -> Path:
    """Return the folder where a data set with this manifest lies prepared."""
    return data_cache() / manifest.digest


def train_job(
    spec: GraphSpec, recipe: Recipe, manifest: DataManifest, run: Path, device: str, resume: bool = False
) -> TrainJob:
    """Return the job that trains ``spec`` in the folder ``run``."""
    return TrainJob(
        run=str(run.absolute()),
        spec=spec,
        recipe=recipe,
        data=str(prepared_folder(manifest)),
        manifest=manifest,
        device=device,
        resume=resume,
    )


def known_engine(name: str) -> EngineRow:
    """Return the engine's row; raises ``ENGINE_UNKNOWN`` with the list and the nearest."""
    row = engine(name)
    if row is None:
        known = [row.name for row in ENGINES if row.visible]
        raise WorkbenchError(
            ErrorCode.ENGINE_UNKNOWN, engine=name, known=", ".join(known), nearest=nearest(name, known)
        )
    return row


def installed_engine(name: str) -> EngineRow:
    """Return the engine's row; raises ``ENGINE_UNKNOWN``, or what keeps it from starting (``missing``).

    A repair of its environment that was killed is healed first.
    """
    row = known_engine(name)
    heal(row)
    fault = missing(row)
    if fault is not None:
        raise fault
    return row


def default_engine() -> str:
    """Return the first engine of the registry that is there, or else the first one at all."""
    rows = [row for row in ENGINES if row.visible and row.trains]
    return next((row.name for row in rows if is_installed(row)), rows[0].name)


def is_installed(row: EngineRow) -> bool:
    """Tell whether the engine can be expected to start where it runs, without starting anything."""
    return is_there(row)
