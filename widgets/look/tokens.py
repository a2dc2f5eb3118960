"""The colours and measures of the whole window, light and dark; nothing else names a colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

GAP = 16
HEADER = 52
RAIL = 64
STATUS = 26
CONTROL = 32
RADIUS_CONTROL = 8
RADIUS_CARD = 12
RADIUS_NODE = 10
ICON = 18
CAPTION, BODY, TITLE, VALUE = 11, 13, 20, 24


@dataclass(frozen=True)
class Tokens:
    """One scheme's colours as ``#rrggbb``; ``faint`` is for lines and marks, never for text."""

    scheme: str
    window: str
    surface: str
    raised: str
    line: str
    grid: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_soft: str
    on_accent: str
    good: str
    warning: str
    bad: str
    on_bad: str
    series: tuple[str, str, str, str]

    @property
    def hover(self) -> str:
        """The surface of a plain control under the pointer."""
        return mix(self.raised, self.text, 0.05)

    @property
    def pressed(self) -> str:
        """The surface of a plain control while it is pressed."""
        return mix(self.raised, self.text, 0.10)

    @property
    def border(self) -> str:
        """The outline of a field, a little stronger than a hairline."""
        return mix(self.line, self.faint, 0.35)

    @property
    def good_soft(self) -> str:
        """The ground under a good message."""
        return mix(self.surface, self.good, 0.10)

    @property
    def warning_soft(self) -> str:
        """The ground under a warning."""
        return mix(self.surface, self.warning, 0.10)

    @property
    def bad_soft(self) -> str:
        """The ground under an error."""
        return mix(self.surface, self.bad, 0.10)

    def family(self, name: str) -> str:
        """Return the colour of a family of layers, the same in every room."""
        return {
            "convolution": self.series[0],
            "dense": self.series[0],
            "sequence": self.series[0],
            "activate": self.series[1],
            "normalize": self.series[2],
            "pool": self.series[2],
            "combine": self.series[3],
            "io": self.series[3],
        }.get(name, self.dim)

    def severity(self, name: str) -> str:
        """Return the colour of ``good``, ``warning``, ``bad``, ``busy`` or anything quieter."""
        table = {"good": self.good, "warning": self.warning, "bad": self.bad, "busy": self.accent}
        return table.get(name, self.faint)


LIGHT = Tokens(
    scheme="light",
    window="#f5f6f8",
    surface="#ffffff",
    raised="#ffffff",
    line="#e3e6eb",
    grid="#eceff3",
    text="#1c2330",
    dim="#667085",
    faint="#98a2b3",
    accent="#2b59d6",
    accent_soft="#e8effe",
    on_accent="#ffffff",
    good="#0a7453",
    warning="#8f5200",
    bad="#c42f37",
    on_bad="#ffffff",
    series=("#2b59d6", "#c8641e", "#0a7453", "#8347cc"),
)

DARK = Tokens(
    scheme="dark",
    window="#14171c",
    surface="#1b1f26",
    raised="#222831",
    line="#2c333d",
    grid="#252b34",
    text="#e6eaf0",
    dim="#98a2b3",
    faint="#667085",
    accent="#6f97ff",
    accent_soft="#24314f",
    on_accent="#14171c",
    good="#3ecf9a",
    warning="#f0a443",
    bad="#ff6b6f",
    on_bad="#14171c",
    series=("#6f97ff", "#f3985b", "#3ecf9a", "#b98bf0"),
)


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=512)
def mix(ground: str, over: str, share: float) -> str:
    """Return ``ground`` with ``share`` (0 to 1) of ``over`` laid upon it."""
    pairs = zip(channels(ground), channels(over))
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in pairs)


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2.2 defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
