"""The one stylesheet, made from tokens: every state of every control."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from string import Template

from widgets.look.tokens import (
    BODY,
    CAPTION,
    CONTROL,
    RADIUS_CARD,
    RADIUS_CONTROL,
    TITLE,
    VALUE,
    Tokens,
    mix,
)

SHEET = Path(__file__).resolve().parents[2] / "resources" / "themes" / "window.qss"
_MARKS = {  # file name: (icon, token)
    "down": ("chevron-down", "dim"),
    "up": ("chevron-up", "dim"),
    "right": ("chevron-right", "dim"),
    "down-off": ("chevron-down", "faint"),
    "up-off": ("chevron-up", "faint"),
    "down-on-bad": ("chevron-down", "on_bad"),
    "check": ("check", "on_accent"),
    "check-menu": ("check", "accent"),
}


def draw_marks(tokens: Tokens, folder: str) -> str:
    """Write the marks a stylesheet can only take from files into ``folder``; return their path's stem."""
    from widgets.look.icons import svg

    stem = Path(folder) / tokens.scheme
    for name, (icon, role) in _MARKS.items():
        target = stem.with_name(f"{stem.name}-{name}.svg")
        if not target.exists():
            target.write_bytes(svg(icon, str(getattr(tokens, role))))
    return stem.as_posix()


def stylesheet(tokens: Tokens, marks: str, scale: float = 1.0) -> str:
    """Return the stylesheet of a scheme; ``marks`` comes from :func:`draw_marks`."""
    return Template(SHEET.read_text(encoding="utf-8")).substitute(
        _colours(tokens), marks=marks, **_measures(scale)
    )


def _colours(tokens: Tokens) -> dict[str, str]:
    plain = {field.name: str(getattr(tokens, field.name)) for field in fields(tokens)}
    made = ("hover", "pressed", "border", "good_soft", "warning_soft", "bad_soft")
    table = plain | {name: str(getattr(tokens, name)) for name in made}
    towards = tokens.text
    table["accent_hover"] = mix(tokens.accent, towards, 0.12)
    table["accent_pressed"] = mix(tokens.accent, towards, 0.24)
    table["bad_hover"] = mix(tokens.bad, towards, 0.12)
    table["bad_pressed"] = mix(tokens.bad, towards, 0.24)
    table["off"] = mix(tokens.surface, tokens.line, 0.5)
    return table


def _measures(scale: float) -> dict[str, str]:
    def px(value: float) -> str:
        return f"{round(value * scale)}px"

    return {
        "caption": px(CAPTION),
        "body": px(BODY),
        "title": px(TITLE),
        "value": px(VALUE),
        "inner": px(CONTROL - 2),
        "inner_focus": px(CONTROL - 4),
        "row": px(44),
        "small": px(28 - 2),
        "small_focus": px(28 - 4),
        "tool": px(CONTROL - 4),
        "mark": px(12),
        "tick": px(16),
        "round": f"{(round(16 * scale) + 2) // 2}px",
        "dot_ring": px(5),
        "dot": f"{round(16 * scale) + 2 - 2 * round(5 * scale)}px",
        "item": px(24),
        "radius": f"{RADIUS_CONTROL}px",
        "card": f"{RADIUS_CARD}px",
    }
