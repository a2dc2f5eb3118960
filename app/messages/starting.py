"""Rows for what keeps the window from opening."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.SCREEN_NONE: Message(
        what="There is no display here that could show the window.",
        why="Neither DISPLAY nor WAYLAND_DISPLAY is set.",
        todo="Walk through it on a virtual screen with “modelwright tour”, or work without a window: "
        "“modelwright --help”.",
    ),
    ErrorCode.QT_UNSAFE: Message(
        what="PySide6 {version} must not be run with Python {python}: the window would crash in seconds.",
        why="This build drops a reference to None with every call; before Python 3.12 that ends the process.",
        todo="Run “python packaging/start.py”, which installs the right one, or install PySide6 6.11.3.",
    ),
}
