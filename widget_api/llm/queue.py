"""A queue before a model that answers only so many at once: in order of arrival, and everybody knows their place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from widget_api.llm.base import Sink


class _Ticket:
    """One step's place in the queue."""

    def __init__(self, *, continues: bool) -> None:
        self.continues = continues
        self.news = threading.Event()
        self.ahead = 0  # so many must end before it is this one's turn
        self.is_served = False
        self.has_left = False


class Queue:
    """Lets so many steps be asked at once; the others wait. Safe for any number of threads."""

    def __init__(self, places: int = 0) -> None:
        """`places` is how many are asked at once, 0 for no limit."""
        self._is_limited = places > 0
        self._free = places
        self._waiting: list[_Ticket] = []
        self._lock = threading.Lock()

    @contextmanager
    def place(self, into: Sink, *, continues: bool = False) -> Iterator[bool]:
        """Hold a place once it is this one's turn. Yields False, and holds none, when the turn is stopped before.

        What `continues` an answer goes before what begins one: a turn that has begun ends soon, and nobody waits
        in the middle of an answer.
        """
        if not self._is_limited:
            yield True
            return
        ticket = self._enter(continues=continues)
        try:
            yield ticket.is_served or self._wait(ticket, into)
        finally:
            self._leave(ticket)

    def _enter(self, *, continues: bool) -> _Ticket:
        ticket = _Ticket(continues=continues)
        with self._lock:
            at = sum(each.continues for each in self._waiting) if continues else len(self._waiting)
            self._waiting.insert(at, ticket)
            self._advance()
        return ticket

    def _wait(self, ticket: _Ticket, into: Sink) -> bool:
        into.on_stop(lambda: self._give_up(ticket))
        told = 0
        while True:
            with self._lock:
                ticket.news.clear()
                ahead, is_over = ticket.ahead, ticket.is_served or ticket.has_left
            if is_over:
                break
            if ahead != told:
                into.waiting(ahead)
                told = ahead
            ticket.news.wait()
        if told:
            into.waiting(0)
        return ticket.is_served

    def _give_up(self, ticket: _Ticket) -> None:
        """Leave the queue. A step that has its place keeps it until it ends."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                ticket.has_left = True
                ticket.news.set()
                self._advance()

    def _leave(self, ticket: _Ticket) -> None:
        self._give_up(ticket)
        with self._lock:
            if ticket.is_served:
                self._free += 1
                self._advance()

    def _advance(self) -> None:
        """Give free places to those who are first, and tell the others where they stand."""
        while self._free and self._waiting:
            self._free -= 1
            first = self._waiting.pop(0)
            first.is_served = True
            first.news.set()
        for ahead, ticket in enumerate(self._waiting, 1):
            if ticket.ahead != ahead:
                ticket.ahead = ahead
                ticket.news.set()


class Queues:
    """One queue for each address: all models of one server share its places."""

    def __init__(self, places: int = 0) -> None:
        self._places = places
        self._queues: dict[str, Queue] = {}

    def at(self, address: str) -> Queue:
        """Return the queue before the server at this address."""
        return self._queues.setdefault(address, Queue(self._places))
