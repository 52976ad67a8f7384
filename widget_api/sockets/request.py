"""A request as its bytes come in (RFC 9112): whether all of it is there. No I/O."""

from __future__ import annotations

import re
from enum import Enum, auto

from widget_api.sockets.body import Body, BodyError, Chunked, Counted

# More than gunicorn's own limits let through in practice.
HEAD_BYTES = 64 * 1024
# The largest body that anything here takes.
BODY_BYTES = 1024 * 1024
# What is between the chunks of a body comes on top.
CHUNKED_BYTES = BODY_BYTES + 64 * 1024

_HEAD_END = b"\r\n\r\n"
_FIELD = re.compile(rb"(?im)^(content-length|transfer-encoding|expect)[ \t]*:([^\r\n]*)\r$")
_EXPECT = re.compile(rb"(?im)^expect[ \t]*:[^\n]*\n")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class Arrival(Enum):
    """How much of a request has come."""

    PARTIAL = auto()
    WHOLE = auto()
    HEAD_ONLY = auto()  # the body is larger than anything takes, or its end cannot be told: the head is enough
    TOO_LARGE = auto()  # a body that does not say how long it is has become larger than anything takes


class IncomingRequest:
    """Takes what a connection brings, and keeps it until somebody parses it."""

    def __init__(self) -> None:
        self.arrival = Arrival.PARTIAL
        self.expects_continue = False  # the client waits for "100 Continue" before it sends the body
        self._data = bytearray()
        self._head_bytes = 0  # 0: the head is not complete
        self._body: Body = Counted(0)
        self._is_chunked = False

    def __len__(self) -> int:
        return len(self._data)

    @property
    def data(self) -> bytes:
        """All that has come, perhaps with the beginning of the next request."""
        return bytes(self._data)

    @property
    def path(self) -> bytes:
        """The path of a request whose head has come, with its query."""
        line = bytes(self._data[:HEAD_BYTES]).partition(b"\r\n")[0]
        return line.partition(b" ")[2].partition(b" ")[0]

    def feed(self, data: bytes) -> None:
        """Take in what has come."""
        before = len(self._data)
        self._data += data
        if self._head_bytes:
            self._feed_body(data)
        else:
            self._look_for_head(before)

    def _look_for_head(self, before: int) -> None:
        end = self._data.find(_HEAD_END, max(0, before - len(_HEAD_END)))
        if end < 0:
            if len(self._data) > HEAD_BYTES:
                self.arrival = Arrival.HEAD_ONLY
            return
        body = bytes(self._data[end + len(_HEAD_END) :])
        self._read_head(bytes(self._data[: end + len(_HEAD_END)]))
        if self.arrival is Arrival.PARTIAL:
            self._feed_body(body)

    def _read_head(self, head: bytes) -> None:
        fields = {name.lower(): value.strip(b" \t") for name, value in _FIELD.findall(head)}
        self._head_bytes = len(head)
        if b"transfer-encoding" in fields:
            self._is_chunked = True
            self._body = Chunked()
        elif length := fields.get(b"content-length"):
            if not _LENGTH.fullmatch(length) or int(length) > BODY_BYTES:
                self.arrival = Arrival.HEAD_ONLY
                return
            self._body = Counted(int(length))
        if fields.get(b"expect", b"").lower() == b"100-continue":
            self._drop_expectation(head)

    def _drop_expectation(self, head: bytes) -> None:
        """The answer to it comes from whoever reads, and must not come once more from whoever parses."""
        self.expects_continue = True
        kept = _EXPECT.sub(b"", head)
        self._data[: len(head)] = kept
        self._head_bytes = len(kept)

    def _feed_body(self, data: bytes) -> None:
        try:
            self._body.feed(data)
        except BodyError:
            self.arrival = Arrival.HEAD_ONLY
            return
        if self._body.ended:
            self.arrival = Arrival.WHOLE
        elif self._is_chunked and len(self._data) - self._head_bytes > CHUNKED_BYTES:
            self.arrival = Arrival.TOO_LARGE
