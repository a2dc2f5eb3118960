"""Hold back what a framework's C++ says about itself; whatever else it says is let through."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_back(
    chatter: re.Pattern[bytes], heard: Callable[[str], object] = lambda line: None
) -> Iterator[None]:
    """Hold the process's error stream back, and let through the lines that are no chatter.

    They come even where the body fails; ``heard`` is given each line that is chatter. C++ writes its first
    notes before any level of its own is read.
    """
    sys.stderr.flush()
    stream = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stream, 2)
            held.seek(0)
            said = [(line, chatter.fullmatch(line.rstrip()) is None) for line in held]
            os.write(stream, b"".join(line for line, is_told in said if is_told))
            os.close(stream)
            for line, is_told in said:
                if not is_told:
                    heard(line.decode("utf-8", "replace").rstrip())
