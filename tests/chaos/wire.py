"""HTTP as a browser speaks it, byte for byte: a connection a request, and every way in which it can break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

# As the widget: the server's heartbeat comes every 15 s, and when two have failed to come the line is dead.
SILENCE_SECONDS = 35


class Cut(Exception):
    """The connection broke, or could not be made."""


class Reply:
    """An answer whose head has come."""

    def __init__(
        self, status: int, headers: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.status = status
        self.headers = headers
        self._reader = reader
        self._writer = writer

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `Cut` when it breaks off."""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := _size(await _until(self._reader.readline())):
                yield (await _until(self._reader.readexactly(size + 2)))[:-2]
        elif "content-length" in self.headers:
            yield await _until(self._reader.readexactly(int(self.headers["content-length"])))
        else:
            while data := await _until(self._reader.read(65536)):
                yield data

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.pieces()])

    async def json(self) -> Any:
        return json.loads(await self.body() or b"null")

    def abort(self) -> None:
        """Hang up without a word: whoever reads or writes at the other end is told so by a reset."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Hang up as a browser does that leaves the page."""
        self._writer.close()


async def _until(read: Any) -> bytes:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            data: bytes = await read
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as exc:
        raise Cut(repr(exc)) from exc
    return data


def _size(line: bytes) -> int:
    """The size of the chunk that follows; 0 for the last."""
    try:
        return int(line, 16)
    except ValueError as exc:
        raise Cut("the body broke off") from exc


@asynccontextmanager
async def ask(port: int, method: str, path: str, headers: dict[str, str], body: Any = None) -> AsyncIterator[Reply]:
    """Make a request. Raises `Cut` when there is no answer to it."""
    reader, writer = await _connect(port)
    try:
        data = json.dumps(body).encode() if body is not None else b""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if data:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        yield await _head(reader, writer)
    finally:
        writer.close()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            return await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    except (OSError, TimeoutError) as exc:
        raise Cut(repr(exc)) from exc


async def _head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Reply:
    head = await _until(reader.readuntil(b"\r\n\r\n"))
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Reply(int(first.split()[1]), headers, reader, writer)
