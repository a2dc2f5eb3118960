"""What the hosts and the wire say."""

from __future__ import annotations

from app.messages.message import Message
from engines.contract.errors import ErrorCode

ROWS: dict[ErrorCode, Message] = {
    ErrorCode.WIRE_GARBLED: Message(
        what="A message between Modelwright and an engine's process cannot be read.",
        why="{why}",
        todo="Start the work again; if it happens again, reinstall the engine and copy the details.",
        button="copy_details",
    ),
    ErrorCode.WIRE_TOO_LONG: Message(
        what="A message between Modelwright and an engine's process is too long to send.",
        why="It has {bytes} bytes; {limit} are allowed.",
        todo="Work on a smaller model or fewer samples, and report what you did.",
        button="copy_details",
    ),
    ErrorCode.PROTOCOL_MISMATCH: Message(
        what="The engine's process speaks another version of Modelwright's language.",
        why="It speaks version {theirs}; this Modelwright speaks version {ours}.",
        todo="Close Modelwright, run “python3 packaging/start.py setup”, and start it again.",
        button="show_engines",
    ),
    ErrorCode.OUT_OF_MEMORY: Message(
        what="There was not enough memory for this work ({job}).",
        why="The process asked for more than {most}.",
        todo="Choose a smaller batch or model, or close other programs, then start again.",
    ),
    ErrorCode.TIME_LIMIT: Message(
        what="This work ({job}) took too long and was ended.",
        why="It was given {seconds} seconds.",
        todo="Try a smaller file or model; if it should be quick, the file may be damaged.",
    ),
    ErrorCode.HOST_SPENT: Message(
        what="This engine's process has done its one run and cannot do another.",
        why="Each training has a process of its own ({engine}).",
        todo="Start the run again; it gets a new process.",
    ),
    ErrorCode.HOST_BUSY: Message(
        what="The engine's process is at work already ({engine}).",
        why="It does one thing after another.",
        todo="Wait until it is done, or stop it first.",
    ),
    ErrorCode.HOST_NOT_STARTED: Message(
        what="The process of {engine} could not be started.",
        why="{program}: {why}",
        todo="Check the engine and its Python interpreter with “modelwright engines”.",
        button="show_engines",
    ),
    ErrorCode.JOB_UNSUPPORTED: Message(
        what="{engine} cannot do this: {job}.",
        why="It does not offer it.",
        todo="Choose another engine; “modelwright engines” lists them.",
        button="show_engines",
    ),
    ErrorCode.DEBUGGER_MISSING: Message(
        what="The engine's Python has no debugger.",
        why="A breakpoint in the engine's process needs debugpy, which {python} does not have.",
        todo="Install it with: {python} -m pip install {requirement}",
    ),
    ErrorCode.DEBUGGER_REFUSED: Message(
        what="No debugger can be let into the engine's process at port {port}.",
        why="{why}",
        todo="Choose another port, or none, so that a free one is taken.",
    ),
}
