"""The two ways to build an environment: uv where it is there, and venv with pip."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.environments.commands import CommandFailed, Started, lines_of
from engines.environments.locked import Locked

NOWHERE_ELSE: dict[str, str | None] = {
    "PIP_TARGET": None,
    "PIP_PREFIX": None,
    "PIP_ROOT": None,
    "PIP_USER": None,
    "UV_TARGET": None,
    "UV_PROJECT_ENVIRONMENT": None,
    "PYTHONHOME": None,
    "PYTHONPATH": None,
    "VIRTUAL_ENV": None,
    "PYTHONNOUSERSITE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "UV_HTTP_TIMEOUT": "20",
    "UV_HTTP_CONNECT_TIMEOUT": "10",
    "UV_HTTP_RETRIES": "2",
    "UV_NO_PROGRESS": "1",
}
"""What would lead an installer out of the environment that it is to fill is taken away.

Times are for a host that says nothing at all: a slow one is waited for as long as anything comes.
"""

_OWN_ROADS = re.compile(r"^[\w:.]*\.(index-url|extra-index-url|find-links|proxy|no-index)\b", re.M)
"""What in pip's settings, which uv does not read, leads to packages by another road."""

_NAMES_A_PACKAGE = re.compile(
    r"\s*(?:Collecting|Downloading|Building|\+) ([A-Za-z0-9._-]+)(?=[\s(<>=!~\[;]|$)"
)
_LIST = (
    "import json; from importlib import metadata; "
    "print(json.dumps({d.metadata['Name']: d.version for d in metadata.distributions()}))"
)


@dataclass(frozen=True)
class Way:
    """One way to build an environment: its name for the log, and its commands in their order."""

    name: str
    commands: tuple[tuple[str, ...], ...]

    def build(self, started: Started) -> Iterator[str]:
        """Run the commands and yield what they say; raises ``CommandFailed``."""
        for command in self.commands:
            yield "$ " + " ".join(command)
            yield from lines_of(command, started, NOWHERE_ELSE)


def ways(locked: Locked, base: str, venv: Path, python: Path, gpu: bool) -> list[Way]:
    """Return the ways to make ``venv`` from the interpreter ``base`` and to fill it, the best first.

    ``python`` is the interpreter inside ``venv``; ``gpu`` asks for builds for an NVIDIA GPU.
    """
    wanted = locked.wanted(gpu)
    plain = Way(
        "pip",
        (
            (base, "-m", "venv", "--clear", str(venv)),
            (str(python), *_PIP, *locked.pip_options(gpu), *locked.held_to, *wanted),
        ),
    )
    uv = find_uv()
    if not uv:
        return [plain]
    options = (*locked.uv_options, *locked.held_to)
    install = (uv, "pip", "install", "--python", str(python), *options, *wanted)
    return [Way("uv", ((uv, "venv", "--clear", "--python", base, str(venv)), install)), plain]


_PIP = ("-m", "pip", "install", "--progress-bar", "off", "--timeout", "20", "--retries", "2")


def has_own_road(way: Way, started: Started) -> bool:
    """Tell whether pip may get through where uv found no network: it is set up for another index or proxy."""
    try:
        said = list(lines_of([way.commands[0][0], "-m", "pip", "config", "list"], started, NOWHERE_ELSE))
    except CommandFailed:
        return False
    return _OWN_ROADS.search("\n".join(said)) is not None


def find_uv() -> str:
    """Return uv's path: beside this interpreter or on the PATH; "" where there is none."""
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    return beside or shutil.which("uv") or ""


def name_of(requirement: str) -> str:
    """Return the package that a requirement names, as pip compares names."""
    return re.split(r"[\s<>=!~\[;]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def package_in(line: str) -> str:
    """Return the package that an installer's line says is fetched or there, "" for any other line."""
    found = _NAMES_A_PACKAGE.match(line)
    return name_of(found.group(1)) if found else ""


def installed(python: Path, started: Started) -> dict[str, str]:
    """Return every package in the environment of ``python`` with its version.

    Raises:
        CommandFailed: that interpreter does not run.
    """
    said = list(lines_of([str(python), "-c", _LIST], started, NOWHERE_ELSE))
    try:
        return dict(json.loads(said[-1]))
    except (LookupError, ValueError, TypeError) as fault:
        raise CommandFailed(-1, "\n".join(said)) from fault
