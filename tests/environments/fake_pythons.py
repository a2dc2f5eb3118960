"""Interpreters that misbehave, and a wheel that needs no network."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

SCRIPTS_RUN = sys.platform != "win32"
"""Whether a file that begins with ``#!`` can be started as a program."""

needs_scripts = pytest.mark.skipif(not SCRIPTS_RUN, reason="a script is no program on this system")


def fake_python(folder: Path, body: str, name: str = "python") -> str:
    """Write a program in the shell's language that is called a Python, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def real_python(folder: Path, before: str = "", inside: str = "") -> str:
    """Write a program that runs this very Python after ``before`` (shell), with ``inside`` at its start."""
    site = folder / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "sitecustomize.py").write_text(inside + "\n", encoding="utf-8")
    start = f'PYTHONPATH="{site}" exec "{sys.executable}" "$@"'
    return fake_python(folder, f"{before}\n{start}")


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """Write a wheel of pure Python by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    inside = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*inside, f"{info}/RECORD"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**inside, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel


def write_wheel_with_numpy(folder: Path, name: str, version: str = "1.0") -> Path:
    """Write a wheel that brings this interpreter's NumPy with it, by a path file."""
    home = Path(np.__file__).parent.parent
    shelf = folder / "numpy-shelf"
    shelf.mkdir(parents=True, exist_ok=True)
    for entry in ("numpy", "numpy.libs"):
        if (home / entry).exists() and not (shelf / entry).exists():
            (shelf / entry).symlink_to(home / entry, target_is_directory=True)
    files = {f"{name}.py": f"version = {version!r}\n", f"{name}.pth": f"{shelf}\n"}
    return write_wheel(folder, name, version, files)
