"""The session's cart, as the tools use it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from widget_api.models import Session, Turn, clock, connected, transaction
from widget_api.turns.journal import Journal, patiently

# Longer than reading, changing and reading back take; a turn that died for good holds a cart no longer.
WRITING_MS = 20_000
LOOK_SECONDS = 0.1


def take_cart(session: str, writer: str, milliseconds: int, *, ours: str = "") -> bool:
    """Let `writer` alone change the session's cart for so long, by the database's clock. Return False while another
    does. `ours` begins the names of the writers whose place it may take; only its own, by default."""
    same = Session.cart_writer.startswith(ours or writer)
    free = (Session.cart_writer == "") | same | (Session.cart_writer_until < clock())
    with transaction():
        taken = Session.update(cart_writer=writer, cart_writer_until=clock() + milliseconds)
        return bool(taken.where((Session.id == session) & free).execute())


def free_cart(session: str, writer: str) -> None:
    """Let others change the session's cart, unless another one does by now."""
    mine = (Session.id == session) & (Session.cart_writer == writer)
    Session.update(cart_writer="").where(mine).execute()


def cart_writer(session: str) -> str:
    """Return the name of the writer that has the session's cart, or an empty string, also for an erased session."""
    with connected():
        found = Session.get_or_none(Session.id == session)
        return found.cart_writer if found else ""


class SessionCart:
    """The slot for a cart's id."""

    def __init__(self, session: str, turn: Turn, journal: Journal) -> None:
        self._session = session
        self._turn = turn.id
        self._writer = f"{turn.id} {turn.attempt}"
        self._journal = journal

    @property
    def id(self) -> str:
        """The bound cart's id, or an empty string."""
        return patiently(self._read)

    def _read(self) -> str:
        with connected():
            return Session.cart_of(self._session)

    def bind(self, id: str) -> None:
        """Remember the cart, which the assistant began."""
        self._journal.commit(lambda: Session.bind_cart(self._session, id, own=bool(id)), patient=True)

    def forget(self) -> None:
        """Let go of the cart."""
        self.bind("")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The block is alone with the cart, in whichever process. A cart is changed by replacing all of it, so the
        later of two would undo the earlier; and two that both begin the first cart would begin two.

        The turn holds it, whichever attempt: one that goes on for a process that died does not wait for that.
        """
        while not patiently(self._taken):
            time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            self._journal.commit(self._free, patient=True)

    def _taken(self) -> bool:
        return take_cart(self._session, self._writer, WRITING_MS, ours=self._turn)

    def _free(self) -> None:
        free_cart(self._session, self._writer)
