"""A download: a body of unknown length that is written piece by piece, to a reader who must keep up."""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from widget_api.sockets.client import Connection

logger = logging.getLogger(__name__)

PIECE_BYTES = 64 * 1024
# A reader takes a piece in so many seconds and the whole in so many, or gives its thread to others.
PIECE_SECONDS = 15.0
WHOLE_SECONDS = 300.0

# SO_LINGER: on, for no time. A reader can tell a reset from an end.
_RESET = struct.pack("ii", 1, 0)


def body(take_over: Callable[[], Connection], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return the response's body for its server: asking for it hands over the connection and writes all of it."""
    send(take_over(), pieces)
    yield from ()


def send(
    connection: Connection,
    pieces: Iterable[bytes],
    piece_seconds: float = PIECE_SECONDS,
    whole_seconds: float = WHOLE_SECONDS,
) -> bool:
    """Write the pieces to the connection and give it back. Returns whether the reader got all of it: one who is too
    slow, and one for whom the next piece cannot be had, sees the connection break."""
    try:
        connection.socket.settimeout(piece_seconds)
        _write(connection, pieces, time.monotonic() + whole_seconds)
    except OSError:
        _break(connection)
    except Exception:
        logger.exception("a download broke off")
        _break(connection)
    else:
        _end(connection)
        return True
    return False


def _write(connection: Connection, pieces: Iterable[bytes], deadline: float) -> None:
    for piece in pieces:
        for at in range(0, len(piece), PIECE_BYTES):
            if time.monotonic() > deadline:
                raise TimeoutError
            some = piece[at : at + PIECE_BYTES]
            connection.socket.sendall(b"%x\r\n%b\r\n" % (len(some), some) if connection.chunked else some)
    if connection.chunked:
        connection.socket.sendall(b"0\r\n\r\n")


def _end(connection: Connection) -> None:
    if connection.keep:
        connection.socket.setblocking(False)
        connection.keep()
        return
    with suppress(OSError):
        connection.socket.shutdown(socket.SHUT_WR)
    connection.socket.close()


def _break(connection: Connection) -> None:
    with suppress(OSError):
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.socket.close()
