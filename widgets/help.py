"""The help: one page a room, one a kind of layer, in a calm window of its own beside the work."""

from __future__ import annotations

from pathlib import Path
from string import Template

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFont,
    QTextBlockFormat,
    QTextCursor,
    QTextFormat,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from engines.design.catalogue import CATALOGUE
from engines.design.kinds import LayerKind, SettingKind
from widgets.controls.buttons import Button
from widgets.controls.text import named
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import BODY, TITLE

PAGES = Path(__file__).resolve().parents[1] / "resources" / "help"


def page(key: str) -> str:
    """Return the page of a room, or of a kind of layer by its catalogue key, as Markdown."""
    if key in CATALOGUE:
        return layer_page(CATALOGUE[key])
    return (PAGES / f"{key}.md").read_text(encoding="utf-8")


def layer_page(kind: LayerKind) -> str:
    """Write the page of a kind of layer from its row of the catalogue."""
    least, most = kind.inputs
    return Template((PAGES / "layer.md").read_text(encoding="utf-8")).substitute(
        title=kind.title,
        semantics=kind.semantics.replace("*", r"\*"),
        settings=_settings_table(kind.settings),
        inputs=str(least) if least == most else f"{least} to {most}",
        source=", ".join(f"<{link}>" for link in kind.source.split("; ")) if kind.source else "this page",
    )


def _settings_table(settings: tuple[SettingKind, ...]) -> str:
    if not settings:
        return "It has no settings."
    rows = (f"| {row.key} | {row.help} | {_value(row.default)} | {_wanted(row)} |" for row in settings)
    return "\n".join(("| setting | what it does | default | possible |", "|---|---|---|---|", *rows))


def _wanted(row: SettingKind) -> str:
    return row.wanted.replace(" | ", ", ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " × ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


class HelpWindow(QDialog):
    """Shows one page; Esc closes it, and the work beside it goes on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.key = ""
        self.setObjectName("help")
        self.setWindowTitle("Help")
        self.browser = named(QTextBrowser(), "help_page", "Help page")
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(_open_outside)
        self.close_button = Button("Close", "help_close")
        self.close_button.clicked.connect(self.close)
        self._build()
        theme().themed.connect(self._draw)

    def show_page(self, key: str) -> None:
        """Show the page of a room or a kind of layer, over the right half of the parent."""
        self.key = key
        self._draw()
        if not self.isVisible():
            self._place()
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setFocus(Qt.FocusReason.PopupFocusReason)

    def _draw(self) -> None:
        if self.key:
            self.browser.setMarkdown(page(self.key))
            _dress(self.browser)
            self.setWindowTitle(f"Help: {self.browser.document().firstBlock().text()}")
            self.browser.setAccessibleName(self.windowTitle())

    def _place(self) -> None:
        owner = self.parentWidget()
        assert owner is not None
        corner = owner.mapToGlobal(owner.rect().topLeft())
        width, height = min(scaled(520), owner.width() - 32), min(scaled(620), owner.height() - 96)
        self.resize(width, height)
        self.move(corner.x() + owner.width() - width - 32, corner.y() + 64)

    def _build(self) -> None:
        line = QHBoxLayout()
        line.addStretch()
        line.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 16)
        whole.setSpacing(12)
        line.setContentsMargins(0, 0, 8, 0)
        whole.addWidget(self.browser, 1)
        whole.addLayout(line)


def _open_outside(link: QUrl) -> None:
    if link.scheme() == "https":
        QDesktopServices.openUrl(link)


def _dress(browser: QTextBrowser) -> None:
    """Give the page the window's measures: room around and between lines, quiet tables, our heading sizes."""
    document = browser.document()
    document.setDocumentMargin(16)
    document.setIndentWidth(20)
    block = document.firstBlock()
    while block.isValid():
        cursor = QTextCursor(block)
        _space_line(cursor, block.blockFormat())
        if level := block.blockFormat().headingLevel():
            _dress_heading(cursor, level)
        block = block.next()
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _dress_table(frame)
    browser.moveCursor(QTextCursor.MoveOperation.Start)


def _space_line(cursor: QTextCursor, line: QTextBlockFormat) -> None:
    line.setLineHeight(130, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if cursor.currentTable() is None:
        line.setTopMargin(scaled(12) if line.headingLevel() > 1 else 0)
        line.setBottomMargin(scaled(4 if cursor.currentList() else 8))
    cursor.setBlockFormat(line)


def _dress_heading(cursor: QTextCursor, level: int) -> None:
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    words = cursor.charFormat()
    words.clearProperty(QTextFormat.Property.FontSizeAdjustment.value)
    words.setProperty(QTextFormat.Property.FontPixelSize.value, scaled(TITLE if level == 1 else BODY + 2))
    words.setFontWeight(QFont.Weight.DemiBold)
    cursor.setCharFormat(words)


def _dress_table(table: QTextTable) -> None:
    form = table.format()
    form.setBorderBrush(QColor(current().line))
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    form.setBorderCollapse(True)
    form.setBorder(1)
    form.setCellPadding(6)
    form.setCellSpacing(0)
    table.setFormat(form)
