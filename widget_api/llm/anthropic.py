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
from widget_api.llm.base import Assistant, Call, Entry, FinishReason, Request, Result, User
from widget_api.llm.calls import Pending

BASE_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"

_INPUT_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_NOT_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")

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
    """The request body that asks `model` for one step."""
    asked: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": _messages(request.messages),
    }
    if request.system:
        asked["system"] = request.system
    if tools := _tools(request):
        asked["tools"] = tools
        if not request.tools:
            asked["tool_choice"] = {"type": "none"}
    return asked


def _tools(request: Request) -> list[dict[str, Any]]:
    """The tools; where none may be called but some were, their names: calls of unknown tools are refused."""
    if request.tools:
        return [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
    called = {call.name for entry in request.messages if isinstance(entry, Assistant) for call in entry.calls}
    return [{"name": name, "input_schema": {"type": "object"}} for name in sorted(called)]


def _messages(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    """The messages, strictly alternating: what follows from the same side is one message."""
    messages: list[dict[str, Any]] = []
    for entry in entries:
        role = "assistant" if isinstance(entry, Assistant) else "user"
        blocks = _blocks(entry)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    return messages


def _blocks(entry: Entry) -> list[dict[str, Any]]:
    match entry:
        case User():
            return _text(entry.content)
        case Assistant():
            return [*_text(entry.text), *(_tool_use(call) for call in entry.calls)]
        case Result():
            return [
                {
                    "type": "tool_result",
                    "tool_use_id": _id(entry.call_id),
                    "content": _text(entry.content),
                    "is_error": entry.error,
                }
            ]


def _text(text: str) -> list[dict[str, Any]]:
    """A text block; none for a blank text, which is refused."""
    return [{"type": "text", "text": text}] if text.strip() else []


def _tool_use(call: Call) -> dict[str, Any]:
    return {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": call.input or {}}


def _id(id: str) -> str:
    """A call's id in Anthropic's alphabet; another provider may have made it."""
    return _NOT_AN_ID.sub("_", id)


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

    def _piece(self, data: bytes) -> str | None:
        piece = _piece(data)
        return piece.delta.text if piece else None

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
            case "message_delta":
                self._count(chunk)
                self._finish(mapping(chunk.get("delta")))
            case "message_stop":
                self._end_of_stream()

    def _message(self, message: dict[str, Any]) -> None:
        self._count(message)
        for index, block in enumerate(dicts(message.get("content"))):
            self._begin(block, index)
        self._finish(message)

    def _begin(self, block: dict[str, Any], index: object) -> None:
        if block.get("type") == "text":
            self.answer.text(words(block.get("text")))
        elif block.get("type") == "tool_use":
            calls = self.answer.calls
            call = calls.begin(words(block.get("id")), index if isinstance(index, int) else None)
            if name := words(block.get("name")).strip():
                calls.name(call, name)
            if block.get("input"):
                calls.add(call, json.dumps(block["input"], ensure_ascii=False))

    def _delta(self, delta: dict[str, Any], index: object) -> None:
        if delta.get("type") == "text_delta":
            self.answer.text(words(delta.get("text")))
        elif delta.get("type") == "input_json_delta" and (call := self._call(index)):
            self.answer.calls.add(call, words(delta.get("partial_json")))

    def _call(self, index: object) -> Pending | None:
        """The call of the block `index`; None for a tool that the provider runs itself."""
        return next((call for call in reversed(self.answer.calls.pending) if call.index == index), None)

    def _finish(self, delta: dict[str, Any]) -> None:
        if reason := words(delta.get("stop_reason")):
            self.answer.finish(_FINISH.get(reason, "other"))

    def _count(self, message: dict[str, Any]) -> None:
        usage = mapping(message.get("usage"))
        self.answer.count(sum(tokens(usage.get(name)) for name in _INPUT_TOKENS), tokens(usage.get("output_tokens")))
