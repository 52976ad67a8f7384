"""How a connection to a shop is made: to a vetted address only, and never held for longer than allowed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from widget_api.problems import ShopRefused
from widget_api.shopify.endpoint import is_loopback, is_public

# A name may have dozens of addresses; two tries fit into the time that a shopper waits.
MAX_ADDRESSES = 2
CONNECT_SECONDS = 5.0

_thread = threading.local()


class TimeLimit:
    """Hangs up on an exchange that outlasts `seconds` in all, however steadily its bytes drip in.

    The timeouts of sockets begin anew with every byte. A thread has one exchange at a time.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._deadline = time.monotonic() + seconds
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

    @property
    def left(self) -> float:
        """The seconds until the limit; not above 0 when it is over."""
        return self._deadline - time.monotonic()

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


class _Lookups:
    """Look-ups of names in threads of their own: the system's resolver may take half a minute, and nothing ends it
    sooner. Whoever asks for a name that is being looked up waits for the same thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, int], Future[list[str]]] = {}

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """Return the addresses of a name. Raises `TimeoutError` after so many seconds, and `socket.gaierror`."""
        with self._lock:
            found = self._pending.get((host, port))
            if found is None:
                found = self._pending[host, port] = Future()
                threading.Thread(target=self._look_up, args=(host, port, found), daemon=True).start()
        try:
            return found.result(max(0.0, seconds))
        except FutureTimeoutError as exc:
            raise TimeoutError from exc

    def _look_up(self, host: str, port: int, found: Future[list[str]]) -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except Exception as exc:  # noqa: BLE001 - it is raised where the name was asked for
            failed = exc
            self._end(host, port)
            found.set_exception(failed)
        else:
            self._end(host, port)
            found.set_result(addresses)

    def _end(self, host: str, port: int) -> None:
        with self._lock:
            del self._pending[host, port]


_lookups = _Lookups()


def _sent_over(connection: HTTPConnection) -> None:
    limit: TimeLimit | None = getattr(_thread, "limit", None)
    if limit is not None and connection.sock is not None:
        limit.holds(connection.sock)


def _seconds_for(connection: HTTPConnection) -> float:
    """Return how long the next step of connecting may take. Raises `ConnectTimeoutError` when no time is left."""
    limit: TimeLimit | None = getattr(_thread, "limit", None)
    most = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT_SECONDS
    seconds = most if limit is None else min(most, limit.left)
    if seconds <= 0:
        raise ConnectTimeoutError(connection, f"no time left for a connection to {connection.host}")
    return seconds


def _dial(connection: HTTPConnection, allowed: Callable[[str], bool]) -> socket.socket:
    """A socket to an address that was looked up once and found to be `allowed`, all its siblings too.

    The name stays what it is for TLS and for the Host header, and is not looked up again: a name whose next
    answer is another address ("DNS rebinding") leads nowhere.
    """
    host, port = connection.host, connection.port
    try:
        addresses = _lookups.addresses(host, port, _seconds_for(connection))
    except TimeoutError as exc:
        raise ConnectTimeoutError(connection, f"{host} was looked up for too long") from exc
    except socket.gaierror as exc:
        raise NameResolutionError(host, connection, exc) from exc
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
    except TimeoutError as exc:
        raise ConnectTimeoutError(connection, f"no connection to {connection.host} in time") from exc
    except OSError as exc:
        raise NewConnectionError(connection, f"no connection to {connection.host}") from exc


def _to(connection: HTTPConnection, address: str) -> socket.socket:
    seconds = _seconds_for(connection)  # for the TLS handshake, too, which Python bounds as a whole
    return create_connection((address, connection.port), seconds, socket_options=connection.socket_options)


class _PublicConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self, is_public)

    def connect(self) -> None:
        super().connect()
        _sent_over(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _sent_over(self)  # the connection of an earlier exchange
        super().request(*args, **kwargs)


class _LoopbackConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _dial(self, is_loopback)

    def connect(self) -> None:
        super().connect()
        _sent_over(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _sent_over(self)  # the connection of an earlier exchange
        super().request(*args, **kwargs)


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _LoopbackPool(HTTPConnectionPool):
    ConnectionCls = _LoopbackConnection


class VettedAdapter(HTTPAdapter):
    """https leads to public addresses and nowhere else, http to this machine and nowhere else."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool, "http": _LoopbackPool}
