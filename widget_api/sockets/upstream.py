"""The body of a model's answer, read as it comes: by the loop's thread, while the turn's own thread sleeps."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPResponse

from widget_api.sockets.body import BodyError, body
from widget_api.sockets.loop import READ, Timer, loop

# What is read at once becomes one event: small enough to get through whole on a line that breaks again and again.
READ_BYTES = 8 * 1024
# TLS reads whole records, and may have to write before it can read on. Either way nothing has come yet.
NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Lost(Exception):
    """The connection broke, or what came by it is no body."""


class Stalled(Lost):
    """Nothing came for too long."""


class Upstream:
    """One body on its way in. http.client has read the head, and perhaps the beginning of what follows it."""

    def __init__(
        self, connection: socket.socket, head: HTTPResponse, hear: Callable[[bytes], float], patience: float
    ) -> None:
        """`hear` takes what has come, in the loop's thread, so it must not block. It says for how many seconds
        to wait for more; 0 is enough. `patience` is how long to wait for the first."""
        self._connection = connection
        self._head = head
        self._body = body(chunked=bool(head.chunked), length=head.length)
        self._hear = hear
        self._patience = patience
        self._hidden = connection.pending if isinstance(connection, ssl.SSLSocket) else None
        self._deadline = 0.0
        self._timer: Timer
        self._loop = loop()
        self._done: Future[None] = Future()
        self._over = False  # as `_done` says, but in no time

    def read(self) -> None:
        """Return when the body has ended or `hear` has had enough. Raises `Lost`, and what `hear` raises."""
        timeout = self._connection.gettimeout()
        self._connection.setblocking(False)
        begun = self._begun()
        self._loop.call_soon(lambda: self._begin(begun))
        try:
            self._done.result()
        finally:
            self._connection.settimeout(timeout)

    @property
    def complete(self) -> bool:
        """Whether the body was read to its end and nothing came after it: the connection can bring another."""
        return self._body.ended and not self._body.surplus

    def _begun(self) -> bytes:
        """What http.client has read of the body already. Its buffer is of no use any more, but for a connection that
        ends with this body it is also what keeps it open."""
        try:
            return self._head.fp.read1(READ_BYTES)
        except OSError:  # nothing; if it is more than that, the next read says so
            return b""
        finally:
            if not self._head.will_close:
                self._head.close()

    # in the loop's thread

    def _begin(self, begun: bytes) -> None:
        self._loop.watch(self._connection, READ, self._ready)
        self._timer = self._loop.call_later(self._patience, self._look_at_the_clock)
        self._take(begun)
        self._look_for_hidden()

    def _ready(self, _events: int) -> None:
        if self._over:
            return
        try:
            data = self._connection.recv(READ_BYTES)
        except NOTHING_YET:
            return
        except OSError as exc:
            self._end(Lost(f"{type(exc).__name__}: {exc}"))
            return
        self._take(data, closed=not data)
        self._look_for_hidden()

    def _look_for_hidden(self) -> None:
        """What TLS has decrypted, and was not asked for, makes no socket ready."""
        if self._hidden and not self._over and self._hidden():
            self._loop.call_soon(lambda: self._ready(READ))

    def _take(self, data: bytes, *, closed: bool = False) -> None:
        patience = self._patience
        try:
            if content := self._body.feed(data):
                patience = self._hear(content)
            if closed:
                self._body.close()
        except BodyError as exc:
            self._end(Lost(str(exc)))
        except Exception as exc:  # noqa: BLE001 - it is raised in the turn's thread
            self._end(exc)
        else:
            self._deadline = self._loop.now + patience
            if self._body.ended or not patience:
                self._end()
            elif patience != self._patience:
                self._wait(patience)

    def _wait(self, patience: float) -> None:
        self._patience = patience
        self._timer.cancel()
        self._timer = self._loop.call_later(patience, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        """The deadline moves with every byte; a timer that moved with it would cost more than the reading."""
        left = self._deadline - self._loop.now
        if left > 0:
            self._timer = self._loop.call_later(left, self._look_at_the_clock)
        else:
            self._end(Stalled("nothing came for too long"))

    def _end(self, error: Exception | None = None) -> None:
        self._over = True
        self._loop.forget(self._connection)
        self._timer.cancel()
        if error:
            self._done.set_exception(error)
        else:
            self._done.set_result(None)
