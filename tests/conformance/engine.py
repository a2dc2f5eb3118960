"""The suite's end of an engine's process."""

from __future__ import annotations

import pickle
import subprocess
from typing import Any

from engines.registry import ENGINES
from tests.helpers.engine_pythons import ROOT, has_builds, python_of

NAMES = tuple(row.name for row in ENGINES if row.visible and row.trains and has_builds(row.name))
"""Every engine of the registry that trains for people and can be had on this system."""
PAIRS = tuple((first, second) for index, first in enumerate(NAMES) for second in NAMES[index + 1 :])


class Engine:
    """One engine in a process of its own; ``ask`` calls a function of ``tests.conformance.work`` there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._child: subprocess.Popen[bytes] | None = None
        try:
            python = python_of(name)
        except AssertionError:
            return  # only who asks this engine shall hear of it
        self._child = subprocess.Popen(
            [python, "-m", "tests.conformance.child", name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ask(self, function: str, **arguments: Any) -> Any:
        """Return what the function returns; fails with the child's own traceback."""
        if self._child is None:
            python_of(self.name)  # says how to get it
        child = self._child
        assert child is not None, f"{self.name} has been installed meanwhile: start again"
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            pickle.dump((function, arguments), child.stdin)
            child.stdin.flush()
            good, answer = pickle.load(child.stdout)
        except (EOFError, BrokenPipeError) as error:
            assert child.stderr is not None
            raise AssertionError(child.stderr.read().decode()[-4000:]) from error
        assert good, answer
        return answer

    def close(self) -> str:
        """End the process; return what it wrote to its error stream."""
        if self._child is None:
            return ""
        _, said = self._child.communicate(timeout=60)
        return said.decode()


class Engines(dict[str, Engine]):
    """All engines, started together."""

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        super().__init__({name: Engine(name) for name in names})

    def close(self) -> dict[str, str]:
        """End all; return what each wrote to its error stream."""
        return {name: engine.close() for name, engine in self.items()}
