"""What the engines of the registry are called."""

from __future__ import annotations

from engines.registry import ENGINES


def titles() -> dict[str, str]:
    """Return every engine's title by its name."""
    return {row.name: row.title for row in ENGINES}
