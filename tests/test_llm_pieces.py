"""The short way of a chunk that has only words leads where the long way leads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_wire import DIALECTS, Ear, event
from widget_api.llm.answer import Broken
from widget_api.llm.prose import _ORDINARY
from widget_api.text import visible

# What makers put in the places of a chunk, in turn with what they should.
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 0, 1, False, [], {}, [{}], "stop", "error", {"message": "full"}, "chat.completion.chunk"]
)
text = st.one_of(st.text(max_size=4), st.sampled_from(["\ud83d", "\ude42", "<think>", [{"text": "part"}], None]))


def having(required: dict[str, st.SearchStrategy[Any]], *rest: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these fields, and perhaps with odd things in others."""
    return st.fixed_dictionaries(required, optional=dict.fromkeys(rest, odd))


calls = st.just([{"index": 0, "id": "a", "function": {"name": "get_cart", "arguments": "{}"}}])
delta = st.one_of(
    having({"content": text}, "role", "refusal", "tool_calls", "function_call", "reasoning_content"),
    having({"content": text, "tool_calls": calls}),
    odd,
)
choice = having({"delta": delta}, "index", "finish_reason", "message", "logprobs")
usage = st.sampled_from([None, {"prompt_tokens": 7, "completion_tokens": 9}])
CHUNKS = {
    "openai": st.one_of(
        having({"choices": st.lists(choice, max_size=2)}, "object", "error", "usage", "x_groq", "id"),
        having({"choices": st.lists(choice, min_size=1, max_size=1), "usage": usage}),
    ),
    "anthropic": st.one_of(
        having(
            {"type": st.just("content_block_delta"), "delta": having({"type": st.just("text_delta"), "text": text})}
        ),
        having(
            {"type": st.sampled_from(["content_block_delta", "ping", "content_block_start"]), "delta": odd},
            "index",
            "error",
            "object",
        ),
        having({"delta": having({"type": odd, "text": text}), "type": odd}),
    ),
}


def heard(dialect: str, wire: list[bytes], *, short: bool) -> Any:
    """What the sink is told, and how it ends."""
    ear = Ear()
    reader = DIALECTS[dialect].Decoder(ear, new_id=lambda: "own")
    if not short:
        reader._piece = lambda _: None  # type: ignore[method-assign, assignment]
    try:
        for piece in wire:
            reader.feed(piece)
        end: Any = reader.end("m")
    except Broken as broken:
        end = (str(broken), broken.status)
    return ear.heard, end


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
def test_the_short_way_leads_where_the_long_way_leads(dialect: str, data: st.DataObject) -> None:
    names = st.sampled_from(["", "", "", "error"])
    chunks = data.draw(st.lists(st.tuples(CHUNKS[dialect], names), max_size=4))
    wire = [event(json.dumps(chunk), name=name) for chunk, name in chunks]
    if data.draw(st.booleans()):
        wire = [b"".join(wire)]
    assert heard(dialect, wire, short=True) == heard(dialect, wire, short=False)


@pytest.mark.parametrize(
    ("dialect", "chunk"),
    [
        ("openai", {"choices": [{"index": 0, "delta": {"content": "Good"}, "finish_reason": None}]}),
        (
            "openai",
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "model": "gpt-4o-mini",
                "choices": [
                    {"index": 0, "delta": {"content": "Gr\u00f6\u00dfe"}, "logprobs": None, "finish_reason": None}
                ],
                "usage": None,
                "obfuscation": "x",
            },
        ),
        ("anthropic", {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Good"}}),
    ],
)
def test_what_most_chunks_are_takes_the_short_way(dialect: str, chunk: dict[str, Any]) -> None:
    assert DIALECTS[dialect].Decoder(Ear())._piece(json.dumps(chunk).encode()) in ("Good", "Größe")


def test_what_passes_for_ordinary_is_visible() -> None:
    everything = map(chr, range(0x110000))
    assert all(visible(character) == character for character in everything if _ORDINARY.fullmatch(character))
