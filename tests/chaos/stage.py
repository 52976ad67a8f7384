"""Where a scenario plays: a system, shoppers that come to it, and the hands of the killer."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.client import Client, Refused
from tests.chaos.ledger import Ledger
from tests.chaos.questions import Asker, Question
from tests.chaos.scissors import Blunt, Scissors
from tests.chaos.shopper import Shopper
from tests.chaos.system import SHOP, System
from tests.servers import PostgresServer, RedisServer

Asks = Callable[[Asker], Question]
# Questions before a shopper is followed by another: a cart has only so many different changes in it.
QUESTIONS_A_SHOPPER = 24


@dataclass
class Stage:
    """One cell of a scenario. `numbers` gives each shopper a number of its own among all cells."""

    system: System
    rng: random.Random
    ledger: Ledger
    numbers: itertools.count[int]
    bounded: bool
    redis: RedisServer | None = None
    postgres: PostgresServer | None = None
    done: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    shoppers: list[Shopper] = field(default_factory=list)

    async def arrive(self, scissors: Scissors | None = None) -> Shopper:
        """Another shopper. Raises `Refused` when there is no way in."""
        number = next(self.numbers)
        client = Client(self.system.ports, SHOP, self.ledger, random.Random(self.rng.getrandbits(64)))
        shopper = Shopper(number, client, scissors or Blunt())
        await client.begin()
        self.shoppers.append(shopper)
        return shopper

    @asynccontextmanager
    async def crowd(self, size: int, asks: Asks, scissors: Scissors | None = None) -> AsyncIterator[None]:
        """So many shoppers that ask and ask for the block; at its end they wait for their last answers."""
        leaving = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(self._keep_asking(asks, scissors, leaving))
            try:
                yield
            finally:
                leaving.set()

    async def _keep_asking(self, asks: Asks, scissors: Scissors | None, leaving: asyncio.Event) -> None:
        while not leaving.is_set():
            with suppress(Refused):
                shopper = await self.arrive(scissors)
                while not leaving.is_set() and shopper.asked < QUESTIONS_A_SHOPPER:
                    await shopper.ask(asks(shopper.asker))

    async def all_at_once(self, size: int, asks: Asks) -> None:
        """So many new shoppers ask a question each; returns when all are answered."""

        async def come() -> None:
            with suppress(Refused):
                shopper = await self.arrive()
                await shopper.ask(asks(shopper.asker))

        await asyncio.gather(*(come() for _ in range(size)))

    async def answered(self) -> None:
        """Wait until everything that is being asked now has been answered."""
        asked = [(shopper, shopper.asking) for shopper in self.shoppers if shopper.asking]
        while any(shopper.asking == question for shopper, question in asked):
            await asyncio.sleep(0.01)

    async def sleep(self, least: float, most: float) -> None:
        """Let some time go by."""
        await asyncio.sleep(self.rng.uniform(least, most))

    async def tell_all(self) -> None:
        """Write down what the product has of every shopper in the end."""
        places = asyncio.Semaphore(20)

        async def tell(shopper: Shopper) -> None:
            async with places:
                with suppress(Refused):
                    await shopper.tell_all()

        await asyncio.gather(*map(tell, self.shoppers))


async def blocking(act: Callable[..., Any], *arguments: Any) -> Any:
    """Run something that waits, without holding up the shoppers."""
    return await asyncio.to_thread(act, *arguments)


Play = Callable[[Stage, list[str]], Awaitable[None]]
