"""Tokens of requests, counted with the vocabulary of OpenAI's newer models (o200k)."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from bench.tokens.readings import Story

Json = dict[str, Any]
Encode = Callable[[str], list[int]]

# What stands around a message in the chat format.
_MESSAGE_TOKENS = 4


def count(requests: Sequence[tuple[int, Json]]) -> Story:
    """Return the tokens of a story's requests, each with the number of its turn."""
    encode: Encode = importlib.import_module("bpe_openai").get_encoding("o200k_base").encode
    encoded = [_encode(body, encode) for _, body in requests]
    repeated = [0, *(_common(one, two) for one, two in pairwise(encoded))]
    return Story([turn for turn, _ in requests], [sum(map(len, each)) for each in encoded], repeated)


def _encode(body: Json, encode: Encode) -> list[list[int]]:
    """Return the parts of a request in the order in which providers read them, each with its tokens."""
    tools = [_json(tool["function"]) for tool in body.get("tools", ())]
    system = [message["content"] for message in body["messages"] if message["role"] == "system"]
    rest = [_json_of(message) for message in body["messages"] if message["role"] != "system"]
    return [[*encode(part), *[-1] * _MESSAGE_TOKENS] for part in (*tools, *system, *rest)]


def _json_of(message: Json) -> str:
    calls = [each["function"] for each in message.get("tool_calls") or ()]
    words = [
        message["role"],
        message.get("content") or "",
        *(f"{each['name']} {each['arguments']}" for each in calls),
    ]
    return "\n".join(filter(None, words))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _common(before: list[list[int]], after: list[list[int]]) -> int:
    """Return how many tokens both begin with."""
    flat = [[token for part in each for token in part] for each in (before, after)]
    pairs = zip(*flat, strict=False)
    return next((place for place, (one, two) in enumerate(pairs) if one != two), min(map(len, flat)))
