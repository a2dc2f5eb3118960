"""Bars that count: how often each class is there, how a set is split, how values are spread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls import label, named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import BODY, mix

_ROW = 20
_FEW = 0.2
"""A class with less than this share of the largest is marked: it will hardly be learned."""


class ClassBars(QWidget):
    """One row a class: its name, a bar, its count."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "class_bars", "Samples of each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        theme().themed.connect(self.update)

    def show_counts(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """Show how often each class is there."""
        self._names, self._counts = tuple(names), tuple(counts)
        spoken = ", ".join(f"{name}: {count}" for name, count in zip(names, counts))
        self.setAccessibleDescription(spoken)
        self.updateGeometry()
        self.update()

    def few(self) -> list[str]:
        """Return the classes that have too few samples beside the largest."""
        most = max(self._counts, default=0)
        return [name for name, count in zip(self._names, self._counts) if count < _FEW * most]

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, scaled(_ROW) * max(1, len(self._names)))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(BODY, scale=theme().scale))
        metrics, few = painter.fontMetrics(), set(self.few())
        texts = [f"{count:,}" for count in self._counts]
        names = min(max(map(metrics.horizontalAdvance, self._names), default=0), self.width() // 3)
        numbers = max(map(metrics.horizontalAdvance, texts), default=0)
        most, height = max(self._counts, default=1) or 1, scaled(_ROW)
        for place, (name, count) in enumerate(zip(self._names, self._counts)):
            row = QRectF(0, place * height, self.width(), height)
            _text(painter, row.adjusted(0, 0, -(self.width() - names), 0), name, tokens.dim)
            bar = row.adjusted(names + 12, height / 2 - 4, -numbers - 12, 4 - height / 2)
            _rounded(painter, bar, tokens.line)
            _rounded(painter, _share(bar, count / most), tokens.warning if name in few else tokens.accent)
            _text(painter, row, texts[place], tokens.text, Qt.AlignmentFlag.AlignRight)


def _text(
    painter: QPainter,
    box: QRectF,
    words: str,
    colour: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, shown)


def _rounded(painter: QPainter, bar: QRectF, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)


def _share(bar: QRectF, share: float) -> QRectF:
    return QRectF(bar.left(), bar.top(), max(bar.height(), bar.width() * share), bar.height())


class _Segments(QWidget):
    """One bar, its parts side by side in the colours of series."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: tuple[int, ...] = ()
        self.setFixedHeight(12)
        theme().themed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, total = QPainter(self), sum(self.counts) or 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setClipPath(outline)
        left = 0.0
        for place, count in enumerate(self.counts):
            width = self.width() * count / total
            painter.fillRect(QRectF(left, 0, max(1.0, width - 2), self.height()), _series(place))
            left += width


def _series(place: int) -> QColor:
    return QColor(current().series[place % 4])


class _Swatch(QWidget):
    """A small square in the colour of a series."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.setFixedSize(10, 10)
        theme().themed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_series(self._place))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)


class SplitBar(QWidget):
    """A bar of the split's parts, and beneath it a line for each with count and share."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "split_bar", "How the set is split")
        self.lines: list[str] = []
        self._bar = _Segments()
        self._rows = QWidget()
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(10)
        self._whole.addWidget(self._bar)
        self._whole.addWidget(self._rows)

    def show_parts(self, parts: Sequence[tuple[str, int]]) -> None:
        """Show ``parts`` as pairs of words and count."""
        self._bar.counts = tuple(count for _, count in parts)
        self._bar.update()
        total = sum(self._bar.counts) or 1
        self.lines = [f"{words} {count:,} ({count / total:.0%})" for words, count in parts]
        self.setAccessibleDescription(", ".join(self.lines))
        fresh = QWidget()
        column = QVBoxLayout(fresh)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for place, (words, count) in enumerate(parts):
            column.addLayout(_legend(place, words, count, count / total))
        self._whole.replaceWidget(self._rows, fresh)
        self._rows.deleteLater()
        self._rows = fresh


def _legend(place: int, words: str, count: int, share: float) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addWidget(_Swatch(place))
    line.addWidget(label(words, "dim"))
    line.addStretch()
    line.addWidget(label(f"{count:,}"))
    percent = label(f"{share:.0%}", "dim")
    percent.setAlignment(Qt.AlignmentFlag.AlignRight)
    percent.setMinimumWidth(scaled(36))
    line.addWidget(percent)
    return line


class Histogram(QWidget):
    """How values are spread: one bar a bin, lowest and highest value beneath."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "histogram", "How the target's values are spread")
        self._counts: tuple[int, ...] = ()
        self._ends = ("", "")
        self.setMinimumHeight(scaled(120))
        theme().themed.connect(self.update)

    def show_counts(self, counts: Sequence[int], low: str, high: str) -> None:
        """Show the bins' counts between ``low`` and ``high``."""
        self._counts, self._ends = tuple(counts), (low, high)
        self.setAccessibleDescription(f"from {low} to {high}: " + ", ".join(map(str, counts)))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = QRectF(0, self.height() - scaled(20), self.width(), scaled(20))
        paint_bins(painter, QRectF(0, 0, self.width(), words.top() - 4), self._counts)
        painter.setFont(interface_font(BODY, scale=theme().scale))
        _text(painter, words, self._ends[0], current().dim)
        _text(painter, words, self._ends[1], current().dim, Qt.AlignmentFlag.AlignRight)


def paint_bins(painter: QPainter, box: QRectF, counts: Sequence[int]) -> None:
    """Paint a histogram's bars standing on the lower edge of ``box``."""
    most = max(counts, default=0)
    if not most:
        return
    tokens, width = current(), box.width() / len(counts)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(mix(tokens.surface, tokens.accent, 0.75)))
    for place, count in enumerate(counts):
        if count:
            height = max(2.0, box.height() * count / most)
            left, top = box.left() + place * width, box.bottom() - height
            painter.drawRoundedRect(QRectF(left + 0.75, top, max(1.0, width - 1.5), height), 1.5, 1.5)
