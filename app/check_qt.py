"""Refuse a PySide6 that loses references to None: the window would abort within seconds.

PySide6 6.12.0 on Python 3.11 drops one reference to ``None`` with every call that returns nothing; before
Python 3.12 ``None`` is mortal, and the process ends with ``Fatal Python error: none_dealloc``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

CALLS = 200


def loses_references(call: Callable[[], object], calls: int = CALLS) -> bool:
    """Tell whether calling something that returns ``None`` lowers the count of references to it.

    Other code may move the count by a few while this runs; a faulty call moves it by one each time.
    """
    before = sys.getrefcount(None)
    for _ in range(calls):
        call()
    return before - sys.getrefcount(None) > calls // 2


def check_qt() -> None:
    """Raise ``QT_UNSAFE`` where this PySide6 must not be run with this Python; takes 0.1 ms."""
    import PySide6
    from PySide6.QtCore import QObject

    from engines.contract.errors import ErrorCode, WorkbenchError

    thing = QObject()
    if loses_references(lambda: thing.setObjectName("")):
        python = ".".join(map(str, sys.version_info[:3]))
        raise WorkbenchError(ErrorCode.QT_UNSAFE, version=PySide6.__version__, python=python)
