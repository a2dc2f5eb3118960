"""A project: a folder of plain files that git can follow.

``project.toml`` names the project and what was chosen last; ``designs/*.json`` are the designs, each with
its data and recipe; ``runs/ID/`` are the runs. Comments and order of a hand-edited project.toml are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from app.own_layers import bring_layers, own_layers
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, read_bytes, unwritable, write_atomic, write_text_atomic
from engines.design.document import Design
from engines.design.storage import load, save
from engines.design.templates import open_design

VERSION = 1
FILE = "project.toml"


class Project:
    """An open project; every setter writes project.toml at once, all or nothing."""

    def __init__(self, folder: Path, document: tomlkit.TOMLDocument) -> None:
        self.folder = folder
        self._document = document
        self._known_texts: dict[str, bytes] = {}

    @classmethod
    def create(cls, folder: Path, template: str) -> Project:
        """Make a project in ``folder``, which must be empty or not there, from a template or a design's file.

        Raises:
            WorkbenchError: ``PROJECT_EXISTS``, ``FILE_UNWRITABLE``, ``DISK_FULL``, or the template's own.
        """
        design, name = open_design(template), Path(template).stem
        folder = _new_folder(folder)
        project = cls(folder, _fresh(folder.name, name))
        save(design, project.design_path(name))
        bring_layers(design, template, folder)
        project._write()
        return project

    @classmethod
    def open(cls, folder: Path) -> Project:
        """Open the project in ``folder`` (or the one whose project.toml is given).

        Raises:
            WorkbenchError: ``NOT_A_PROJECT``, ``PROJECT_UNREADABLE``, ``PROJECT_NEWER``.
        """
        folder = (folder.parent if folder.name == FILE else folder).absolute()
        path = folder / FILE
        if not path.is_file():
            raise WorkbenchError(ErrorCode.NOT_A_PROJECT, path=str(folder))
        return cls(folder, _parse(path))

    def copy_to(self, folder: Path, design: Design) -> Project:
        """Copy designs, layers and the data that lie inside to a new folder, ``design`` as it is now.

        Runs stay where they are.

        Raises:
            WorkbenchError: as ``create``.
        """
        copied = Project(_new_folder(folder), self._document.copy())
        source = self.folder / design.data.partition("?")[0]
        inside = [source] if source.is_file() and source.is_relative_to(self.folder) else []
        for path in (*self.folder.glob("designs/*.json"), *self.folder.glob("layers/*.py"), *inside):
            place = copied.folder / path.relative_to(self.folder)
            make_folder(place.parent)
            write_atomic(place, read_bytes(path))
        save(design, copied.design_path(self.current_design))
        copied._write()
        return copied

    @property
    def name(self) -> str:
        """The project's name as a person reads it."""
        return str(self._document.get("name", self.folder.name))

    @property
    def created(self) -> str:
        """When it was made: no other project that ever lay in this folder has the same time."""
        return str(self._document.get("created", ""))

    @property
    def runs_folder(self) -> Path:
        """Where the runs are."""
        return self.folder / "runs"

    @property
    def designs(self) -> tuple[str, ...]:
        """The names of all designs, sorted."""
        return tuple(sorted(path.stem for path in (self.folder / "designs").glob("*.json")))

    @property
    def current_design(self) -> str:
        """The design that was worked on last, "" where there is none."""
        chosen = str(self._document.get("design", ""))
        known = (*self._known_texts, *self.designs)  # one that is open stays so, though its file may go
        return chosen if chosen in known else next(iter(known), "")

    def design_path(self, name: str) -> Path:
        """Return the file of the design ``name``, which need not exist."""
        return self.folder / "designs" / f"{name}.json"

    def load_design(self, name: str = "") -> Design:
        """Read a design to edit and save it, the current one by default; raises as ``read_design``."""
        name = self._known(name or self.current_design)
        text = read_bytes(self.design_path(name))
        design = self.read_design(name)
        self._known_texts[name] = text
        return design

    def read_design(self, name: str) -> Design:
        """Read a design to look at it; raises ``DESIGN_NOT_IN_PROJECT`` and storage's own."""
        design = load(self.design_path(self._known(name)))
        design.own = own_layers(self.folder)
        return design

    def save_design(self, design: Design, name: str = "") -> str:
        """Write a design, the current one by default, all or nothing.

        Where another window or program changed the file since it was read or written here, its version
        stays beside ours under a name of its own, which is returned ("" otherwise). Folders and files of the
        project that went meanwhile are made again.

        Raises:
            WorkbenchError: ``PROJECT_AWAY``, ``FILE_UNWRITABLE``, ``DISK_FULL``.
        """
        name = name or self.current_design
        self._demand_folder()
        if not (self.folder / FILE).exists():
            self._write()
        make_folder(self.design_path(name).parent)
        other = self._set_aside(name)
        save(design, self.design_path(name))
        self._known_texts[name] = read_bytes(self.design_path(name))
        return other

    def is_changed(self) -> bool:
        """Tell whether the current design was written elsewhere since it was read or written here.

        Raises:
            WorkbenchError: ``PROJECT_AWAY``.
        """
        self._demand_folder()
        name = self.current_design
        path, known = self.design_path(name), self._known_texts.get(name)
        return known is not None and path.is_file() and read_bytes(path) != known

    def moved_to(self, folder: Path) -> Project:
        """Open this project where it lies now; raises as ``open``, or ``DESIGN_NOT_IN_PROJECT``."""
        moved = Project.open(folder)
        moved._known(self.current_design)
        moved._known_texts = dict(self._known_texts)
        return moved

    def known_text(self, name: str) -> bytes:
        """Return the text that a design had when it was read or written here; none where it was not."""
        return self._known_texts.get(name, b"")

    def know(self, name: str, text: bytes) -> None:
        """Take ``text`` for what the design that is being edited began with."""
        self._known_texts[name] = text

    def _demand_folder(self) -> None:
        if not self.folder.is_dir():
            raise WorkbenchError(ErrorCode.PROJECT_AWAY, path=str(self.folder))

    def _set_aside(self, name: str) -> str:
        path, known = self.design_path(name), self._known_texts.get(name)
        there = read_bytes(path) if path.exists() else None
        if known is None or there is None or there == known:
            return ""
        number = 2
        while self.design_path(f"{name}-{number}").exists():
            number += 1
        write_atomic(self.design_path(f"{name}-{number}"), there)
        return f"{name}-{number}"

    @property
    def engine(self) -> str:
        """The engine chosen last, "" where none was."""
        return str(self._document.get("engine", ""))

    @property
    def device(self) -> str:
        """The device chosen last, "" where none was."""
        return str(self._document.get("device", ""))

    def choose_engine(self, engine: str, device: str) -> None:
        """Remember which engine and device train this project; what else changed in the file stays so."""
        self._demand_folder()
        if (self.folder / FILE).is_file():
            self._document = _parse(self.folder / FILE)
        self._document["engine"] = engine
        self._document["device"] = device
        self._write()

    def data_source(self, design: Design) -> str:
        """Return where a design's data are: a path inside the project becomes a whole path."""
        source, mark, options = design.data.partition("?")
        inside = self.folder / source
        return f"{inside}{mark}{options}" if source and inside.is_file() else design.data

    def new_run(self, design: str) -> Path:
        """Make the folder of a new run, such as ``runs/2026-11-23-001-digits-cnn``."""
        return new_run_folder(self.runs_folder, design)

    def _known(self, name: str) -> str:
        if name not in self.designs:
            known = ", ".join(self.designs) or "none"
            raise WorkbenchError(
                ErrorCode.DESIGN_NOT_IN_PROJECT, design=name, path=str(self.folder), known=known
            )
        return name

    def _write(self) -> None:
        write_text_atomic(self.folder / FILE, tomlkit.dumps(self._document))


