"""Where Modelwright keeps what belongs to the person and to no project; MODELWRIGHT_HOME overrides it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "modelwright"


def _override() -> Path | None:
    chosen = os.environ.get("MODELWRIGHT_HOME")
    return Path(chosen).expanduser().absolute() if chosen else None


def user_data() -> Path:
    """Return the folder of session and recent projects; it need not exist yet."""
    return _override() or platformdirs.user_data_path(_APP, appauthor=False)


def user_cache() -> Path:
    """Return the folder of what can be made again."""
    chosen = _override()
    return chosen / "cache" if chosen else platformdirs.user_cache_path(_APP, appauthor=False)


def data_cache() -> Path:
    """Return the folder of prepared data sets, one inside for each digest."""
    return user_cache() / "data"


def projects_folder() -> Path:
    """Return where new projects go unless the person chooses another place."""
    chosen = _override()
    return (chosen or platformdirs.user_documents_path()) / "Modelwright"


def loose_runs() -> Path:
    """Return where the command line puts runs of designs that belong to no project."""
    return user_data() / "runs"
