"""Tokens: readable text on every ground, series apart for colour-blind eyes, one place for colours."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from widgets.charts.trace import Trace
from widgets.look.theme import apply
from widgets.look.tokens import DARK, LIGHT, Tokens, channels, contrast, mix

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=lambda tokens: tokens.scheme)
WIDGETS = Path(__file__).resolve().parents[3] / "widgets"

# Machado, Oliveira, Fernandes 2009: severity 1.0, on linear light.
DEFICIENCIES = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> list[float]:
    parts = [channel / 255 for channel in channels(colour)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def lab(rgb: list[float]) -> tuple[float, float, float]:
    r, g, b = (min(1.0, max(0.0, value)) for value in rgb)
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: str, kind: str) -> tuple[float, float, float]:
    light = linear(colour)
    if kind == "all cones":
        return lab(light)
    return lab([sum(weight * part for weight, part in zip(row, light)) for row in DEFICIENCIES[kind]])


def apart(one: str, other: str, kind: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(seen(one, kind), seen(other, kind))) ** 0.5


@BOTH
@pytest.mark.parametrize("ground", ["window", "surface", "raised", "hover"])
@pytest.mark.parametrize("ink", ["text", "dim"])
def test_that_text_is_readable_on_every_ground(tokens: Tokens, ground: str, ink: str) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@BOTH
@pytest.mark.parametrize("ink", ["accent", "good", "warning", "bad"])
def test_that_coloured_words_are_readable_on_surfaces_and_on_their_tint(tokens: Tokens, ink: str) -> None:
    colour = getattr(tokens, ink)
    for ground in (tokens.surface, tokens.raised, mix(tokens.surface, colour, 0.10)):
        assert contrast(colour, ground) >= 4.5


@BOTH
def test_that_words_on_a_pressed_button_are_readable(tokens: Tokens) -> None:
    assert contrast(tokens.text, tokens.pressed) >= 4.5


@BOTH
def test_that_words_on_filled_buttons_and_on_the_soft_accent_are_readable(tokens: Tokens) -> None:
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_bad, tokens.bad) >= 4.5
    assert contrast(tokens.text, tokens.accent_soft) >= 4.5
    assert contrast(tokens.accent, tokens.accent_soft) >= 4.5


@BOTH
def test_that_series_and_focus_ring_stand_out_from_the_surface(tokens: Tokens) -> None:
    for colour in (*tokens.series, tokens.accent):
        assert contrast(colour, tokens.surface) >= 3.0


@BOTH
@pytest.mark.parametrize("kind", ["all cones", *DEFICIENCIES])
def test_that_train_and_validation_stay_apart_for_every_eye(tokens: Tokens, kind: str) -> None:
    assert apart(tokens.series[0], tokens.series[1], kind) >= 40


@BOTH
@pytest.mark.parametrize("kind", ["all cones", *DEFICIENCIES])
def test_that_any_two_series_of_a_chart_differ_in_colour_or_in_dash_for_every_eye(
    qapp: QApplication, tokens: Tokens, kind: str
) -> None:
    apply(qapp, tokens.scheme)
    for one, other in combinations([Trace(str(place), "", place) for place in range(8)], 2):
        same_dash = one.pen().style() == other.pen().style()
        assert apart(one.colour(), other.colour(), kind) >= 9 or not same_dash, (one.key, other.key)


def test_that_contrast_agrees_with_the_wcag_examples() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_that_mixing_meets_both_ends() -> None:
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#a0b0c0", 1) == "#a0b0c0"
    assert QColor(mix("#000000", "#ffffff", 0.5)).lightness() in (127, 128)


def test_that_nothing_but_the_tokens_names_a_colour() -> None:
    colour = re.compile(r"""["']#[0-9a-fA-F]{3,8}["']|QColor\(\s*\d|Qt\.GlobalColor\.(?!transparent)""")
    guilty = [
        f"{path.relative_to(WIDGETS)}: {match.group(0)}"
        for path in WIDGETS.rglob("*.py")
        if path.name != "tokens.py"
        for match in colour.finditer(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


def test_that_the_stylesheet_names_no_colour_itself() -> None:
    sheet = WIDGETS.parent / "resources" / "themes" / "window.qss"
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", sheet.read_text(encoding="utf-8")) == []
