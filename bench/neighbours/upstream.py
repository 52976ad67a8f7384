"""Stand-ins for the product's upstreams: a model that does as the question says, and six shops, one well-behaved.

    python -m bench.neighbours.upstream

Prints one line of JSON, the ports, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

VARIANT = "gid://shopify/ProductVariant/"
TOOLS = ("search_catalog", "get_product", "create_cart", "get_cart", "update_cart")
WORDS, WORD_SECONDS = 20, 0.05  # of an ordinary answer
SEARCHES = 5

Json = dict[str, Any]
Answer = Callable[[Json, asyncio.StreamWriter], Awaitable[None]]


async def serve(answer: Answer) -> int:
    """Serve `answer` to each POST. Returns the port."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                length = head.partition("content-length:")[2].split("\r\n", 1)[0].strip()
                body = await reader.readexactly(int(length or 0))
                await answer(json.loads(body or b"{}"), writer)
                await writer.drain()
        except (OSError, EOFError):
            writer.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def speak(request: Json, writer: asyncio.StreamWriter) -> None:
    """Answer as OpenAI's Chat Completions stream does."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    async for delta, end in say(request):
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        event = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await writer.drain()
    writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


async def say(request: Json) -> AsyncIterator[tuple[Json, str | None]]:
    """Yield deltas, each with the reason why the answer ends, if it does."""
    question = max(at for at, each in enumerate(request["messages"]) if each["role"] == "user")
    text = str(request["messages"][question]["content"])
    searched = sum(each["role"] == "tool" for each in request["messages"][question:])
    if "search" in text and searched < SEARCHES and request.get("tools"):
        call = {"name": "search_catalog", "arguments": json.dumps({"query": f"jumper {searched}", "limit": 10})}
        yield {"tool_calls": [{"index": 0, "id": f"call_{searched}", "function": call}]}, None
        yield {}, "tool_calls"
        return
    for number in range(1200 if "minute" in text else WORDS):
        yield {"content": f"word{number} "}, None
        await asyncio.sleep(WORD_SECONDS)
    yield {}, "stop"


def product(number: int, description: str, variants: int) -> Json:
    """Return a product as UCP has it."""
    price = {"amount": 4900, "currency": "EUR"}
    options = [{"name": "Size", "values": [{"label": str(each)} for each in range(variants)]}]
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": f"Wool jumper number {number}",
        "handle": f"jumper-{number}",
        "description": {"plain": description},
        "price_range": {"min": price},
        "options": options,
        "variants": [
            {
                "id": f"{VARIANT}{number * 1000 + each}",
                "title": f"Moss green / {each}",
                "price": price,
                "availability": {"available": True},
                "options": [{"name": "Size", "label": str(each)}],
            }
            for each in range(variants)
        ],
    }


def shop(products: list[Json], *, is_packed: bool = False, is_hanging: bool = False) -> Answer:
    """Return a shop with these products. A hanging one hears everything and answers nothing."""

    async def answer(request: Json, writer: asyncio.StreamWriter) -> None:
        if is_hanging:
            await asyncio.sleep(3600)
        result: Json = {"tools": [{"name": name} for name in TOOLS]}
        if request.get("method") == "tools/call":
            found = {"products": products}
            result = {"structuredContent": found, "content": []}
        body = json.dumps({"jsonrpc": "2.0", "id": request.get("id"), "result": result}).encode()
        encoding = b""
        if is_packed:
            body, encoding = gzip.compress(body, 6), b"Content-Encoding: gzip\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
        writer.write(head % (encoding, len(body)) + body)

    return answer


BLANKS = "a" + " " * 9_999 + "\n" + " " * 9_999 + "b"
SHOPS: dict[str, Answer] = {
    "quiet": shop([product(1, "A warm jumper.", 3)]),
    "marks": shop([]),
    "followers": shop([]),
    "slow": shop([], is_hanging=True),
    "fat": shop([product(number, "A warm jumper. " * 15, 100) for number in range(1, 11)]),
    "hostile": shop([product(number, BLANKS, 1) for number in range(1, 96)], is_packed=True),
}


async def main() -> None:
    """Serve everything and print the ports."""
    ports = {"model": await serve(speak)}
    for name, answer in SHOPS.items():
        ports[name] = await serve(answer)
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
