"""Installing says what happens line by line, and what went wrong by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.packages import install


def test_that_what_is_there_already_is_said_and_left_alone() -> None:
    assert any("already satisfied" in line for line in install("pip"))


def test_that_a_failed_installation_keeps_what_pip_said_as_details(tmp_path: Path) -> None:
    missing = tmp_path / "nothing-1.0-py3-none-any.whl"
    with pytest.raises(WorkbenchError) as caught:
        list(install(str(missing)))
    assert caught.value.code is ErrorCode.INSTALL_FAILED
    assert caught.value.facts["requirement"] == str(missing)
    assert caught.value.facts["status"] != 0
    assert "nothing" in caught.value.details


def test_that_an_installation_given_up_ends_pip() -> None:
    lines = install("pip")
    next(lines)
    lines.close()
    assert list(lines) == []


def test_that_pip_can_be_ended_from_outside_while_it_is_silent() -> None:
    with pytest.raises(WorkbenchError) as caught:
        list(install("pip", started=lambda end: end()))
    assert caught.value.code is ErrorCode.INSTALL_FAILED
