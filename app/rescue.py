"""Edits that could not be saved into their project: kept among the person's own files until they are.

A design has a folder of its own there, with the text that it would have been saved with and the one that it
began with, so that what another window wrote meanwhile is set aside, not overwritten.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from app.home import user_data
from app.own_layers import own_layers
from app.project import Project
from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, read_bytes, write_atomic
from engines.design.document import Design
from engines.design.storage import load, save

UNSAVED, BEGUN_WITH, PROJECT = "unsaved", "begun-with", "project"


def keep(project: Project, design: Design) -> None:
    """Keep a design that could not be saved; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    name = project.current_design
    path = kept_file(project.folder, name)
    make_folder(path.parent)
    write_atomic(path.with_name(PROJECT), project.created.encode())
    write_atomic(path.with_name(BEGUN_WITH), project.known_text(name))
    save(design, path)


def take(project: Project) -> Design | None:
    """Return the current design as it was kept, None where nothing was that can be read."""
    name = project.current_design
    path = kept_file(project.folder, name)
    if not path.is_file():
        return None
    try:
        if read_bytes(path.with_name(PROJECT)) != project.created.encode():
            return None  # of a project that lay here before
        design, text = load(path), read_bytes(path.with_name(BEGUN_WITH))
    except WorkbenchError:
        return None
    design.own = own_layers(project.folder)
    project.know(name, text)
    return design


def drop(project: Project) -> None:
    """Forget what was kept: it is saved."""
    shutil.rmtree(kept_file(project.folder, project.current_design).parent, ignore_errors=True)


def kept_file(folder: Path, design: str) -> Path:
    """Return where a design of the project in ``folder`` is kept; it need not be there."""
    key = hashlib.sha256(f"{folder}\0{design}".encode()).hexdigest()[:16]
    return user_data() / UNSAVED / key / f"{design}.json"
