"""What the contract's own codes say."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.UNEXPECTED: Message(
        what="Something went wrong that Modelwright has no name for yet ({what}).",
        why="{why}",
        todo="Try it once more; if it happens again, copy the details and report them.",
        button="copy_details",
    ),
    ErrorCode.RECORD_MALFORMED: Message(
        what="A file or message of Modelwright does not have the form it should: {where}.",
        why="{why}",
        todo="If you edited the file by hand, undo that; otherwise take a copy of it from before.",
    ),
}
