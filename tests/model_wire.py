"""What providers send, as bytes, and an ear for what a model makes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from widget_api.llm import anthropic, openai
from widget_api.llm.answer import Decoder
from widget_api.llm.base import Request, Step, Tool, User
from widget_api.llm.provider import Dialect

SEARCH = Tool("search_catalog", "Find products.", {"type": "object", "properties": {"query": {"type": "string"}}})
QUESTION = Request("You sell boots.", (User("Do you have boots?"),), (SEARCH,))
DIALECTS: dict[str, Dialect] = {"openai": openai, "anthropic": anthropic}


class Ear:
    """A sink that remembers: `heard` has the deltas, `batches` those that came together."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []
        self.batches: list[int] = []
        self.spoken = threading.Event()  # text has been flushed
        self.stopped = False
        self.places: list[int] = []  # in the queue, as it was told
        self.queued = threading.Event()
        self._closers: list[Callable[[], None]] = []

    def text(self, delta: str) -> None:
        self.heard.append(("text", delta))

    def tool_input_start(self, call_id: str, name: str) -> None:
        self.heard.append(("call", call_id, name))

    def tool_input_delta(self, call_id: str, delta: str) -> None:
        self.heard.append(("input", call_id, delta))

    def reset_step(self) -> None:
        self.heard.append(("reset",))

    def flush(self) -> None:
        if new := len(self.heard) - sum(self.batches):
            self.batches.append(new)
            self.spoken.set()

    def waiting(self, ahead: int) -> None:
        self.places.append(ahead)
        self.queued.set()

    def on_stop(self, close: Callable[[], None]) -> None:
        self._closers.append(close)
        if self.stopped:
            close()

    def stop(self) -> None:
        self.stopped = True
        for close in self._closers:
            close()

    @property
    def words(self) -> str:
        """The whole text that is left."""
        told = "".join(part[1] if part[0] == "text" else "\0" for part in self.heard if part[0] in {"text", "reset"})
        return told.rpartition("\0")[2]


def event(data: object, *, name: str = "") -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


DONE = event("[DONE]")


def chunk(delta: dict[str, Any] | None = None, *, finish: str | None = None, **fields: Any) -> bytes:
    """A chat completion chunk with one choice."""
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **fields})


def say(*texts: str) -> bytes:
    """Chunks with text."""
    return b"".join(chunk({"content": text}) for text in texts)


def call(arguments: Any = None, *, name: str | None = None, **fields: Any) -> bytes:
    """A chunk with one piece of one tool call; `fields` are its index and id."""
    function = {"name": name, "arguments": arguments}
    given = {key: value for key, value in function.items() if value is not None}
    return chunk({"tool_calls": [{**fields, "function": given}]})


STOP = chunk({}, finish="stop")
CALLS = chunk({}, finish="tool_calls")


def message(*parts: dict[str, Any], stop: str | None = "end_turn", usage: Any = None) -> bytes:
    """Anthropic's events: the blocks' own, between those that begin and end a message."""
    events = [{"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 9, "output_tokens": 1}}}]
    events += parts
    if stop:
        events.append(
            {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage or {"output_tokens": 7}}
        )
        events.append({"type": "message_stop"})
    return b"".join(event(each, name=str(each["type"])) for each in events)


def block(index: int, kind: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """A content block's events."""
    return [
        {"type": "content_block_start", "index": index, "content_block": kind},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(*texts: str, index: int = 0) -> list[dict[str, Any]]:
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return block(index, {"type": "text", "text": ""}, *deltas)


def tool_block(
    *pieces: str, index: int = 1, id: str = "toolu_1", name: str = "search_catalog"
) -> list[dict[str, Any]]:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block(index, {"type": "tool_use", "id": id, "name": name, "input": {}}, *deltas)


def decoder(dialect: str, ear: Ear, *, taken: Iterable[str] = ()) -> Decoder:
    """A decoder that numbers the calls which come without an id."""
    numbers = iter(range(1, 100))
    return DIALECTS[dialect].Decoder(ear, taken=taken, new_id=lambda: f"own_{next(numbers)}")


def read(wire: bytes, size: int = 0, *, dialect: str = "openai", taken: Iterable[str] = ()) -> tuple[Ear, Step]:
    """What a decoder makes of `wire`, fed in pieces of `size` bytes. Raises `Broken`."""
    ear = Ear()
    reader = decoder(dialect, ear, taken=taken)
    for at in range(0, len(wire), size or len(wire)):
        reader.feed(wire[at : at + (size or len(wire))])
    step = reader.end("m")
    ear.flush()
    return ear, step
