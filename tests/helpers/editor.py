"""An editor's debugger: attaches over the Debug Adapter Protocol, sets breakpoints, looks and goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Editor:
    """One attached debugger; use it as a context manager."""

    def __init__(self, port: int, breakpoints: Mapping[Path, list[int]] | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._waiting: list[dict[str, Any]] = []
        self.ask("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)
        attach = self._send("attach", justMyCode=False)
        self._event("initialized")
        self.verified = [
            found["verified"]
            for path, lines in (breakpoints or {}).items()
            for found in self.ask(
                "setBreakpoints",
                source={"path": str(path)},
                breakpoints=[{"line": line} for line in lines],
            )["breakpoints"]
        ]
        self.ask("configurationDone")
        self._answer(attach)

    def stopped(self) -> dict[str, Any]:
        """Wait until the process stands at a breakpoint; return its innermost frame."""
        self.thread = self._event("stopped")["threadId"]
        frames = self.ask("stackTrace", threadId=self.thread)["stackFrames"]
        found: dict[str, Any] = frames[0]
        return found

    def look(self, expression: str, frame: Mapping[str, Any]) -> str:
        """Return what an expression is in a frame."""
        return str(self.ask("evaluate", expression=expression, frameId=frame["id"])["result"])

    def clear(self, path: Path) -> None:
        """Take all breakpoints out of a file."""
        self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])

    def go_on(self) -> None:
        """Let the process run to its next breakpoint."""
        self.ask("continue", threadId=self.thread)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return its answer's body."""
        return self._answer(self._send(command, **arguments))

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._number

    def _answer(self, number: int) -> dict[str, Any]:
        answer = self._until(lambda message: message.get("request_seq") == number)
        assert answer["success"], answer
        body: dict[str, Any] = answer.get("body") or {}
        return body

    def _event(self, name: str) -> dict[str, Any]:
        return dict(self._until(lambda message: message.get("event") == name).get("body") or {})

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message that is wanted, of those that came before or of those to come."""
        for place, message in enumerate(self._waiting):
            if wanted(message):
                return self._waiting.pop(place)
        while not wanted(message := self._message()):
            self._waiting.append(message)
        return message

    def _message(self) -> dict[str, Any]:
        length = 0
        while line := self._stream.readline().strip():
            length = int(line.partition(b":")[2])
        assert length, "the debugged process hung up"
        message: dict[str, Any] = json.loads(self._stream.read(length))
        return message
