"""Five attacks of one visitor, each through a shop of its own and from one address.

    python -m bench.neighbours.attacks NAME PORT SHOP SECONDS

Prints "ready" once the attack is prepared, attacks for so many seconds, and prints one line of JSON: how often which
answer came. A refusal is what the product should say.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable

from bench.neighbours.client import Client

ADDRESS = "127.0.0.2"
ALWAYS = 30.0  # seconds after which a request that is not answered is given up
UNANSWERED, UNFINISHED = f"no answer in {ALWAYS:g} s", "under way at the end"
MARKS = "a" + "\u0301\u0316" * 249_000  # 1.0 MB
BEATEN_OFF_SECONDS = 0.05  # between two tries of one client, so that the load's own core is not the limit


class Attack(ABC):
    """An attack: one session, many clients of it, and a count of the answers they get."""

    def __init__(self, port: int, shop: str) -> None:
        self.port, self.shop = port, shop
        self.token = ""
        self.answers: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Begin a session."""
        client = self.client()
        client.token = ""
        await client.begin_session(self.shop)
        self.token = client.token
        client.close()

    def client(self) -> Client:
        client = Client(self.port, ADDRESS)
        client.token = self.token
        return client

    async def repeat(self, count: int, until: float, once: Callable[[Client], Awaitable[str]]) -> None:
        """Let so many clients do the same again and again."""
        await asyncio.gather(*(self._repeat(until, once) for _ in range(count)))

    async def _repeat(self, until: float, once: Callable[[Client], Awaitable[str]]) -> None:
        client = self.client()
        while time.monotonic() < until:
            try:
                async with asyncio.timeout(min(ALWAYS, max(0.1, until - time.monotonic()))):
                    self.answers[await once(client)] += 1
            except TimeoutError:
                client.close()
                self.answers[UNFINISHED if time.monotonic() >= until else UNANSWERED] += 1
            except (OSError, EOFError, ValueError) as exc:
                client.close()
                self.answers[type(exc).__name__] += 1
            await asyncio.sleep(BEATEN_OFF_SECONDS)
        client.close()

    @abstractmethod
    async def run(self, until: float) -> None:
        """Attack until this moment of the monotonic clock."""


class Marks(Attack):
    """Messages of one megabyte, all of them combining marks: normalising them took half a minute each.

    The first is sent before the attack, so that its answer is known however little is done in time on a busy machine.
    """

    async def prepare(self) -> None:
        await super().prepare()
        client = self.client()
        self.answers[await self._send(client)] += 1
        client.close()

    async def run(self, until: float) -> None:
        await self.repeat(8, until, self._send)

    async def _send(self, client: Client) -> str:
        part = {"type": "text", "text": MARKS}
        body = {"id": "c", "message": {"id": uuid.uuid4().hex, "role": "user", "parts": [part]}}
        answer = await client.request("POST", "/api/chat", json.dumps(body, ensure_ascii=False).encode())
        return str(answer.status)


class SlowShop(Attack):
    """A shop that never answers, asked for its cart by 200 clients at once."""

    async def run(self, until: float) -> None:
        await self.repeat(200, until, self._put)

    async def _put(self, client: Client) -> str:
        return str((await client.request("PUT", "/api/cart", {"cart_id": uuid.uuid4().hex})).status)


class Exports(Attack):
    """Twenty answers with everything a shop can put into them, exported and read by 40 clients at once."""

    async def prepare(self) -> None:
        await super().prepare()
        client = self.client()
        for _ in range(20):
            await client.send("fat", uuid.uuid4().hex, "search five times")
        client.close()

    async def run(self, until: float) -> None:
        await self.repeat(40, until, self._read)

    async def _read(self, client: Client) -> str:
        first = str((await client.request("GET", "/api/conversations/fat/export?format=json")).status)
        page = await client.request("GET", "/api/conversations/fat/messages?limit=200")
        return f"{first}, {page.status}"


class HostileShop(Attack):
    """A shop whose answers of 4 kB unpack to megabytes of blanks, searched again and again."""

    async def run(self, until: float) -> None:
        await self.repeat(4, until, self._search)

    async def _search(self, client: Client) -> str:
        return str((await client.send(uuid.uuid4().hex, uuid.uuid4().hex, "search five times")).status)


class Followers(Attack):
    """One answer that takes long, followed 300 times."""

    async def run(self, until: float) -> None:
        asking = asyncio.create_task(self._ask(until))
        await asyncio.sleep(1)
        await self.repeat(300, until, self._follow)
        await asking

    async def _ask(self, until: float) -> None:
        client = self.client()
        try:
            async with asyncio.timeout(max(0.1, until - time.monotonic())):
                await client.send("long", uuid.uuid4().hex, "speak for a minute")
        except (OSError, EOFError, TimeoutError, ValueError):
            client.close()

    async def _follow(self, client: Client) -> str:
        return str((await client.request("GET", "/api/chat/long/stream")).status)


ATTACKS: dict[str, type[Attack]] = {
    "marks": Marks,
    "slow": SlowShop,
    "fat": Exports,
    "hostile": HostileShop,
    "followers": Followers,
}


async def main(name: str, port: int, shop: str, seconds: float) -> None:
    """Prepare the attack, run it, and print what came of it."""
    attack = ATTACKS[name](port, shop)
    await attack.prepare()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await attack.run(time.monotonic() + seconds)
    sys.stdout.write(json.dumps(attack.answers) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
