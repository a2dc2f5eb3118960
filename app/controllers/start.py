"""The Start room's controller: templates, recent projects, and any file that is opened or dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.controllers.data import DATA_FILES, ENDINGS
from app.controllers.models import ModelsController
from app.home import projects_folder
from app.messages import words
from app.project import FILE, Project
from app.session import RecentProject as KnownProject
from app.session import forget_project, recent_projects
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.templates import TEMPLATES
from engines.exchange.formats import identify
from widgets.rooms.start import StartRoom
from widgets.rooms.start_parts import RecentProject

FILES = f"Projects, designs, models (project.toml *.json *.onnx);;{DATA_FILES}"


class StartController(QObject):
    """Opens what a person begins with."""

    def __init__(self, bench: Workbench, models: ModelsController) -> None:
        super().__init__(bench)
        self._bench, self._models = bench, models
        self._room: StartRoom | None = None
        bench.project_changed.connect(self._show_recent)
        bench.offer("show_start", lambda: bench.shell.open_room("start"))
        bench.offer("choose_folder", self._on_folder_requested)
        bench.offer("open_edits", lambda: self.start_from(str(bench.told_facts["path"])))

    def make_room(self) -> QWidget:
        """Make the room, once."""
        room = StartRoom()
        self._room = room
        room.set_templates(TEMPLATES.values())
        room.template_chosen.connect(self.start_from)
        room.project_chosen.connect(self.open)
        room.file_dropped.connect(self.open)
        room.open_requested.connect(self._on_open_requested)
        room.project_forgotten.connect(self._on_project_forgotten)
        self._show_recent()
        return room

    def start_from(self, template: str, folder: Path | None = None) -> None:
        """Make a project of a template in a folder of its own and go to its design."""
        title = TEMPLATES[template].title if template in TEMPLATES else Path(template).stem
        target = folder or _free_folder(projects_folder(), title)
        if self._bench.attempt(lambda: self._bench.open_project(Project.create(target, template))):
            self._bench.quiet()
            self._bench.shell.open_room("design")

    def open(self, text: str) -> None:
        """Open a project, a design, an ONNX file or data; anything else is named for what it is."""
        self._bench.attempt(lambda: self._open(Path(text)))

    def _open(self, path: Path) -> None:
        if path.suffix.lower() in ENDINGS and path.is_file():
            self._open_data(path)
            return
        facts = identify(path)
        if not facts.opens:
            raise WorkbenchError(
                ErrorCode.UNSUPPORTED_FORMAT, path=str(path), format=facts.title, missing=facts.missing
            )
        if facts.key == "project":
            project = Project.open(path)
            self._bench.quiet()
            self._bench.open_project(project)
            self._bench.shell.open_room("design")
        elif facts.key == "design":
            self.start_from(str(path))
        else:
            self._models.open_file(path)
            self._bench.shell.open_room("graph")

    def _open_data(self, path: Path) -> None:
        design = self._bench.design
        if design is None:
            raise WorkbenchError(ErrorCode.DATA_NEEDS_DESIGN, path=str(path))
        self._bench.shell.open_room("data")
        design.set_data(str(path))
        self._bench.source_chosen.emit()

    def _show_recent(self) -> None:
        if self._room is not None:
            self._room.set_recent([_shown(project) for project in recent_projects()])

    def _on_project_forgotten(self, folder: str) -> None:
        self._bench.attempt(lambda: forget_project(Path(folder)))
        self._show_recent()

    def _on_open_requested(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._bench.shell, "Open", str(projects_folder()), FILES)
        if path:
            self.open(str(Path(path).parent) if Path(path).name == FILE else path)

    def _on_folder_requested(self) -> None:
        project = self._bench.project
        title = "Choose a folder for the project" if project is None else "Choose a folder for a copy"
        folder = QFileDialog.getExistingDirectory(self._bench.shell, title)
        if folder and project is None:
            self.start_from(next(iter(TEMPLATES)), Path(folder) / next(iter(TEMPLATES)))
        elif folder and project is not None and (Path(folder) / FILE).is_file():
            self._bench.attempt(lambda: self._bench.follow_project(Path(folder)))
        elif folder and project is not None:
            self._move(project, _free_folder(Path(folder), project.name))

    def _move(self, project: Project, target: Path) -> None:
        """Go on in a copy where the open project cannot be written; its runs stay where they are."""
        if self._bench.attempt(lambda: self._bench.move_project(target)):
            self._bench.say(words.PROJECT_COPIED.format(folder=target, runs=project.runs_folder))


def _shown(project: KnownProject) -> RecentProject:
    there = (Path(project.folder) / FILE).is_file()
    return RecentProject(project.folder, project.name, reason="" if there else words.PROJECT_GONE)


def _free_folder(parent: Path, title: str) -> Path:
    """Return a folder for ``title`` that does not exist yet: "Digits with a CNN", "Digits with a CNN 2" …"""
    folder, number = parent / title, 2
    while folder.exists():
        folder, number = parent / f"{title} {number}", number + 1
    return folder
