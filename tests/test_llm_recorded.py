"""What servers send means the same however the network cuts it.

`tests/wire` has bytes of a real llama.cpp server (`llama-…`, chunks left out where there were many alike) and bytes
written by hand in the shapes that OpenAI, Azure, Anthropic, Gemini, Mistral, DeepSeek, OpenRouter, Groq, Ollama and
vLLM document.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_wire import Ear, decoder
from widget_api.llm.answer import Broken

FILES = {path.name.removesuffix(".txt"): path for path in sorted((Path(__file__).parent / "wire").glob("*.txt"))}
# Each of their bytes is a place to cut at. Longer ones are fed byte by byte, and cut by chance.
SHORT = [name for name, path in FILES.items() if path.stat().st_size < 2000]

WORDS = {
    "anthropic-words.anthropic": "Oui, le bonnet « Ridge » 🧶",
    "anthropic-call.anthropic": "Let me look.",
    "anthropic-error.anthropic": "We have",
    "azure-filter.openai": "Well",
    "carriage-returns.openai": "Né",
    "deepseek-words.openai": "我们有两款。",
    "gemini-words.openai": "Wir haben zwei Mützen.",
    "mistral-words.openai": "Deux bonnets à 29 €.",
    "openai-words.openai": "Ja, wir haben Mützen 🧢 für 29,00\xa0€ 帽子\n",  # as a line end
    "openai-error.openai": "We have",
    "openai-refusal.openai": "I cannot help with that.",
    "openrouter-words.openai": "Two hats.",
    "openrouter-error.openai": "Two",
    "proxied.openai": "One\n two",
    "whole.openai": "All at once: 帽子",
    "whole.anthropic": "Voilà.",
}
CALLS: dict[str, list[tuple[str, Any]]] = {
    "anthropic-call.anthropic": [("search_catalog", {"query": "warm hat"})],
    "deepseek-call.openai": [("search_catalog", {"query": "hat"})],
    "gemini-call.openai": [("search_catalog", {"query": "warm hat"})],
    "groq-call.openai": [("search_catalog", {"query": "hats"})],
    "llama-cart.openai": [("get_cart", {})],
    "llama-pings.openai": [("get_cart", {})],
    "llama-search.openai": [
        ("search_catalog", {"query": "warm head", "limit": 10, "max_price": 0, "available_only": False})
    ],
    "mistral-call.openai": [("search_catalog", {"query": "bonnet"})],
    "ollama-call.openai": [("search_catalog", {"limit": 5, "query": "hats"})],
    "openai-calls.openai": [("search_catalog", {"query": "Mütze"}), ("get_cart", {})],
    "vllm-call.openai": [("search_catalog", {"query": "hats"})],
    "whole.openai": [("get_cart", {})],
    "whole.anthropic": [("search_catalog", {"query": "béret"})],
}
TOKENS = {
    "anthropic-words.anthropic": (1049, 12),
    "deepseek-words.openai": (91, 20),
    "gemini-words.openai": (70, 9),
    "groq-call.openai": (300, 21),
    "llama-search.openai": (1137, 44),
    "mistral-words.openai": (91, 20),
    "ollama-call.openai": (91, 20),
    "openai-words.openai": (1137, 14),
    "openrouter-words.openai": (91, 20),
    "vllm-call.openai": (91, 20),
}
FAULTS = {
    "anthropic-error.anthropic": (500, "Overloaded"),
    "gemini-error.openai": (503, "overloaded"),
    "llama-cut.openai": (0, "before it was finished"),
    "llama-exceeded.openai": (400, "exceeds the available context size (8192 tokens)"),
    "openai-error.openai": (500, "had an error"),
    "openrouter-error.openai": (502, "Provider disconnected"),
    "vllm-error.openai": (400, "maximum context length is 8192"),
}
# How it is shown is a matter of its own: a call that a server gave as text.
AS_TEXT = "llama-call-as-text.openai"


def heard(name: str, pieces: Sequence[bytes]) -> tuple[Any, ...]:
    """Return what the sink is told, with deltas of one kind that follow one another joined, and the step or fault."""
    ear = Ear()
    reader = decoder(name.rpartition(".")[2], ear)
    end: Any
    try:
        for piece in pieces:
            reader.feed(piece)
        end = reader.end("m")
    except Broken as broken:
        end = (str(broken), broken.status, reader.answer.begun)
    joined = [
        (kind, "".join(part[-1] for part in parts)) for kind, parts in groupby(ear.heard, lambda part: part[:-1])
    ]
    return joined, end


@cache
def uncut(name: str) -> tuple[Any, ...]:
    return heard(name, [FILES[name].read_bytes()])


def test_all_makers_are_here() -> None:
    assert {*WORDS, *CALLS, *TOKENS, *FAULTS, AS_TEXT} == FILES.keys()


@pytest.mark.parametrize("name", sorted(FILES.keys() - FAULTS.keys() - {AS_TEXT}))
def test_an_answer_is_understood(name: str) -> None:
    told, step = uncut(name)
    assert "".join(text for kind, text in told if kind == ("text",)) == WORDS.get(name, "")
    assert [(call.name, call.input) for call in step.calls] == CALLS.get(name, [])
    assert not CALLS.get(name) or step.finish_reason == "tool-calls"
    if name in TOKENS:
        assert (step.usage.input, step.usage.output) == TOKENS[name]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_understood(name: str) -> None:
    told, (reason, status, _) = uncut(name)
    assert "".join(text for kind, text in told if kind == ("text",)) == WORDS.get(name, "")
    assert (status, FAULTS[name][1] in reason) == (FAULTS[name][0], True)


@pytest.mark.parametrize("name", FILES)
def test_byte_by_byte_it_means_the_same(name: str) -> None:
    wire = FILES[name].read_bytes()
    assert heard(name, [wire[at : at + 1] for at in range(len(wire))]) == uncut(name)


@pytest.mark.parametrize("name", SHORT)
def test_cut_at_any_place_it_means_the_same(name: str) -> None:
    wire = FILES[name].read_bytes()
    for at in range(1, len(wire)):
        assert heard(name, [wire[:at], wire[at:]]) == uncut(name), f"cut at byte {at}"


@given(st.data(), st.sampled_from(sorted(FILES)))
def test_cut_at_any_places_it_means_the_same(data: st.DataObject, name: str) -> None:
    wire = FILES[name].read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=5)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert heard(name, pieces) == uncut(name)
