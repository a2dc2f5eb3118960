"""Saving a chart: as PNG, as SVG, or every value of every series as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu

from widgets.controls import saving
from widgets.look.icons import icon

if TYPE_CHECKING:
    from widgets.charts.chart import LineChart

_FORMATS = (
    ("png", "Save as PNG …", "image"),
    ("svg", "Save as SVG …", "image"),
    ("csv", "Save as CSV …", "table"),
)


def save(chart: LineChart, path: Path) -> None:
    """Save by the ending of ``path``; whatever is not SVG or CSV is a picture of pixels."""
    chart.paint_now()
    if path.suffix.lower() == ".csv":
        save_csv(chart, path)
    elif path.suffix.lower() == ".svg":
        save_svg(chart, path)
    else:
        saving.save_image(picture(chart).toImage(), path)


def picture(chart: LineChart) -> QPixmap:
    """Return the plot and its legend in pixels, twice as fine as on the screen."""
    made = QPixmap(chart.size() * 2)
    made.setDevicePixelRatio(2)
    chart.render(made)
    return made


def save_svg(chart: LineChart, path: Path) -> None:
    """Write the plot as SVG."""
    area, scene = QRectF(chart.plot.viewRect()), chart.plot.scene()

    def draw(painter: QPainter) -> None:
        scene.render(painter, QRectF(), area, Qt.AspectRatioMode.IgnoreAspectRatio)

    saving.save_svg(chart.plot.size(), chart.title, draw, path)


def save_csv(chart: LineChart, path: Path) -> None:
    """Write one row a step with every series' value there; empty where a series has none."""
    traces = list(chart.traces.values())
    parts = [trace.steps for trace in traces]
    steps = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    columns = [dict(zip(trace.steps.tolist(), trace.values.tolist())) for trace in traces]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["step", *(trace.key for trace in traces)])
    for step in steps.tolist():
        writer.writerow([step, *(column.get(step, "") for column in columns)])
    saving.save_text(text.getvalue(), path)


def menu(chart: LineChart) -> QMenu:
    """Return the chart's menu: copy as picture, save in each format, show everything again."""
    made = QMenu(chart)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    copy = QAction(icon("copy"), "Copy as picture", made)
    copy.triggered.connect(lambda: QGuiApplication.clipboard().setPixmap(picture(chart)))
    made.addAction(copy)
    for ending, words, sign in _FORMATS:
        action = QAction(icon(sign), words, made)
        action.triggered.connect(lambda _=False, ending=ending: _ask_and_save(chart, ending))
        made.addAction(action)
    made.addSeparator()
    reset = QAction(icon("fit"), "Show everything again", made)
    reset.setEnabled(chart.reset_button.isEnabled())
    reset.triggered.connect(chart.reset)
    made.addAction(reset)
    return made


def _ask_and_save(chart: LineChart, ending: str) -> None:
    proposed = f"{chart.objectName()}.{ending}"
    path, _ = QFileDialog.getSaveFileName(chart, "Save the chart", proposed, f"{ending.upper()} (*.{ending})")
    if path:
        save(chart, Path(path))
