"""Write anew what every engine's packages are held to: ``python packaging/lock_engines.py [NAME …]``.

Needs uv and a network. The versions are resolved for every system and every Python from 3.11 on at once
(``uv pip compile --universal``); lines that hold for some of them only carry their condition. What belongs to
CUDA is left out: the engine's own wheel names it exactly, and another one for each CUDA.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engines.environments.builders import find_uv
from engines.environments.locked import LOCKED, Locked

OLDEST = "3.11"
_OF_CUDA = ("nvidia-", "cuda-", "triton", "jax-cuda")
_HEAD = "# Written by packaging/lock_engines.py; a constraint installs nothing by itself.\n"


def resolved(locked: Locked) -> list[str]:
    """Return a line for every package that the list needs anywhere, each with its version."""
    wanted = [*locked.requirements, *filter(None, [locked.with_nvidia])]
    command = [find_uv(), "pip", "compile", "--universal", "--python-version", OLDEST]
    done = subprocess.run(
        [*command, "--no-header", "--no-annotate", "-"],
        input="\n".join(wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(_OF_CUDA)]
    return [line for line in lines if "emscripten'" not in line or "!= 'emscripten'" in line]


def main(names: list[str]) -> None:
    """Write the files of the engines of these names, or of all that have one."""
    for name, locked in LOCKED.items():
        if locked.constraints is not None and name in (names or LOCKED):
            locked.constraints.write_text(_HEAD + "\n".join(resolved(locked)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
