"""A live chart: paints from arrays, at most 30 times a second, only while it is seen and data is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QHideEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.charts import saving
from widgets.charts.axis import Axis
from widgets.charts.legend import Legend
from widgets.charts.mark import StepMark
from widgets.charts.numbers import number_text
from widgets.charts.pyramid import Values
from widgets.charts.readout import Readout
from widgets.charts.trace import Steps, Trace
from widgets.controls.buttons import ToolButton
from widgets.controls.text import named
from widgets.look.theme import current, scaled, theme

FRAME_MS = 33


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """The plotting area; it tells where the pointer is and when a hand moved the view."""

    pointed = Signal(QPointF)
    left = Signal()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(event.position())

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()


class LineChart(QWidget):
    """Lines over steps; ``name`` makes object names, ``accessible`` is what a screen reader says."""

    painted = Signal()

    def __init__(
        self,
        name: str,
        accessible: str,
        *,
        percent: bool = False,
        can_log: bool = False,
        wraps: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, name, accessible)
        self.percent, self.title = percent, accessible
        self.traces: dict[str, Trace] = {}
        self.frames = 0
        self._log, self._dirty, self._held = False, True, False
        self._steps_per_unit, self._last_step = 1.0, 0
        self.bottom, self.left_axis = Axis("bottom"), Axis("left", percent=percent)
        self.plot = named(
            _Plot(axisItems={"bottom": self.bottom, "left": self.left_axis}, enableMenu=False),
            f"{name}_plot",
            accessible,
        )
        self.legend, self.readout = Legend(wraps=wraps), Readout(self.plot)
        self._mark = StepMark(self.plot, 0.5 if percent else 0.94)  # shares end at the top
        self.log_button = ToolButton("log-scale", "Logarithmic scale", f"{name}_log", checkable=True)
        self.reset_button = ToolButton("fit", "Show everything again", f"{name}_reset")
        self.save_button = ToolButton("download", "Save as PNG, SVG or CSV", f"{name}_save")
        self._timer = QTimer(self, interval=FRAME_MS, singleShot=True)
        self._timer.setObjectName(f"{name}_frames")
        if not can_log:  # shown without a parent it would be a window for a moment
            self.log_button.hide()
        self._build()
        self._connect()
        self.dress()

    def set_traces(self, traces: Sequence[Trace]) -> None:
        """Draw ``traces`` instead of those before."""
        for old in self.traces.values():
            self.plot.removeItem(old.item)
        self.traces = {trace.key: trace for trace in traces}
        for trace in traces:
            self.plot.addItem(trace.item, ignoreBounds=True)
        self.legend.set_traces(list(traces))
        self.reset()

    def set_data(self, key: str, steps: Steps, values: Values) -> None:
        """Give a series as it is now; it is painted with the next frame."""
        self.traces[key].set_data(steps, values)
        self.invalidate()

    def set_mark(self, step: int, words: str) -> None:
        """Draw a line where ``step`` steps were done, with ``words`` beside it; 0 takes it away."""
        self._mark.set_mark(step, words)

    def set_span(self, last_step: int, steps_per_unit: float = 1.0, unit: str = "step") -> None:
        """Fix the axis at 0 to ``last_step`` (0: as far as data goes), counted in ``unit``."""
        self._last_step, self._steps_per_unit = last_step, max(1.0, steps_per_unit)
        self.bottom.setScale(1.0 / self._steps_per_unit)
        self.readout.unit, self.readout.steps_per_unit = unit, self._steps_per_unit
        self.bottom.setLabel(unit)
        self.bottom.dress()
        self.bottom.whole = unit == "epoch" and last_step / self._steps_per_unit >= 4
        self.invalidate()

    def invalidate(self) -> None:
        """Paint with the next frame, if the chart is seen."""
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def reset(self) -> None:
        """Show everything again and follow what comes."""
        self._held = False
        self.reset_button.setEnabled(False)
        self.invalidate()

    def set_log(self, log: bool) -> None:
        """Draw the values' axis logarithmically, or not."""
        self._log = log
        self.log_button.setChecked(log)
        self.left_axis.setLogMode(y=log)
        self.reset()

    def paint_now(self) -> None:
        """Paint what the arrays hold."""
        self._dirty = False
        self.frames += 1
        if not self._held:
            self._follow()
        low, high = self.plot.viewRange()[0]
        columns = int(self.plot.plotItem.vb.width())
        for trace in self.traces.values():
            trace.draw(low, high, columns, log=self._log)
        self.painted.emit()

    def save(self, path: Path) -> None:
        """Save as PNG, SVG or CSV, by the ending of ``path``."""
        saving.save(self, path)

    def dress(self) -> None:
        """Take the colours of the theme."""
        self.plot.setBackground(current().surface)
        for axis in (self.bottom, self.left_axis):
            axis.dress()
        for trace in self.traces.values():
            trace.dress()
        self.legend.update()
        self.readout.dress()
        self._mark.dress()
        self.invalidate()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.invalidate()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())

    def _follow(self) -> None:
        ends = [int(trace.steps[-1]) for trace in self.traces.values() if len(trace.steps)]
        last = max([self._last_step, 1, *ends])
        found = [t.extremes(0, last, log=self._log) for t in self.traces.values()]
        pairs = [pair for pair in found if pair is not None]
        low, high = (min(p[0] for p in pairs), max(p[1] for p in pairs)) if pairs else (0.0, 1.0)
        if not self._log and low > 0 and low < 0.6 * high:
            low = 0.0
        room = (high - low) * 0.06 or abs(high) * 0.12 or 0.5
        top = min(high + room, max(1.0, high) + 0.02) if self.percent else high + room
        self.plot.setRange(xRange=(0, last * 1.01), yRange=(low if low == 0 else low - room, top), padding=0)

    def _build(self) -> None:
        for axis in (self.bottom, self.left_axis):
            axis.setZValue(-1000)
        self.left_axis.setWidth(scaled(54))
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        for action in self.plot.scene().contextMenu:
            action.setProperty("unlisted", True)  # pyqtgraph's own, behind a menu that we do not show
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.plotItem.vb.disableAutoRange()
        self.plot.plotItem.layout.setContentsMargins(0, 8, 12, 0)
        self.plot.setMinimumSize(160, scaled(96))
        head = self.head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.legend, 1)
        for button in (self.log_button, self.reset_button, self.save_button):
            head.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(head)
        whole.addWidget(self.plot, 1)

    def _connect(self) -> None:
        self._timer.timeout.connect(self.paint_now)
        self.plot.plotItem.vb.sigRangeChangedManually.connect(self._on_range_changed)
        self.plot.pointed.connect(self._on_plot_pointed)
        self.plot.left.connect(self.readout.hide_all)
        self.log_button.toggled.connect(self.set_log)
        self.reset_button.clicked.connect(self.reset)
        self.save_button.clicked.connect(self._on_save_clicked)
        theme().themed.connect(self.dress)

    def _on_range_changed(self) -> None:
        self._held = True
        self.reset_button.setEnabled(True)
        self.invalidate()

    def _on_plot_pointed(self, where: QPointF) -> None:
        box = self.plot.plotItem.vb
        scene = self.plot.mapToScene(where.toPoint())
        if not box.sceneBoundingRect().contains(scene):
            self.readout.hide_all()
            return
        self.readout.show_at(box.mapSceneToView(scene).x(), list(self.traces.values()), self.percent)

    def _on_save_clicked(self) -> None:
        self._open_menu(self.save_button.mapToGlobal(self.save_button.rect().bottomLeft()))

    def _open_menu(self, where: QPoint) -> None:
        saving.menu(self).popup(where)


__all__ = ["FRAME_MS", "LineChart", "number_text"]
