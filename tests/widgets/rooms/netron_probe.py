"""Show a model in the Netron tab and print what was seen as JSON; run in a process of its own.

``python -m tests.widgets.rooms.netron_probe MODEL``: QtWebEngine keeps helper processes for the life of
the process that used it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engines.host.netron_server import NetronServer
from widgets.look.theme import apply
from widgets.netron_view import NetronPage

LOOK = """JSON.stringify({
    shown: document.body.className,
    message: (document.getElementById('message-text') || {}).innerText || '',
    words: document.getElementById('target').textContent,
    ground: getComputedStyle(document.getElementById('target')).backgroundColor,
    scheme: getComputedStyle(document.documentElement).colorScheme,
    cookie: document.cookie})"""
INTRUDE = (
    "new Image().src = 'https://example.com/pixel.png'; fetch('http://127.0.0.1:1/other').catch(() => 0);"
)


class Probe:
    """Waits for Netron to draw, has the page try to reach elsewhere, and writes everything down."""

    def __init__(self, app: QApplication, page: NetronPage) -> None:
        self.app, self.page = app, page
        self.seen: dict[str, object] = {}
        self.timer = QTimer()
        self.timer.setInterval(200)
        self.timer.timeout.connect(lambda: page.node_count(self.on_count))
        self.timer.start()
        QTimer.singleShot(90_000, app.quit)

    def on_count(self, count: int) -> None:
        if count and "nodes" not in self.seen:
            self.timer.stop()
            self.seen["nodes"] = count
            self.seen["own"] = [request.url for request in self.page.requests()]
            self.seen["blocked_before"] = [r.url for r in self.page.requests() if not r.allowed]
            assert self.page._browser is not None
            self.page._browser.run(LOOK, self.on_look)

    def on_look(self, text: str) -> None:
        self.seen |= json.loads(text)
        assert self.page._browser is not None
        self.page._browser.run(INTRUDE, lambda _: QTimer.singleShot(500, self.finish))

    def finish(self) -> None:
        self.seen["blocked"] = [request.url for request in self.page.requests() if not request.allowed]
        self.page.shut()
        QTimer.singleShot(300, self.app.quit)


def main(model: str) -> None:
    app = QApplication([])
    apply(app, "dark")
    with NetronServer(Path(model)) as server:
        page = NetronPage()
        page.resize(900, 600)
        page.show()
        page.show_address(server.wait())
        probe = Probe(app, page)
        app.exec()
    probe.seen["address"] = page.address or "shut"
    print(json.dumps(probe.seen))


if __name__ == "__main__":
    main(sys.argv[1])
