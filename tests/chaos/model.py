"""The model: a process that says what the question tells it to, as OpenAI streams it, and writes down what is asked.

Every request is a new one: asked the same again it says the same in other words, so that two tries can be told apart.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import sys
from pathlib import Path
from typing import Any

from tests.chaos.helper import ready
from tests.chaos.ledger import Ledger
from tests.chaos.questions import Call, Question, word

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Model:
    """Answers `POST …/chat/completions`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._requests = itertools.count(1)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            while body := await _read(reader):
                await self._answer(body["messages"], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # a worker was killed: the ledger has no end of that answer
        finally:
            writer.close()

    async def _answer(self, messages: list[dict[str, Any]], writer: asyncio.StreamWriter) -> None:
        newest = max(at for at, message in enumerate(messages) if message["role"] == "user")
        question = Question.parse(messages[newest]["content"])
        number = sum("tool_calls" in message for message in messages[newest:])
        request, step = next(self._requests), question.steps[number]
        self._ledger.write("asked", request=request, question=question.id, step=number)
        writer.write(_HEAD)
        for place in range(step.words):
            _send(writer, {"content": word(question.id, request, number, place)})
            await writer.drain()
            await asyncio.sleep(question.pace / 1000)
            if writer.is_closing():
                raise ConnectionResetError
        for place, call in enumerate(step.calls):
            for delta in _call(f"call_{request}_{place}", place, call):
                _send(writer, {"tool_calls": [delta]})
        _send(writer, {}, "tool_calls" if step.calls else "stop")
        _chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        self._ledger.write("said", request=request, question=question.id, step=number, words=step.words)


def _call(id: str, index: int, call: Call) -> list[dict[str, Any]]:
    """The call's name, then its arguments in two pieces."""
    arguments = json.dumps(call.input)
    half = len(arguments) // 2
    return [
        {"index": index, "id": id, "type": "function", "function": {"name": call.name, "arguments": ""}},
        {"index": index, "function": {"arguments": arguments[:half]}},
        {"index": index, "function": {"arguments": arguments[half:]}},
    ]


def _send(writer: asyncio.StreamWriter, delta: dict[str, Any], finish: str | None = None) -> None:
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    _chunk(writer, b"data: %b\n\n" % json.dumps(chunk).encode())


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


async def _read(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next request's body; empty when there is none."""
    length = 0
    line = await reader.readline()
    if not line:
        return {}
    while line.strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        line = await reader.readline()
    return dict(json.loads(await reader.readexactly(length)))


async def serve(path: Path) -> None:
    server = await asyncio.start_server(Model(Ledger(path)).meet, "127.0.0.1", 0, backlog=512)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # that a worker is gone needs no warning here
    asyncio.run(serve(Path(sys.argv[1])))
