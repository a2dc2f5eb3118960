"""Watching processes come to their end."""

from __future__ import annotations

import contextlib
import time

import psutil


def until_gone(pid: int, seconds: float = 10.0) -> bool:
    """Wait until no such process lives (a zombie does not)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return True
    return False
