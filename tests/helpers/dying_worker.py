"""The worker, in a process that dies by its own hand when it is told to.

``python dying_worker.py FLAG``: once the file FLAG is there, its text says how: ``exit`` ends the process
without a word, ``segv`` reads memory that is not there. What a broken library does, done on purpose.
"""

import ctypes
import os
import runpy
import sys
import threading
import time
from pathlib import Path

WORKER = Path(__file__).parents[2] / "engines" / "host" / "worker" / "__main__.py"
EXIT_CODE = 41


def die(flag: Path) -> None:
    """Wait for the order, and carry it out."""
    while not flag.exists():
        time.sleep(0.005)
    if flag.read_text() == "segv":
        ctypes.string_at(0)
    os._exit(EXIT_CODE)


if __name__ == "__main__":
    threading.Thread(target=die, args=(Path(sys.argv[1]),), daemon=True).start()
    runpy.run_path(str(WORKER), run_name="__main__")
