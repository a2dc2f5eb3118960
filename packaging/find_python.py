"""Find a Python that Modelwright supports, or say how to get one. Standard library, Python 3.8 syntax."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

SUPPORTED = ((3, 11), (3, 12), (3, 13))

# _base_executable escapes from a virtual environment, which must not become the base of another.
_ASK = """
import json, sys
from importlib.util import find_spec
print(json.dumps({
    "path": getattr(sys, "_base_executable", sys.executable) or sys.executable,
    "version": list(sys.version_info[:3]),
    "wide": sys.maxsize > 2**32,
    "venv": bool(find_spec("venv") and find_spec("ensurepip")),
}))
"""


class Python(NamedTuple):
    """An interpreter that answered: where it is, its version, whether it can make environments."""

    path: str
    version: Tuple[int, int, int]
    makes_environments: bool


def find(versions: Tuple[Tuple[int, int], ...] = SUPPORTED) -> List[Python]:
    """Return the supported interpreters of this machine, those that can make environments first."""
    found: Dict[str, Python] = {}
    for command in candidates(versions):
        python = ask(command)
        if python and python.version[:2] in versions:
            found.setdefault(python.path, python)
    return sorted(found.values(), key=lambda python: not python.makes_environments)


def candidates(versions: Tuple[Tuple[int, int], ...]) -> Iterator[List[str]]:
    """Yield commands that may be a Python: this one, PATH, the py launcher, the usual folders."""
    yield [sys.executable]
    for major, minor in versions:
        on_path = shutil.which("python{}.{}".format(major, minor))
        if on_path:
            yield [on_path]
        if shutil.which("py") and os.name == "nt":
            yield ["py", "-{}.{}".format(major, minor)]
        for folder in usual_folders(major, minor):
            yield [str(folder)]
    for name in ("python3", "python"):
        on_path = shutil.which(name)
        if on_path:
            yield [on_path]


def usual_folders(major: int, minor: int, home: Optional[Path] = None) -> List[Path]:
    """Return interpreters of this version in the folders of pyenv, uv, Homebrew and python.org."""
    home = home or Path.home()
    version = "{}.{}".format(major, minor)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    places = [
        (pyenv / "versions", version + ".*/bin/python"),
        (home / ".pyenv/pyenv-win/versions", version + ".*/python.exe"),
        (home / ".local/share/uv/python", "cpython-" + version + "*/bin/python3"),
        (home / "AppData/Local/Programs/Python", "Python{}{}/python.exe".format(major, minor)),
        (Path("/opt/homebrew/bin"), "python" + version),
        (Path("/usr/local/bin"), "python" + version),
        (Path("/Library/Frameworks/Python.framework/Versions"), version + "/bin/python3"),
    ]
    return [path for folder, pattern in places for path in sorted(folder.glob(pattern))]


def ask(command: List[str]) -> Optional[Python]:
    """Run an interpreter and return what it says of itself; None where it does not run or is 32-bit."""
    try:
        answer = subprocess.run(
            [*command, "-I", "-c", _ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
        )
        facts = json.loads(answer.stdout.decode("utf-8"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if not facts["wide"]:
        return None
    return Python(facts["path"], tuple(facts["version"]), facts["venv"])


def how_to_get(platform: str = sys.platform, debian: bool = False) -> str:
    """Return the sentence for a machine without a supported Python."""
    if platform == "win32":
        way = "run: winget install Python.Python.3.13"
    elif platform == "darwin":
        way = "run: brew install python@3.13 (or see https://www.python.org/downloads/)"
    elif debian:
        way = "run: sudo apt-get install python3 python3-venv (where it is older: pyenv install 3.13)"
    else:
        way = "install python3.13 with the system's packages, or run: pyenv install 3.13"
    return "Modelwright needs Python 3.11, 3.12 or 3.13 (64 bit), and none was found. To get one, " + way
