"""How a connection to a shop is made: to a vetted address only, and never held for longer than allowed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from widget_api.problems import ShopRefused
from widget_api.shopify.endpoint import is_loopback, is_public

# A name may have dozens of addresses; two tries fit into the time that a shopper waits.
MAX_ADDRESSES = 2

_thread = threading.local()


class TimeLimit:
    """Hangs up on an exchange that outlasts `seconds` in all, however steadily its bytes drip in.

    The timeouts of sockets begin anew with every byte. A thread has one exchange at a time.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None

    def __enter__(self) -> TimeLimit:
        _thread.limit = self
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._timer.cancel()
        _thread.limit = None

    def holds(self, used: socket.socket | None) -> None:
        """The exchange goes over this socket."""
        self._socket = used
        if self.over:
            self._end()

    def _end(self) -> None:
        self.over = True
        if self._socket is not None:
            with suppress(OSError):
                # Not SSLSocket's own shutdown: that takes the TLS layer from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _sent_over(connection: HTTPConnection) -> None:
    limit: TimeLimit | None = getattr(_thread, "limit", None)
    if limit is not None:
        limit.holds(connection.sock)


def _dial(connection: HTTPConnection, allowed: Callable[[str], bool]) -> socket.socket:
    """A socket to an address that was looked up once and found to be `allowed`, all its siblings too.

    The name stays what it is for TLS and for the Host header, and is not looked up again: a name whose next
    answer is another address ("DNS rebinding") leads nowhere.
    """
    host, port = connection.host, connection.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        raise NameResolutionError(host, connection, exc) from exc
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(allowed(address) for address in addresses):
        raise ShopRefused("The shop's name does not lead to an address where a shop can be.")
    return _connect(connection, addresses[:MAX_ADDRESSES])


def _connect(connection: HTTPConnection, addresses: list[str]) -> socket.socket:
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return _to(connection, address)
    try:
        return _to(connection, last)
    except OSError as exc:
        raise NewConnectionError(connection, f"no connection to {connection.host}") from exc


def _to(connection: HTTPConnection, address: str) -> socket.socket:
    return create_connection((address, connection.port), connection.timeout, socket_options=connection.socket_options)


class _PublicConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self, is_public)

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _sent_over(self)


class _LoopbackConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self, is_loopback)

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _sent_over(self)


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _LoopbackPool(HTTPConnectionPool):
    ConnectionCls = _LoopbackConnection


class VettedAdapter(HTTPAdapter):
    """https leads to public addresses and nowhere else, http to this machine and nowhere else."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool, "http": _LoopbackPool}
