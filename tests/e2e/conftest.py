"""One window serves a whole module: its home and the watch over silence live as long as it does."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engines.registry import ENGINES
from tests.e2e.person import Person
from tests.helpers.silence import Silence

FAKE = replace(next(row for row in ENGINES if row.name == "fake"), visible=True)
LISTING = ("app.plans", "app.flows.engines", "app.controllers.engines", "app.controllers.engine_pages")
"""Every module that lists the engines."""


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the module a user's folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("MODELWRIGHT_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True, scope="module")
def silence(home: Path) -> Iterator[None]:
    """Fail the module that leaves something running or says something unexpected."""
    watch = Silence()
    watch.listen()
    yield
    found = watch.close()
    if found:
        pytest.fail("The module was not silent:\n  " + "\n  ".join(found), pytrace=False)


@pytest.fixture(scope="module")
def fake_engine() -> Iterator[None]:
    """Let the fake engine be the one that is installed: it starts at once and behaves as its device says."""
    with pytest.MonkeyPatch.context() as patch:
        for module in LISTING:
            patch.setattr(f"{module}.ENGINES", (FAKE,))
        yield


@pytest.fixture(scope="module")
def no_engine() -> Iterator[None]:
    """Hide every training framework, as on a machine where none is installed."""
    hidden = {row.package for row in ENGINES if row.visible}
    find = importlib.util.find_spec

    def find_others(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in hidden else find(name, package)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", find_others)
        yield


@pytest.fixture(scope="module")
def person(qapp: QApplication, home: Path) -> Iterator[Person]:
    """Sit down before the real window; ask for an engine's fixture before this one."""
    someone = Person(qapp, home)
    someone.open()
    yield someone
    someone.close()