def new_run_folder(runs: Path, design: str) -> Path:
    """Make and return an empty run folder: the day, a number within it, the design.

    Making the folder is what reserves the number, so that two windows never share one.
    """
    make_folder(runs)
    day = datetime.now(UTC).astimezone().strftime("%Y-%m-%d")
    taken = [int(part) for path in runs.glob(f"{day}-*") if (part := path.name[11:14]).isdecimal()]
    number = max(taken, default=0) + 1
    while True:
        folder = runs / f"{day}-{number:03d}-{design}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        except OSError as fault:
            raise unwritable(folder, fault) from fault
        else:
            return folder


def _new_folder(folder: Path) -> Path:
    """Make a project's folder, which must be empty or not there; return its whole path."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkbenchError(ErrorCode.PROJECT_EXISTS, path=str(folder))
    for inner in ("designs", "runs"):
        make_folder(folder / inner)
    return folder


def _fresh(name: str, design: str) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment("A Modelwright project: designs/ holds the models, runs/ what was trained."))
    document["version"] = VERSION
    document["name"] = name
    document["design"] = design
    document["created"] = datetime.now(UTC).replace(microsecond=0)
    return document


def _parse(path: Path) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(read_bytes(path))
    except (TOMLKitError, UnicodeDecodeError) as fault:
        raise _unreadable(path, f"{fault}.".replace("..", ".")) from fault
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _unreadable(path, "The line version = … is missing or no whole number.")
    if version > VERSION:
        raise WorkbenchError(
            ErrorCode.PROJECT_NEWER, path=str(path.parent), version=int(version), known=VERSION
        )
    return document


def _unreadable(path: Path, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.PROJECT_UNREADABLE, path=str(path), why=why)
