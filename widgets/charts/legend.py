"""The line above a chart that names its series by colour and by the way each is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QWidget
from typing_extensions import override

from widgets.controls.flow import FlowLayout
from widgets.controls.text import Elided
from widgets.look.theme import current

if TYPE_CHECKING:
    from widgets.charts.trace import Trace


_LONG, _SHORT = 20, 18
"""How long a sample is; where many series are named, a little shorter."""


class _Sample(QWidget):
    """A short piece of the line as the chart draws it."""

    def __init__(self, trace: Trace, length: int) -> None:
        super().__init__()
        self._trace = trace
        self.setFixedSize(QSize(length, 12))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._trace.pen())
        painter.drawLine(QPointF(1, 6), QPointF(self.width() - 1, 6))
        if self._trace.marks:
            painter.setPen(QPen(QColor(current().surface), 1))
            painter.setBrush(QColor(self._trace.colour()))
            painter.drawEllipse(QPointF(self.width() / 2, 6), 3.5, 3.5)


class Legend(QWidget):
    """Names every series of a chart in one line, or where it ``wraps`` in as many as it takes."""

    def __init__(self, *, wraps: bool = False) -> None:
        super().__init__()
        self._line = self._wrapping() if wraps else self._single()
        self.setLayout(self._line)

    def _wrapping(self) -> QLayout:
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        return FlowLayout(across=8, down=4)

    def _single(self) -> QLayout:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        return line

    def set_traces(self, traces: list[Trace]) -> None:
        """Name ``traces`` instead of what was named before."""
        while self._line.count():
            item = self._line.takeAt(0)
            entry = item.widget() if item is not None else None
            if entry is not None:
                entry.hide()
                entry.deleteLater()
        for trace in traces:
            self._line.addWidget(self._entry(trace))
        if isinstance(self._line, QHBoxLayout):
            self._line.addStretch(1)

    def _entry(self, trace: Trace) -> QWidget:
        entry = QWidget()
        line = QHBoxLayout(entry)
        line.setContentsMargins(0, 0, 0, 0)
        few = isinstance(self._line, QHBoxLayout)
        line.setSpacing(6 if few else 5)
        line.addWidget(_Sample(trace, _LONG if few else _SHORT), 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(Elided(trace.title, "caption"))
        return entry
