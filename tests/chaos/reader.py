"""One reader of one answer: sends the question, follows to the end through any number of cuts, as the widget does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from tests.chaos.client import Client, Refused, Wait
from tests.chaos.following import Answer, Frames, Odd
from tests.chaos.ledger import Entry
from tests.chaos.scissors import Scissors
from tests.chaos.system import ACTIVE
from tests.chaos.wire import Cut, Reply

# Nobody waits any longer for an answer; the promise is half of it.
PATIENCE_SECONDS = 75
PAGE = 100


class Reader:
    """Reads one answer in a conversation."""

    def __init__(self, client: Client, conversation: str, answer: Answer, scissors: Scissors) -> None:
        self._client = client
        self._conversation = conversation
        self._answer = answer
        self._scissors = scissors
        self._accepted = False

    async def read(self) -> str:
        """Send the question and read to the end of its answer. Returns how it ended, empty when it did not."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._persist()
        except TimeoutError:
            self._answer.tell("gave-up")
        except Refused as exc:
            self._answer.tell("refused", status=exc.status, code=exc.code)
        return self._answer.end

    async def _persist(self) -> None:
        failures = 0
        while not self._answer.end:
            before, least = self._answer.at, 0.0
            try:
                await self._hastily(self._scissors.after_request())
            except Cut:
                pass
            except Wait as exc:
                least = exc.seconds
            except Odd as exc:
                self._answer.tell("odd", what=str(exc))
            failures = 0 if self._answer.at != before else failures + 1
            if not self._answer.end:
                await asyncio.sleep(max(least, self._client.pause(failures)))

    async def _hastily(self, seconds: float | None) -> None:
        """Attach, but hang up after so many seconds: nobody knows then whether a message was accepted."""
        try:
            async with asyncio.timeout(seconds):
                await self._attach()
        except TimeoutError as exc:
            self._told_cut()
            raise Cut("cut off by a hasty shopper") from exc

    async def _attach(self) -> None:
        """Send the question, or come back to its answer in one of the ways in which clients do."""
        if not self._accepted:
            await self._send()
            return
        way = self._client.rng.choice(("header", "query", "whole", "reload"))
        if way == "header" and self._answer.cursor:
            await self._follow({}, {"Last-Event-ID": self._answer.cursor})
        elif way == "query" and self._answer.cursor:
            await self._follow({"after": self._answer.cursor})
        elif way == "reload":
            await self._reload()
        else:
            await self._follow({})

    async def _send(self) -> None:
        question = self._answer.question
        message = {"id": question.id, "role": "user", "parts": [{"type": "text", "text": question.text}]}
        body = {"id": self._conversation, "trigger": "submit-message", "message": message}
        async with self._client.request("POST", "/api/chat", body) as reply:
            self._accepted = True
            self._answer.tell("accepted")
            await self._read(reply)

    async def _follow(self, query: dict[str, str], headers: dict[str, str] | None = None) -> None:
        path = f"/api/chat/{self._conversation}/stream?{urlencode(query)}"
        async with self._client.request("GET", path, headers=headers) as reply:
            if reply.status == 200:
                await self._read(reply)
                return
        page = await self._page()
        if self._has_ended(page):
            self._answer.load(_parts(page), "")
            self._answer.ended(_status(page))

    async def _reload(self) -> None:
        """Take the answer from the history as far as it is written there, and go on from where that ends."""
        page = await self._page()
        stream = page.get("stream")
        if stream:
            self._answer.load(_parts(page), stream["last_event_id"])
            await self._follow({"after": stream["last_event_id"], "ticket": stream["ticket"]})
        elif self._has_ended(page):
            self._answer.load(_parts(page), "")
            self._answer.ended(_status(page))

    async def _page(self) -> Entry:
        """The history up to the answer."""
        path = f"/api/conversations/{self._conversation}/messages?limit={PAGE}"
        async with self._client.request("GET", path) as reply:
            page: Entry = await reply.json()
        ids = [message["id"] for message in page["messages"]]
        if self._answer.question.id not in ids:
            raise Odd("an accepted message is not in the history")
        page["messages"] = page["messages"][ids.index(self._answer.question.id) :][:2]
        return page

    @staticmethod
    def _has_ended(page: Entry) -> bool:
        """Whether the page's answer is final."""
        return len(page["messages"]) == 2 and _status(page) not in ACTIVE

    async def _read(self, reply: Reply) -> None:
        """Apply what comes until the answer has ended or the stream breaks. Raises `Cut`, `Odd`."""
        self._answer.connected()
        frames, done = Frames(), False
        async for data in self._pieces(reply):
            for at, event in frames.feed(data):
                if done:
                    raise Odd("events after [DONE]")
                done = event == "[DONE]"
                if not done:
                    self._answer.take(at, event)
        if self._answer.end and not done:
            raise Odd("an ended stream without [DONE]")

    async def _pieces(self, reply: Reply) -> AsyncIterator[bytes]:
        """The body up to where the scissors cut it."""
        left, timer = self._scissors.at_byte(), None
        try:
            async for data in reply.pieces():
                yield data if left is None else data[:left]
                left = left - len(data) if left is not None else None
                if left is not None and left <= 0:
                    self._cut(reply)
                    raise Cut("cut off by the shopper")
                if timer is None and self._answer.near_end:
                    timer = self._cut_soon(reply)
        finally:
            if timer:
                timer.cancel()

    def _cut_soon(self, reply: Reply) -> asyncio.TimerHandle | None:
        """The last word has come: what is left is the end."""
        seconds = self._scissors.after_last_word()
        return None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._cut, reply)

    def _cut(self, reply: Reply) -> None:
        self._told_cut()
        if self._client.rng.random() < 0.5:
            reply.abort()
        else:
            reply.close()

    def _told_cut(self) -> None:
        self._answer.tell("cut")
        self._scissors.cut()


def _status(page: Entry) -> str:
    return str(page["messages"][1]["metadata"]["status"])


def _parts(page: Entry) -> list[dict[str, Any]]:
    return list(page["messages"][1]["parts"])
