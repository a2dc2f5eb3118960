"""Netron's page in the window: only its own server is reachable, and every request is written down."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QStackedLayout, QVBoxLayout, QWidget

from widgets.controls.messages import EmptyPage
from widgets.controls.text import label

if TYPE_CHECKING:
    from widgets.netron_browser import NetronBrowser

COUNT_SCRIPT = (
    "document.body.className === 'default' ? document.querySelectorAll('#target g.graph-node').length : 0"
)
"""Counts the operations that Netron has drawn, without the graph's inputs and outputs (0 until it has)."""


@dataclass(frozen=True)
class Request:
    """One request of the page: where to, and whether it was let through."""

    url: str
    allowed: bool


class NetronPage(QFrame):
    """A tab for Netron. QtWebEngine is imported by the first ``show_address``."""

    page_loaded = Signal(bool)
    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.address = ""
        self._browser: NetronBrowser | None = None
        self._waiting = label("Starting Netron …", "dim")
        self._fault = EmptyPage("", "Try again", "netron_retry", icon_name="warning")
        self._fault.requested.connect(self.retry_requested)
        self._stack = QStackedLayout()
        waiting = QWidget()
        column = QVBoxLayout(waiting)
        column.addStretch()
        column.addWidget(self._waiting, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        self._stack.addWidget(waiting)
        self._stack.addWidget(self._fault)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.addLayout(self._stack)

    def show_address(self, address: str) -> None:
        """Load the page that a Netron server offers at ``address``; only that origin is reachable."""
        self.address = address
        if self._browser is None:
            _let_chromium_start()
            try:
                from widgets.netron_browser import NetronBrowser  # QtWebEngine: 0.3 s, so only now
            except ImportError as fault:
                self.show_fault(f"The browser part of Qt is missing: {fault}")
                return
            self._browser = NetronBrowser(self)
            self._browser.page_loaded.connect(self.page_loaded)
            self._stack.addWidget(self._browser)
        self._browser.open(QUrl(address))
        self._stack.setCurrentWidget(self._browser)

    def show_waiting(self) -> None:
        """Say that the server starts."""
        self.address = ""
        self._stack.setCurrentIndex(0)

    def show_fault(self, text: str) -> None:
        """Say why Netron cannot be shown."""
        self._fault.sentence.setText(text)
        self._stack.setCurrentWidget(self._fault)

    def requests(self) -> list[Request]:
        """Return every request since the page was made, blocked ones too."""
        return list(self._browser.log) if self._browser else []

    def node_count(self, answer: Callable[[int], None]) -> None:
        """Ask Netron's page how many nodes it has drawn; ``answer`` is called later, with 0 until then."""
        if self._browser is None:
            answer(0)
        else:
            self._browser.run(COUNT_SCRIPT, lambda count: answer(int(count or 0)))

    def shut(self) -> None:
        """Let go of the browser and its helper processes."""
        self.address = ""
        if self._browser is not None:
            self._browser.shut()
            self._browser.deleteLater()
            self._browser = None
        self._stack.setCurrentIndex(0)


def _let_chromium_start() -> None:
    """Say what Chromium has to be told: it refuses its sandbox to root, and offscreen there is no GPU."""
    flags = os.environ.get("QTWEBENGINE_CHROMIUM_FLAGS", "")
    if getattr(os, "geteuid", lambda: 1)() == 0 and "--no-sandbox" not in flags:
        flags += " --no-sandbox"
    if QGuiApplication.platformName() == "offscreen" and "--disable-gpu" not in flags:
        flags += " --disable-gpu"
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = flags.strip()
