"""The web view behind ``netron_view``; importing this imports QtWebEngine."""

from __future__ import annotations

from collections.abc import Callable
from string import Template
from typing import Any

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QColor
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from widgets.look.theme import current, theme
from widgets.netron_view import Request

_PREPARE = """
document.cookie = 'consent=1; path=/';
for (const [name, value] of [['date', new Date().toISOString().slice(0, 19).replace('T', ' ')],
                             ['version', '0.0.0']]) {
    const meta = document.querySelector(`meta[name="${name}"]`);
    if (meta) { meta.setAttribute('content', value); }
}
"""
"""Runs before Netron's own code. It answers the consent question with a cookie, says that Netron is not
a packaged release, for which it would send usage reports, and is not older than the half year after which
it refuses to start."""

_BRACKETS = """
const brackets = { '\\u3008': '[', '\\u3009': ']' };
const plain = (node) => {
    if (node.nodeType === Node.TEXT_NODE && /[\\u3008\\u3009]/.test(node.data)) {
        node.data = node.data.replace(/[\\u3008\\u3009]/g, (one) => brackets[one]);
    }
    node.childNodes.forEach(plain);
};
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(plain)))
    .observe(document.body, { childList: true, subtree: true });
"""
"""Netron writes shapes between brackets that only Chinese, Japanese and Korean fonts have."""

_DRESS = """
window.dark = window.dark || new Set();
for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
        if (rule.media && rule.media.mediaText.includes('prefers-color-scheme')) { window.dark.add(rule); }
    }
}
for (const rule of window.dark) { rule.media.mediaText = $dark ? 'all' : 'not all'; }
for (const ground of [document.body, document.getElementById('target')]) {
    if (ground) { ground.style.backgroundColor = '$ground'; }
}
"""
"""Shows Netron's own dark look with ours, whatever the system asks for, on the ground of our cards."""

_LOCAL_SCHEMES = {"data", "blob"}


class OwnOriginOnly(QWebEngineUrlRequestInterceptor):
    """Lets requests to one origin through, blocks all others, and writes down both."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.origin = QUrl()
        self.log: list[Request] = []

    @override
    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        url = info.requestUrl()
        allowed = url.scheme() in _LOCAL_SCHEMES or self._is_own(url)
        self.log.append(Request(url.toString(), allowed))
        info.block(not allowed)

    def _is_own(self, url: QUrl) -> bool:
        own = self.origin
        return (url.scheme(), url.host(), url.port()) == (own.scheme(), own.host(), own.port())


class NetronBrowser(QWidget):
    """A web view whose profile keeps nothing on the disk and reaches one origin."""

    page_loaded = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile = QWebEngineProfile(self)  # without a name: off the record
        self._guard = OwnOriginOnly(self._profile)
        self._profile.setUrlRequestInterceptor(self._guard)
        self._profile.scripts().insert(_prepare_script())
        self._view = QWebEngineView(self)
        self._page = QWebEnginePage(self._profile, self._view)
        self._page.setBackgroundColor(QColor(current().surface))  # else the page is white until it has come
        self._view.setPage(self._page)
        self._view.setObjectName("netron_view")
        self._view.setAccessibleName("Netron")
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._view.loadFinished.connect(self._dress)
        self._view.loadFinished.connect(self.page_loaded)
        theme().themed.connect(self._dress)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._view)

    @property
    def log(self) -> list[Request]:
        """Every request so far."""
        return self._guard.log

    def open(self, address: QUrl) -> None:
        """Load ``address``; its origin is the only one that is reachable from here on."""
        self._guard.origin = address
        self._page.load(address)

    def run(self, script: str, answer: Callable[[Any], None]) -> None:
        """Run ``script`` in the page's own world; ``answer`` gets its value."""
        self._page.runJavaScript(script, 0, answer)

    def _dress(self) -> None:
        """Take the colours of the theme, and the size of its text."""
        tokens = current()
        self._page.setBackgroundColor(QColor(tokens.surface))
        dark = "true" if tokens.scheme == "dark" else "false"
        words = Template(_DRESS).substitute(dark=dark, ground=tokens.surface)
        self._page.setZoomFactor(theme().scale)
        self._page.runJavaScript(words, QWebEngineScript.ScriptWorldId.ApplicationWorld.value)

    def shut(self) -> None:
        """Delete the page before its profile, as QtWebEngine wants it."""
        self._view.deleteLater()
        self._page.destroyed.connect(self._profile.deleteLater)


def _prepare_script() -> QWebEngineScript:
    script = QWebEngineScript()
    script.setName("prepare")
    script.setSourceCode(_PREPARE + _BRACKETS)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentReady)
    script.setWorldId(QWebEngineScript.ScriptWorldId.ApplicationWorld)
    return script
