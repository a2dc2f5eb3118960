"""The most memory that this process has held at once, as the system counts it."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int:
    """Return the process's largest resident set so far, in bytes; 0 where the system does not say."""
    if sys.platform == "win32":
        return _peak_of_windows()
    try:
        return _high_water(_STATUS.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return _peak_of_posix()


def _high_water(status: str) -> int:
    """Return ``VmHWM`` of Linux: unlike ``getrusage`` it begins anew with the program that is run."""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return _peak_of_posix()


def _peak_of_posix() -> int:
    import resource

    peak = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, others kilobytes


def _peak_of_windows() -> int:
    import ctypes

    class Counters(ctypes.Structure):
        """``PROCESS_MEMORY_COUNTERS`` of psapi.h."""

        _fields_ = [
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            ("peak_working_set", ctypes.c_size_t),
            *((f"unused_{place}", ctypes.c_size_t) for place in range(7)),
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    ask = kernel.K32GetProcessMemoryInfo
    ask.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong]
    found = ask(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size)
    return int(counters.peak_working_set) if found else 0
