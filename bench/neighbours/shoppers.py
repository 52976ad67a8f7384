"""The shoppers of a shop that does nothing wrong: they ask, read, and open their history.

    python -m bench.neighbours.shoppers PORT SHOP COUNT SECONDS RUN

Each run, by its number, has shoppers at addresses of their own: what an earlier one has used up limits nobody.

Prints one line of JSON: a list of seconds for each thing that was timed, and the errors.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field

from bench.neighbours.client import Answer, Client

PAUSE_SECONDS = (1.0, 3.0)
PROBE_SECONDS = 0.5


@dataclass
class Times:
    """Seconds that shoppers waited, one entry for each request."""

    first_event: list[float] = field(default_factory=list)
    history: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def shop(client: Client, domain: str, number: int, until: float, times: Times) -> None:
    """Ask, open the history, and think for a while, until the time is over."""
    chance = random.Random(number)
    try:
        await client.begin_session(domain)
        await asyncio.sleep(chance.uniform(0, PAUSE_SECONDS[1]))
        while time.monotonic() < until:
            await visit(client, times)
            await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
    except (OSError, EOFError, RuntimeError) as exc:
        times.errors.append(f"{type(exc).__name__}: {exc}")
    client.close()


async def visit(client: Client, times: Times) -> None:
    """Ask in a new conversation, and open it as a returning visitor does."""
    conversation = uuid.uuid4().hex
    answer = await client.send(conversation, uuid.uuid4().hex, "Do you have boots?")
    if answer.event_seconds is None or b"[DONE]" not in answer.body:
        times.errors.append(refusal("POST /api/chat", answer))
    else:
        times.first_event.append(answer.event_seconds)
    page = await client.request("GET", f"/api/conversations/{conversation}/messages")
    if page.status != 200 or len(page.json["messages"]) != 2:
        times.errors.append(refusal("GET /messages", page))
    else:
        times.history.append(page.head_seconds)


def refusal(request: str, answer: Answer) -> str:
    """Return a line for the list of errors."""
    return f"{request}: {answer.status} {answer.body[-200:].decode(errors='replace')}"


async def probe(port: int, run: int, until: float, times: Times) -> None:
    """Ask for the product's health again and again, each time on a new connection."""
    while time.monotonic() < until:
        client = Client(port, f"127.{run}.0.1")
        start = time.monotonic()
        try:
            answer = await client.request("GET", "/healthz")
            if answer.status != 200:
                times.errors.append(refusal("GET /healthz", answer))
        except (OSError, EOFError) as exc:
            times.errors.append(f"GET /healthz: {type(exc).__name__}: {exc}")
        times.health.append(time.monotonic() - start)
        client.close()
        await asyncio.sleep(PROBE_SECONDS)


async def main(port: int, domain: str, count: int, seconds: float, run: int) -> None:
    """Let all shoppers shop, and print what they waited."""
    times, until = Times(), time.monotonic() + seconds
    clients = [Client(port, f"127.{run}.{number + 1}.1") for number in range(count)]
    shopping = (shop(client, domain, number, until, times) for number, client in enumerate(clients))
    await asyncio.gather(probe(port, run, until, times), *shopping)
    sys.stdout.write(json.dumps(asdict(times)) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])))
