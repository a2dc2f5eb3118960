"""Install packages into an interpreter's environment with its own pip."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from engines.contract.errors import ErrorCode, WorkbenchError

KEPT_LINES = 40


def install(
    requirement: str,
    python: str = sys.executable,
    started: Callable[[Callable[[], None]], object] = lambda end: None,
) -> Iterator[str]:
    """Install ``requirement`` beside what is there, and yield what pip says line by line.

    Closing the generator ends pip. ``started`` is handed what ends it at once, from any thread.

    Raises:
        WorkbenchError: ``INSTALL_FAILED`` with the last lines as details.
    """
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    with subprocess.Popen(
        [*command, *requirement.split()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        started(process.terminate)
        said: list[str] = []
        try:
            for line in process.stdout:
                said = [*said[1 - KEPT_LINES :], line.rstrip()]
                yield line.rstrip()
        except GeneratorExit:
            process.terminate()
            raise
    if process.returncode != 0:
        raise WorkbenchError(
            ErrorCode.INSTALL_FAILED, "\n".join(said), requirement=requirement, status=process.returncode
        )
