"""What a page says: an empty page's one sentence and button; a message with cause, advice and details."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.buttons import Button, ToolButton
from widgets.controls.text import label, set_property
from widgets.look.icons import icon_pixmap
from widgets.look.theme import icon_side, scaled, theme

_WIDE = 560
"""So wide a message has its buttons beside its words."""
_ICONS = {"bad": "error", "warning": "warning", "good": "check", "info": "info"}
_ROLES = {"bad": "bad", "warning": "warning", "good": "good", "info": "accent"}


class _Picture(QLabel):
    """An icon on a page that follows the theme."""

    def __init__(self, name: str, role: str, size: int) -> None:
        super().__init__()
        self.name, self.role, self._size = name, role, icon_side(size)
        theme().themed.connect(self.redraw)
        self.redraw()

    def redraw(self) -> None:
        self.setPixmap(icon_pixmap(self.name, self.role, self._size, self.devicePixelRatioF()))


class EmptyPage(QWidget):
    """One sentence and one button in the middle of a page that has nothing to show yet."""

    requested = Signal()

    def __init__(
        self, sentence: str, button: str, name: str, *, icon_name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.sentence = label(sentence, "dim", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setMaximumWidth(scaled(460))
        self.button = Button(button, name, kind="primary")
        self.button.clicked.connect(self.requested)
        whole = QVBoxLayout(self)
        whole.setSpacing(16)
        whole.addStretch(2)
        if icon_name:
            whole.addWidget(_Picture(icon_name, "faint", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.sentence, 100)
        line.addStretch(1)
        whole.addLayout(line)
        whole.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(3)
        self._column = whole

    def add_below(self, control: QWidget) -> None:
        """Put a further control under the button."""
        self._column.insertWidget(self._column.count() - 1, control, 0, Qt.AlignmentFlag.AlignHCenter)


class MessagePanel(QFrame):
    """What happened, why, what to do; a button where one can help; details to copy."""

    action_requested = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what = label("", "heading", wrap=True)
        self.why = label("", "dim", wrap=True)
        self.todo = label("", "body", wrap=True)
        self.button = Button("", "message_action", small=True)
        self.button.setAccessibleName("No action")
        self.copy = Button("Copy details", "message_copy", small=True)
        self.close_button = ToolButton("close", "Close this message", "message_close")
        self.close_button.setIconSize(QSize(icon_side(14), icon_side(14)))
        self.close_button.setProperty("small", True)
        self._details, self._action = "", ""
        self._picture = _Picture("info", "accent", 18)
        self._build()
        self._connect()
        self.hide()

    def show_message(
        self,
        what: str,
        why: str = "",
        todo: str = "",
        *,
        severity: str = "bad",
        action: str = "",
        action_text: str = "",
        details: str = "",
        closable: bool = True,
    ) -> None:
        """Show a message; ``action`` is the id that ``action_requested`` carries, ``severity`` its tint."""
        self._fill(what, why, todo)
        self._details, self._action = details, action
        self.button.setText(action_text)
        self.button.setAccessibleName(action_text or "No action")
        self.button.setVisible(bool(action_text))
        self.copy.setVisible(bool(details))
        self.copy.setText("Copy details")
        self.close_button.setVisible(closable)
        self._line.setContentsMargins(12, 10, 8 if closable else 12, 10)
        self._picture.name, self._picture.role = _ICONS[severity], _ROLES[severity]
        self._picture.redraw()
        set_property(self, "panel", severity)
        self.show()

    def _fill(self, what: str, why: str, todo: str) -> None:
        for words, text in ((self.what, what), (self.why, why), (self.todo, todo)):
            words.setText(text)
            words.setVisible(bool(text))
        self.setAccessibleName(" ".join(text for text in (what, why, todo) if text))

    def _build(self) -> None:
        line = self._line = QHBoxLayout(self)
        line.setSpacing(10)
        line.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.button)
        buttons.addWidget(self.copy)
        buttons.addStretch()
        for part in (self.what, self.why, self.todo):
            words.addWidget(part)
        self._middle = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._middle.setSpacing(4)
        self._middle.addLayout(words, 1)
        self._middle.addLayout(buttons)
        line.addLayout(self._middle, 1)
        line.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons beside the words where there is room, beneath them else."""
        super().resizeEvent(event)
        wide = event.size().width() >= scaled(_WIDE)
        self._middle.setSpacing(16 if wide else 4)
        self._middle.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )

    def _connect(self) -> None:
        self.button.clicked.connect(lambda: self.action_requested.emit(self._action))
        self.copy.clicked.connect(self._on_copy_clicked)
        self.close_button.clicked.connect(self._on_close_clicked)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
        self.copy.setText("Copied")

    def _on_close_clicked(self) -> None:
        self.hide()
        self.closed.emit()
