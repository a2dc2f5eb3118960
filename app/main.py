"""The entry point: no arguments open the window, anything else is the command line.

Only the standard library may be imported before that is decided: the window has to be there in a second.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Modelwright and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        from app.window import run_window

        return run_window()
    from app.cli.application import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
