"""Bytes of a child's stream to lines of text, with the mark that ends a job's output."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

_ENDS = re.compile(rb"\r\n|\n|\r(?!$)")  # a carriage return at the very end may yet get its line feed


class Lines:
    """Cuts chunks into lines (progress bars' carriage returns, too) and remembers the last of them."""

    def __init__(self, mark: str, longest: int = 8192, remembered: int = 200) -> None:
        self._mark = mark.encode()
        self._longest = longest
        self._rest = b""
        self._tail: deque[str] = deque(maxlen=remembered)

    @property
    def tail(self) -> str:
        """The last lines, as one text."""
        return "\n".join(self._tail)

    def feed(self, chunk: bytes) -> Iterator[str | None]:
        """Yield the lines that ``chunk`` completes, and None where the mark stood."""
        *whole, self._rest = _ENDS.split(self._rest + chunk)
        for line in whole:
            yield from self._line(line)
        while len(self._rest) > self._longest:
            piece, self._rest = self._rest[: self._longest], self._rest[self._longest :]
            yield self._remember(piece)

    def rest(self) -> Iterator[str]:
        """Yield what came last without a line's end."""
        if self._rest.strip():
            yield self._remember(self._rest)
        self._rest = b""

    def _line(self, line: bytes) -> Iterator[str | None]:
        text = line.removesuffix(self._mark)
        for start in range(0, len(text), self._longest):
            piece = text[start : start + self._longest]
            if piece.strip():
                yield self._remember(piece)
        if len(text) < len(line):
            yield None

    def _remember(self, line: bytes) -> str:
        text = line.decode("utf-8", "replace").rstrip()
        self._tail.append(text)
        return text
