"""What the tests of controllers stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.bridge.hosts import Hosts
from app.workbench import Workbench
from widgets.shell import Shell


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Workbench]:
    shell = Shell()
    qtbot.addWidget(shell)
    bench = Workbench(shell, Hosts())
    yield bench
    bench.close()
