"""Ends of connections: closing upon bytes that nobody read takes the last words with it (RFC 9112, section 9.6)."""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import partial

from widget_api.sockets.loop import READ, Timer, loop
from widget_api.sockets.upstream import NOTHING_YET, READ_BYTES

LINGER_SECONDS = 2.0
# Bytes that a client may still send, and connections that may end so at once. Beyond that they are just closed.
IGNORED_BYTES = 64 * 1024
MOST = 256


class Lingering:
    """A connection that is written to no more, until its client hangs up or the time is over."""

    _number = 0  # in the loop's thread

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ignored = 0
        self._timer: Timer

    def begin(self) -> None:
        """Wait for the client to hang up. In the loop's thread."""
        if Lingering._number >= MOST:
            self._connection.close()
            return
        try:
            self._connection.setblocking(False)
            self._connection.shutdown(socket.SHUT_WR)
            loop().watch(self._connection, READ, self._drain)
        except (OSError, ValueError):  # it is gone already
            self._connection.close()
            return
        Lingering._number += 1
        self._timer = loop().call_later(LINGER_SECONDS, self._close)

    def _drain(self, _events: int) -> None:
        try:
            heard = self._connection.recv(READ_BYTES)
        except NOTHING_YET:
            return
        except OSError:
            heard = b""
        self._ignored += len(heard)
        if not heard or self._ignored > IGNORED_BYTES:
            self._timer.cancel()
            self._close()

    def _close(self) -> None:
        Lingering._number -= 1
        with suppress(KeyError, ValueError):
            loop().forget(self._connection)
        self._connection.close()


def part(connection: socket.socket) -> None:
    """Say nothing more on the connection, and close it when its client has. From any thread; returns at once."""
    loop().call_soon(partial(Lingering.begin, Lingering(connection)))
