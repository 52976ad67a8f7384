"""A WSGI middleware that can cut the answers' streams while they are open, as a bad network does."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Wire:
    """Knows every event stream that the app has open. The app does not know of it."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._open: set[_Stream] = set()
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kinds: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            kinds.extend(value for name, value in headers if name.lower() == "content-type")
            return start_response(status, headers, *rest)

        body = self._app(environ, start)
        if not any(kind.startswith("text/event-stream") for kind in kinds):
            return body
        stream = _Stream(body, environ.get("gunicorn.socket"), self._forget)
        with self._lock:
            self._open.add(stream)
        return stream

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._open)

    def cut(self) -> int:
        """Break every open stream in the middle, without the end that HTTP wants. Returns how many there were."""
        with self._lock:
            streams = list(self._open)
        for stream in streams:
            stream.cut()
        return len(streams)

    def _forget(self, stream: _Stream) -> None:
        with self._lock:
            self._open.discard(stream)


class _Stream:
    """A response body that can break off."""

    def __init__(
        self, body: Iterable[bytes], connection: socket.socket | None, forget: Callable[[_Stream], None]
    ) -> None:
        self._body = body
        self._chunks = iter(body)
        self._connection = connection
        self._forget = forget
        self._broken = False

    def cut(self) -> None:
        self._broken = True
        if self._connection is not None:
            # The browser is to notice now, and not with the next word.
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = b"" if self._broken else next(self._chunks)
        if self._broken:
            # Servers take this for a client that went away: they close the connection and leave the body unended.
            raise ConnectionResetError(errno.ECONNRESET, "cut by the demo")
        return chunk

    def close(self) -> None:
        self._forget(self)
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
