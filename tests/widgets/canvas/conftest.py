"""Every test of the canvas has an application: even text cannot be measured without."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from widgets.look.theme import apply


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    """Show the light theme."""
    apply(qapp, "light")
