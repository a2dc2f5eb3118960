"""Small marks that say a state: a dot with a word, a chip, a progress bar."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from widgets.controls.text import label, named
from widgets.look.theme import current, theme
from widgets.look.tokens import mix


class _Dot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.severity = ""
        self.setFixedSize(8, 8)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().severity(self.severity)))
        painter.drawEllipse(QRectF(self.rect()))


class StateDot(QWidget):
    """A coloured dot and the word that says the same."""

    def __init__(self, text: str = "", severity: str = "", *, role: str = "caption") -> None:
        super().__init__()
        self._dot = _Dot()
        self.words = label(text, role)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self._dot)
        line.addWidget(self.words)
        self.set_state(text, severity)

    @property
    def severity(self) -> str:
        """What the dot's colour says now."""
        return self._dot.severity

    def set_state(self, text: str, severity: str) -> None:
        """Say ``text``; ``severity``: good, warning, bad, busy or "" for idle."""
        self.words.setText(text)
        self._dot.severity = severity
        self._dot.update()


class Chip(QWidget):
    """A short word on a tinted ground; the tint says the severity, the word says it too."""

    def __init__(self, text: str = "", severity: str = "") -> None:
        super().__init__()
        self.text, self.severity = text, severity
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().themed.connect(self.update)

    def set_state(self, text: str, severity: str) -> None:
        """Change word and severity."""
        self.text, self.severity = text, severity
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def set_elidable(self) -> None:
        """Let it become narrower than its word, which is its tooltip then."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def minimumSizeHint(self) -> QSize:
        may = self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Preferred
        few = self.fontMetrics().horizontalAdvance("MMM…") + 18
        return QSize(min(few, self.sizeHint().width()), self.sizeHint().height()) if may else self.sizeHint()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text) + 18, self.fontMetrics().height() + 6)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        ink = tokens.severity(self.severity) if self.severity else tokens.dim
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(tokens.surface, ink, 0.10)))
        painter.drawRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
        painter.setPen(QColor(ink))
        room = self.rect().adjusted(6, 0, -6, 0)
        words = self.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, room.width())
        self.setToolTip(self.text if words != self.text else "")
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)


class ProgressBar(QWidget):
    """A thin bar, 0 to 1; accent while it goes, the severity's colour once it says something else."""

    def __init__(self, name: str, accessible: str) -> None:
        super().__init__()
        named(self, name, accessible)
        self.share, self.severity = 0.0, "busy"
        self.setFixedHeight(6)
        self.setMinimumWidth(80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float, severity: str = "busy") -> None:
        """Fill ``share`` of the bar."""
        self.share, self.severity = min(1.0, max(0.0, share)), severity
        self.setAccessibleDescription(f"{self.share:.0%}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, 6)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, box = current(), QRectF(self.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.line))
        painter.drawRoundedRect(box, 3, 3)
        if self.share > 0:
            box.setWidth(max(6.0, box.width() * self.share))
            painter.setBrush(QColor(tokens.severity(self.severity)))
            painter.drawRoundedRect(box, 3, 3)
