"""A PySide6 that would abort the process is refused before the window opens."""

from __future__ import annotations

import ctypes
import sys

import pytest

pytest.importorskip("PySide6")

from app import check_qt
from app.main import main
from app.messages.table import tell_error
from engines.contract.errors import ErrorCode, WorkbenchError


def drop_a_reference() -> None:
    """Do what PySide6 6.12.0 does with every call on Python 3.11."""
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(None))


def give_references_back(count: int) -> None:
    for _ in range(count):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))


def test_that_the_installed_qt_is_safe() -> None:
    check_qt.check_qt()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_that_a_call_which_drops_a_reference_each_time_is_found_out() -> None:
    give_references_back(check_qt.CALLS)
    assert check_qt.loses_references(drop_a_reference)


def test_that_a_call_which_keeps_its_references_is_not_suspected() -> None:
    assert not check_qt.loses_references(lambda: None)


@pytest.mark.parametrize(
    ("environ", "platform", "shown"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_that_a_display_is_seen_before_qt_looks_for_it(
    environ: dict[str, str], platform: str, shown: bool
) -> None:
    assert check_qt.has_screen(environ, platform) is shown


def test_that_without_a_display_the_window_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_qt, "has_screen", lambda environ: False)
    assert main([]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: There is no display")
    assert "modelwright tour" in told


def test_that_the_refusal_names_both_versions_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_qt, "loses_references", lambda _: True)
    with pytest.raises(WorkbenchError) as caught:
        check_qt.check_qt()
    assert caught.value.code is ErrorCode.QT_UNSAFE
    told = tell_error(caught.value).text
    assert "6.11.3" in told
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in told
