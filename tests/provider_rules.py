"""What providers refuse in a request, as strict as each is known to be. A breach is a failed assertion.

OpenAI: https://platform.openai.com/docs/api-reference/chat/create
Mistral: https://docs.mistral.ai/api (codes 3230, order of roles, and 3280, form of ids)
Gemini: https://ai.google.dev/gemini-api/docs/openai, .../docs/thought-signatures
DeepSeek: https://api-docs.deepseek.com/guides/thinking_mode
Anthropic: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def check_openai(body: Json) -> None:
    """Raise `AssertionError` where OpenAI would answer 400."""
    messages = body["messages"]
    assert messages
    assert [message["role"] for message in messages].count("system") == (messages[0]["role"] == "system")
    assert messages[-1]["role"] in {"user", "tool"}
    _check_tools(body, messages)
    ids = [call["id"] for message in messages for call in message.get("tool_calls", ())]
    assert len(ids) == len(set(ids)), "ids are not unique"
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_calls, "a result without its call"
            open_calls.remove(message["tool_call_id"])
            assert isinstance(message["content"], str)
            continue
        assert not open_calls, "calls without results"
        open_calls = [call["id"] for call in message.get("tool_calls", ())]
        _check_message(message)
    assert not open_calls, "calls without results"


def _check_tools(body: Json, messages: list[Json]) -> None:
    """LiteLLM and Bedrock refuse calls in the history without tools; OpenAI a choice without them."""
    if any("tool_calls" in message for message in messages):
        assert body["tools"]
    assert body.get("tool_choice", "auto") in {"auto", "none"}
    assert "tool_choice" not in body or body["tools"]


def _check_message(message: Json) -> None:
    if message["role"] != "assistant":
        assert message["content"].strip(), "no text"
        return
    calls = message.get("tool_calls")
    assert calls is None or calls, "an empty list of calls"
    assert message["content"] if calls is None else message["content"] is None or message["content"].strip()
    for call in calls or ():
        assert call["type"] == "function"
        assert 1 <= len(call["id"]) <= 40, "an id that is too long"
        assert NAME.fullmatch(call["function"]["name"])
        assert isinstance(json.loads(call["function"]["arguments"]), dict), "arguments that are no object"


def check_mistral(body: Json) -> None:
    """Raise `AssertionError` where Mistral, or a strict chat template, would answer 400."""
    check_openai(body)
    roles = [message["role"] for message in body["messages"] if message["role"] != "system"]
    for before, role in zip(["assistant", *roles], roles, strict=False):
        after = {"user": {"assistant"}, "tool": {"assistant", "tool"}, "assistant": {"user", "tool"}}
        assert before in after[role], f"{role} after {before}"
    for message in body["messages"]:
        assert set(message) <= {"role", "content", "tool_calls", "tool_call_id"}, "an extra field"
        for call in message.get("tool_calls", ()):
            assert set(call) == {"id", "type", "function"}, "an extra field"
            assert re.fullmatch("[a-zA-Z0-9]{9}", call["id"])


def check_gemini(body: Json) -> None:
    """Raise `AssertionError` where Gemini 3 behind its OpenAI-compatible endpoint would answer 400."""
    check_openai(body)
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    newest = max(number for number, role in enumerate(roles) if role == "user")
    for number, message in enumerate(messages):
        if "tool_calls" not in message:
            continue
        assert roles[number - 1] in {"user", "tool"}, "a call that follows neither a question nor a result"
        answered = roles[number + 1 : number + 1 + len(message["tool_calls"])]
        assert answered == ["tool"] * len(message["tool_calls"])
        if number > newest:
            first = message["tool_calls"][0]
            assert first["extra_content"]["google"]["thought_signature"], "a call without its signature"


def check_deepseek(body: Json) -> None:
    """Raise `AssertionError` where DeepSeek would answer 400 to one of its own steps."""
    check_openai(body)
    for message in body["messages"]:
        if any(call["id"].startswith("deepseek") for call in message.get("tool_calls", ())):
            assert message["reasoning_content"]


def check_anthropic(body: Json) -> None:
    """Raise `AssertionError` where Anthropic would answer 400."""
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    blocks = [block for message in messages for block in message["content"]]
    assert all(message["content"] for message in messages), "no content"
    assert all(block["text"].strip() for block in blocks if block["type"] == "text"), "no text"
    uses = [block for block in blocks if block["type"] == "tool_use"]
    assert len({block["id"] for block in uses}) == len(uses), "ids are not unique"
    for block in uses:
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", block["id"])
        assert NAME.fullmatch(block["name"])
        assert isinstance(block["input"], dict), "input that is no object"
    assert body["tools"] or not uses
    _check_results(messages)
    _check_marks([*body["tools"], *body["system"], *blocks])


def _check_results(messages: list[Json]) -> None:
    for before, message in zip([{"content": []}, *messages], messages, strict=False):
        called = [block["id"] for block in before["content"] if block["type"] == "tool_use"]
        kinds = [block["type"] for block in message["content"]]
        results = [block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"]
        assert sorted(results) == sorted(called), "calls and results do not match"
        assert kinds[: len(results)] == ["tool_result"] * len(results), "results stand first"
    assert not any(block["type"] == "tool_use" for block in messages[-1]["content"])


def _check_marks(blocks: Iterable[Json]) -> None:
    marked = [block for block in blocks if "cache_control" in block]
    assert len(marked) <= 4, "too many marks"
    assert not any(block.get("type") in {"thinking", "redacted_thinking"} for block in marked)


# Each provider's dialect, a model of its, and its rules.
RULES: dict[str, tuple[str, str, Callable[[Json], None]]] = {
    "openai": ("openai", "gpt-5-mini", check_openai),
    "mistral": ("openai", "mistral-medium-latest", check_mistral),
    "gemini": ("openai", "gemini-3-flash-preview", check_gemini),
    "deepseek": ("openai", "deepseek-v4-flash", check_deepseek),
    "anthropic": ("anthropic", "claude-haiku-4-5", check_anthropic),
}
