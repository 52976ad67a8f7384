"""Anthropic's Messages. No I/O.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

from widget_api.llm import answer
from widget_api.llm.answer import dicts, mapping, tokens, words
from widget_api.llm.base import Assistant, Call, Entry, FinishReason, Request, Result, Sink, User
from widget_api.llm.calls import Pending
from widget_api.llm.content_blocks import Blocks, place_blocks
from widget_api.llm.extras import sent_by
from widget_api.llm.ids import Ids

BASE_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"

_INPUT_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_NOT_OF_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What ends a part of the request that the provider keeps. Four of them are taken: tools, system, and two messages.
_KEPT = {"type": "ephemeral"}
_KEPT_MESSAGES = 2

_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool-calls",
    "refusal": "content-filter",
}


def url(base: str) -> str:
    """Where to post, for a base URL such as `https://api.anthropic.com`."""
    return f"{base.rstrip('/')}/v1/messages"


def headers(key: str) -> dict[str, str]:
    """The headers that identify us and the version of the interface that we speak."""
    return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})


def body(request: Request, model: str) -> dict[str, Any]:
    """The request body that asks `model` for one step, with marks for the provider's cache.

    https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    asked: dict[str, Any] = {"model": model}
    tools = _tools(request)
    if tools:
        asked["tools"] = tools
    if request.system:
        asked["system"] = _kept([{"type": "text", "text": request.system}])
    asked["messages"] = _marked(_messages(request.messages, model))
    if tools and (request.tool_choice == "none" or not request.tools):
        asked["tool_choice"] = {"type": "none"}
    return asked | {"max_tokens": request.max_tokens, "stream": True}


def _kept(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the blocks with a mark at their end."""
    return [*blocks[:-1], {**blocks[-1], "cache_control": _KEPT}]


def _marked(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with a mark at the end of the two newest of the shopper's side. The next request finds what
    is kept up to the newest one; this one finds what was kept up to the one before."""
    marked = list(messages)
    ours = [number for number, message in enumerate(messages) if message["role"] == "user"]
    for number in ours[-_KEPT_MESSAGES:]:
        marked[number] = {"role": "user", "content": _kept(messages[number]["content"])}
    return marked


def _tools(request: Request) -> list[dict[str, Any]]:
    """The tools; where a request has none but some were called, their names: calls of unknown tools are refused."""
    if request.tools:
        tools = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
        return _kept(tools)
    called = {call.name for entry in request.messages if isinstance(entry, Assistant) for call in entry.calls}
    return [{"name": name, "input_schema": {"type": "object"}} for name in sorted(called)]


def _messages(entries: tuple[Entry, ...], model: str) -> list[dict[str, Any]]:
    """The messages, strictly alternating: what follows from the same side is one message."""
    messages: list[dict[str, Any]] = []
    ids = Ids(_ID)
    for entry in entries:
        role = "assistant" if isinstance(entry, Assistant) else "user"
        blocks = _blocks(entry, model, ids)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    return messages


def _blocks(entry: Entry, model: str, ids: Ids) -> list[dict[str, Any]]:
    match entry:
        case User():
            return _text(entry.content)
        case Assistant():
            calls = {call.id: _tool_use(call, ids) for call in entry.calls}
            return place_blocks(sent_by(entry, model).get("content"), _text(entry.text), calls)
        case Result():
            return [
                {
                    "type": "tool_result",
                    "tool_use_id": ids.of_result(entry.call_id),
                    "content": _text(entry.content),
                    "is_error": entry.error,
                }
            ]


def _text(text: str) -> list[dict[str, Any]]:
    """A text block; none for a blank text, which is refused."""
    return [{"type": "text", "text": text}] if text.strip() else []


def _tool_use(call: Call, ids: Ids) -> dict[str, Any]:
    sent = ids.of_call(call.id, _usable(call.id))
    return {"type": "tool_use", "id": sent, "name": call.name, "input": call.input or {}}


def _usable(id: str) -> str:
    """Return a call's id in Anthropic's alphabet, for another provider may have made it; "" for one too long."""
    usable = _NOT_OF_AN_ID.sub("_", id)
    return usable if _ID.fullmatch(usable) else ""


class _TextDelta(msgspec.Struct):
    type: Literal["text_delta"]
    text: str


class _Piece(msgspec.Struct):
    """A `content_block_delta` with words."""

    type: Literal["content_block_delta"]
    delta: _TextDelta
    object: Literal["", None] = None
    error: None = None


_piece = answer.piece_reader(_Piece)


class Decoder(answer.Decoder):
    """Reads the events of a message, or one `message`."""

    def __init__(self, into: Sink, **options: Any) -> None:
        super().__init__(into, **options)
        self._blocks = Blocks()

    def _piece(self, data: bytes) -> str | None:
        piece = _piece(data)
        if piece is None:
            return None
        self._blocks.say(piece.delta.text)
        return piece.delta.text

    def _extra(self) -> dict[str, Any] | None:
        return self._blocks.data()

    def _part(self, chunk: dict[str, Any]) -> None:
        match chunk.get("type"):
            case "message_start":
                self._message(mapping(chunk.get("message")))
            case "message":
                self._message(chunk)
            case "content_block_start":
                self._begin(mapping(chunk.get("content_block")), chunk.get("index"))
            case "content_block_delta":
                self._delta(mapping(chunk.get("delta")), chunk.get("index"))
            case "content_block_stop":
                self._blocks.end(chunk.get("index"))
            case "message_delta":
                self._count(chunk)
                self._finish(mapping(chunk.get("delta")))
            case "message_stop":
                self._end_of_stream()

    def _message(self, message: dict[str, Any]) -> None:
        self._count(message)
        for index, block in enumerate(dicts(message.get("content"))):
            self._begin(block, index, is_whole=True)
        self._finish(message)

    def _begin(self, block: dict[str, Any], index: object, *, is_whole: bool = False) -> None:
        if block.get("type") == "text":
            self._say(words(block.get("text")))
        elif block.get("type") == "tool_use":
            self._begin_call(block, index)
        elif isinstance(block.get("type"), str):
            self._blocks.begin(block, index, is_whole=is_whole)

    def _begin_call(self, block: dict[str, Any], index: object) -> None:
        calls = self.answer.calls
        call = calls.begin(words(block.get("id")), index if isinstance(index, int) else None)
        self._blocks.begin_call(call.id, block)
        if name := words(block.get("name")).strip():
            calls.name(call, name)
        if block.get("input"):
            calls.add(call, json.dumps(block["input"], ensure_ascii=False))

    def _delta(self, delta: dict[str, Any], index: object) -> None:
        if delta.get("type") == "text_delta":
            self._say(words(delta.get("text")))
        elif delta.get("type") == "input_json_delta" and (call := self._call(index)):
            self.answer.calls.add(call, words(delta.get("partial_json")))
        else:
            self._blocks.grow(delta, index)

    def _say(self, text: str) -> None:
        self._blocks.say(text)
        self.answer.text(text)

    def _call(self, index: object) -> Pending | None:
        """The call of the block `index`; None for a tool that the provider runs itself."""
        return next((call for call in reversed(self.answer.calls.pending) if call.index == index), None)

    def _finish(self, delta: dict[str, Any]) -> None:
        if reason := words(delta.get("stop_reason")):
            self.answer.finish(_FINISH.get(reason, "other"))

    def _count(self, message: dict[str, Any]) -> None:
        usage = mapping(message.get("usage"))
        read = sum(tokens(usage.get(name)) for name in _INPUT_TOKENS)
        self.answer.count(read, tokens(usage.get("output_tokens")), tokens(usage.get("cache_read_input_tokens")))
