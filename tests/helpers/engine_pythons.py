"""The interpreter that tests start an engine in: this one, or the environment that is kept for the tests.

An engine that cannot live beside the others has it in ``.engines`` at the root of the checkout.
``python -m tests.helpers.engine_pythons`` makes it there with the application's own installer; so does
``python3 packaging/start.py test``.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from engines.environments.kept import READY, Kept
from engines.registry import ENGINES

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".engines"
BUILDS = "linux", "x86_64"
"""Where MXNet 1.9.1 has builds that its locked list was tried with."""
HOW = "python -m tests.helpers.engine_pythons"


def kept_for_tests(engine: str) -> Kept:
    """Return the environment that ``modelwright engines install`` makes with ``HOME`` as its home."""
    return Kept(engine, HOME / "environments" / engine)


def lives_alone(engine: str) -> bool:
    """Tell whether the engine has an environment of its own."""
    return any(row.own_environment for row in ENGINES if row.name == engine)


def has_builds(engine: str) -> bool:
    """Tell whether the engine can be had on this system at all."""
    return not lives_alone(engine) or (sys.platform, platform.machine()) == BUILDS


def python_of(engine: str) -> str:
    """Return the interpreter to start the engine in; fails saying how to get it where it is missing."""
    if not lives_alone(engine):
        return sys.executable
    kept = kept_for_tests(engine)
    assert kept.state() == READY, f"{engine} is {kept.state()} for the tests; this makes it: {HOW}"
    return str(kept.python)


def main() -> int:
    """Make what is missing; nothing happens where it is there. Return 0 only if all went well."""
    wanted = [row.name for row in ENGINES if row.own_environment and has_builds(row.name)]
    missing = [name for name in wanted if kept_for_tests(name).state() != READY]
    command = [sys.executable, "-c", "from app.main import main; main()", "engines", "install"]
    environment = {**os.environ, "MODELWRIGHT_HOME": str(HOME)}
    codes = [subprocess.call([*command, name], cwd=ROOT, env=environment) for name in missing]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
