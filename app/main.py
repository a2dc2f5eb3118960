"""The entry point: no arguments open the window, anything else is the command line.

Only the standard library may be imported before that is decided: the window has to be there in a second.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Modelwright and return its exit status."""
    if arguments is None:
        return _of_this_process(sys.argv[1:])
    return _command(arguments) if arguments else _window()


def _of_this_process(arguments: Sequence[str]) -> int:
    """Run what the process was started for; Ctrl+C while its modules are read ends it in silence."""
    if not arguments:
        return _window()
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    return _command(arguments)


def _command(arguments: Sequence[str]) -> int:
    from app.cli.application import run

    return run(arguments)


def _window() -> int:
    from app.window import run_window
    from engines.contract.errors import WorkbenchError

    try:
        return run_window()
    except WorkbenchError as fault:
        from app.cli.reporting import complain
        from app.messages.table import tell_error

        complain(tell_error(fault))
        return 1


if __name__ == "__main__":
    sys.exit(main())
