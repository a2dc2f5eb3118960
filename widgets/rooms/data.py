"""The data room: the samples themselves, how often each class is there, the split, what was done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from engines.contract.preview import DataPreview
from engines.contract.spec import DataManifest
from widgets.controls import (
    Button,
    Card,
    DropButton,
    DropRow,
    Elided,
    EmptyPage,
    FieldRow,
    MessagePanel,
    ProgressBar,
    Table,
    named,
)
from widgets.controls.card import head_of_page
from widgets.controls.scrolling import Scrolling
from widgets.data.bars import ClassBars, Histogram, SplitBar
from widgets.data.pictures import is_picture, pictures
from widgets.data.sample_grid import SampleGrid
from widgets.data.tables import PART_WORDS, column_table, number, sample_table, show_columns
from widgets.data.words import facts, kind_of_input, warning_words
from widgets.look.theme import scaled
from widgets.look.tokens import GAP

_NO_DATA = "There is no data yet. Open a CSV, .npy or .npz file, or choose a template."
_UNREAD = "{name} could not be read. Mend it and read it again, or open another file."


class DataRoom(QWidget):
    """Shows one prepared set.

    ``source_chosen`` carries the key of a set that was offered by :meth:`set_sources`.
    """

    source_chosen = Signal(str)
    file_requested = Signal()
    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.line = Elided("", "title"), Elided("", "dim")
        self.source = DropButton("data_source", "Data set")
        self.open_button = Button("Open a file …", "data_open", icon_name="open")
        self.progress = ProgressBar("data_progress", "Preparing the data")
        self.message = MessagePanel()
        self.samples = Card("Samples")
        self.split, self.classes, self.preparation = Card("Split"), Card("Classes"), Card("Preparation")
        self.split_bar, self.class_bars, self.histogram = SplitBar(), ClassBars(), Histogram()
        self.grid, self.columns = SampleGrid(), column_table()
        self.rows: Table | None = None
        self._heads: tuple[tuple[str, str], ...] = (("", ""),) * 3
        self._which = self._make_switch()
        self._empty = EmptyPage(_NO_DATA, "Open a file …", "data_empty_open", icon_name="data")
        self.back = Button("Back", "data_back", kind="quiet")
        self._empty.add_below(self.back)
        self.back.hide()
        self._build()
        self._connect()

    # --- what is shown ---

    def set_sources(self, rows: Sequence[DropRow], key: str = "") -> None:
        """Offer data sets to choose from; ``key`` is the one shown."""
        self.source.setVisible(bool(rows))
        self.source.set_rows(rows, key)

    def show_data(self, manifest: DataManifest, preview: DataPreview) -> None:
        """Show a prepared set."""
        if self.back.hasFocus():
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._pages.setCurrentIndex(1)
        self.progress.hide()
        self.title.setText(self.source.text() if self.source.key else manifest.name)
        self.line.setText(_summary(manifest))
        shown = f"{len(preview.samples):,} of {manifest.samples:,}, evenly spread"
        self._heads = (
            ("Samples", shown),
            ("Columns", f"in all {manifest.samples:,} samples"),
            ("Rows", shown),
        )
        self._show_samples(manifest, preview)
        self.split_bar.show_parts([(PART_WORDS.get(k, k), count) for k, count in manifest.splits.items()])
        self._show_target(manifest, preview)
        self._show_preparation(manifest)
        self._show_warnings(manifest.warnings)

    def show_progress(self, done: int, total: int) -> None:
        """Show how far a preparation is; without a total only that it goes on."""
        self.progress.show()
        self.progress.set_share(done / total if total else 0.05)

    def show_reading(self, name: str) -> None:
        """Say that ``name`` is being read, where there is nothing else to show yet."""
        self._show_empty(f"Reading {name} …")
        self._empty.button.hide()

    def clear(self, unread: str = "", back: str = "") -> None:
        """Go back to the empty page; ``unread`` could not be read, ``back`` was shown before it."""
        self._show_empty(_UNREAD.format(name=unread) if unread else _NO_DATA, back)

    def _show_empty(self, sentence: str, back: str = "") -> None:
        self._pages.setCurrentIndex(0)
        self._empty.sentence.setText(sentence)
        self._empty.button.show()
        self.back.setText(f"Back to {back}")
        self.back.setAccessibleName(self.back.text())
        self.back.setVisible(bool(back))

    # --- parts ---

    def _make_switch(self) -> tuple[Button, Button]:
        made = (
            Button("Columns", "data_show_columns", small=True),
            Button("Rows", "data_show_rows", small=True),
        )
        for button in made:
            button.setCheckable(True)
            button.setAutoExclusive(True)
            self.samples.tools.addWidget(button)
        return made

    def _build(self) -> None:
        work = QWidget()
        whole = QVBoxLayout(work)
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        whole.addLayout(head_of_page(self.title, self.line, self.source, self.open_button))
        whole.addWidget(self.progress)
        whole.addWidget(self.message)
        parts = QHBoxLayout()
        parts.setSpacing(GAP)
        parts.addWidget(self.samples, 1)
        parts.addWidget(self._build_side())
        whole.addLayout(parts, 1)
        self._faces = QStackedLayout()
        self._faces.addWidget(self.grid)
        self._faces.addWidget(self.columns)
        self.samples.body.addLayout(self._faces, 1)
        self.progress.hide()
        self.source.hide()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(work)

    def _build_side(self) -> Scrolling:
        self.split.body.addWidget(self.split_bar)
        self.classes.body.addWidget(self.class_bars)
        self.classes.body.addWidget(self.histogram)
        self.preparation.body.setSpacing(0)
        side = Scrolling(self.split, self.classes, self.preparation, width=scaled(320))
        side.column.addStretch(1)
        return named(side, "data_side", "Split, classes and preparation")

    def _connect(self) -> None:
        self.source.chosen.connect(self.source_chosen)
        self.open_button.clicked.connect(self.file_requested)
        self._empty.requested.connect(self.file_requested)
        self.back.clicked.connect(self.back_requested)
        for button, face in zip(self._which, (1, 2)):
            button.clicked.connect(lambda _=False, face=face: self._show_face(face))

    # --- filling ---

    def _show_samples(self, manifest: DataManifest, preview: DataPreview) -> None:
        picture = is_picture(manifest.input_shape)
        for button in self._which:
            button.setVisible(not picture and bool(preview.columns))
        if self.rows is not None:
            self._faces.removeWidget(self.rows)
            self.rows.deleteLater()
            self.rows = None
        if picture:
            tips = [
                f"{label} ({PART_WORDS.get(p, p).lower()})" for label, p in zip(preview.labels, preview.parts)
            ]
            self.grid.show_samples(pictures(preview.samples), preview.labels, tips or preview.labels)
            self._show_face(0)
            return
        show_columns(self.columns, preview.columns)
        self.rows = sample_table(manifest, preview)
        self._faces.addWidget(self.rows)
        self._which[0 if preview.columns else 1].click()

    def _show_face(self, face: int) -> None:
        """Turn to the pictures (0), the columns (1) or the rows (2)."""
        self._faces.setCurrentIndex(face)
        self.samples.title.setText(self._heads[face][0])
        self.samples.set_subtitle(self._heads[face][1])

    def _show_target(self, manifest: DataManifest, preview: DataPreview) -> None:
        self.class_bars.setVisible(bool(manifest.classes))
        self.histogram.setVisible(preview.target is not None)
        self.classes.setVisible(bool(manifest.classes) or preview.target is not None)
        self.classes.title.setText("Classes" if manifest.classes else "Target")
        if preview.target is not None:
            target = preview.target
            self.histogram.show_counts(target.counts, number(target.minimum), number(target.maximum))
            self.classes.set_subtitle(f"{target.name}, mean {number(target.mean)} ± {number(target.std)}")
        elif manifest.classes:
            self.class_bars.show_counts(manifest.classes, preview.class_counts)
            self.classes.set_subtitle(_balance(preview.class_counts, self.class_bars.few()))

    def _show_preparation(self, manifest: DataManifest) -> None:
        while (item := self.preparation.body.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        rows = facts(manifest)
        for place, (name, value) in enumerate(rows):
            self.preparation.body.addWidget(FieldRow(name, value, last=place == len(rows) - 1))

    def _show_warnings(self, warnings: Sequence[str]) -> None:
        if not warnings:
            self.message.hide()
            return
        lines = [warning_words(warning) for warning in warnings]
        many = "1 thing to know" if len(lines) == 1 else f"{len(lines)} things to know"
        self.message.show_message(f"{many} about this data", " ".join(lines), severity="warning")


def _summary(manifest: DataManifest) -> str:
    parts = [f"{manifest.samples:,} samples", kind_of_input(manifest)]
    predicts = f"{len(manifest.classes)} classes of {manifest.target}"
    parts.append(predicts if manifest.classes else f"predicts {manifest.target}, a number")
    return " · ".join(parts)


def _balance(counts: Sequence[int], few: Sequence[str]) -> str:
    if few:
        return f"few samples: {', '.join(few)}"
    least, most = min(counts, default=0), max(counts, default=0)
    return f"{least:,} samples each" if least == most else f"{least:,} to {most:,} samples each"
