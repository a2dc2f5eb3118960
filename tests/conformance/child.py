"""A process that has one engine: answers pickled calls of the suite's work, one after another.

``python -m tests.conformance.child ENGINE WHERE`` (see ``tests.conformance.engine``); requests and answers
are pickles on the standard streams, of our own making on both sides.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import traceback
from functools import cache
from typing import Any


def _read_newer_arrays() -> None:
    """Let pickles of NumPy 2, whose arrays name ``numpy._core``, be read by one that says ``numpy.core``."""
    import numpy as np

    if not hasattr(np, "_core"):
        for name in ("", ".multiarray", ".numeric"):
            sys.modules[f"numpy._core{name}"] = importlib.import_module(f"numpy.core{name}")


@cache
def _engine() -> Any:
    """Return the engine's adapter; it is imported with the first question, as many are never asked."""
    adapter = importlib.import_module(f"tests.conformance.adapters.{sys.argv[1]}")
    if sys.argv[2] == "pretended":
        adapter.list_second_cpu()
    adapter.prepare()
    return adapter


def _function(name: str) -> Any:
    """Return a function of ``tests.conformance.work``, or of the module that its name tells."""
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(module or "tests.conformance.work"), own)


def main() -> None:
    """Answer ``(function, arguments)`` until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _read_newer_arrays()
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = (True, _function(function)(_engine(), **arguments))
        except Exception:  # noqa: BLE001 - the test shall see whatever it was
            answer = (False, traceback.format_exc())
        pickle.dump(answer, answers, protocol=4)
        answers.flush()


if __name__ == "__main__":
    main()
