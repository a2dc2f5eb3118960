"""Settings that several rows of the catalogue share."""

from __future__ import annotations

from engines.design.kinds import SettingKind

BIAS = SettingKind("bias", "bool", True, "Add a learned number to every output")
EPSILON = SettingKind("epsilon", "float", 1e-5, "Added to the variance before the root", 1e-12, 1.0)


def count(key: str, default: int, help: str, most: int = 65536) -> SettingKind:
    """Return a whole number from 1 on."""
    return SettingKind(key, "int", default, help, 1, most)
