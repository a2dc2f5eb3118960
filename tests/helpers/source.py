"""The source as trees, for tests that hold rules over all of it."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ("app", "widgets", "engines")
Nodes = tuple[ast.AST, ...]


def files(*rooms: str, but: Iterable[str] = ()) -> list[Path]:
    """Return the Python files of ``rooms`` (folders or files), without those below ``but``."""
    left_out = [ROOT / room for room in but]
    found: set[Path] = set()
    for room in rooms or HOUSE:
        path = ROOT / room
        found.update([path] if path.suffix == ".py" else path.rglob("*.py"))
    return sorted(p for p in found if not any(p == out or out in p.parents for out in left_out))


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file, once."""
    with no_collection():
        return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(path: Path) -> Nodes:
    """Return every node of a file, walked once."""
    return tuple(ast.walk(tree(path)))


def nodes_of(code: str) -> Nodes:
    """Return every node of a piece of code."""
    return tuple(ast.walk(ast.parse(code)))


def forget() -> None:
    """Let go of all trees: as long as they live, every look for garbage goes through them."""
    nodes.cache_clear()
    tree.cache_clear()


@contextmanager
def no_collection() -> Iterator[None]:
    """Parse without looking for garbage: there is none, and looking takes twice as long as parsing."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def place(path: Path, node: ast.AST) -> str:
    """Return where a node stands, for a message."""
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the house."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(*rooms: str, but: Iterable[str] = ()) -> list[str]:
    """Return the modules of ``rooms`` that can be imported without running a program."""
    return [module_name(path) for path in files(*rooms, but=but) if path.stem != "__main__"]


def imported(found: Nodes) -> Iterator[tuple[str, ast.AST]]:
    """Yield every name that these nodes import, ``from a import b`` as ``a.b``, with its node."""
    for node in found:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for a chain of attributes, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def run_python(code: str, *arguments: str, python: str = sys.executable) -> str:
    """Run ``code`` in an interpreter of its own at the root; return what it prints, fail if it fails."""
    command = [python, "-c", code, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert answer.returncode == 0, answer.stderr[-4000:]
    return answer.stdout
