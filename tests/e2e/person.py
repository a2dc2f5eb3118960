"""A person before the real window: what a test does by mouse and keys, and what it then sees."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget

from app.composition import Composition
from app.tour.hand import Hand, let_run
from app.window import Window, open_window
from tests.helpers.silence import flush_deleted
from widgets.look import theme

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Found = TypeVar("Found", bound=QWidget)


class PatientHand(Hand):
    """Waits longer than one says: other work may take the machine's time meanwhile."""

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Let the window live until ``condition`` holds."""
        super().wait(condition, max(seconds, min(3 * seconds, 200)), what)


class Person:
    """Opens the window as the command does; ``hand`` drives it."""

    def __init__(self, app: QApplication, home: Path) -> None:
        self.app, self.home = app, home
        self.window: Window | None = None

    def open(self) -> None:
        """Open the window and wait until it is filled."""
        self.window = open_window(self.app)
        self.hand = PatientHand(self.window, self.home)
        self.hand.wait(lambda: bool(self.shell.key), 30, "the first room")

    def close(self) -> None:
        """Close the window as its corner does."""
        if self.window is None:
            return
        self.window.close()
        self.window.deleteLater()
        self.window = None
        let_run(20)
        flush_deleted()
        theme.apply(self.app, "light")

    @property
    def shell(self) -> Any:
        """The window's frame."""
        assert self.window is not None
        return self.window.shell

    @property
    def composition(self) -> Composition:
        """What is behind the window; tests look at it only to clean up or to compare."""
        assert self.window is not None
        found = self.window.findChild(Composition)
        assert found is not None
        return found

    # --- what a person does ---

    def start_from(self, template: str) -> None:
        """Begin a project from a template and wait for its design and data."""
        self.hand.click("rail_start")
        self.hand.click(f"template_{template}")
        self.hand.wait_for("design_canvas")
        self.hand.wait(lambda: self.composition.bench.manifest is not None, 90, "the data")

    def go(self, room: str) -> QWidget:
        """Go to a room by the rail; return its page."""
        self.hand.click(f"rail_{room}")
        page = self.shell.room(room)
        assert isinstance(page, QWidget)
        assert page.isVisible()
        return page

    def drop(self, path: Path) -> None:
        """Drop a file onto the Start page."""
        page = self.go("start")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        QApplication.sendEvent(page, QDragEnterEvent(QPoint(9, 9), copy, data, left, NO_KEYS))
        QApplication.sendEvent(page, QDropEvent(QPointF(9, 9), copy, data, left, NO_KEYS))
        let_run(30)

    def enter(self, field: str, text: str) -> None:
        """Type a value into a number's field."""
        box = cast("QAbstractSpinBox", self.hand.wait_for(field))
        self.hand.click(field)
        box.selectAll()
        self.hand.type(text)
        self.hand.press(Qt.Key.Key_Return)

    def put_away_message(self) -> None:
        """Close the message, if there is one."""
        if self.hand.sees("message_close") and self.shell.message.isVisible():
            self.shell.message.close_button.click()

    def train(self, seconds: float = 60) -> Path:
        """Press F5 and wait until the run goes on; return its folder."""
        self.wait_idle()
        before = {Path(), *self.runs()}
        self.hand.press(Qt.Key.Key_F5)
        self.hand.wait(lambda: self.shown() not in before and self.steps() > 0, seconds, "the first steps")
        return self.shown()

    # --- what a person sees ---

    def message(self, seconds: float = 15) -> str:
        """Wait for a message and read it."""
        self.hand.wait(self.shell.message.isVisible, seconds, "a message")
        return str(self.shell.message.accessibleName())

    @property
    def advice(self) -> str:
        """The word on the message's button, "" where there is none."""
        button = self.shell.message.button
        return button.text() if button.isVisible() else ""

    def shown(self) -> Path:
        """The folder of the run that the rooms show."""
        return Path(self.composition.bench.run)

    def steps(self) -> int:
        """How many steps the Train room has drawn."""
        room = self.shell.room("train")
        return room._position() if room is not None else 0

    def state(self) -> str:
        """The word beside the run's name."""
        room = self.shell.room("train")
        return str(room.head.chip.text) if room is not None and room.head.isVisible() else ""

    def idle(self) -> bool:
        """Whether ▶ can be pressed."""
        return self.hand.sees("train") and self.hand.find("train").isEnabled()

    def wait_idle(self, seconds: float = 120) -> None:
        """Wait for the end of the run."""
        self.hand.wait(self.idle, seconds, "the end of the run")

    # --- what is on the disk ---

    def runs(self) -> list[Path]:
        """Every run's folder, in the order of their making."""
        found = (self.home / "Modelwright").glob("*/runs/*/run.json")
        return sorted((path.parent for path in found), key=lambda run: run.stat().st_ctime)

    def record(self, run: Path) -> dict[str, Any]:
        """What run.json says; it is written anew while one looks."""
        read: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
        return read


NO_KEYS = Qt.KeyboardModifier.NoModifier


def seconds_since(began: float) -> float:
    """Return the seconds since ``began``, by the monotonic clock."""
    return time.monotonic() - began
