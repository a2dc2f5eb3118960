"""What the design says never happens, held over the whole source; small functions and files among it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from statistics import median, quantiles

import pytest

from tests.helpers.source import (
    ROOT,
    Nodes,
    dotted,
    files,
    forget,
    imported,
    nodes,
    nodes_of,
    place,
    run_python,
)

THREADS_LIVE_IN = ("app/bridge", "engines/host", "engines/environments")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
SHARE_OF_TESTS = 0.68
"""Lines of tests a line of source. The house's rule is 1; this may only be raised."""
NO_ENGINE = ("", "tools")
"""What a host may be called without being an engine: none yet, and the one that holds no framework."""
STARTERS = re.compile(
    r"""(threading\.(Thread|Timer)|_thread|subprocess|concurrent\.futures|pty
    |multiprocessing(?!\.connection)|asyncio\.create_subprocess_\w+
    |os\.(fork|system|popen|spawn\w*|exec\w*|posix_spawn\w*)
    |PySide6\.QtCore\.(QThread|QThreadPool|QRunnable|QProcess)|QThread|QThreadPool|QRunnable|QProcess)\b""",
    re.VERBOSE,
)
COLOUR = re.compile(
    r"(?<!\w)#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})(?!\w)|\b(?:rgba?|hsla?)\(\s*\d"
)
NAMES_OF_COLOURS = re.compile(r"(?i)Qt\.(GlobalColor\.)?(black|white|gray|\w*(red|green|blue|cyan|yellow))$")


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    yield
    forget()


def starters(found: Nodes) -> Iterator[tuple[str, ast.AST]]:
    """Yield what starts a thread or a process: imported names and dotted uses."""
    for name, node in imported(found):
        if STARTERS.match(name):
            yield name, node
    for node in found:
        if isinstance(node, ast.Attribute) and STARTERS.match(dotted(node)):
            yield dotted(node), node


def test_that_no_thread_and_no_process_starts_outside_its_rooms() -> None:
    found = [
        f"{place(path, node)} {name}"
        for path in files(but=THREADS_LIVE_IN)
        for name, node in starters(nodes(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("import subprocess", True),
        ("from threading import Thread", True),
        ("import threading\nthreading.Thread(target=f)", True),
        ("from PySide6.QtCore import QThread", True),
        ("import os\nos.system('ls')", True),
        ("from multiprocessing import Process", True),
        ("import threading\nthreading.Lock()", False),
        ("from threading import Event", False),
        ("from multiprocessing.connection import Connection", False),
        ("from PySide6.QtCore import QTimer", False),
    ],
)
def test_that_the_search_for_threads_tells_them_from_locks(code: str, caught: bool) -> None:
    assert bool(list(starters(nodes_of(code)))) is caught


def test_that_no_child_opens_a_console_on_windows() -> None:
    """But for the guard's, whose own console is hidden already and is handed on."""
    found = [
        place(path, node)
        for path in files()
        if path.name != "guard.py"
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and dotted(node.func) in ("subprocess.run", "subprocess.Popen")
        and "creationflags" not in [keyword.arg for keyword in node.keywords]
    ]
    assert found == []


def named_engines(found: Nodes) -> Iterator[ast.AST]:
    """Yield comparisons of something called an engine with an engine's name."""
    for node in found:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(_is_engine(side) for side in sides) and any(_is_name(side) for side in sides):
                yield node
        elif isinstance(node, ast.Match) and _is_engine(node.subject):
            yield node


def _is_engine(node: ast.AST) -> bool:
    last = dotted(node).rpartition(".")[2]
    return last in ("engine", "backend") or last.endswith(("_engine", "engine_name"))


def _is_name(node: ast.AST) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(_is_name(item) for item in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in NO_ENGINE


def test_that_no_engine_is_singled_out_outside_its_backend_and_the_registry() -> None:
    shared = files(but=("engines/backends", "engines/registry.py"))
    assert [place(path, node) for path in shared for node in named_engines(nodes(path))] == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("if engine == 'torch': pass", True),
        ("if job.engine in ('torch', 'keras'): pass", True),
        ("match self._engine:\n    case 'torch': pass", True),
        ("if engine == '': pass", False),
        ("if engine == row.name: pass", False),
    ],
)
def test_that_the_search_for_engines_finds_their_names_alone(code: str, caught: bool) -> None:
    assert bool(list(named_engines(nodes_of(code)))) is caught


def colours(found: Nodes) -> Iterator[tuple[str, ast.AST]]:
    """Yield literals that name a colour, outside docstrings."""
    texts = {id(node.value) for node in found if isinstance(node, ast.Expr)}
    for node in found:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            if COLOUR.search(node.value):
                yield node.value, node
        elif isinstance(node, ast.Attribute) and NAMES_OF_COLOURS.match(dotted(node)):
            yield dotted(node), node
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("QColor") and _are_numbers(node.args):
            yield "QColor(…)", node


def _are_numbers(arguments: list[ast.expr]) -> bool:
    return len(arguments) >= 3 and all(isinstance(argument, ast.Constant) for argument in arguments)


def test_that_no_colour_is_named_outside_the_look() -> None:
    found = [
        f"{place(path, node)} {text[:40]}"
        for path in files("app", "widgets", but=("widgets/look",))
        for text, node in colours(nodes(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("x = '#2b59d6'", True),
        ("style = 'color: #fff;'", True),
        ("x = Qt.GlobalColor.darkRed", True),
        ("x = QColor(1, 2, 3)", True),
        ("x = 'rgb(1, 2, 3)'", True),
        ("x = Qt.GlobalColor.transparent", False),
        ("x = QColor(tokens.accent)", False),
        ("x = '#section-name'", False),
        ("def f():\n    'Draw in #ffffff.'", False),
    ],
)
def test_that_the_search_for_colours_tells_them_from_text(code: str, caught: bool) -> None:
    assert bool(list(colours(nodes_of(code)))) is caught


def test_that_no_widget_imports_the_application_even_inside_a_function() -> None:
    found = [
        f"{place(path, node)} {name}"
        for path in files("widgets")
        for name, node in imported(nodes(path))
        if name.split(".")[0] == "app"
    ]
    assert found == []


def test_that_the_import_contracts_hold() -> None:
    run_python("from importlinter.cli import lint_imports_command as run; run()")


def test_that_every_folder_of_the_house_is_a_package() -> None:
    folders = {path.parent for path in files()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def functions() -> list[tuple[str, int]]:
    return [
        (f"{place(path, node)} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path in files()
        for node in nodes(path)
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


def test_that_the_share_of_tests_does_not_fall() -> None:
    source = lines("app") + lines("widgets") + lines("engines")
    assert lines("tests") >= SHARE_OF_TESTS * source
