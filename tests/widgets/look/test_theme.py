"""The theme: applied, switched live, followed by icons and painted widgets; icons all drawable."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton, QRadioButton, QStyle, QStyleOptionButton
from pytestqt.qtbot import QtBot

from widgets.look import icons
from widgets.look import theme as look
from widgets.look.logo import window_icon
from widgets.look.theme import apply, current, theme
from widgets.look.tokens import DARK, LIGHT

NAMES = sorted(path.stem for path in icons.FOLDER.glob("*.svg"))


def strongest(image: QImage) -> QColor:
    """Return the colour of the most opaque pixel."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda colour: colour.alpha())


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=lambda tokens: tokens.scheme)
def test_that_a_scheme_reaches_the_palette_and_every_window(
    qapp: QApplication, qtbot: QtBot, tokens: object
) -> None:
    assert tokens in (LIGHT, DARK)
    scheme = LIGHT if tokens is LIGHT else DARK
    apply(qapp, scheme.scheme)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == scheme.window
    button = QPushButton("Train")
    qtbot.addWidget(button)
    button.setProperty("kind", "primary")
    button.resize(120, 32)
    assert button.grab().toImage().pixelColor(60, 4).name() == scheme.accent


def test_that_switching_tells_painted_widgets_and_changes_icons_already_shown(
    qapp: QApplication, qtbot: QtBot
) -> None:
    apply(qapp, "light")
    sign = icons.icon("stop")
    with qtbot.waitSignal(theme().themed):
        light = strongest(sign.pixmap(QSize(18, 18)).toImage()).name()
        apply(qapp, "dark")
    dark = strongest(sign.pixmap(QSize(18, 18)).toImage()).name()
    assert (light, dark) == (LIGHT.text, DARK.text)


def test_that_the_window_follows_the_system_only_where_it_was_asked_to(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(qapp, "system")
    monkeypatch.setattr(look, "system_scheme", lambda: "dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert current() is DARK
    apply(qapp, "light")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert current() is LIGHT


def test_that_the_system_scheme_is_one_of_two(qapp: QApplication) -> None:
    apply(qapp, "system")
    assert current() in (LIGHT, DARK)
    assert theme().scheme == "system"


def test_that_a_disabled_and_a_checked_icon_differ_from_the_plain_one(qapp: QApplication) -> None:
    apply(qapp, "light")
    sign = icons.icon("stop", "text", "accent")
    size = QSize(18, 18)
    off = strongest(sign.pixmap(size, QIcon.Mode.Disabled).toImage()).name()
    on = strongest(sign.pixmap(size, QIcon.Mode.Normal, QIcon.State.On).toImage()).name()
    assert (off, on) == (LIGHT.faint, LIGHT.accent)


@pytest.mark.parametrize("name", NAMES)
def test_that_every_icon_is_of_the_family_and_draws_something(qapp: QApplication, name: str) -> None:
    source = (icons.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert 'viewBox="0 0 18 18"' in source
    assert 'stroke-width="1.5"' in source
    assert 'stroke="currentColor"' in source
    assert QSvgRenderer(QByteArray(icons.svg(name, LIGHT.text))).isValid()
    image = icons.icon_pixmap(name, "text", 36).toImage()
    drawn = sum(image.pixelColor(x, y).alpha() > 64 for x in range(36) for y in range(36))
    assert 12 < drawn < 36 * 36 * 0.6


def test_that_an_icon_is_as_sharp_as_the_screen(qapp: QApplication) -> None:
    picture = icons.icon_pixmap("save", "text", 18, 2.0)
    assert picture.width() == 36
    assert picture.deviceIndependentSize().width() == 18


def test_that_the_window_icon_comes_in_all_sizes(qapp: QApplication) -> None:
    assert {size.width() for size in window_icon().availableSizes()} == {16, 32, 64, 128, 256}


def test_that_figures_have_equal_width(qapp: QApplication) -> None:
    apply(qapp, "light")
    assert qapp.font().featureValue(QFont.Tag("tnum")) == 1


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_text_and_controls_grow_with_the_scale(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    button = QPushButton("Train")
    qtbot.addWidget(button)
    button.ensurePolished()
    assert button.font().pixelSize() == round(13 * scale)
    assert button.sizeHint().height() == pytest.approx(32 * scale, abs=2)
    apply(qapp, "light")


def test_that_marks_lie_in_a_folder_with_blanks_too(qapp: QApplication, tmp_path: Path) -> None:
    from widgets.look.style import draw_marks, stylesheet

    folder = tmp_path / "my (odd) folder"
    folder.mkdir()
    qapp.setStyleSheet(stylesheet(LIGHT, draw_marks(LIGHT, str(folder))))
    assert (folder / "light-down.svg").exists()
    apply(qapp, "light")


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_that_what_is_chosen_and_what_is_not_are_rings_of_one_size(
    qapp: QApplication, qtbot: QtBot, scale: float, chosen: bool
) -> None:
    apply(qapp, "light", scale)
    button = QRadioButton("Light")
    qtbot.addWidget(button)
    button.setChecked(chosen)
    button.resize(button.sizeHint())
    option = QStyleOptionButton()
    button.initStyleOption(option)
    place = button.style().subElementRect(QStyle.SubElement.SE_RadioButtonIndicator, option, button)
    ring = button.grab(place).toImage()
    size, middle = round(16 * scale) + 2, ring.height() // 2
    assert (ring.width(), ring.height()) == (size, size)
    corner = round(size * 0.1)  # a circle leaves 14% of its square free along the diagonal
    assert ring.pixelColor(corner, corner).alpha() < 150
    assert ring.pixelColor(0, middle).alpha() > 200
    apply(qapp, "light")
