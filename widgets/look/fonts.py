"""The interface font: Inter where it is, else the system's own; figures of equal width everywhere."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from widgets.look import tokens


@cache
def _family() -> str:
    if "Inter" in QFontDatabase.families():
        return "Inter"
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def interface_font(pixels: int = tokens.BODY, *, strong: bool = False, scale: float = 1.0) -> QFont:
    """Return the one family at ``pixels`` × ``scale``; ``strong`` is 600, for headings and values."""
    font = QFont(_family())
    font.setPixelSize(round(pixels * scale))
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def fixed_font(pixels: int = 12, *, scale: float = 1.0) -> QFont:
    """Return the system's fixed-width font, for logs and details."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(round(pixels * scale))
    return font
