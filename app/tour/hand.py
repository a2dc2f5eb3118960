"""A person's hand and eyes: finds widgets by name, clicks, types, waits for what is seen, takes pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget


class LostError(Exception):
    """Something a person would look for is not on the screen, or did not come in time."""


def let_run(milliseconds: int) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Hand:
    """Drives one window. Names are object names; every wait has a deadline and says what it waited for."""

    def __init__(self, window: QWidget, out: Path) -> None:
        self.window = window
        self.out = out
        self.pictures: list[str] = []

    def find(self, name: str) -> QWidget:
        """Return the visible widget called ``name``."""
        for widget in self._candidates():
            if widget.objectName() == name and widget.isVisible():
                return widget
        raise LostError(f"nothing visible is called {name!r}")

    def sees(self, name: str) -> bool:
        """Tell whether a visible widget is called ``name``."""
        return any(w.objectName() == name and w.isVisible() for w in self._candidates())

    def _candidates(self) -> list[QWidget]:
        tops = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
        return tops + [child for top in tops for child in top.findChildren(QWidget)]

    def click(self, name: str, at: QPoint | None = None) -> None:
        """Press the left button in the middle of the widget, once it is enabled."""
        self._wake()
        widget = self.wait_for(name, 60)
        self.wait(widget.isEnabled, 60, f"{name} to be enabled")
        place = at if at is not None else widget.rect().center()
        QTest.mouseMove(widget, place)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        let_run(30)

    def click_in(self, widget: QWidget, at: QPoint) -> None:
        """Press the left button at a place in a widget."""
        QTest.mouseMove(widget, at)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        let_run(30)

    def choose(self, name: str, place: int) -> None:
        """Open a button's menu by the mouse and choose its entry by the keyboard."""
        button = self.find(name)
        QTimer.singleShot(150, lambda: self._choose_in_menu(place))
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        let_run(200)

    def _choose_in_menu(self, place: int) -> None:
        menu = QApplication.activePopupWidget()
        if menu is None:
            return
        for _ in range(place + 1):
            QTest.keyClick(menu, Qt.Key.Key_Down)
        QTest.keyClick(menu, Qt.Key.Key_Return)

    def _wake(self) -> None:
        """Bring the window to the front, as the first click of a person does."""
        if QApplication.activeWindow() is None:
            self.window.activateWindow()
            let_run(50)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        self._wake()
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifier)
        let_run(30)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._wake()
        target = QApplication.focusWidget() or self.window
        QTest.keyClicks(target, text)
        let_run(30)

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Let the window live until ``condition`` holds.

        Raises:
            LostError: it did not hold within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise LostError(f"waited {seconds:.0f} s in vain for {what}")
            let_run(20)

    def wait_for(self, name: str, seconds: float = 60) -> QWidget:
        """Wait until a widget called ``name`` is seen."""
        self.wait(lambda: self.sees(name), seconds, name)
        return self.find(name)

    def text(self, name: str) -> str:
        """Read what a label or button says."""
        widget = self.find(name)
        if isinstance(widget, QAbstractButton):
            return widget.text()
        return str(widget.property("text") or widget.property("value") or "")

    def picture(self, name: str) -> Path:
        """Save what the window shows as ``NAME.png``."""
        let_run(60)
        path = self.out / f"{name}.png"
        if not self.window.grab().save(str(path)):
            raise LostError(f"the picture {path} could not be written")
        self.pictures.append(path.name)
        return path
