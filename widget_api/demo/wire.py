"""A WSGI middleware that can cut the answers' streams while they are open, as a bad network does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from widget_api.demo.faults import FAULTS
from widget_api.sockets.client import TAKE_OVER, Connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOK_SECONDS = 0.1


class Wire:
    """Knows the connections over which this process writes streams. The app does not know of it.

    The button may be pressed in another process: a thread looks for it as long as there is something to cut.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._open: dict[socket.socket, float] = {}  # since when
        self._watched = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if take_over := environ.get(TAKE_OVER):
            environ[TAKE_OVER] = lambda: self._watch(take_over())
        return self._app(environ, start_response)

    def _watch(self, connection: Connection) -> Connection:
        """Remember the connection until it is closed, or kept for other requests."""
        taken, _, keep = connection

        def give_back() -> None:
            with self._lock:
                self._open.pop(taken, None)
            if keep:
                keep()

        with self._lock:
            self._open[taken] = time.time()
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._look, name="wire", daemon=True).start()
        return connection._replace(keep=give_back if keep else None)

    def _look(self) -> None:
        while self._cut(FAULTS.cut_at):
            time.sleep(LOOK_SECONDS)

    def _cut(self, moment: float) -> bool:
        """Break the streams that were open at that moment, without the end that HTTP wants. False when none is
        left."""
        with self._lock:
            self._open = {each: since for each, since in self._open.items() if each.fileno() >= 0}
            for each, since in self._open.items():
                if since <= moment:
                    with suppress(OSError):
                        # Both sides notice now, and not with the next word.
                        each.shutdown(socket.SHUT_RDWR)
            self._watched = bool(self._open)
            return self._watched
