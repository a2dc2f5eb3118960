"""An engine of two small wheels, whose environment is made in a moment and without a network."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from engines.contract.events import Event, Log
from engines.environments import builders
from engines.environments.bases import Base
from engines.environments.builders import Way
from engines.environments.kept import Kept
from engines.environments.locked import Locked

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
BASE = Base(sys.executable, VERSION)
TINY = Locked(("tiny==1.0", "tinier==2.0"), pythons=(VERSION,), oldest="1", below="2")


def silently(end: object) -> None:
    """Take what ends the work, and never use it."""


def scripted(monkeypatch: pytest.MonkeyPatch, own: Kept, *codes: str) -> None:
    """Let the environment be built by scripts, one a way; ``MAKE`` stands for making it as venv does."""
    make_it = textwrap.dedent(f"""
        from pathlib import Path
        python = Path({str(own.python)!r}); python.parent.mkdir(parents=True)
        python.symlink_to({sys.executable!r})
        (python.parent.parent / "pyvenv.cfg").write_text({f"home = {Path(sys.executable).parent}"!r})
    """)
    ways = [
        Way(f"way {n}", ((sys.executable, "-c", code.replace("MAKE", make_it)),))
        for n, code in enumerate(codes)
    ]
    monkeypatch.setattr(builders, "ways", lambda *arguments: ways)


def texts(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Log))
