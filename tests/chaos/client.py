"""The product's interface as a browser uses it: one session, requests to any host, and waits as it is told."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.chaos import wire
from tests.chaos.ledger import Ledger
from tests.chaos.wire import Cut, Reply

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
TRIES = 60


class Refused(Exception):
    """The product says no, for good."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


class Wait(Exception):
    """The product is to be asked again, after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass
class Client:
    """One session. `ports` are those of the hosts that serve."""

    ports: list[int]
    shop: str
    ledger: Ledger
    rng: random.Random
    token: str = ""

    async def begin(self) -> None:
        """Take a session."""
        self.token = (await self.sure("POST", "/api/sessions", {"shop": self.shop}))["token"]

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Reply]:
        """A request at one of the hosts. Raises `Cut`, `Wait`, `Refused`."""
        headers = dict(headers or {})
        if self.token and "ticket=" not in path:
            headers["Authorization"] = f"Bearer {self.token}"
        async with wire.ask(self.rng.choice(self.ports), method, path, headers, body) as reply:
            if reply.status >= 400:
                raise await self._refusal(reply, f"{method} {path.partition('?')[0]}")
            yield reply

    async def _refusal(self, reply: Reply, what: str) -> Refused | Wait:
        """Asked to come back we come back. Who fails without saying so is written down, and asked again."""
        try:
            code = str(json.loads(await reply.body())["code"])
        except (ValueError, LookupError, TypeError):
            code = "no problem object"
        if reply.status == 503 and "retry-after" in reply.headers:
            self.ledger.write("wait", what=what, code=code)
            return Wait(float(reply.headers["retry-after"]))
        if reply.status >= 500:
            self.ledger.write("rude", what=what, status=reply.status, code=code)
            return Wait(LONGEST_WAIT_SECONDS)
        return Refused(reply.status, code)

    async def sure(self, method: str, path: str, body: Any = None, *, unless: int | None = None) -> Any:
        """Return the JSON that a request is answered with in the end; None for the status that may be. Ask again
        while the product does not know. Raises `Refused`, which is written down too."""
        what = f"{method} {path.partition('?')[0]}"
        try:
            return await self._sure(method, path, body, what)
        except Refused as exc:
            if exc.status == unless:
                return None
            self.ledger.write("rude", what=what, status=exc.status, code=exc.code)
            raise

    async def _sure(self, method: str, path: str, body: Any, what: str) -> Any:
        for failures in range(TRIES):
            least = 0.0
            try:
                async with self.request(method, path, body) as reply:
                    answer = await reply.json()
                if not _is_unknown(answer):
                    return answer
                self.ledger.write("wait", what=what, code="unknown")
            except Cut:
                pass
            except Wait as exc:
                least = exc.seconds
            await asyncio.sleep(max(least, self.pause(failures)))
        raise Refused(0, "no answer at all")

    def pause(self, failures: int) -> float:
        """Seconds to wait before the next try, longer each time."""
        longest = min(FIRST_WAIT_SECONDS * 2**failures, LONGEST_WAIT_SECONDS)
        return self.rng.uniform(longest / 2, longest)


def _is_unknown(answer: Any) -> bool:
    """Return whether the product answers `unknown`, as for a cart while too many requests wait for the shop."""
    return isinstance(answer, dict) and answer.get("status") == "unknown"
