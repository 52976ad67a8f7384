"""gunicorn's threaded worker, whose threads wait for no client: requests are read before a thread has them, what a
client does not take at once is sent after the thread is done, and an open stream takes over its connection.

What is known here of the insides of gunicorn 27: `Response` writes the head, and the end of a body in chunks; a
`Parser` reads by its `unreader`; `accept`, `finish_request` and `on_client_socket_readable` are called in the main
thread and `handle` in one of the pool; `murder_pending` is called in each round of the main thread's loop.
"""

from __future__ import annotations

import errno
import json
import re
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from gunicorn import http  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]
from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker  # type: ignore[import-untyped]

from widget_api.sockets import lingering
from widget_api.sockets.client import TAKE_OVER, Connection
from widget_api.sockets.intake import Intake, Uses
from widget_api.sockets.outlet import Outlet
from widget_api.sockets.request import Arrival, IncomingRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from widget_api.problems import Problem

# Where gunicorn reads by itself: a connection that has not said anything by then holds no thread.
FIRST_WORD_SECONDS = 0.1
# What needs no database has threads of its own: it is answered also when all others wait for one.
RESERVED: Final = re.compile(rb"/healthz|/\.well-known/|/widget/(?!chat\.js|status)")
RESERVED_THREADS: Final = 2

_SENDING: Final = object()  # how `handle` says that the loop still has bytes to send


def _ended(*, keep: bool) -> Future[bool]:
    """Return how a request ends whose connection stays open, or does not."""
    future: Future[bool] = Future()
    future.set_result(keep)
    return future


KEPT: Final = _ended(keep=True)
CLOSED: Final = _ended(keep=False)


