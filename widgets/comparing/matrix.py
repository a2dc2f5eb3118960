"""The matrix of proofs: every engine's file (a row) against every engine's answers (a column)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from widgets.comparing.shown import Cell
from widgets.controls.saving import save_text
from widgets.controls.text import named
from widgets.look.icons import icon_pixmap
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import mix

_MARKS = {"good": "check", "bad": "close"}
_HEAD, _ROW, _MARK = 34, 40, 14


class ProofMatrix(QWidget):
    """A mark, a tint and the error itself in every cell; a cell's whole story is its tooltip."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "compare_matrix", "Proofs of every ONNX file against every engine's answers")
        self._engines: list[tuple[str, str]] = []
        self._cells: dict[tuple[str, str], Cell] = {}
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().themed.connect(self.update)

    def set_cells(self, engines: Sequence[tuple[str, str]], cells: Mapping[tuple[str, str], Cell]) -> None:
        """Show ``cells`` for ``engines``, pairs of key and title."""
        self._engines, self._cells = list(engines), dict(cells)
        self.setAccessibleDescription(self.text())
        self.setVisible(bool(engines))
        self.updateGeometry()
        self.update()

    def text(self, delimiter: str = "\t") -> str:
        """Return the matrix as delimited text, headings first."""
        target = io.StringIO()
        writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
        writer.writerow(["ONNX file of", *(f"answers of {title}" for _, title in self._engines)])
        for file, title in self._engines:
            writer.writerow([title, *(self._said(file, other) for other, _ in self._engines)])
        return target.getvalue()

    def copy(self) -> None:
        """Copy the matrix as tab-separated text."""
        QGuiApplication.clipboard().setText(self.text())

    def ask_and_save(self) -> None:
        """Save the matrix as CSV where the person says."""
        path, _ = QFileDialog.getSaveFileName(self, "Save as CSV", "proofs.csv", "CSV (*.csv)")
        if path:
            save_text(self.text(","), Path(path))

    @override
    def sizeHint(self) -> QSize:
        return QSize(scaled(240), scaled(_HEAD) + scaled(_ROW) * len(self._engines))

    @override
    def minimumSizeHint(self) -> QSize:
        words = [self.fontMetrics().horizontalAdvance(title) + 20 for _, title in self._engines]
        column = max([*words, self.fontMetrics().horizontalAdvance("8.8e-88") + _MARK + 26], default=0)
        return QSize(self._side() + column * len(self._engines), self.sizeHint().height())

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(event.x(), event.y())
            if cell is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), cell.tip, self)
            return True
        return super().event(event)

    def cell_at(self, x: float, y: float) -> Cell | None:
        """Return the cell at a place, None between them."""
        for row, (file, _) in enumerate(self._engines):
            for column, (other, _) in enumerate(self._engines):
                if self._box(row, column).contains(x, y):
                    return self._cells.get((file, other))
        return None

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        for place, (_, title) in enumerate(self._engines):
            painter.setPen(QColor(tokens.dim))
            first = self._box(0, place)
            head = QRectF(first.x(), 0, first.width(), scaled(_HEAD))
            painter.drawText(head, Qt.AlignmentFlag.AlignHCenter | middle, self._fitting(title, head.width()))
            name = QRectF(0, self._box(place, 0).y(), self._side() - 8, scaled(_ROW) - 4)
            painter.setPen(QColor(tokens.text))
            painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, self._fitting(title, name.width()))
        for row, (file, _) in enumerate(self._engines):
            for column, (other, _) in enumerate(self._engines):
                self._draw(painter, self._box(row, column), self._cells.get((file, other), Cell("…")))

    def _draw(self, painter: QPainter, box: QRectF, cell: Cell) -> None:
        tokens = current()
        ink = tokens.severity(cell.severity) if cell.severity else tokens.dim
        painter.setPen(QPen(QColor(mix(tokens.surface, ink, 0.35 if cell.severity else 0.15)), 1))
        painter.setBrush(QColor(mix(tokens.surface, ink, 0.12 if cell.severity else 0.04)))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(QColor(tokens.text if cell.severity else tokens.dim))
        mark = _MARKS.get(cell.severity, "")
        words = painter.fontMetrics().horizontalAdvance(cell.text)
        left = box.x() + (box.width() - words - (_MARK + 6 if mark else 0)) / 2
        if mark:
            role = "good" if cell.severity == "good" else "bad"
            picture = icon_pixmap(mark, role, _MARK, self.devicePixelRatioF())
            painter.drawPixmap(round(left), round(box.center().y() - _MARK / 2), picture)
            left += _MARK + 6
        text = QRectF(left, box.y(), words + 2, box.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, cell.text)

    def _box(self, row: int, column: int) -> QRectF:
        side, count = self._side(), max(1, len(self._engines))
        width = (self.width() - side) / count
        top = scaled(_HEAD) + row * scaled(_ROW)
        return QRectF(side + column * width, top, width - 4, scaled(_ROW) - 4)

    def _side(self) -> int:
        words = [self.fontMetrics().horizontalAdvance(title) for _, title in self._engines]
        return max(words, default=0) + 14

    def _fitting(self, words: str, width: float) -> str:
        return self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, round(width))

    def _said(self, file: str, other: str) -> str:
        cell = self._cells.get((file, other), Cell(""))
        words = {"good": "passed", "bad": "failed"}.get(cell.severity, "")
        return f"{words} {cell.text}".strip()
