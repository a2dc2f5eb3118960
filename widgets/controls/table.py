"""A table that sorts, filters and copies: Ctrl+C copies tab-separated text, the menu saves CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from widgets.controls.fields import search_field
from widgets.controls.saving import save_text
from widgets.controls.text import named
from widgets.look.icons import icon
from widgets.look.theme import current, scaled

_SORT = Qt.ItemDataRole.UserRole
WHOLE = Qt.ItemDataRole.ToolTipRole
"""The text of a value that may show itself ``short``: its tooltip, and what is copied or saved."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_NAME = 150
"""So wide the first column is at least, where its words are as long, before spare ones go."""
_MEASURED = 100
"""So many rows say how wide a column is: a table of thousands follows its window's edge as well."""


@dataclass(frozen=True)
class Column:
    """One column: ``number`` aligns right and sorts by value; ``shown`` makes the text of a value.

    ``aligned`` stands at the right, too, and sorts as text. A ``spare`` column goes, the one with the largest
    number first, where the window is too narrow for the first column's words.
    """

    title: str
    number: bool = False
    shown: Callable[[Any], str] = str
    tip: str = ""
    aligned: bool = False
    spare: int = 0


class RowsModel(QAbstractTableModel):
    """Rows of plain values; what is shown comes from the columns, what is sorted from the values."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.keys: list[str] = []
        self.rows: list[tuple[Any, ...]] = []
        self.quiet: set[str] = set()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Replace the columns; the rows go."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.keys, self.rows = [], []
        self.endResetModel()

    def set_rows(self, keys: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.keys, self.rows = list(keys), list(rows)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column, value = self.columns[index.column()], self.rows[index.row()][index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, WHOLE):
            whole = "–" if value is None else column.shown(value)
            return getattr(value, "short", whole) if role == Qt.ItemDataRole.DisplayRole else whole
        if role == _SORT:
            return _sortable(value, column.number)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.number or column.aligned else _LEFT
        if role == Qt.ItemDataRole.ForegroundRole and self.keys[index.row()] in self.quiet:
            return QColor(current().dim)
        return None

    @override
    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.number or column.aligned else _LEFT
        return None


def _sortable(value: Any, number: bool) -> Any:
    if not number:
        return str(value).casefold()
    missing = value is None or value != value  # NaN
    return float("-inf") if missing else float(value)


class _WholeRows(QStyledItemDelegate):
    """Draws every cell of the row under the pointer as the style draws the one that is."""

    row = -1

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.row() == self.row:
            option.state |= QStyle.StateFlag.State_MouseOver


class _View(QTableView):
    """A table view without grid; Ctrl+C copies what is selected."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = _WholeRows(self)
        self.setItemDelegate(self._rows)
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self._point(index.row()))
        self.viewportEntered.connect(lambda: self._point(-1))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(-1)

    def _point(self, row: int) -> None:
        if row != self._rows.row:
            self._rows.row = row
            self.viewport().update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selected_text())
            return
        super().keyPressEvent(event)

    def selected_text(self) -> str:
        """Return the selected rows (all where none is) as tab-separated text, headings first."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        return table_text(self.model(), chosen or range(self.model().rowCount()), "\t")


def table_text(model: Any, rows: Sequence[int] | range, delimiter: str) -> str:
    """Return ``rows`` of a model as delimited text, headings first."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
    across = range(model.columnCount())
    writer.writerow([model.headerData(column, Qt.Orientation.Horizontal) for column in across])
    for row in rows:
        writer.writerow([model.index(row, column).data(WHOLE) for column in across])
    return target.getvalue()


def _width(view: QTableView, at: int) -> int:
    """Return what a column takes: its words, or what it was given."""
    header = view.horizontalHeader()
    if header.sectionResizeMode(at) == header.ResizeMode.Fixed:
        return header.sectionSize(at)
    return max(view.sizeHintForColumn(at), _head_width(view, at))


def _head_width(view: QTableView, column: int) -> int:
    return view.horizontalHeader().sectionSizeHint(column)


