"""OpenAI's Chat Completions, as OpenAI, Azure, vLLM, Ollama, OpenRouter, Groq, Gemini and others speak it. No I/O.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

from widget_api.llm import answer, thinking
from widget_api.llm.answer import Broken, dicts, mapping, tokens, words
from widget_api.llm.base import (
    Assistant,
    Call,
    Entry,
    FinishReason,
    Request,
    Result,
    Sink,
    User,
)
from widget_api.llm.calls import Pending
from widget_api.llm.extras import Bag, sent_by
from widget_api.llm.ids import Ids
from widget_api.llm.repairs import repairs_of

BASE_URL = "https://api.openai.com/v1"

# These refuse `max_tokens`; most other makers know nothing but it.
_COUNTS_THOUGHTS = re.compile(r"(?:\w+[/:])?(?:o\d|gpt-[5-9])")

# What OpenAI itself takes. What others want is in `repairs`.
_ID = re.compile(r"[!-~]{1,40}")

# What a message and its calls are made of; all else that comes beside it is opaque.
_OF_MESSAGE = frozenset(
    {"role", "content", "refusal", "tool_calls", "function_call", "annotations", "audio", "images"}
)
_OF_CALL = frozenset({"index", "id", "type", "function"})
_OF_FUNCTION = frozenset({"name", "arguments"})
_NOTHING: tuple[Any, ...] = (None, "", [], {})

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
    "content_filter": "content-filter",
    "content-filter": "content-filter",
    "prohibited_content": "content-filter",
    "sensitive": "content-filter",
    "safety": "content-filter",
    "refusal": "content-filter",
    "blocklist": "content-filter",
    "guardrail_intervened": "content-filter",
}
# OpenRouter and DeepSeek say in this place that their own provider broke off.
_FAILED = frozenset({"error", "insufficient_system_resource"})


def url(base: str) -> str:
    """Where to post, for a base URL such as `https://api.openai.com/v1`."""
    return f"{base.rstrip('/')}/chat/completions"


def headers(key: str) -> dict[str, str]:
    """The headers that identify us; none without a key, as local servers want it."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def body(request: Request, model: str) -> dict[str, Any]:
    """The request body that asks `model` for one step. Tools come first: they never change, so caches begin there."""
    limit = "max_completion_tokens" if _COUNTS_THOUGHTS.match(model) else "max_tokens"
    asked: dict[str, Any] = {"model": model}
    if request.tools:  # an empty list is refused
        asked["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    asked["messages"] = _messages(request, model)
    if request.tools and request.tool_choice == "none":
        asked["tool_choice"] = "none"
    asked |= {"stream": True, "stream_options": {"include_usage": True}, limit: request.max_tokens}
    asked |= thinking.options(model)
    for repair in repairs_of(model):
        repair.mend(asked)
    return asked


def _messages(request: Request, model: str) -> list[dict[str, Any]]:
    messages = [{"role": "system", "content": request.system}] if request.system else []
    ids = Ids(_ID)
    for entry in request.messages:
        message = _message(entry, model, ids)
        if message and messages and _is_continued(messages[-1], message):
            messages[-1] = _joined(messages[-1], message)
        elif message:
            messages.append(message)
    return messages


def _is_continued(last: dict[str, Any], message: dict[str, Any]) -> bool:
    """Whether both are one message: some chat templates insist on alternation. Results stand each by itself."""
    return last["role"] == message["role"] != "tool" and not last.get("tool_calls")


def _joined(last: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    texts = [text for text in (last["content"], message["content"]) if text]
    return {**last, **message, "content": "\n\n".join(texts) or message["content"]}


def _message(entry: Entry, model: str, ids: Ids) -> dict[str, Any]:
    """Return the entry as a message; an empty object where it says nothing."""
    match entry:
        case User():
            return {"role": "user", "content": entry.content}
        case Result():
            return {"role": "tool", "tool_call_id": ids.of_result(entry.call_id), "content": entry.content}
        case Assistant():
            return _assistant(entry, sent_by(entry, model), ids)


def _assistant(entry: Assistant, state: dict[str, Any], ids: Ids) -> dict[str, Any]:
    text = entry.text if entry.text.strip() else ""
    if not (text or entry.calls):
        return {}
    message: dict[str, Any] = {"role": "assistant", "content": text or None, **mapping(state.get("message"))}
    if entry.calls:
        of_calls = mapping(state.get("calls"))
        message["tool_calls"] = [_tool_call(call, mapping(of_calls.get(call.id)), ids) for call in entry.calls]
    return message


def _tool_call(call: Call, state: dict[str, Any], ids: Ids) -> dict[str, Any]:
    """Return the call with its own state: the id that its model gave it, and fields at both levels."""
    function = {"name": call.name, "arguments": json.dumps(call.input or {}), **mapping(state.get("function"))}
    sent = ids.of_call(call.id, words(state.get("id")))
    return {"id": sent, "type": "function", "function": function, **mapping(state.get("call"))}


class _Delta(msgspec.Struct, forbid_unknown_fields=True):
    content: str | None = None
    role: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    reasoning: None = None
    reasoning_content: None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    index: Literal[0] | None = None
    message: None = None
    finish_reason: None = None


class _Piece(msgspec.Struct):
    """A chunk with words and nothing that could mean more."""

    choices: tuple[_Choice]
    object: Literal["chat.completion.chunk", ""] | None = None
    error: None = None
    usage: None = None
    x_groq: None = None


_piece = answer.piece_reader(_Piece)


class Decoder(answer.Decoder):
    """Reads `chat.completion.chunk` objects, or one `chat.completion`."""

    def __init__(self, into: Sink, **options: Any) -> None:
        super().__init__(into, **options)
        self._bag = Bag()

    def _piece(self, data: bytes) -> str | None:
        piece = _piece(data)
        return (piece.choices[0].delta.content or "") if piece else None

    def _part(self, chunk: dict[str, Any]) -> None:
        usage = mapping(chunk.get("usage") or mapping(chunk.get("x_groq")).get("usage"))
        self.answer.count(tokens(usage.get("prompt_tokens")), tokens(usage.get("completion_tokens")), _cached(usage))
        for choice in dicts(chunk.get("choices")):
            if not choice.get("index"):  # one answer was asked for; others are not ours
                self._choice(choice)

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = mapping(choice.get("delta") or choice.get("message"))
        self.answer.text(words(delta.get("content")))
        if refusal := words(delta.get("refusal")):
            self.answer.text(refusal)
            self.answer.finish("content-filter")
        if unknown := _unknown(delta, _OF_MESSAGE):
            self._bag.add({"message": unknown})
        for call in dicts(delta.get("tool_calls")) or _old_call(delta):
            self._call(call)
        self._finish(words(choice.get("finish_reason")).lower())

    def _finish(self, reason: str) -> None:
        if reason in _FAILED:
            raise Broken(f"the provider ends with {reason!r}", 500)
        if reason:
            self.answer.finish(_FINISH.get(reason.partition(":")[0], "other"))

    def _call(self, delta: dict[str, Any]) -> None:
        function = mapping(delta.get("function"))
        wire_id, name = words(delta.get("id")).strip(), words(function.get("name")).strip()
        index = _index(delta.get("index"))
        piece = function.get("arguments")
        text = piece if isinstance(piece, str) else "" if piece is None else json.dumps(piece)
        calls = self.answer.calls
        call = _continued(calls.pending, index, wire_id, name, text) or calls.begin(wire_id, index)
        call.index = index if call.index is None else call.index
        if wire_id:
            call.wire_ids.add(wire_id)
        if name and not call.name:
            calls.name(call, name)
        calls.add(call, text)
        self._keep(call, _unknown(delta, _OF_CALL), _unknown(function, _OF_FUNCTION))

    def _keep(self, call: Pending, of_call: dict[str, Any], of_function: dict[str, Any]) -> None:
        """Keep what came beside the call, under its id."""
        fields = {"call": of_call, "function": of_function}
        if kept := {name: value for name, value in fields.items() if value}:
            self._bag.add({"calls": {call.id: kept}})

    def _extra(self) -> dict[str, Any] | None:
        own = {call.id: {"id": call.own_id} for call in self.answer.calls.pending if call.own_id}
        if own:
            self._bag.add({"calls": own})
        return self._bag.data()


def _unknown(fields: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in known and value not in _NOTHING}


def _cached(usage: dict[str, Any]) -> int:
    """Return how many tokens the provider had kept: as OpenAI says it, as DeepSeek does, as Moonshot does."""
    told = mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    return tokens(told or usage.get("prompt_cache_hit_tokens") or usage.get("cached_tokens"))


def _old_call(delta: dict[str, Any]) -> list[dict[str, Any]]:
    """The one call of the time before `tool_calls`."""
    function = mapping(delta.get("function_call"))
    return [{"index": 0, "function": function}] if function else []


def _index(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _continued(calls: list[Pending], index: int | None, id: str, name: str, text: str) -> Pending | None:
    """The call that a delta continues, None when it begins one.

    Neither indexes nor ids can be trusted alone: some makers give no index or 0 to parallel calls, others
    repeat one id or change it with every delta. In this order:

    - a known id names its call, or a new call if it comes with another index and a name;
    - else a known index names its latest call, and a delta with neither continues the latest call;
    - a delta without a name continues what was found; so does a delta that brings the name;
    - with a name it continues a call of that name, unless `_begins` says that this is another.
    """
    named = _with_id(calls, id, index)
    call = named or _at_index(calls, index, starts=bool(id and name))
    if call is None or not name or not call.name:
        return call
    elsewhere = named is not None and index is not None and index != call.index
    if call.name != name or elsewhere or _begins(call, text, new_id=bool(id) and named is None):
        return None
    return call


def _with_id(calls: list[Pending], id: str, index: int | None) -> Pending | None:
    known = [call for call in reversed(calls) if id in call.wire_ids]
    return next((call for call in known if call.index == index), known[0] if known else None)


def _at_index(calls: list[Pending], index: int | None, *, starts: bool) -> Pending | None:
    if index is None:
        return calls[-1] if calls and not starts else None
    return next((call for call in reversed(calls) if call.index == index), None)


def _begins(call: Pending, text: str, *, new_id: bool) -> bool:
    """Whether arguments that come with a name are those of another call than `call`, which has that name."""
    opens = text.lstrip().startswith("{")
    if new_id:
        return opens or call.whole
    return opens and call.whole
