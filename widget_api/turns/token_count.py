"""Token counts, estimated without a vocabulary: high enough for every model, so that no request is too long."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from widget_api.llm.base import Entry, Result, Tool, User

# Measured with the vocabularies of several makers (docs/reports/tokens.md); the ones that take most count. A word of
# English is a token or two, and one of Finnish or a name three; some models write each digit of an id as a token, and
# the blank before it as another; signs that stand together, as in JSON, share tokens.
LETTERS_A_TOKEN: Final = 3
SIGNS_A_TOKEN: Final = 2
# What is not ASCII has two to four bytes a character. Older vocabularies have a token for every other one of them.
OTHER_BYTES_A_TOKEN: Final = 1.4
# What a chat template puts around a message, and around a tool.
MESSAGE_TOKENS: Final = 8
TOOL_TOKENS: Final = 16

_WORD = re.compile(r"[A-Za-z]+")
_DIGIT = re.compile(r" ?[0-9]")
_SIGNS = re.compile(r"[!-/:-@\[-`{-~\n]+")


def estimate_tokens(text: str) -> int:
    """Return how many tokens the text has at most, as far as it is of an ordinary kind."""
    words = sum(max(len(word), LETTERS_A_TOKEN) for word in _WORD.findall(text)) / LETTERS_A_TOKEN
    digits = sum(map(len, _DIGIT.findall(text)))
    signs = sum(SIGNS_A_TOKEN - 1 + len(run) for run in _SIGNS.findall(text)) / SIGNS_A_TOKEN
    others = 0 if text.isascii() else len(text.encode("utf-8", "surrogatepass")) - sum(map(str.isascii, text))
    return math.ceil(words + digits + signs + others / OTHER_BYTES_A_TOKEN)


def estimate_entries(entries: Iterable[Entry]) -> int:
    """Return how many tokens the messages have at most, with what stands around them."""
    return sum(MESSAGE_TOKENS + estimate_tokens(_written(entry)) for entry in entries)


def estimate_fixed(system: str, tools: Iterable[Tool]) -> int:
    """Return how many tokens every request of a turn begins with: rules and tools."""
    told = sum(TOOL_TOKENS + estimate_tokens(_json(msgspec.to_builtins(tool))) for tool in tools)
    return MESSAGE_TOKENS + estimate_tokens(system) + told


def _written(entry: Entry) -> str:
    """Return the entry about as it goes out."""
    return entry.content if isinstance(entry, User | Result) else _json(msgspec.to_builtins(entry))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
