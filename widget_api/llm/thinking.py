"""Models that think before they answer, by their names. Their thoughts count as tokens of the answer. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from widget_api.llm.base import ANSWER_TOKENS, THINKING_TOKENS

# Gateways and clouds write the maker or a prefix before the name: `azure/gpt-5-mini`, `models/gemini-3-flash`.
# These think as long as `reasoning_effort` says. "Chat" and "lite" are their siblings that do not think.
_TAKES_EFFORT: Final = re.compile(
    r"(?:^|[/:.@])(?:o[1-9](?!\d|-preview)"
    r"|gpt-[5-9](?!(?:\.\d)?-chat)"
    r"|gpt-oss"
    r"|gemini-2\.5-(?:pro|flash(?!-lite))"
    r"|gemini-[3-9])",
    re.IGNORECASE,
)
# These think without being asked to, and most of their servers know no effort.
_THINKS: Final = re.compile(
    r"deepseek-?(?:r\d|reasoner|v[4-9])"
    r"|[/:.]r1\b"
    r"|qwq|qwen-?(?:3|[4-9])"
    r"|magistral"
    r"|grok-(?:3-mini|[4-9])"
    r"|glm-(?:4\.[5-9]|[5-9])"
    r"|minimax-m\d"
    r"|[-_:](?:thinking|think|reasoner|reasoning)\b",
    re.IGNORECASE,
)
_DOES_NOT: Final = re.compile(r"instruct|coder|non[-_]?(?:reasoning|thinking)|no[-_]?think", re.IGNORECASE)


def thinks(model: str) -> bool:
    """Return whether a model of this name is known to think before it answers."""
    return bool(_TAKES_EFFORT.search(model) or (_THINKS.search(model) and not _DOES_NOT.search(model)))


def options(model: str) -> dict[str, Any]:
    """Return the fields of a body that keep the thoughts of a model of this name short. A shopper waits."""
    return {"reasoning_effort": "low"} if _TAKES_EFFORT.search(model) else {}


def max_tokens(model: str, given: Mapping[str, Any]) -> int:
    """Return the most tokens of an answer that suit the model and the body's `given` fields. Anthropic wants more
    tokens for the answer than its thoughts may have."""
    thoughts = given.get("thinking")
    budget = thoughts.get("budget_tokens") if isinstance(thoughts, dict) else None
    if isinstance(budget, int):
        return max(THINKING_TOKENS, budget + ANSWER_TOKENS)
    return THINKING_TOKENS if thoughts or thinks(model) else ANSWER_TOKENS
