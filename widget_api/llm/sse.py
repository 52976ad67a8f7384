"""Server-sent events from bytes, by the rules of WHATWG HTML section 9.2.6, however the bytes were cut. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
# Models send single deltas of a megabyte; beyond four no answer of ours can be meant.
MAX_EVENT_BYTES = 4 * 1024 * 1024

# The only three. `str.splitlines` knows ten and would tear JSON apart at U+2028.
_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventTooLarge(ValueError):
    """An event has more bytes than the limit."""


class Event(NamedTuple):
    """One event. `name` is `message` unless the stream named it."""

    name: str
    data: str


class Decoder:
    """Collects bytes into events. Each byte is looked at once, so small pieces of a long line cost no more."""

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        """`limit` is the most bytes that one event may have; it keeps a stream without line ends out of memory."""
        self._limit = limit
        self._line = bytearray()  # the line that has not ended yet
        self._data: list[bytes] = []  # the data lines of the event that has not ended yet
        self._size = 0  # their bytes
        self._name = ""
        self._after_cr = False  # a line feed that comes next belongs to a carriage return already seen
        self._at_start = True

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes; take them all. Raises `EventTooLarge` after those before it."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if not data:
            return
        self._after_cr = data.endswith(b"\r")
        *ended, rest = _LINE_END.split(data) if b"\r" in data else data.split(b"\n")
        for line in ended:
            if event := self._end_line(line):
                yield event
        if rest:
            self._line += rest
            self._check(len(self._line))

    def alone(self, data: bytes) -> bytes | None:
        """What a whole event in one line says that comes alone, as most of a model's do; None for all else. It need
        not be fed. For speed."""
        if data.find(b"\n") == len(data) - 2 <= self._limit and data.startswith(b"data: ") and data.endswith(b"\n"):
            begun = self._line or self._data or self._name or self._at_start or self._after_cr
            return None if begun or b"\r" in data else data[6:-2]
        return None

    def end(self) -> Iterator[Event]:
        """The event that the end of the bytes left without its blank line: many servers forget the last one."""
        yield from filter(None, [self._end_line(b""), self._dispatch()])

    def _check(self, line: int) -> None:
        if line + self._size > self._limit:
            raise EventTooLarge(f"an event has more than {self._limit} bytes")

    def _end_line(self, line: bytes) -> Event | None:
        if self._line:
            line = bytes(self._line) + line
            self._line.clear()
        if not line:
            self._at_start = False
            return self._dispatch()
        self._check(len(line))
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(BOM)
        self._take(line)
        return None

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")

    def _dispatch(self) -> Event | None:
        name, self._name = self._name or "message", ""
        if not self._data:
            return None
        data, self._data, self._size = self._data, [], 0
        return Event(name, b"\n".join(data).decode("utf-8", "replace"))
