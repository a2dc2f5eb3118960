"""What is said where a file cannot be read or written."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.FILE_MISSING: Message(
        what="There is no file {path}.",
        why="It was moved, renamed or deleted, or the name has a slip.",
        todo="Check the name, or choose the file again.",
    ),
    ErrorCode.FILE_UNREADABLE: Message(
        what="{path} cannot be read.",
        why="The system says: {why}.",
        todo="Check the rights of the file and that its disk is connected.",
    ),
    ErrorCode.FILE_UNWRITABLE: Message(
        what="{path} cannot be written.",
        why="The system says: {why}.",
        todo="Choose a folder that you may write to, or change its rights. What was there before is untouched.",
    ),
    ErrorCode.DISK_FULL: Message(
        what="The disk is full: {path} could not be written.",
        why="The system says: {why}.",
        todo="Free some space and try again. What was there before is untouched.",
    ),
}
