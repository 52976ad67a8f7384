"""Connections whose next request is on its way: read in gunicorn's main thread, so that slow ones hold no thread."""

from __future__ import annotations

import selectors
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from gunicorn import sock as gunicorn_sockets  # type: ignore[import-untyped]  # gunicorn has no types

from widget_api.problems import BodyTooLarge, Busy, Problem, RequestTimeout
from widget_api.sockets.request import Arrival, IncomingRequest

# For a head and its body in all, from the first byte on.
READ_SECONDS: Final = 15.0
# What requests hold beyond SMALL_BYTES may take so much of the process's memory. Where it is more, the large request
# that has been coming for longest is refused.
SMALL_BYTES: Final = 32 * 1024
LARGE_BYTES: Final = 32 * 1024 * 1024
PIECE_BYTES: Final = 64 * 1024
# Time limits are looked at that often.
LOOK_SECONDS: Final = 0.25
# How long the certificate is used before it is read again.
CERTIFICATE_SECONDS: Final = 60.0

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Arriving:
    """One connection, and what has come of its next request."""

    def __init__(self, connection: Any, *, shakes_hands: bool) -> None:
        self.connection = connection
        self.request = IncomingRequest()
        self.began = time.monotonic()
        self.shakes_hands = shakes_hands

    @property
    def has_begun(self) -> bool:
        """Whether the client has said anything."""
        return bool(self.request)


class Uses(NamedTuple):
    """What the intake does with a connection in the end."""

    hand_over: Callable[[Any, IncomingRequest], None]  # the request is there
    refuse: Callable[[Any, Problem | None], None]  # it is not: say why, if there is anything to say


class Intake:
    """The connections of one worker. To be used in its main thread."""

    def __init__(
        self,
        poller: selectors.BaseSelector,
        uses: Uses,
        silence_seconds: float,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """A connection that says nothing for `silence_seconds` is closed; one that does not say all of its request
        within `read_seconds` is refused."""
        self._poller = poller
        self._uses = uses
        self._silence_seconds = silence_seconds
        self._read_seconds = read_seconds
        self._arriving: dict[Any, Arriving] = {}  # by connection, the one that has waited longest first
        self._large_bytes = 0
        self._look_at = 0.0
        self._context: ssl.SSLContext | None = None
        self._context_until = 0.0

    def take(self, connection: Any, data: bytes = b"", *, is_new: bool = False) -> None:
        """Read the connection's next request, of which `data` has come already."""
        arriving = Arriving(connection, shakes_hands=is_new and connection.cfg.is_ssl)
        connection.sock.setblocking(False)
        if arriving.shakes_hands:
            connection.sock = self._encryption(connection.cfg).wrap_socket(
                connection.sock, server_side=True, do_handshake_on_connect=False
            )
        self._arriving[connection] = arriving
        self._poller.register(connection.sock, selectors.EVENT_READ, lambda _: self._read(arriving))
        if data:
            self._feed(arriving, data)
        if connection in self._arriving:
            self._read(arriving)

    def _encryption(self, cfg: Any) -> ssl.SSLContext:
        """Return the certificate and its settings, read anew once in a while: it may have been renewed."""
        now = time.monotonic()
        if self._context is None or now >= self._context_until:
            self._context = gunicorn_sockets.ssl_context(cfg)
            self._context_until = now + CERTIFICATE_SECONDS
        return self._context

    def look_at_the_clock(self, *, is_ending: bool) -> None:
        """Give up on connections that are too slow. A worker that ends does not wait for those that say nothing."""
        now = time.monotonic()
        if now < self._look_at and not is_ending:
            return
        self._look_at = now + LOOK_SECONDS
        for arriving in list(self._arriving.values()):
            if now - arriving.began >= self._patience(arriving, is_ending=is_ending):
                in_time = f"Send the request within {self._read_seconds:.0f} seconds."
                self._refuse(arriving, RequestTimeout(in_time) if arriving.has_begun else None)

    def _patience(self, arriving: Arriving, *, is_ending: bool) -> float:
        if arriving.has_begun:
            return self._read_seconds
        return 0.0 if is_ending else self._silence_seconds

    def drop_oldest(self) -> bool:
        """Close the connection that has waited longest. Returns False when there is none."""
        oldest = next(iter(self._arriving.values()), None)
        if oldest is None:
            return False
        self._refuse(oldest, None)
        return True

    def close(self) -> None:
        """Close all of them."""
        while self.drop_oldest():
            pass

    def _read(self, arriving: Arriving) -> None:
        sock = arriving.connection.sock
        try:
            if arriving.shakes_hands:
                sock.do_handshake()
                arriving.shakes_hands = False
            while arriving.connection in self._arriving:
                data = sock.recv(PIECE_BYTES)
                if not data:
                    self._refuse(arriving, None)
                    return
                self._feed(arriving, data)
        except ssl.SSLWantWriteError:
            self._wait_for(arriving, selectors.EVENT_WRITE)
        except (BlockingIOError, ssl.SSLWantReadError):
            self._wait_for(arriving, selectors.EVENT_READ)
        except OSError:
            self._refuse(arriving, None)

    def _wait_for(self, arriving: Arriving, events: int) -> None:
        sock = arriving.connection.sock
        if self._poller.get_key(sock).events != events:
            self._poller.modify(sock, events, lambda _: self._read(arriving))

    def _feed(self, arriving: Arriving, data: bytes) -> None:
        request = arriving.request
        if not arriving.has_begun:
            arriving.began = time.monotonic()
        self._large_bytes -= _large(request)
        request.feed(data)
        self._large_bytes += _large(request)
        if request.arrival is Arrival.TOO_LARGE:
            self._refuse(arriving, BodyTooLarge("Send less."))
        elif request.arrival is not Arrival.PARTIAL:
            self._forget(arriving)
            self._uses.hand_over(arriving.connection, request)
        elif self._large_bytes > LARGE_BYTES:
            slowest = next(each for each in self._arriving.values() if _large(each.request))
            self._refuse(slowest, Busy("Please try again in a moment.", retry_after=2))
        elif request.expects_continue:
            request.expects_continue = False
            with suppress(OSError):
                arriving.connection.sock.send(CONTINUE)

    def _refuse(self, arriving: Arriving, problem: Problem | None) -> None:
        self._forget(arriving)
        self._uses.refuse(arriving.connection, problem)

    def _forget(self, arriving: Arriving) -> None:
        self._large_bytes -= _large(arriving.request)
        del self._arriving[arriving.connection]
        with suppress(KeyError, ValueError):
            self._poller.unregister(arriving.connection.sock)


def _large(request: IncomingRequest) -> int:
    """Return how much of the request is counted as large."""
    return max(0, len(request) - SMALL_BYTES)
