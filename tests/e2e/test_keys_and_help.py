"""The window by keys alone, and its help, on a machine where no training framework is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QApplication, QRadioButton, QTextBrowser, QWidget

from app.tour.hand import let_run
from app.window import ROOMS
from engines.design.catalogue import CATALOGUE
from engines.registry import ENGINES
from tests.e2e.person import CONTROL, Person
from tests.widgets.shown import inputs, nameless
from widgets.controls.command_palette import find_actions, sentence
from widgets.help import page

pytestmark = pytest.mark.gui_e2e

KEYS = [key for key, _ in ROOMS]
ALL = [*KEYS, "settings"]


@pytest.fixture(scope="module")
def typist(no_engine: None, person: Person) -> Person:
    """A project, so that no room is empty for want of one."""
    person.start_from("digits-cnn")
    return person


def test_that_the_window_bears_the_mark_of_the_application(typist: Person) -> None:
    assert typist.window is not None
    assert not typist.window.windowIcon().isNull()


def test_that_a_missing_engine_is_listed_with_how_to_get_it_and_train_explains(typist: Person) -> None:
    row = next(row for row in ENGINES if row.visible)
    assert typist.shell.status.engine.words.text() == "Engine: none installed"
    settings = typist.go("settings")
    assert f"modelwright engines install {row.name}" in _all_words(settings)
    typist.hand.press(Qt.Key.Key_F5)
    told = typist.message()
    assert row.title in told
    assert "not installed" in told
    assert f"modelwright engines install {row.name}" in told
    assert typist.runs() == []
    typist.go("train")
    typist.hand.click("message_action")
    assert typist.shell.key == "settings"
    typist.put_away_message()


def _all_words(shown: QWidget) -> str:
    return " ".join(str(child.property("text") or "") for child in shown.findChildren(QWidget))


def tab_walk(person: Person, most: int = 250) -> set[QWidget]:
    """Press Tab until the focus comes round; return what had it."""
    person.shell.setFocus()
    seen: list[QWidget] = []
    for _ in range(most):
        person.hand.press(Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is None or (seen and focus is seen[0]):
            break
        seen.append(focus)
    return set(seen)


def _is_to_reach(widget: QWidget) -> bool:
    """Of a group of radio buttons Tab reaches the one that is chosen; arrows reach the others."""
    aside = isinstance(widget, QRadioButton) and not widget.isChecked()
    return widget.isVisible() and widget.isEnabled() and not aside


@pytest.mark.parametrize("room", ALL)
def test_that_tab_alone_reaches_every_input_of_a_room(typist: Person, room: str) -> None:
    shown = typist.go(room)
    let_run(50)
    wanted = [widget for widget in inputs(shown) if _is_to_reach(widget)]
    seen = tab_walk(typist)
    proxies = {widget.focusProxy() or widget for widget in seen}
    missed = [
        widget.objectName() for widget in wanted if not {widget, widget.focusProxy()} & (seen | proxies)
    ]
    assert missed == []


@pytest.mark.parametrize("room", ALL)
def test_that_every_input_of_a_room_has_a_name(typist: Person, room: str) -> None:
    assert nameless(typist.go(room)) == []


def test_that_control_and_a_number_goes_to_each_room(typist: Person) -> None:
    for number, room in enumerate(KEYS):
        typist.hand.press(Qt.Key(Qt.Key.Key_1.value + number), CONTROL)
        assert typist.shell.key == room
    typist.hand.press(Qt.Key.Key_Comma, CONTROL)
    assert typist.shell.key == "settings"


def test_that_control_k_finds_every_action_by_its_words(typist: Person) -> None:
    typist.go("design")
    actions = find_actions(typist.shell)
    assert {"Train", "Undo", "Help on this page"} <= {sentence(action) for action in actions}
    palette = typist.shell.palette_dialog
    for action in actions:
        typist.hand.press(Qt.Key.Key_K, CONTROL)
        assert palette.isVisible()
        palette.query.setText(sentence(action))
        found = [palette.list.model().index(row, 0).data() for row in range(palette.list.model().rowCount())]
        assert sentence(action) in found
        palette.hide()


def test_that_every_shortcut_is_used_once(typist: Person) -> None:
    for room in ALL:
        typist.go(room)
    used: dict[str, list[str]] = {}
    window_wide = Qt.ShortcutContext.WindowShortcut
    for action in typist.shell.findChildren(QAction):
        if action.shortcutContext() == window_wide and not action.shortcut().isEmpty() and action.isEnabled():
            used.setdefault(action.shortcut().toString(), []).append(sentence(action))
    assert {keys: names for keys, names in used.items() if len(names) > 1} == {}


def test_that_a_value_is_changed_and_taken_back_by_keys_alone(typist: Person) -> None:
    typist.go("design")
    bench = typist.composition.bench
    assert bench.design is not None
    canvas = typist.shell.room("design").canvas
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(20):
        if typist.shell.room("design").selected == "conv1":
            break
        typist.hand.press(Qt.Key.Key_Up)
    assert typist.shell.room("design").selected == "conv1"
    before = bench.design.nodes["conv1"].settings["filters"]
    typist.hand.press(Qt.Key.Key_Return)
    focus = QApplication.focusWidget()
    assert focus is not None
    assert focus.objectName() == "setting_filters"
    typist.hand.press(Qt.Key.Key_Up)
    assert bench.design.nodes["conv1"].settings["filters"] == int(str(before)) + 1
    typist.hand.press(Qt.Key.Key_Z, CONTROL)
    assert bench.design.nodes["conv1"].settings["filters"] == before


@pytest.mark.parametrize("room", ALL)
def test_that_f1_opens_the_page_about_the_room(typist: Person, room: str) -> None:
    typist.composition.bench.select_node("")
    typist.go(room)
    typist.hand.press(Qt.Key.Key_F1)
    browser = typist.hand.wait_for("help_page", 5)
    assert isinstance(browser, QTextBrowser)
    title = page(room).splitlines()[0].removeprefix("# ")
    assert browser.document().firstBlock().text() == title
    assert title == typist.shell._rooms[room].title
    typist.hand.press(Qt.Key.Key_Escape)
    assert not browser.isVisible()


def test_that_f1_opens_the_page_about_the_layer_that_is_picked(typist: Person) -> None:
    room = typist.go("design")
    room.select("conv1")  # type: ignore[attr-defined]
    typist.hand.press(Qt.Key.Key_F1)
    browser = typist.hand.wait_for("help_page", 5)
    assert isinstance(browser, QTextBrowser)
    assert browser.document().firstBlock().text() == CATALOGUE["conv2d"].title
    text = browser.toPlainText()
    assert "kernel" in text
    assert "Channels of the output" in text
    typist.hand.click("help_close")
    assert not browser.isVisible()


@pytest.mark.parametrize("kind", CATALOGUE)
def test_that_every_kind_of_layer_has_its_page(typist: Person, kind: str) -> None:
    browser = typist.composition.help.window
    assert browser is not None
    browser.browser.setMarkdown(page(kind))
    text = browser.browser.toPlainText()
    row = CATALOGUE[kind]
    assert text.startswith(row.title)
    assert row.semantics[:30] in text
    for setting in row.settings:
        assert setting.key in text
        assert setting.help in text


def test_that_every_room_has_a_help_page_and_no_page_is_left_over() -> None:
    folder = Path(__file__).resolve().parents[2] / "resources" / "help"
    assert {path.stem for path in folder.glob("*.md")} == {*ALL, "layer", "engines", "python"}


def test_that_a_table_is_left_by_tab(typist: Person) -> None:
    shown = typist.go("data")
    for view in shown.findChildren(QAbstractItemView):
        if view.isVisible() and view.isEnabled():
            assert not view.tabKeyNavigation(), view.objectName()


def test_that_the_help_names_the_keys_of_all_rooms() -> None:
    assert f"| Ctrl+1 … Ctrl+{len(KEYS)} |" in page("start")