class ReadAhead(Unreader):  # type: ignore[misc]
    """All that has been read of a connection. The parser gets no more: it never waits for a client."""

    def chunk(self, size_hint: int | None = None) -> bytes:  # noqa: ARG002 - as gunicorn calls it
        return b""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Does not count a connection that is taken over, touch it, or wait for it at its end, until it is given back."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._quitting = False
        self._thread = threading.local()  # its `connection` and `outlet` are those of the request at hand
        # Connections that are taken over. True: the request is finished or the connection was given back, whichever
        # came first, and can be kept when the other has come.
        self._lent: WeakKeyDictionary[TConn, bool] = WeakKeyDictionary()
        self._intake: Intake
        self._reserve = ThreadPoolExecutor(RESERVED_THREADS)

    @property
    def _reads_ahead(self) -> bool:
        """Whether requests are plain HTTP/1. What gunicorn speaks beside it, it reads by itself, in its threads."""
        cfg = self.cfg
        spoken = (cfg.protocol, cfg.proxy_protocol, list(cfg.http_protocols), cfg.http2_cleartext)
        return spoken == ("http", "off", ["h1"], "off")

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
                connection = self._thread.connection
                if not _is_whole(connection):
                    start_response.__self__.force_close()  # where the next request begins is not known
                environ[TAKE_OVER] = partial(self._take_over, connection, start_response.__self__)
            return app(environ, start_response)

        self.wsgi = offering

    # in a thread of the pool

    def handle(self, conn: TConn) -> Any:
        is_quiet = not (self._reads_ahead or conn.initialized or conn.data_ready)
        if is_quiet and not conn.wait_for_data(FIRST_WORD_SECONDS):
            return _DEFER
        self._thread.outlet = None
        result = super().handle(conn)
        outlet: Outlet | None = self._thread.outlet
        if outlet is None or outlet.finish(partial(self._finish_sending, conn, result)):
            return result
        return _SENDING

    def handle_request(self, req: Any, conn: TConn) -> bool:
        self._thread.connection = conn
        if not self._reads_ahead:  # the body is still to be read from the socket, which has to wait for it
            return bool(super().handle_request(req, conn))
        self._thread.outlet = Outlet(conn.sock)
        conn.sock.setblocking(False)
        conn.sock = self._thread.outlet
        try:
            return bool(super().handle_request(req, conn))
        finally:
            conn.sock = conn.sock.socket

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        return _is_whole(conn) and bool(super()._keepalive_after(conn, keepalive))

    def _take_over(self, connection: TConn, response: Response) -> Connection:
        """In the request's thread, in the place of the body."""
        chunked, closing = response.chunked, response.should_close()
        response.send_headers()
        response.chunked = False  # else gunicorn would write the end of a body that has just begun
        outlet: Outlet | None = self._thread.outlet
        own = outlet.give_up() if outlet else connection.sock
        self._lent[connection] = False
        return Connection(own, chunked, None if closing else partial(self._give_back, connection))

    def _give_back(self, connection: TConn) -> None:
        if self.alive:
            self.method_queue.defer(self._settle, connection)
        else:
            connection.close()

    def _finish_sending(self, conn: TConn, result: Any, whole: bool) -> None:
        """In the loop's thread: the request ends as it would have, if the client has taken all of the response."""
        self.method_queue.defer(self.finish_request, conn, KEPT if result is True and whole else CLOSED)

    # in gunicorn's main thread

    def init_process(self) -> None:
        """Is called once gunicorn has forked; returns when the worker has ended."""
        self._intake_uses = Uses(self._hand_over, self._refuse)
        super().init_process()

    def run(self) -> None:
        self._intake = Intake(self.poller, self._intake_uses, self.cfg.keepalive)
        super().run()
        self._intake.close()
        self._reserve.shutdown(wait=False)

    def accept(self, listener: Any) -> None:
        if not self._reads_ahead:
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except OSError as exc:
            if exc.errno in {errno.EMFILE, errno.ENFILE}:  # no file is left for it
                self._drop_oldest()
            elif exc.errno not in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                raise
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        try:
            self._intake.take(conn, is_new=True)
        except OSError:  # it is gone, or its certificate cannot be read
            self.log.exception("A connection could not be begun.")
            self._refuse(conn, None)

    def on_client_socket_readable(self, conn: TConn, client: Any) -> None:
        if not self._reads_ahead:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._intake.take(conn)

    def murder_pending(self) -> None:
        """Who has not said anything is not waited for by a worker that stops. Where there is no room for another
        connection, the one that has been of no use for longest goes."""
        for conn in () if self.alive else self.pending_conns:
            conn.timeout = 0
        super().murder_pending()
        self._intake.look_at_the_clock(is_ending=not self.alive)
        while self.nr_conns >= self.worker_connections and self._drop_oldest():
            pass

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        if fs.done() and not fs.cancelled() and not fs.exception() and fs.result() is _SENDING:
            return
        if conn in self._lent:
            self.nr_conns -= 1
            self._settle(conn)
        else:
            self._end_request(conn, fs)

    def _end_request(self, conn: TConn, fs: Future[Any]) -> None:
        if not self._reads_ahead:
            super().finish_request(conn, fs)
        elif fs.cancelled() or fs.exception() or fs.result() is not True:
            self.nr_conns -= 1
            lingering.part(conn.sock)
        elif early := conn.parser.unreader.take_buffered():
            self._intake.take(conn, early)
        else:
            super().finish_request(conn, fs)

    def _settle(self, connection: TConn) -> None:
        if not self._lent[connection]:
            self._lent[connection] = True
            return
        del self._lent[connection]
        if len(self.keepalived_conns) < self.max_keepalived:
            self.nr_conns += 1
            self._end_request(connection, KEPT)
        else:
            connection.close()

    def _hand_over(self, conn: TConn, request: IncomingRequest) -> None:
        """Let a thread answer the request."""
        if not conn.initialized:
            conn.initialized = True
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = ReadAhead()
        conn.is_whole = request.arrival is Arrival.WHOLE
        conn.parser.unreader.unread(request.data)
        pool = self._reserve if RESERVED.match(request.path) else self.tpool
        future = pool.submit(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _refuse(self, conn: TConn, problem: Problem | None) -> None:
        """End a connection whose request did not come."""
        self.nr_conns -= 1
        if problem is None:
            conn.close()
            return
        with suppress(OSError):
            conn.sock.send(_response(problem))
        lingering.part(conn.sock)

    def _drop_oldest(self) -> bool:
        """Close the connection that has been idle for longest, or else the one that has been sending a request for
        longest. Returns False when there is none."""
        if not self.keepalived_conns:
            return self._intake.drop_oldest()
        conn = self.keepalived_conns.popleft()
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
        return True


def _is_whole(conn: TConn) -> bool:
    """Return whether all of the request at hand was read, or will be by gunicorn."""
    return bool(getattr(conn, "is_whole", True))


def _response(problem: Problem) -> bytes:
    """Return the bytes of a refusal for which no thread is needed."""
    body = json.dumps(problem.to_dict()).encode()
    retry = f"Retry-After: {problem.retry_after}\r\n" if problem.retry_after else ""
    head = (
        f"HTTP/1.1 {problem.status} {problem.code}\r\nConnection: close\r\nCache-Control: no-store\r\n{retry}"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
