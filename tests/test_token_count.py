"""Tokens are counted without a vocabulary, and not too low for the vocabularies of six makers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench.tokens
from widget_api.llm.base import Assistant, Call, Result, Tool, User
from widget_api.turns.token_count import estimate_entries, estimate_fixed, estimate_tokens

SAMPLES = json.loads(Path(bench.tokens.__path__[0], "samples.json").read_text("utf-8"))["samples"]
# Nobody writes in them alone; a message has a few tokens more than its text.
ODD = {"emoji", "code-like"}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_text_is_not_counted_too_low_for_any_vocabulary(name: str) -> None:
    text, tokens = SAMPLES[name]["text"], SAMPLES[name]["tokens"]
    assert estimate_tokens(text) >= max(tokens) * (0.75 if name in ODD else 0.98)
    assert estimate_tokens(text) <= max(tokens) * 2.5, "nor so high that a window stays half empty"


@given(st.text(), st.text())
def test_two_texts_have_about_as_many_tokens_as_both_together(one: str, two: str) -> None:
    assert abs(estimate_tokens(one + two) - estimate_tokens(one) - estimate_tokens(two)) <= 4


def test_all_that_goes_out_is_counted() -> None:
    entries = (User("Is it warm?", {"path": "/products/hat"}), Result("c", "x", {"a": "b" * 90}, text="Yes."))
    assert estimate_entries(entries) < 60
    long = Assistant("x", (Call("c", "search_catalog", {"query": "hat " * 100}),))
    assert estimate_entries([long]) > 100
    tools = [Tool("search", "Find " * 100, {"type": "object", "description": "more " * 100})]
    assert estimate_fixed("Sell.", tools) > 300
