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
        """Remember the cart."""
        self._journal.commit(lambda: Session.bind_cart(self._session, id), patient=True)

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
        ours = Session.cart_writer.startswith(self._turn)
        free = (Session.cart_writer == "") | ours | (Session.cart_writer_until < clock())
        with transaction():
            taken = Session.update(cart_writer=self._writer, cart_writer_until=clock() + WRITING_MS)
            return bool(taken.where((Session.id == self._session) & free).execute())

    def _free(self) -> None:
        mine = (Session.id == self._session) & (Session.cart_writer == self._writer)
        Session.update(cart_writer="").where(mine).execute()
