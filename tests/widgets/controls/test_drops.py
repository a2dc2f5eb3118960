"""Buttons that drop choices: what cannot be chosen says why, and what is chosen stands on the button."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.silence import flush_deleted
from widgets.controls import DropButton, DropRow, DropSection, SectionsButton
from widgets.controls.command_palette import find_actions, sentence
from widgets.look.theme import apply

PRECISIONS = (
    DropRow("fp32", "FP32", "the usual way"),
    DropRow("tf32", "TF32", reason="needs a GPU"),
    DropRow("bf16", "BF16 mixed", short="BF16"),
)
MODES = (DropRow("", "Graph", short="graph"), DropRow("xla", "XLA"))


@pytest.fixture
def drop(qapp: QApplication, qtbot: QtBot) -> SectionsButton:
    apply(qapp, "light")
    made = SectionsButton("mode", "Precision and run mode", elides=True)
    qtbot.addWidget(made)
    made.set_sections(
        [
            DropSection("precision", "Precision", PRECISIONS, "bf16"),
            DropSection("run_mode", "Run mode", MODES, ""),
        ]
    )
    made.show()
    return made


def action(drop: SectionsButton | DropButton, words: str) -> QAction:
    return next(one for one in drop.menu().actions() if one.text().startswith(words))


def test_that_the_button_names_what_is_chosen_in_each_section(drop: SectionsButton) -> None:
    assert drop.text() == "BF16 · graph"
    assert drop.accessibleName() == "Precision and run mode: BF16 · graph"
    checked = [one.text() for one in drop.menu().actions() if one.isChecked()]
    assert checked == ["BF16 mixed", "Graph"]


def test_that_a_choice_names_its_section(drop: SectionsButton, qtbot: QtBot) -> None:
    with qtbot.waitSignal(drop.chosen) as chosen:
        action(drop, "FP32").trigger()
    assert chosen.args == ["precision", "fp32"]
    with qtbot.waitSignal(drop.chosen) as chosen:
        action(drop, "XLA").trigger()
    assert chosen.args == ["run_mode", "xla"]


def test_that_what_does_not_go_is_grey_and_says_why(drop: SectionsButton) -> None:
    refused = action(drop, "TF32")
    assert not refused.isEnabled()
    assert refused.text() == "TF32\tneeds a GPU"
    assert refused.toolTip() == "needs a GPU"


def test_that_what_is_chosen_and_does_not_go_still_stands_there(drop: SectionsButton) -> None:
    drop.set_sections([DropSection("precision", "Precision", PRECISIONS, "tf32")])
    assert drop.text() == "TF32"
    assert action(drop, "TF32").isChecked()
    assert not action(drop, "TF32").isEnabled()


def test_that_headings_are_no_choices_and_arrows_pass_them_by(drop: SectionsButton, qtbot: QtBot) -> None:
    menu = drop.menu()
    menu.popup(drop.mapToGlobal(drop.rect().bottomLeft()))
    for _ in range(3):  # FP32, BF16, Graph
        qtbot.keyClick(menu, Qt.Key.Key_Down)
    with qtbot.waitSignal(drop.chosen) as chosen:
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert chosen.args == ["run_mode", ""]


def test_that_a_disabled_button_gives_its_choices_back_as_they_were(drop: SectionsButton) -> None:
    drop.setEnabled(False)
    assert not any(one.isEnabled() for one in drop.menu().actions())
    drop.setEnabled(True)
    assert [one.isEnabled() for one in drop.menu().actions()] == [False, True, False, True, False, True, True]


def test_that_sections_given_again_leave_nothing_behind(drop: SectionsButton) -> None:
    drop.set_sections([DropSection("run_mode", "Run mode", MODES, "xla")])
    assert drop.text() == "XLA"
    assert len(drop.menu().actions()) == 3


def test_that_the_palette_finds_a_choice_by_its_section(drop: SectionsButton) -> None:
    assert "Precision: FP32" in [sentence(one) for one in find_actions(drop)]


def test_that_a_button_in_too_little_room_tells_its_whole_words(drop: SectionsButton, qtbot: QtBot) -> None:
    assert drop.minimumSizeHint().width() < drop.sizeHint().width()
    drop.resize(drop.minimumSizeHint())
    assert drop._is_elided()


def test_that_rows_given_again_leave_nothing_behind(qtbot: QtBot) -> None:
    button = DropButton("engine", "Engine")
    qtbot.addWidget(button)
    for _ in range(3):
        button.set_rows([DropRow("torch", "PyTorch"), DropRow("jax", "JAX")], "jax")
    flush_deleted()
    assert len(button.findChildren(QActionGroup)) == 1
    assert [action.isChecked() for action in button.findChildren(QAction) if action.data()] == [False, True]


def test_that_a_name_with_an_ampersand_is_shown_whole_and_is_no_shortcut(qtbot: QtBot) -> None:
    button = DropButton("source", "Data")
    qtbot.addWidget(button)
    button.set_rows([DropRow("r", "R&D.csv", detail="/home/r&d")], "r")
    row = button.menu().actions()[0]
    assert QKeySequence.mnemonic(row.text()).isEmpty()
    assert row.text().replace("&&", "&") == "R&D.csv\t/home/r&d"
    assert sentence(row) == "Data: R&D.csv"
    assert button.text() == "R&D.csv"


def test_that_things_to_do_stand_below_the_choices(qtbot: QtBot) -> None:
    drop = DropButton("engine", "Engine")
    qtbot.addWidget(drop)
    more = [DropRow("jax", "Install JAX …", "Opens the page that installs it")]
    drop.set_rows([DropRow("torch", "PyTorch"), DropRow("jax", "JAX", reason="not installed")], "torch", more)
    install = action(drop, "Install JAX")
    assert install.isEnabled()
    assert not install.isCheckable()
    with qtbot.waitSignal(drop.more_chosen) as asked, qtbot.assertNotEmitted(drop.chosen):
        install.trigger()
    assert asked.args == ["jax"]
    assert drop.key == "torch"


def test_that_a_wide_menu_ends_where_its_button_does_at_the_right_of_a_window(
    qapp: QApplication, qtbot: QtBot
) -> None:
    apply(qapp, "light")
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(40, 40, 700, 300)
    drop = DropButton("mode", "Precision")
    drop.setParent(window)
    drop.set_rows([DropRow("fp64", "FP64", "exact comparisons, slower than all the others are")], "fp64")
    drop.setGeometry(560, 10, 120, 32)
    window.show()
    qtbot.waitExposed(window)
    menu = drop.menu()
    menu.popup(drop.mapToGlobal(QPoint(0, drop.height())))
    assert menu.width() > 140
    assert abs(window.mapFromGlobal(menu.geometry().topRight()).x() - drop.geometry().right()) <= 1
    menu.close()
    drop.setGeometry(10, 10, 120, 32)
    menu.popup(drop.mapToGlobal(QPoint(0, drop.height())))
    assert window.mapFromGlobal(menu.pos()).x() == 10
    menu.close()
