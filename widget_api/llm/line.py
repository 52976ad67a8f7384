"""Connections to a provider that another thread may hang up, whether they wait for the answer or bring it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPResponse as Answer
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse


class Line:
    """One step's connection. `hung_up` is set, for good, when another thread has ended it."""

    def __init__(self) -> None:
        self.hung_up = threading.Event()
        self.connection: socket.socket  # that the answer comes by
        self.answer: Answer  # once its head has come
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None  # None: there is nothing that is ours to end

    def hang_up(self) -> None:
        """End the connection now: what waits for its bytes sees their end. May be called from any thread."""
        self.hung_up.set()
        with self._lock:
            self._cut()

    def let_go(self) -> None:
        """Leave the connection to its pool: hanging up does not end it any more."""
        with self._lock:
            self._socket = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Take the connections that this thread uses meanwhile; afterwards they are the pool's again."""
        token = _LINE.set(self)
        try:
            yield
        finally:
            _LINE.reset(token)
            self.let_go()

    def take(self, connected: socket.socket) -> None:
        """Hold on to the connection that the answer will come by."""
        with self._lock:
            self._socket = self.connection = connected
            if self.hung_up.is_set():
                self._cut()

    def _cut(self) -> None:
        # Past SSLSocket's own method, which would take the encryption away from under the thread that reads.
        with suppress(OSError):
            if self._socket:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_LINE: ContextVar[Line] = ContextVar("line")


def session(streams: int) -> requests.Session:
    """A session for so many answers at once. It knows no proxies, cookies or keys but what it is told."""
    made = _Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=streams))
    return made


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """A question is not carried elsewhere: nothing is read of where to."""


def _take(connected: socket.socket) -> None:
    if line := _LINE.get(None):
        line.take(connected)


class _Answer(Answer):
    def begin(self) -> None:
        super().begin()
        if line := _LINE.get(None):
            line.answer = self


class _Http(HTTPConnection):
    response_class = _Answer

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself has it
        _take(self.sock)
        return super().getresponse()


class _Https(HTTPSConnection):
    response_class = _Answer

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself has it
        _take(self.sock)
        return super().getresponse()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
