"""Downloads: a conversation as a file, read page by page while it is sent, and how many are sent at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterator
from typing import Final

from widget_api.api.pages import document
from widget_api.api.slots import Slots
from widget_api.exports import Format
from widget_api.models import MOST_ROWS, Conversation, Message, connected
from widget_api.problems import TooManyRequests

# Each holds one of the server's threads while its reader takes it.
MOST: Final = 8
# What is in memory of a file at once, as it is stored.
PAGE_BYTES: Final = 256 * 1024
PAGE_MESSAGES: Final = 100
RETRY_SECONDS: Final = 2


class Downloads:
    """The places of a process for work on a whole conversation: some for all sessions, one for each."""

    def __init__(self, most: int = MOST) -> None:
        self._slots = Slots(most)
        self._sessions: set[str] = set()
        self._lock = threading.Lock()

    def take(self, session: str) -> Callable[[], None]:
        """Take a place; call what is returned, once or more, to give it back. Raises `Busy`, and `TooManyRequests`
        while the session has one."""
        with self._lock:
            if session in self._sessions:
                raise TooManyRequests("Wait until your other file has come.", retry_after=RETRY_SECONDS)
            leave = self._slots.take()
            self._sessions.add(session)
        given_back = threading.Lock()

        def give_back() -> None:
            if given_back.acquire(blocking=False):
                with self._lock:
                    self._sessions.discard(session)
                leave()

        return give_back


class File:
    """A conversation as a file, up to the message that was its newest when this was made.

    Each page is read by itself: a slow reader holds no connection to the database, and memory does not grow with the
    conversation.
    """

    def __init__(self, conversation: Conversation, format: Format, sites: Container[str]) -> None:
        self._conversation = conversation
        self._format = format
        self._sites = sites
        with connected():
            newest, _ = Message.newest_first(conversation.pk, 1, 0)
        self._before = newest[0].pk + 1 if newest else 1
        self._after = 0
        self.ended = False

    def read(self) -> bytes:
        """Return the next piece. `ended` says whether it is the last."""
        with connected():
            messages, more = Message.oldest_first(
                self._conversation.pk, PAGE_MESSAGES, PAGE_BYTES, after=self._after, before=self._before
            )
        pieces = self._format.between.join(
            self._format.message(document(message), self._sites) for message in messages
        )
        begin = self._format.between if self._after else self._format.begin(self._conversation.to_dict())
        self._after = messages[-1].pk if messages else MOST_ROWS
        self.ended = not more
        return begin + pieces + (self._format.end if self.ended else b"")

    def pieces(self) -> Iterator[bytes]:
        """Return the pieces that have not been read."""
        while not self.ended:
            yield self.read()
