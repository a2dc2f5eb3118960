"""What brings the same window back: room, project, run, geometry; the list of recent projects; what was told.

All are small JSON files under the user's data folder, written whole. A file that cannot be read is set
aside beside a fresh one and never keeps the window from opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from app.home import user_data
from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.records import from_plain, to_plain

KEPT_RECENT, KEPT_TOLD = 20, 200


@dataclass(frozen=True)
class Session:
    """The window as it was left. ``geometry`` and ``splitters`` hold Qt's own byte arrays as base64 text.

    ``opening``: the project of a starting window that did not come to stand yet.
    ``model``: somebody else's ONNX file that was looked at; ``comparison``: the folder of the one shown.
    """

    room: str = "start"
    project: str = ""
    opening: str = ""
    design: str = ""
    run: str = ""
    model: str = ""
    comparison: str = ""
    graph_tab: int = 0
    geometry: str = ""
    splitters: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    device: str = ""
    provider: str = ""
    theme: str = "system"
    in_process: bool = False
    version: int = 1


@dataclass(frozen=True)
class RecentProject:
    """A project that was open; ``opened`` is an ISO time in UTC."""

    folder: str
    name: str
    opened: str


@dataclass(frozen=True)
class _Recent:
    projects: tuple[RecentProject, ...] = ()
    version: int = 1


@dataclass(frozen=True)
class _Told:
    marks: tuple[str, ...] = ()
    version: int = 1


def load_session() -> Session:
    """Return the saved session, or a fresh one where there is none that can be read."""
    return _load(_session_file(), Session)


def save_session(session: Session) -> None:
    """Write the session, all or nothing; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    _save(_session_file(), session)


def note_opening(project: str) -> None:
    """Note the project that a starting window opens by itself; "" once it stands.

    One that ends the window so is not opened again and again.
    """
    _change(opening=project)


def leave_project() -> None:
    """Let the next window begin without a project; it is among the recent ones."""
    _change(project="", opening="")


def _change(**values: Any) -> None:
    with suppress(WorkbenchError):  # a full disk is told elsewhere
        save_session(replace(load_session(), **values))


def recent_projects() -> tuple[RecentProject, ...]:
    """Return the projects opened before, the last one first; a folder may be gone, or its drive away."""
    return _load(_recent_file(), _Recent).projects


def remember_project(folder: Path, name: str) -> None:
    """Put a project at the head of the recent ones."""
    entry = RecentProject(str(folder.absolute()), name, datetime.now(UTC).isoformat(timespec="seconds"))
    others = [known for known in _load(_recent_file(), _Recent).projects if known.folder != entry.folder]
    _save(_recent_file(), _Recent((entry, *others)[:KEPT_RECENT]))


def forget_project(folder: Path) -> None:
    """Take a project off the list; its folder stays as it is."""
    recent = _load(_recent_file(), _Recent)
    left = tuple(known for known in recent.projects if known.folder != str(folder.absolute()))
    _save(_recent_file(), replace(recent, projects=left))


def is_news(mark: str) -> bool:
    """Tell whether no window has told a person what ``mark`` names, and note that it is told now."""
    told = _load(_told_file(), _Told).marks
    if mark in told:
        return False
    with suppress(WorkbenchError):  # a full disk is told elsewhere; then it is told once more
        _save(_told_file(), _Told((mark, *told)[:KEPT_TOLD]))
    return True


def _session_file() -> Path:
    return user_data() / "session.json"


def _recent_file() -> Path:
    return user_data() / "recent.json"


def _told_file() -> Path:
    return user_data() / "told.json"


Record = TypeVar("Record")


def _load(path: Path, kind: type[Record]) -> Record:
    try:
        return from_plain(kind, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return kind()
    except (OSError, ValueError, WorkbenchError):
        _set_aside(path)
        return kind()


def _set_aside(path: Path) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        path.replace(path.with_name(f"{path.stem}.broken-{stamp}{path.suffix}"))
    except OSError:
        return  # Not even to be renamed: the next save says what is wrong with the folder.


def _save(path: Path, record: object) -> None:
    make_folder(path.parent)
    write_text_atomic(path, json.dumps(to_plain(record), indent=2, ensure_ascii=False) + "\n")
