"""PostgreSQL as peewee sees it, with a bounded set of connections that are lent for a statement or a block."""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from peewee import OperationalError, PostgresqlDatabase
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown

from widget_api.database import NoPlace

Connection = psycopg.Connection[tuple[Any, ...]]

# Two hosts of two workers take 64 of the 100 that a server allows as it comes.
PLACES = 16
WAIT_SECONDS = 5

# The URL's own parameters come before these.
NETWORK: dict[str, Any] = {
    "application_name": "shop-chat",
    "connect_timeout": 5,
    # A host that vanished without a word is noticed within 15 s of silence, or 10 s after something was sent.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
# In seconds. Nothing here takes one, and nobody waits inside a transaction: a process that does has been halted,
# and must not keep its rows from those who take over its work.
LIMITS = {"statement_timeout": 20, "lock_timeout": 5, "idle_in_transaction_session_timeout": 5}

# The name of the lock that migrations hold.
MIGRATING = 0x5368_6F70_4368_6174


class Text(StrDumperUnknown):
    """Strings, with a visible mark for the one character that PostgreSQL cannot hold."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))


class Postgres(PostgresqlDatabase):
    """A pool without a lock around the network: peewee's own lets all threads wait while one connects.

    A thread has a connection within `connected()` or a transaction; outside of both each statement has one for
    itself. So nobody keeps a connection who waits for something else, and a few are enough for many threads.
    """

    _state: Any  # of the calling thread: its connection and its transactions

    def __init__(self, url: str) -> None:
        given = conninfo_to_dict(url)
        limits = " ".join(f"-c {name}={seconds}s" for name, seconds in LIMITS.items())
        self._parameters = {**NETWORK, **given, "options": f"{limits} {given.get('options', '')}"}
        self._places = threading.BoundedSemaphore(PLACES)
        self._idle: deque[Connection] = deque()
        self._closing = False
        super().__init__(str(given["dbname"]), autoconnect=False, prefer_psycopg3=True)

    # lending

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Lend this thread a connection. Raises `NoPlace`, or `OperationalError` when the server is away."""
        if not self.is_closed():
            if reuse_if_open:
                return False
            raise OperationalError("This thread has a connection already.")
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise NoPlace("all connections are lent")
        try:
            self._state.reset()
            self._state.set_connection(self._used() or self._new())
        except BaseException:
            self._places.release()
            raise
        return True

    def close(self) -> bool:
        """Take back the connection that this thread was lent."""
        if self.is_closed():
            return False
        if self.in_transaction():
            raise OperationalError("A transaction is under way.")
        connection: Connection = self._state.conn
        self._state.reset()
        if connection.info.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:  # broken, or in a transaction that could not be ended
            connection.close()
        self._places.release()
        if self._closing:
            self.close_idle()
        return True

    def close_all(self) -> None:
        """Close every connection, those that are lent as they come back."""
        self._closing = True
        self.close_idle()

    def close_idle(self) -> None:
        """Close the connections that nobody has."""
        while connection := self._popped():
            connection.close()

    def _used(self) -> Connection | None:
        """The idle connection that was used last and is still good. One whose server has gone is noticed by what
        it has to say: an idle connection says nothing."""
        while connection := self._popped():
            if not _says_something(connection):
                return connection
            connection.close()
        return None

    def _popped(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new(self) -> Connection:
        try:
            connection = psycopg.connect(**self._parameters, autocommit=True)
        except psycopg.Error as exc:
            raise OperationalError(" ".join(str(exc).split())) from exc
        connection.adapters.register_dumper(str, Text)
        self.server_version = connection.info.server_version
        return connection

    # asking

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run one statement. A read that finds its connection dead is tried on a new one, once."""
        lent = self.connect(reuse_if_open=True)
        try:
            return self._tried(sql, params)
        finally:
            if lent:
                self.close()

    def _tried(self, sql: str, params: Any) -> Any:
        try:
            return self._execute(sql, params)
        except OperationalError:
            if self.in_transaction() or not self._state.conn.closed or not sql.startswith("SELECT"):
                raise
        self._replace()
        return self._execute(sql, params)

    def _execute(self, sql: str, params: Any) -> Any:
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction; on a new connection when this one is dead, for nothing has been written yet."""
        try:
            super().begin(isolation_level)
        except OperationalError:
            self._replace()
            super().begin(isolation_level)

    def _replace(self) -> None:
        self._state.conn.close()
        self._state.set_connection(self._new())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other process is in such a block at the same time. Statements may take as long as they need, but wait
        for others as briefly as ever, for everybody else queues behind a change of a table that waits."""
        self.execute_sql("SET statement_timeout = 0")
        self.execute_sql("SET lock_timeout = 0")
        try:
            self.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATING,))
            self.execute_sql(f"SET lock_timeout = '{LIMITS['lock_timeout']}s'")
            yield
        finally:
            self._state.conn.close()  # which lets go of the lock, and of these settings


def _says_something(connection: Connection) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
