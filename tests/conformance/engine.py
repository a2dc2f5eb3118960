"""The suite's end of an engine's process."""

from __future__ import annotations

import os
import pickle
import subprocess
from functools import cached_property
from typing import Any

import pytest

from engines.contract.capabilities import EngineReport
from engines.registry import ENGINES
from engines.registry import engine as row_of
from tests.helpers.engine_pythons import ROOT, has_builds, python_of

NAMES = tuple(row.name for row in ENGINES if row.visible and row.trains and has_builds(row.name))
"""Every engine of the registry that trains for people and can be had on this system."""
PAIRS = tuple((first, second) for index, first in enumerate(NAMES) for second in NAMES[index + 1 :])
CPU, ACCELERATOR, PRETENDED = "cpu", "accelerator", "pretended"
"""Where an engine works: on the CPU, on the first other device that it lists, or on a second CPU that it
lists as one, so that what was placed wrongly shows on any machine."""
TWO_CPUS = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


class Engine:
    """One engine in a process of its own; ``ask`` calls a function of ``tests.conformance.work`` there, or
    one that is named with its module."""

    def __init__(self, name: str, where: str = CPU) -> None:
        self.name, self._where = name, where
        self._device = CPU if where == CPU else ""
        self._child: subprocess.Popen[bytes] | None = None
        try:
            python = python_of(name)
        except AssertionError:
            return  # only who asks this engine shall hear of it
        self._child = subprocess.Popen(
            [python, "-m", "tests.conformance.child", name, where],
            cwd=ROOT,
            env={**os.environ, **(TWO_CPUS if where == PRETENDED else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @property
    def device(self) -> str:
        """The device that the engine works on; skips the test where it lists none but the CPU."""
        row = row_of(self.name)
        if not self.has_device() and row is not None:
            pytest.skip(f"{row.title} lists no accelerator on this machine")
        return self._device

    def has_device(self) -> bool:
        """Tell whether the engine lists a device to work on here."""
        if not self._device:
            self._device = self._answer("work_on_accelerator", {})
        return bool(self._device)

    @cached_property
    def report(self) -> EngineReport:
        """What the engine's probe says."""
        found: EngineReport = self.ask("probe")
        return found

    def needs(self, precision: str) -> None:
        """Skip the test where the engine declares no such precision."""
        if precision not in self.report.precisions:
            pytest.skip(f"{self.name} declares no {precision}")

    def ask(self, function: str, **arguments: Any) -> Any:
        """Return what the function returns on the engine's device; fails with the child's own traceback."""
        assert self.device
        return self._answer(function, arguments)

    def _answer(self, function: str, arguments: dict[str, Any]) -> Any:
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

    def __init__(self, names: tuple[str, ...] = NAMES, where: str = CPU) -> None:
        super().__init__({name: Engine(name, where) for name in names})

    def close(self) -> dict[str, str]:
        """End all; return what each wrote to its error stream."""
        return {name: engine.close() for name, engine in self.items()}
