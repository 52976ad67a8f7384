"""Opaque state: fields of an answer that this program does not know, kept as they came, to be sent back. No I/O.

Gemini signs its calls (`extra_content.google.thought_signature`), DeepSeek wants its `reasoning_content` back,
OpenRouter its `reasoning_details`, Anthropic its signed thoughts; each refuses the next request without them.

https://ai.google.dev/gemini-api/docs/thought-signatures
https://api-docs.deepseek.com/guides/thinking_mode
https://openrouter.ai/docs/use-cases/reasoning-tokens
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from widget_api.llm.base import Assistant, Call, Entry, Extra, Request, Step

log = logging.getLogger(__name__)

# As much as one step may leave, in bytes of JSON.
STEP_BYTES: Final = 64 * 1024
# Objects within objects. Deeper ones are taken as a whole, and only once.
MOST_LEVELS: Final = 8
# No piece of a thought is so long and the same as all before it.
_REPEATED: Final = 64
# Strings that name something: they are repeated with each delta, while all others grow.
_NAMES: Final = frozenset({"type", "id", "format", "role", "name", "model", "object", "status", "signature_format"})

Json = dict[str, Any]


class Bag:
    """Collects the unknown fields of one step's deltas. What is too much is dropped as a whole, for half a signature
    is none."""

    def __init__(self) -> None:
        self._data: Json = {}
        self._left = STEP_BYTES

    def add(self, fields: Mapping[str, Any]) -> None:
        """Join one delta's fields to those before: strings grow, lists are joined by index, nulls say nothing."""
        if self._left < 0:
            return
        self._left -= _join(self._data, fields, MOST_LEVELS)
        if self._left < 0:
            self._data = {}
            log.warning("a step's opaque state has more than %d bytes: it is not kept", STEP_BYTES)

    def data(self) -> Json | None:
        """Return what was collected as it can be stored, or None where there is nothing, or nothing that could be."""
        return storable(self._data)


def storable(data: Json) -> Json | None:
    """Return the object as it comes back from a database, or None where it is empty or cannot be stored."""
    if not data:
        return None
    try:
        encoded = msgspec.json.encode(data)
        kept: Json = msgspec.json.decode(encoded)
    except (ValueError, TypeError, OverflowError, RecursionError):  # halves of characters, numbers without end
        log.warning("a step's opaque state cannot be stored: it is not kept")
        return None
    if len(encoded) > STEP_BYTES:
        log.warning("a step's opaque state has %d bytes, more than %d: it is not kept", len(encoded), STEP_BYTES)
        return None
    return kept


def _join(into: Json, fields: Mapping[str, Any], levels: int) -> int:
    """Join the fields, and return by about how many bytes `into` has grown."""
    grown = 0
    for name, value in fields.items():
        if value is None:
            continue
        known = into.get(name)
        if isinstance(known, str) and isinstance(value, str):
            grown += _grow(into, name, value)
        elif isinstance(known, dict) and isinstance(value, dict) and levels:
            grown += _join(known, value, levels - 1)
        elif isinstance(known, list) and isinstance(value, list) and levels:
            grown += _extend(known, value, levels - 1)
        elif known != value:
            into[name] = _own(value, levels)
            grown += len(name) + _size(value)
    return grown


def _grow(into: Json, name: str, piece: str) -> int:
    known = into[name]
    if name in _NAMES:
        into[name] = piece or known
        return 0
    if piece == known and ("signature" in name or len(piece) >= _REPEATED):  # some gateways repeat what is whole
        return 0
    into[name] = known + piece
    return len(piece)


def _extend(items: list[Any], more: list[Any], levels: int) -> int:
    """Join a delta's items to those before. The first may go on with a thought that was left open, as of LiteLLM."""
    first, last = more[0] if more else None, items[-1] if items else None
    if isinstance(first, dict) and isinstance(last, dict) and "index" not in first and _goes_on(last, first):
        return _join(last, first, levels) + sum(_put(items, item, levels) for item in more[1:])
    return sum(_put(items, item, levels) for item in more)


def _goes_on(last: Json, item: Json) -> bool:
    """Whether the item is the next piece of a thought that nothing has sealed yet."""
    kind = item.get("type")
    is_thought = isinstance(kind, str) and kind == last.get("type") and ("think" in kind or "reason" in kind)
    return is_thought and not (last.get("signature") or last.get("data"))


def _put(items: list[Any], item: Any, levels: int) -> int:
    """Join an item of a list to the one that has its index, and its type if it says one; else it is one more."""
    if isinstance(item, dict) and isinstance(item.get("index"), int):
        for known in reversed(items):
            is_same = isinstance(known, dict) and known.get("index") == item["index"]
            if is_same and item.get("type") in (None, known.get("type")):
                return _join(known, item, levels)
    items.append(_own(item, levels))
    return _size(item) + 1


def _own(value: Any, levels: int) -> Any:
    """Return a copy that can grow without changing what was read."""
    if isinstance(value, dict) and levels:
        return {name: _own(each, levels - 1) for name, each in value.items()}
    return [_own(each, levels - 1) for each in value] if isinstance(value, list) and levels else value


def _size(value: Any) -> int:
    """Return about how many bytes of JSON the value has."""
    if isinstance(value, str):
        return len(value) + 2
    try:
        return len(msgspec.json.encode(value))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return STEP_BYTES + 1


def sent_by(entry: Assistant, model: str) -> Json:
    """Return what the model has sent beside the step; nothing where another model made it."""
    extra = entry.extra or next((call.extra for call in entry.calls if call.extra), None)
    return extra.data if extra and extra.model == model else {}


def with_extra(step: Step, data: Json | None) -> Step:
    """Return the step with its opaque state, which its calls have, too."""
    if not data:
        return step
    extra = Extra(step.model, data)
    return replace(step, calls=tuple(replace(call, extra=extra) for call in step.calls), extra=extra)


def renamed_step(step: Step, name: str) -> Step:
    """Return the step with its opaque state in the name of that model."""

    def renamed(extra: Extra | None) -> Extra | None:
        return replace(extra, model=name) if extra else None

    calls = tuple(replace(call, extra=renamed(call.extra)) for call in step.calls)
    return replace(step, calls=calls, extra=renamed(step.extra))


def renamed_request(request: Request, maker: str, name: str) -> Request:
    """Return the request with the state that `maker` made in the name of `name`, and without all other."""

    def renamed(extra: Extra | None) -> Extra | None:
        return replace(extra, model=name) if extra and extra.model == maker else None

    def call_of(call: Call) -> Call:
        return replace(call, extra=renamed(call.extra)) if call.extra else call

    def entry_of(entry: Entry) -> Entry:
        if not isinstance(entry, Assistant):
            return entry
        return replace(entry, calls=tuple(map(call_of, entry.calls)), extra=renamed(entry.extra))

    return replace(request, messages=tuple(map(entry_of, request.messages)))