class Table(QWidget):
    """A sortable table, under a filter line if ``filtered``; its columns ``even`` from the second on."""

    row_activated = Signal(str)
    selection_changed = Signal(list)

    def __init__(
        self,
        columns: Sequence[Column],
        name: str,
        accessible: str,
        *,
        filtered: bool = True,
        even: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._even = even
        self.model = RowsModel(columns, self)
        self.proxy = QSortFilterProxyModel(self)
        self.filter = search_field(f"{name}_filter", f"Filter {accessible}", "Filter")
        self.view = named(_View(), name, accessible)
        self._build(filtered)
        self._connect()

    def set_rows(self, keys: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Show ``rows``, one key each; what was selected stays selected where it is still there."""
        kept = set(self.selected_keys())
        self.model.set_rows(keys, rows)
        self.select([key for key in keys if key in kept])
        self._fit_columns()

    def set_quiet(self, keys: set[str]) -> None:
        """Write these rows dimmed: they are there, and say little."""
        self.model.quiet = keys
        self.view.viewport().update()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Replace the columns; the rows go."""
        self.model.set_columns(columns)
        self._build_header(self.view.horizontalHeader())

    def selected_keys(self) -> list[str]:
        """Return the keys of the selected rows, in the order shown."""
        shown = sorted(self.view.selectionModel().selectedRows(), key=lambda index: index.row())
        return [self.model.keys[self.proxy.mapToSource(index).row()] for index in shown]

    def select(self, keys: Sequence[str]) -> None:
        """Select the rows of ``keys``, told of once however many they are."""
        wanted, chosen = set(keys), QItemSelection()
        for row, key in enumerate(self.model.keys):
            index = self.proxy.mapFromSource(self.model.index(row, 0)) if key in wanted else QModelIndex()
            if index.isValid():
                chosen.select(index, index)
        flag = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().select(chosen, flag.ClearAndSelect | flag.Rows)

    def csv(self) -> str:
        """Return all rows that the filter lets through, as CSV."""
        return table_text(self.proxy, range(self.proxy.rowCount()), ",")

    def save_csv(self, path: Path) -> None:
        """Write :meth:`csv` to ``path``."""
        save_text(self.csv(), path)

    def _build(self, filtered: bool) -> None:
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(_SORT)
        self.proxy.setFilterKeyColumn(-1)
        self.proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        if not filtered:  # shown without a parent it would be a window for a moment
            self.filter.hide()
        view = self.view
        view.setModel(self.proxy)
        view.setSortingEnabled(True)
        view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(scaled(32))
        self._build_header(view.horizontalHeader())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(self.filter)
        whole.addWidget(view, 1)

    def _build_header(self, header: QHeaderView) -> None:
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setResizeContentsPrecision(_MEASURED)
        mode = QHeaderView.ResizeMode
        header.setSectionResizeMode(mode.Stretch if self._even else mode.ResizeToContents)
        header.setSectionResizeMode(0, mode.ResizeToContents if self._even else mode.Stretch)
        header.setMinimumSectionSize(scaled(48))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Leave out spare columns, as many as the first one needs the room of."""
        columns, view = self.model.columns, self.view
        spare = sorted((at for at, one in enumerate(columns) if one.spare), key=lambda at: -columns[at].spare)
        if not spare:
            return
        for at in spare:
            view.setColumnHidden(at, False)  # what is hidden cannot be measured
        wide = [_width(view, at) for at in range(len(columns))]
        room = self.width() - view.verticalScrollBar().sizeHint().width()
        over = min(wide[0], scaled(_NAME)) + sum(wide[1:]) - room
        for at in spare:
            view.setColumnHidden(at, over > 0)
            over -= wide[at] if over > 0 else 0

    def _connect(self) -> None:
        self.filter.textChanged.connect(self.proxy.setFilterFixedString)
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.view.activated.connect(self._on_view_activated)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._on_menu_requested)

    def _on_selection_changed(self) -> None:
        self.selection_changed.emit(self.selected_keys())

    def _on_view_activated(self, index: QModelIndex) -> None:
        self.row_activated.emit(self.model.keys[self.proxy.mapToSource(index).row()])

    def _on_menu_requested(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = QAction(icon("copy"), "Copy", menu)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.view.selected_text()))
        save = QAction(icon("save"), "Save as CSV …", menu)
        save.triggered.connect(self._on_save_triggered)
        menu.addActions([copy, save])
        menu.popup(self.view.viewport().mapToGlobal(where))

    def _on_save_triggered(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save as CSV", "table.csv", "CSV (*.csv)")
        if path:
            self.save_csv(Path(path))
