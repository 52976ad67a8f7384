"""The session's cart, as the tools use it."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary

from widget_api.models import Session, connected, transaction

# A lock is forgotten when nobody holds on to it.
_writing: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_guard = threading.Lock()


class SessionCart:
    """The slot for a cart's id. `writing` is held while the cart is changed: two conversations of a session
    that both begin the first cart would otherwise begin two."""

    def __init__(self, session: str) -> None:
        self._session = session
        with _guard:
            self.writing = _writing.setdefault(session, threading.Lock())

    @property
    def id(self) -> str:
        """The bound cart's id, or an empty string."""
        with connected():
            return Session.cart_of(self._session)

    def bind(self, id: str) -> None:
        """Remember the cart."""
        with transaction():
            Session.bind_cart(self._session, id)

    def forget(self) -> None:
        """Let go of the cart."""
        self.bind("")
