"""The way out of a connection: what its client does not take at once is sent by the loop, and holds no thread."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from widget_api.sockets.loop import WRITE, Timer, loop
from widget_api.sockets.upstream import NOTHING_YET

# So much of a response may wait; then whoever makes it waits for the client, so long in all.
WAITING_BYTES: Final = 1024 * 1024
MAKING_SECONDS: Final = 15.0
# Of all responses together. Where it is more, the client that has been behind for longest is cut off.
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
# A client that takes nothing for so long is gone, and nobody takes longer than that for all of it.
STALLED_SECONDS: Final = 15.0
SENDING_SECONDS: Final = 120.0

GONE: Final = "the client takes nothing"


class _Waiting:
    """The bytes that wait in all outlets of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0
        self._outlets: dict[Outlet, None] = {}  # the one that has been behind for longest first

    def add(self, outlet: Outlet, number: int) -> None:
        """Count bytes that wait in an outlet. Where they are too many in all, somebody is cut off."""
        with self._lock:
            self._bytes += number
            self._outlets.setdefault(outlet)
            if self._bytes <= MOST_WAITING_BYTES:
                return
            last = next(iter(self._outlets))
            del self._outlets[last]
        last.cut_off()

    def remove(self, outlet: Outlet, number: int, *, is_rest: bool) -> None:
        """Count bytes that wait no more, perhaps the last of the outlet."""
        with self._lock:
            self._bytes -= number
            if is_rest:
                self._outlets.pop(outlet, None)


_waiting = _Waiting()


class Outlet:
    """Stands in for a connection's socket while gunicorn writes a response: `sendall` does not wait for the client.

    Once something has to wait, the loop sends it on. The lock is held only for what cannot block.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._loop = loop()
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._is_shared = False  # the loop has to do with it, too
        self._is_watched = False  # in the loop's thread
        self._is_lost = False
        self._patience = MAKING_SECONDS
        self._then: Callable[[bool], object] | None = None
        self._deadline = 0.0
        self._last_progress = 0.0
        self._timer: Timer

    def __getattr__(self, name: str) -> Any:
        """Be the socket in all else."""
        return getattr(self.socket, name)

    # in the thread that makes the response

    def sendall(self, data: bytes) -> None:
        """Send it, or have it wait. Raises `BrokenPipeError` when the client is gone or takes too little."""
        with self._changed:
            self._make_room()
            sent = 0 if self._waiting else self._try(data)
            if sent < len(data):
                self._keep(data[sent:])
            if self._is_lost:
                raise BrokenPipeError(errno.EPIPE, GONE)

    def send(self, data: bytes) -> int:
        """Do what `sendall` does. Returns the number of bytes."""
        self.sendall(data)
        return len(data)

    def sendfile(self, file: BinaryIO, offset: int = 0, count: int | None = None) -> int:
        """Send what stands in a file, which is small enough to be read at once."""
        file.seek(offset)
        return self.send(file.read(-1 if count is None else count))

    def give_up(self) -> socket.socket:
        """Return the socket, for somebody else to write to. Raises `BrokenPipeError` when something waits."""
        if self._is_shared:
            raise BrokenPipeError(errno.EPIPE, GONE)
        return self.socket

    def cut_off(self) -> None:
        """Let go of the client. From any thread; returns at once."""
        self._loop.call_soon(self._cut_off)

    def finish(self, then: Callable[[bool], object]) -> bool:
        """Return True when all has been sent. Otherwise `then` is called in the loop's thread when nothing waits any
        more: with True when all was sent, with False when the client was lost."""
        with self._changed:
            if not self._is_shared:
                return True
            self._then = then
            self._loop.call_soon(self._end_if_done)
            return False

    def _make_room(self) -> None:
        """Wait until little enough waits."""
        began = time.monotonic()
        enough = self._changed.wait_for(
            lambda: self._is_lost or len(self._waiting) <= WAITING_BYTES, max(0.0, self._patience)
        )
        self._patience -= time.monotonic() - began
        if not enough:
            self._lose()

    def _keep(self, data: bytes) -> None:
        if self._is_lost:
            return
        self._is_shared = True
        self._waiting += data
        self._loop.call_soon(self._watch)
        _waiting.add(self, len(data))

    def _try(self, data: bytes | bytearray) -> int:
        """Give the connection what it takes at once. Returns how many bytes that was."""
        try:
            return self.socket.send(data)
        except NOTHING_YET:
            return 0
        except OSError:
            self._lose()
            return 0

    def _lose(self) -> None:
        self._is_lost = True
        _waiting.remove(self, len(self._waiting), is_rest=True)
        self._waiting.clear()
        self._changed.notify_all()

    # in the loop's thread

    def _watch(self) -> None:
        if self._is_watched or not self._waiting:
            return
        now = self._last_progress = time.monotonic()
        if not self._deadline:
            self._deadline = now + SENDING_SECONDS
            self._timer = self._loop.call_later(STALLED_SECONDS, self._look_at_the_clock)
        self._loop.watch(self.socket, WRITE, self._flush)
        self._is_watched = True

    def _forget(self) -> None:
        if self._is_watched:
            self._loop.forget(self.socket)
            self._is_watched = False

    def _flush(self, _events: int) -> None:
        with self._changed:
            sent = self._try(self._waiting) if self._waiting else 0
            if sent:
                self._last_progress = time.monotonic()
                del self._waiting[:sent]
                _waiting.remove(self, sent, is_rest=not self._waiting)
                self._changed.notify_all()
            if not self._waiting:
                self._forget()
        self._end_if_done()

    def _cut_off(self) -> None:
        with self._changed:
            self._lose()
        self._end_if_done()

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        with self._changed:
            if self._waiting and (now > self._deadline or now > self._last_progress + STALLED_SECONDS):
                self._lose()
        self._timer = self._loop.call_later(STALLED_SECONDS / 4, self._look_at_the_clock)
        self._end_if_done()

    def _end_if_done(self) -> None:
        then = self._then
        if then is None or self._waiting:
            return
        self._then = None
        if self._deadline:
            self._timer.cancel()
        self._forget()
        then(not self._is_lost)
