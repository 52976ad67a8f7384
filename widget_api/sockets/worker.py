"""gunicorn's threaded worker, whose responses may take over their connection: an open stream then holds no thread.

What is known here of the insides of gunicorn 27: `Response` writes the head, and the end of a body in chunks;
`handle` answers `_DEFER` for a connection that waits in the poller for its first bytes, which `murder_pending` ends;
`finish_request` keeps the connection for the next request or closes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker  # type: ignore[import-untyped]

from widget_api.sockets.client import TAKE_OVER, Connection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# A connection that has not said anything by then holds no thread: browsers open some for later, others for ever.
FIRST_WORD_SECONDS = 0.1

KEPT: Future[bool] = Future()  # how a request ends whose connection stays open
KEPT.set_result(True)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Does not count a connection that is taken over, touch it, or wait for it at its end, until it is given back."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._quitting = False
        self._thread = threading.local()  # its `connection` is that of the request at hand
        # Connections that are taken over. True: the request is finished or the connection was given back, whichever
        # came first, and can be kept when the other has come.
        self._lent: WeakKeyDictionary[TConn, bool] = WeakKeyDictionary()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Once, for a terminal sends the signal and gunicorn's master again. And past `ThreadWorker`, which waits
        here for a lock of its pool: where the signal came while this thread held it, for ever."""
        if not self._quitting:
            self._quitting = True
            super(ThreadWorker, self).handle_quit(sig, frame)

    def load_wsgi(self) -> None:
        super().load_wsgi()
        app: WSGIApplication = self.app.wsgi()

        def offering(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
            if environ["SERVER_PROTOCOL"] in {"HTTP/1.0", "HTTP/1.1"}:  # HTTP/2 has many requests on one connection
                environ[TAKE_OVER] = partial(self._take_over, self._thread.connection, start_response.__self__)
            return app(environ, start_response)

        self.wsgi = offering

    def handle(self, conn: TConn) -> Any:
        if conn.initialized or conn.data_ready or conn.wait_for_data(FIRST_WORD_SECONDS):
            return super().handle(conn)
        return _DEFER

    def handle_request(self, req: Any, conn: TConn) -> bool:
        self._thread.connection = conn
        return bool(super().handle_request(req, conn))

    def _take_over(self, connection: TConn, response: Response) -> Connection:
        """In the request's thread, in the place of the body."""
        chunked, closing = response.chunked, response.should_close()
        response.send_headers()
        response.chunked = False  # else gunicorn would write the end of a body that has just begun
        self._lent[connection] = False
        return Connection(connection.sock, chunked, None if closing else partial(self._give_back, connection))

    def _give_back(self, connection: TConn) -> None:
        if self.alive:
            self.method_queue.defer(self._settle, connection)
        else:
            connection.close()

    # in gunicorn's main thread

    def murder_pending(self) -> None:
        """Who has not said anything is not waited for by a worker that stops."""
        for conn in () if self.alive else self.pending_conns:
            conn.timeout = 0
        super().murder_pending()

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        if conn in self._lent:
            self.nr_conns -= 1
            self._settle(conn)
        else:
            super().finish_request(conn, fs)

    def _settle(self, connection: TConn) -> None:
        if not self._lent[connection]:
            self._lent[connection] = True
            return
        del self._lent[connection]
        if len(self.keepalived_conns) < self.max_keepalived:
            self.nr_conns += 1
            super().finish_request(connection, KEPT)
        else:
            connection.close()
