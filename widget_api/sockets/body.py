"""The body of an HTTP/1.1 message (RFC 9112, sections 6 and 7) out of the bytes that come, however they were cut.
No I/O."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

# No server writes longer lines between its chunks, or after the last.
LINE_BYTES = 16 * 1024
SIZE_DIGITS = 15
# What has been read when a piece begins: the end of the line before it, which the first one has not.
_BEGIN = b"\n"
_DIGITS = b"0123456789abcdefABCDEF"


class BodyError(ValueError):
    """The bytes are no body, or end before it does."""


class Body(ABC):
    """Takes what a connection brings and gives back what the body says."""

    ended = False  # the body is complete
    surplus = False  # and more bytes came after it: the connection is of no further use

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the content. Raises `BodyError`."""

    def close(self) -> None:
        """The connection has ended. Raises `BodyError` when the body has not."""
        if not self.ended:
            raise BodyError("the connection ended before the answer did")


class Chunked(Body):
    """Pieces that each say how long they are."""

    # What stands between two pieces of content, and after the last one.
    _BETWEEN = re.compile(rb"\r?\n([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
    _LAST = re.compile(rb"(?:[^\r\n][^\n]*\n)*\r?\n")

    def __init__(self) -> None:
        self._kept = _BEGIN  # bytes that mean nothing as yet
        self._left = 0  # so many bytes of the piece are to come
        self._next = self._BETWEEN

    def feed(self, data: bytes) -> bytes:
        return self._alone(data) or self._feed(data)

    def _alone(self, data: bytes) -> bytes:
        """The content of a whole piece that comes alone, as most of a stream's do. For speed; `_feed` knows all."""
        end = data.find(b"\r\n", 0, SIZE_DIGITS + 2)
        if end < 1 or self._left or self._kept != _BEGIN or data[:end].strip(_DIGITS):
            return b""
        whole = end + 4 + int(data[:end], 16) == len(data) and data.endswith(b"\r\n")
        return data[end + 2 : -2] if whole else b""

    def _feed(self, data: bytes) -> bytes:
        if self._kept:
            data, self._kept = self._kept + data, b""
        pieces, at = [], 0
        while at < len(data) and not self.ended:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                at += len(piece)
            else:
                at = self._step(data, at)
        self.surplus = self.surplus or at < len(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _step(self, data: bytes, at: int) -> int:
        """Read what stands at `at` between two pieces. Returns where it ends."""
        found = self._next.match(data, at)
        if found is None:
            self._keep(data[at:])
            return len(data)
        if self._next is self._LAST:
            self.ended = True
        else:
            self._left = int(found[1], 16)
            if not self._left:
                self._next = self._LAST
        return found.end()

    def _keep(self, rest: bytes) -> None:
        whole_lines = rest.count(b"\n") - rest.startswith((b"\n", b"\r\n"))
        if len(rest) > LINE_BYTES or (self._next is self._BETWEEN and whole_lines):
            raise BodyError("what stands between the chunks of the answer is no size")
        self._kept = _BEGIN if rest == b"\r\n" and self._next is self._BETWEEN else rest


class Counted(Body):
    """As many bytes as Content-Length says."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = not length

    def feed(self, data: bytes) -> bytes:
        self.surplus = self.surplus or len(data) > self._left
        content = data[: self._left]
        self._left -= len(content)
        self.ended = not self._left
        return content


class Unbounded(Body):
    """All that comes until the connection ends, as HTTP/1.0 had it."""

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> None:
        self.ended = True


def body(*, chunked: bool, length: int | None) -> Body:
    """The body of a message whose head says so."""
    if chunked:
        return Chunked()
    return Unbounded() if length is None else Counted(length)
