"""What tests of comparisons ask for."""

from __future__ import annotations

import pytest

from app.flows import comparison_work, engine_comparison, entrants, further
from tests.helpers.small_engines import ROWS


@pytest.fixture
def engines_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry hold three engines of NumPy."""
    for module in (comparison_work, engine_comparison, entrants, further):
        for name in ("known_engine", "installed_engine"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, ROWS.__getitem__)
