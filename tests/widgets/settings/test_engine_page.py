"""The page about an engine: findings to mend, interpreters, devices, what goes, an installation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.settings.samples import FLOW, INSTALLING, JAX, LINES, MXNET, RUNTIME, TORCH
from widgets.look.theme import apply
from widgets.settings.engine_page import EnginePage
from widgets.settings.views import EngineView, InstallView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> EnginePage:
    apply(qapp, "light")
    made = EnginePage("torch", "PyTorch")
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def said(root: QWidget) -> set[str]:
    """Return the words a person sees."""
    QApplication.processEvents()
    return {label.text() for label in root.findChildren(QLabel) if label.isVisible() and label.text()}


def test_that_a_healthy_engine_shows_versions_devices_and_what_goes(page: EnginePage) -> None:
    page.show_view(TORCH)
    assert page.title.text() == "PyTorch 2.13.0"
    assert page.chip.text == "ready"
    assert {"CUDA of this build", "12.8", "GPU driver", "570.86.15"} <= said(page)
    assert page.devices.table.csv().splitlines()[1:] == [
        "CPU · 16 cores,cpu,–",
        "NVIDIA H100 80GB HBM3,cuda:0,79.6 GB",
    ]
    assert {"TF32", "needs a GPU; this machine shows none"} <= said(page)
    assert page.panels == []


def test_that_a_broken_engine_says_what_why_and_what_to_do_with_a_button(
    page: EnginePage, qtbot: QtBot
) -> None:
    page.show_view(MXNET)
    assert page.chip.text == "does not work"
    first = MXNET.findings[0]
    assert {first.what, first.why, first.todo} <= said(page)
    with qtbot.waitSignal(page.mend_requested) as asked:
        qtbot.mouseClick(page.panels[0].button, LEFT)
    assert asked.args == ["repair"]
    assert not page.panels[1].button.isVisible()
    qtbot.mouseClick(page.panels[0].copy, LEFT)
    assert QApplication.clipboard().text() == "Fatal Python error: Segmentation fault"


def test_that_what_an_engine_has_not_told_is_not_there(page: EnginePage) -> None:
    page.show_view(JAX)
    assert not page.devices.isVisible()
    assert not page.facts.isVisible()
    assert not page.abilities.isVisible()
    page.show_view(replace(TORCH, name="jax"))
    assert page.devices.isVisible()


def test_that_an_engine_that_does_not_train_shows_its_providers(page: EnginePage) -> None:
    page.show_view(RUNTIME)
    assert {"CUDAExecutionProvider", "NVIDIA GPU, CUDA"} <= said(page)
    assert "libnvinfer.so.10: cannot open shared object" in said(page)
    assert "NVIDIA GPU, TensorRT" not in said(page)
    assert "Precision" not in said(page)


def test_that_findings_told_again_are_shown_once(page: EnginePage) -> None:
    page.show_view(MXNET)
    panels = list(page.panels)
    page.show_view(MXNET)
    assert page.panels == panels
    page.show_view(FLOW)
    assert len(page.panels) == 1


def test_that_an_interpreter_that_cannot_be_is_grey_with_the_reason(page: EnginePage) -> None:
    page.show_view(TORCH)
    actions = {action.data(): action for action in page.interpreter.choice.menu().actions()}
    assert actions["this"].isChecked()
    assert not actions["/usr/bin/python3.8"].isEnabled()
    assert actions["/usr/bin/python3.8"].toolTip() == "Python 3.8 is too old"
    assert page.interpreter.choice.text() == "Modelwright’s own Python"


def test_that_other_pythons_are_looked_for_when_the_list_first_opens(page: EnginePage, qtbot: QtBot) -> None:
    page.show_view(TORCH)
    menu = page.interpreter.choice.menu()
    with qtbot.waitSignal(page.discover_requested):
        menu.aboutToShow.emit()
    with qtbot.assertNotEmitted(page.discover_requested):
        menu.aboutToShow.emit()
    with qtbot.waitSignal(page.discover_requested):
        menu.actions()[-1].trigger()
    with qtbot.waitSignal(page.browse_requested):
        menu.actions()[-2].trigger()


def test_that_the_path_is_copied(page: EnginePage, qtbot: QtBot) -> None:
    page.show_view(TORCH)
    qtbot.mouseClick(page.interpreter.copy, LEFT)
    assert QApplication.clipboard().text() == "/opt/modelwright/bin/python3.11"


def test_that_buttons_beside_the_interpreter_come_and_go(page: EnginePage, qtbot: QtBot) -> None:
    page.show_view(TORCH)
    assert list(page.interpreter.buttons) == ["install"]
    page.show_view(replace(MXNET, name="torch"))
    assert list(page.interpreter.buttons) == ["repair", "remove"]
    with qtbot.waitSignal(page.mend_requested) as asked:
        qtbot.mouseClick(page.interpreter.buttons["remove"], LEFT)
    assert asked.args == ["remove"]


def test_that_an_installation_shows_how_far_it_is_and_can_be_cancelled(
    page: EnginePage, qtbot: QtBot
) -> None:
    page.show_view(INSTALLING)
    page.install.add_lines(LINES)
    assert page.install.isVisible()
    assert page.install.title.text() == "Installing PyTorch"
    assert page.install.bar.share == pytest.approx(0.44)
    assert page.panels == []
    assert not page.again.isEnabled()
    assert not page.interpreter.choice.isEnabled()
    with qtbot.waitSignal(page.cancel_requested):
        qtbot.mouseClick(page.install.cancel, LEFT)
    assert not page.install.cancel.isEnabled()
    qtbot.mouseClick(page.install.copy, LEFT)
    assert QApplication.clipboard().text() == "\n".join(LINES)


@pytest.mark.parametrize(("state", "severity"), [("done", "good"), ("stopped", "warning"), ("failed", "bad")])
def test_that_an_ended_installation_keeps_its_log_until_it_is_closed(
    page: EnginePage, qtbot: QtBot, state: str, severity: str
) -> None:
    page.show_view(INSTALLING)
    page.install.add_lines(LINES)
    page.show_view(replace(TORCH, install=InstallView(state, "", 1.0)))
    assert page.install.bar.severity == severity
    assert page.install.log.toPlainText() == "\n".join(LINES)
    assert not page.install.cancel.isVisible()
    with qtbot.waitSignal(page.install_closed):
        qtbot.mouseClick(page.install.close_button, LEFT)
    assert not page.install.isVisible()


def test_that_another_installation_begins_with_an_empty_log(page: EnginePage) -> None:
    page.show_view(INSTALLING)
    page.install.add_lines(LINES)
    page.show_view(replace(TORCH, install=InstallView("failed")))
    page.show_view(INSTALLING)
    assert page.install.log.toPlainText() == ""
    assert page.install.cancel.isEnabled()


def test_that_a_log_follows_its_end_unless_somebody_reads_above(page: EnginePage) -> None:
    page.show_view(INSTALLING)
    bar = page.install.log.verticalScrollBar()
    page.install.add_lines([f"line {number}" for number in range(200)])
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    page.install.add_lines(["one more"])
    assert bar.value() == 3


def test_that_cards_lie_in_one_column_where_there_is_no_room(page: EnginePage, qtbot: QtBot) -> None:
    page.show_view(TORCH)
    qtbot.waitUntil(lambda: page.facts.x() > page.interpreter.x())
    page.resize(500, 900)
    qtbot.waitUntil(lambda: page.facts.x() == page.interpreter.x())
    assert page.facts.y() > page.interpreter.y()


@pytest.mark.parametrize("view", [TORCH, FLOW, JAX, MXNET, RUNTIME])
def test_that_every_state_can_be_shown_after_every_other(page: EnginePage, view: EngineView) -> None:
    for first in (TORCH, JAX, INSTALLING, MXNET, RUNTIME):
        page.show_view(first)
        page.show_view(view)
        assert page.chip.text
        assert len(page.panels) == len(view.findings)
