"""A client of the product behind nginx: HTTP/1.1 over TLS on one kept connection, from an address of its own."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, and the seconds from the request to the head and to the first event of a stream."""

    status: int
    body: bytes
    head_seconds: float
    event_seconds: float | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, opened when it is needed and again after it has ended."""

    def __init__(self, port: int, address: str) -> None:
        self.port = port
        self.address = address  # of 127.0.0.0/8: nginx counts by it
        self.token = ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def begin_session(self, shop: str) -> None:
        """Mint a session of this shop. Raises `RuntimeError` when the product refuses."""
        answer = await self.request("POST", "/api/sessions", {"shop": shop})
        if answer.status != 201:
            raise RuntimeError(f"no session: {answer.status} {answer.body[:200]!r}")
        self.token = answer.json["token"]

    async def send(self, conversation: str, message: str, text: str) -> Answer:
        """Send a message and read its answer to the end."""
        part = {"type": "text", "text": text}
        body = {"id": conversation, "message": {"id": message, "role": "user", "parts": [part]}}
        return await self.request("POST", "/api/chat", body)

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the whole answer. Raises `OSError` or `EOFError` when the connection breaks."""
        async with self._connection() as (reader, writer):
            start = time.monotonic()
            writer.write(self.encode(method, path, body))
            await writer.drain()
            return await _read(reader, start)

    def encode(self, method: str, path: str, body: Any = None) -> bytes:
        """Return the bytes of a request."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(data)}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        return "\r\n".join([*lines, "", ""]).encode() + data

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context, local_addr=(self.address, 0), server_hostname="localhost"
        )

    def close(self) -> None:
        """Close the connection without waiting for the other side."""
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Yield the kept connection. It is closed when the block does not end as it should."""
        if self._streams and (self._streams[0].at_eof() or self._streams[1].is_closing()):
            self.close()
        self._streams = self._streams or await self.open()
        try:
            yield self._streams
        except BaseException:
            self.close()
            raise


async def _read(reader: asyncio.StreamReader, start: float) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    head_seconds = time.monotonic() - start
    status = int(head.split(" ", 2)[1])
    if "transfer-encoding: chunked" not in head:
        length = head.partition("content-length:")[2].split("\r\n", 1)[0].strip()
        return Answer(status, await reader.readexactly(int(length or 0)), head_seconds)
    body, event_seconds = bytearray(), None
    while size := int(await reader.readline() or b"0", 16):
        body += (await reader.readexactly(size + 2))[:-2]
        if event_seconds is None and b"data: " in body:
            event_seconds = time.monotonic() - start
    await reader.readline()
    return Answer(status, bytes(body), head_seconds, event_seconds)
