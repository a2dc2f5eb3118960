"""List every dependency with its licence, as its own metadata names it.

Run with the environment's Python, once the tests have made the engines' own environments, to write
``LICENSES.md`` beside this file::

    .venv/bin/python packaging/licenses.py
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
_NO_LICENCE = ("License :: OSI Approved", "License :: DFSG approved")
OWN_ENVIRONMENTS = ROOT / ".engines" / "environments"
TARGET = ROOT / "packaging" / "LICENSES.md"

COPYLEFT_NOTES: dict[str, str] = {}
"""Direct dependencies under the GPL alone: what that means here. A test lets no other in."""

OWN = """
## In an engine's own environment

Settings and `modelwright engines install` put an engine into an environment of its own, by a locked list.
All of it stands above, but for these:
"""

ELSEWHERE = {
    "nest-asyncio": ("BSD License", "on Windows, with JAX"),
    "onnxruntime-gpu": ("MIT License", "in place of onnxruntime where there is an NVIDIA GPU"),
}
"""What a list holds for other machines than the one this page is written on."""

NVIDIA = (
    "On a Linux with an NVIDIA GPU such an environment also gets NVIDIA's CUDA libraries (packages\n"
    "  `nvidia-…`), which are under NVIDIA's own licence."
)

HEAD = """# Licences of what Modelwright builds on

Written by `packaging/licenses.py` from the packages' own metadata. Modelwright itself is Apache-2.0 and
ships none of these; they are installed beside it. Qt and PySide6 are used under the LGPL: as shared
libraries that anyone may replace.
"""


def requirement_name(requirement: str) -> str:
    """Return the normalized name of a requirement line."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def direct() -> list[str]:
    """Return the names of what pyproject.toml asks for, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(line for e in project["optional-dependencies"].values() for line in e),
    ]
    return sorted({requirement_name(line) for line in lines})


def closure(names: list[str]) -> dict[str, Distribution]:
    """Return the named packages and all that they pull in here, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in names]
    while waiting:
        name, extra = one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        waiting.extend(_required(found[name], extra))
    return dict(sorted(found.items()))


def _required(package: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    """Yield what a package with an extra ("": with none) pulls in here, each with the extras asked for."""
    for line in package.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield from ((requirement_name(wanted.name), name) for name in ("", *wanted.extras))


def licence(package: Distribution) -> str:
    """Return the licence a package declares: its expression, its classifiers, or a line of its text."""
    meta = package.metadata
    expression = meta.get("License-Expression")
    classifiers = [
        entry.split(" :: ")[-1]
        for entry in meta.get_all("Classifier") or []
        if entry.startswith("License :: ") and entry not in _NO_LICENCE
    ]
    free = (meta.get("License") or "").strip().splitlines()
    told = expression or "; ".join(classifiers) or (free[0][:80] if free else "")
    return told or _title_of_text(package) or "not declared"


def _title_of_text(package: Distribution) -> str:
    """Return what the licence that a package carries calls itself, "" where there is none known."""
    texts = [file.read_text() for file in package.files or () if re.match(r"LICEN[CS]E", file.name)]
    found = re.search(r"(Apache|MIT|BSD)[\w -]* Licen[cs]e|Apache License", "\n".join(texts))
    return found.group() if found else ""


def own() -> dict[str, Distribution | None]:
    """Return what engines' own environments hold that this one does not, None where none is made here."""
    sys.path.insert(0, str(ROOT))
    from engines.environments.locked import LOCKED

    places = [str(path) for path in OWN_ENVIRONMENTS.glob("*/venv/[Ll]ib/**/site-packages")]
    there = {requirement_name(found.name): found for found in distributions(path=places)}
    locked = {requirement_name(line) for row in LOCKED.values() for line in row.requirements}
    return {name: there.get(name) for name in sorted(locked - closure(direct()).keys())}


def is_copyleft_only(text: str) -> bool:
    """Tell whether a licence leaves only the GPL or AGPL to choose (the LGPL and alternatives are fine)."""
    choices = re.split(r"\bOR\b|;", text)
    return all(re.search(r"(?<![A-Za-z])A?GPL|(?<!Lesser )General Public", part) for part in choices)


def table() -> str:
    """Return the whole page."""
    wanted = direct()
    lines = [HEAD, "| package | version | licence | |", "|---|---|---|---|"]
    for name, package in closure(wanted).items():
        role = "direct" if name in wanted else ""
        lines.append(f"| {name} | {package.version} | {licence(package)} | {role} |")
    lines += [OWN, "| package | version | licence |", "|---|---|---|"]
    for name, package in own().items():
        assert package is not None, f"{name}: make the engines' environments first, as the tests do"
        lines.append(f"| {name} | {package.version} | {licence(package)} |")
    lines += ["", "On other machines also:", "", "| package | where | licence |", "|---|---|---|"]
    lines += [f"| {name} | {where} | {told} |" for name, (told, where) in ELSEWHERE.items()]
    notes = [f"- **{name}**: {note}" for name, note in COPYLEFT_NOTES.items()]
    return "\n".join([*lines, "", "## To know before bundling", "", *notes, f"- {NVIDIA}"]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
    print(f"{TARGET}: {len(closure(direct()))} packages")
