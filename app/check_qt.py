"""Refuse what would abort the window: no display, or a PySide6 that loses references to None.

PySide6 6.12.0 on Python 3.11 drops one reference to ``None`` with every call that returns nothing; before
Python 3.12 ``None`` is mortal, and the process ends with ``Fatal Python error: none_dealloc``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

CALLS = 200


def loses_references(call: Callable[[], object], calls: int = CALLS) -> bool:
    """Tell whether calling something that returns ``None`` lowers the count of references to it.

    Other code may move the count by a few while this runs; a faulty call moves it by one each time.
    """
    before = sys.getrefcount(None)
    for _ in range(calls):
        call()
    return before - sys.getrefcount(None) > calls // 2


def has_screen(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether Qt has where to show a window, be it a virtual one that was asked for."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not platform.startswith("linux") or any(environ.get(name) for name in names)


def check_screen() -> None:
    """Raise ``SCREEN_NONE`` where Qt would end the process for want of a display."""
    from engines.contract.errors import ErrorCode, WorkbenchError

    if not has_screen(os.environ):
        raise WorkbenchError(ErrorCode.SCREEN_NONE)


def check_qt() -> None:
    """Raise ``QT_UNSAFE`` where this PySide6 must not be run with this Python; takes 0.1 ms."""
    import PySide6
    from PySide6.QtCore import QObject

    from engines.contract.errors import ErrorCode, WorkbenchError

    thing = QObject()
    if loses_references(lambda: thing.setObjectName("")):
        python = ".".join(map(str, sys.version_info[:3]))
        raise WorkbenchError(ErrorCode.QT_UNSAFE, version=PySide6.__version__, python=python)
