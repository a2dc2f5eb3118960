"""Small functions and files, and at least as many lines of tests as of source."""

from __future__ import annotations

import ast
from statistics import median, quantiles

from tests.helpers.source import ROOT, files, place, tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def functions() -> list[tuple[str, int]]:
    return [
        (f"{place(path, node)} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def lines(room: str) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files(room))


def test_that_functions_stay_short() -> None:
    found = functions()
    lengths = [length for _, length in found]
    assert median(lengths) <= 9
    assert quantiles(lengths, n=10)[-1] <= 30
    assert [name for name, length in found if length > LONGEST_FUNCTION] == []


def test_that_files_stay_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert [str(path.relative_to(ROOT)) for path, size in sizes.items() if size > LONGEST_FILE] == []


SHARE_OF_TESTS = 0.68
"""Lines of tests a line of source. The house's rule is 1; this may only be raised."""


def test_that_the_share_of_tests_does_not_fall() -> None:
    source = lines("app") + lines("widgets") + lines("engines")
    assert lines("tests") >= SHARE_OF_TESTS * source
