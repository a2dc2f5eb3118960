"""The suite's end of an engine's process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from engines.registry import ENGINES

ROOT = Path(__file__).parents[2]
NAMES = tuple(row.name for row in ENGINES if row.visible and row.trains)
"""Every engine of the registry that trains for people."""
PAIRS = tuple((first, second) for index, first in enumerate(NAMES) for second in NAMES[index + 1 :])


class Engine:
    """One engine in a process of its own; ``ask`` calls a function of ``tests.conformance.work`` there."""

    def __init__(self, name: str) -> None:
        self.name = name
        command = [sys.executable, "-m", "tests.conformance.child", name]
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def ask(self, function: str, **arguments: Any) -> Any:
        """Return what the function returns; fails with the child's own traceback."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            pickle.dump((function, arguments), self._child.stdin)
            self._child.stdin.flush()
            good, answer = pickle.load(self._child.stdout)
        except (EOFError, BrokenPipeError) as error:
            assert self._child.stderr is not None
            raise AssertionError(self._child.stderr.read().decode()[-4000:]) from error
        assert good, answer
        return answer

    def close(self) -> str:
        """End the process; return what it wrote to its error stream."""
        _, said = self._child.communicate(timeout=60)
        return said.decode()


class Engines(dict[str, Engine]):
    """All engines, started together."""

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        super().__init__({name: Engine(name) for name in names})

    def close(self) -> dict[str, str]:
        """End all; return what each wrote to its error stream."""
        return {name: engine.close() for name, engine in self.items()}
