"""What a provider sends beside words and calls goes back to it word for word, and to nobody else."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_wire import CALLS, DONE, SEARCH, STOP, block, call, chunk, message, read, say, text_block, tool_block
from widget_api.llm import anthropic, openai
from widget_api.llm.base import Assistant, Request, Result, Step, User
from widget_api.llm.extras import STEP_BYTES, Bag, renamed_request, renamed_step

SIGNATURE = {"google": {"thought_signature": "c2ln"}}


def asked_again(step: Step, text: str = "") -> Request:
    """The request that brings the results of the step's calls."""
    results = tuple(Result(each.id, each.name, {}) for each in step.calls)
    return Request("", (User("A hat?"), Assistant(text, step.calls, step.extra), *results), (SEARCH,))


def sent_back(wire: bytes, text: str = "") -> dict[str, Any]:
    """The message that stands for the step in OpenAI's next request."""
    _, step = read(wire)
    found: dict[str, Any] = openai.body(asked_again(step, text), "m")["messages"][1]
    return found


def test_fields_of_a_call_and_of_its_function_go_back_where_they_stood() -> None:
    function = {"name": "search_catalog", "arguments": "{}", "strict": True}
    wire = chunk({"tool_calls": [{"index": 0, "id": "a", "function": function, "extra_content": SIGNATURE}]})
    (sent,) = sent_back(wire + CALLS + DONE)["tool_calls"]
    assert sent == {
        "id": "a",
        "type": "function",
        "function": {"name": "search_catalog", "arguments": "{}", "strict": True},
        "extra_content": SIGNATURE,
    }


def test_each_call_has_its_own() -> None:
    wire = b"".join(
        call("{}", name="search_catalog", index=n, id=f"c{n}") + chunk({"tool_calls": [{"index": n, "sealed": n}]})
        for n in range(3)
    )
    assert [each["sealed"] for each in sent_back(wire + CALLS + DONE)["tool_calls"]] == [0, 1, 2]


def test_thoughts_that_grow_are_joined() -> None:
    wire = chunk({"role": "assistant", "content": None, "reasoning_content": "They "})
    wire += chunk({"reasoning_content": "want "}) + chunk({"reasoning_content": "want ", "content": None})
    wire += call("{}", name="search_catalog", index=0, id="a") + CALLS + DONE
    assert sent_back(wire)["reasoning_content"] == "They want want "


def test_details_are_joined_by_their_index() -> None:
    first = {
        "type": "reasoning.text",
        "text": "They ",
        "format": "anthropic-claude-v1",
        "index": 0,
        "signature": None,
    }
    second = {"type": "reasoning.text", "text": "want", "format": "anthropic-claude-v1", "index": 0}
    sealed = {"type": "reasoning.encrypted", "data": "x" * 80, "id": "rs_1", "index": 1}
    last = {"type": "reasoning.text", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
    wire = b"".join(
        chunk({"content": "", "reasoning_details": [each]}) for each in (first, second, sealed, last, last)
    )
    details = sent_back(wire + call("{}", name="search_catalog", index=0, id="a") + CALLS + DONE)["reasoning_details"]
    assert details == [{**first, "text": "They want", "signature": "c2ln"}, sealed]


def test_thoughts_without_an_index_go_on_until_they_are_signed() -> None:
    """LiteLLM tells Anthropic's thoughts so."""
    kind = "thinking"
    pieces = [{"type": kind, "thinking": "They "}, {"type": kind, "thinking": "want"}]
    pieces += [{"type": kind, "thinking": "", "signature": "one"}, {"type": kind, "thinking": "Hm"}]
    pieces += [{"type": kind, "signature": "two"}, {"type": "redacted_thinking", "data": "x"}]
    wire = b"".join(chunk({"thinking_blocks": [piece]}) for piece in pieces)
    assert sent_back(wire + call("{}", name="search_catalog", index=0, id="a") + CALLS + DONE)["thinking_blocks"] == [
        {"type": kind, "thinking": "They want", "signature": "one"},
        {"type": kind, "thinking": "Hm", "signature": "two"},
        {"type": "redacted_thinking", "data": "x"},
    ]


def test_a_signature_that_every_delta_repeats_is_one() -> None:
    piece = {"index": 0, "id": "a", "extra_content": {"google": {"thought_signature": "c2ln" * 40}}}
    wire = chunk({"tool_calls": [{**piece, "function": {"name": "search_catalog", "arguments": ""}}]})
    wire += chunk({"tool_calls": [{**piece, "function": {"arguments": "{}"}}]}) + CALLS + DONE
    assert sent_back(wire)["tool_calls"][0]["extra_content"] == piece["extra_content"]


def test_an_answer_in_one_piece_keeps_them_too() -> None:
    function = {"name": "search_catalog", "arguments": "{}"}
    calls = [{"id": "a", "type": "function", "function": function, "extra_content": SIGNATURE}]
    answer = {"role": "assistant", "content": None, "reasoning": "Hm.", "tool_calls": calls}
    wire = json.dumps({"choices": [{"message": answer, "finish_reason": "tool_calls"}]}).encode()
    sent = sent_back(wire)
    assert (sent["reasoning"], sent["tool_calls"][0]["extra_content"]) == ("Hm.", SIGNATURE)


def test_an_id_that_carries_a_signature_goes_back_whole() -> None:
    """LiteLLM writes Gemini's signatures into ids."""
    long = f"call_1__thought__{'c2ln' * 100}"
    _, step = read(call("{}", name="search_catalog", index=0, id=long) + CALLS + DONE)
    assert len(step.calls[0].id) <= 64
    _, asked, answered = openai.body(asked_again(step), "m")["messages"]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"] == long
    _, asked, answered = openai.body(asked_again(step), "another")["messages"]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"] != long


def test_the_state_of_a_step_without_calls_is_kept() -> None:
    _, step = read(say("Good boots.") + chunk({"content": "", "extra_content": SIGNATURE}) + STOP + DONE)
    assert step.extra is not None
    request = Request("", (User("Boots?"), Assistant("Good boots.", (), step.extra), User("Thanks")))
    assert openai.body(request, "m")["messages"][1]["extra_content"] == SIGNATURE


def test_ordinary_answers_leave_nothing() -> None:
    wire = chunk({"role": "assistant", "content": "", "refusal": None, "reasoning_content": None})
    wire += say("Boots") + call("{}", name="search_catalog", index=0, id="a") + CALLS + DONE
    assert read(wire)[1].extra is None
    assert (
        read(message(*text_block("Boots"), *tool_block("{}"), stop="tool_use"), dialect="anthropic")[1].extra is None
    )


def test_another_model_gets_none_of_it() -> None:
    wire = chunk({"reasoning_content": "secret"})
    wire += chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "x"}, "extra_content": SIGNATURE}]})
    _, step = read(wire + CALLS + DONE)
    for sent in (openai.body(asked_again(step), "another"), anthropic.body(asked_again(step), "m2")):
        assert "secret" not in json.dumps(sent)
        assert "c2ln" not in json.dumps(sent)


def test_the_model_of_another_provider_with_the_same_name_gets_none_of_it() -> None:
    _, step = read(chunk({"reasoning_content": "secret"}) + call("{}", name="x", index=0, id="a") + CALLS + DONE)
    asked = asked_again(renamed_step(step, "m at one.example"))
    for maker, is_sent in (("m at one.example", True), ("m at two.example", False)):
        body = openai.body(renamed_request(asked, maker, "m"), "m")
        assert ("secret" in json.dumps(body)) is is_sent


# Anthropic's blocks

THINKING = block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "They "},
    {"type": "thinking_delta", "thinking": "want."},
    {"type": "signature_delta", "signature": "c2ln"},
)
REDACTED = block(1, {"type": "redacted_thinking", "data": "zzz"})


def test_signed_thoughts_go_back_in_their_place() -> None:
    again = block(3, {"type": "thinking", "thinking": "Hm."}, {"type": "signature_delta", "signature": "two"})
    parts = [*THINKING, *REDACTED, *text_block("Let me ", "look.", index=2), *again, *tool_block("{}", index=4)]
    _, step = read(message(*parts, stop="tool_use"), dialect="anthropic")
    body = anthropic.body(asked_again(step, "Let me look."), "m")
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "They want.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "zzz"},
        {"type": "text", "text": "Let me look."},
        {"type": "thinking", "thinking": "Hm.", "signature": "two"},
        {"type": "tool_use", "id": "toolu_1", "name": "search_catalog", "input": {}},
    ]


def test_thoughts_between_words_part_them() -> None:
    between = block(1, {"type": "thinking", "thinking": "Hm.", "signature": "s"})
    parts = [*text_block("One.", index=0), *between, *text_block("Two.", index=2), *tool_block("{}", index=3)]
    _, step = read(message(*parts, stop="tool_use"), dialect="anthropic")
    kinds = [each["type"] for each in anthropic.body(asked_again(step, "One.Two."), "m")["messages"][1]["content"]]
    assert kinds == ["text", "thinking", "text", "tool_use"]


def test_half_a_thought_is_not_kept() -> None:
    cut = [each for each in THINKING if each["type"] != "content_block_stop"][:2]
    _, step = read(message(*text_block("So", index=1), *cut, stop="max_tokens"), dialect="anthropic")
    assert step.extra is None


def test_what_came_beside_anthropics_call_goes_back() -> None:
    kind = {"type": "tool_use", "id": "toolu_1", "name": "search_catalog", "input": {}, "caller": {"type": "direct"}}
    _, step = read(message(*block(0, kind), stop="tool_use"), dialect="anthropic")
    (sent,) = anthropic.body(asked_again(step), "m")["messages"][1]["content"]
    assert sent == {
        "type": "tool_use",
        "id": "toolu_1",
        "name": "search_catalog",
        "input": {},
        "caller": {"type": "direct"},
    }


def test_anthropics_answer_in_one_piece_keeps_its_thoughts() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "search_catalog", "input": {"query": "hat"}}
    wire = json.dumps({"type": "message", "content": [thought, use], "stop_reason": "tool_use"}).encode()
    _, step = read(wire, dialect="anthropic")
    assert anthropic.body(asked_again(step), "m")["messages"][1]["content"] == [thought, use]


def test_a_call_that_was_not_kept_is_left_out_of_the_blocks() -> None:
    parts = [*THINKING, *tool_block("{}", index=1), *tool_block("{}", index=2, id="toolu_2")]
    _, step = read(message(*parts, stop="tool_use"), dialect="anthropic")
    entry = Assistant("", step.calls[1:], step.extra)
    content = anthropic.body(Request("", (User("?"), entry)), "m")["messages"][1]["content"]
    assert [each.get("id") for each in content] == [None, "toolu_2"]


# Bounds

LONG = b"".join(chunk({"reasoning_content": f"{number} {'x' * 1000}"}) for number in range(STEP_BYTES // 1000 + 2))


def test_too_much_is_dropped_as_a_whole_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _, step = read(LONG + call("{}", name="x", index=0, id="a") + CALLS + DONE)
    assert step.extra is None
    assert len(step.calls) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "xxx" not in caplog.text


@pytest.mark.parametrize("value", ["\ud800", 2**70, float("inf")])
def test_what_no_database_can_hold_does_not_break_the_step(value: Any) -> None:
    _, step = read(chunk({"sealed": [value]}) + call("{}", name="x", index=0, id="a") + CALLS + DONE)
    assert len(step.calls) == 1
    json.dumps(openai.body(asked_again(step), "m"), allow_nan=False)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


NAMES = st.sampled_from(["type", "index", "text", "signature", "id"]) | st.text(max_size=3)
ITEMS = st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=4), max_size=3)


@given(st.lists(st.dictionaries(NAMES, JSON_VALUES | ITEMS, max_size=4), max_size=5))
def test_any_fields_can_be_joined(deltas: list[dict[str, Any]]) -> None:
    before = json.dumps(deltas)
    bag = Bag()
    for delta in deltas:
        bag.add(delta)
    kept = bag.data() or {}
    assert set(kept) == {name for delta in deltas for name, value in delta.items() if value is not None}
    assert json.dumps(deltas) == before


@given(st.text(max_size=40), st.integers(1, 40))
def test_thoughts_are_the_same_however_they_were_cut(thought: str, size: int) -> None:
    pieces = [thought[at : at + size] for at in range(0, len(thought), size)]
    bag = Bag()
    for piece in pieces:
        bag.add({"message": {"reasoning_content": piece}})
    assert (bag.data() or {"message": {"reasoning_content": ""}})["message"]["reasoning_content"] == thought


# Tokens that a provider had kept

DETAILS = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 7}}


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        (DETAILS, 7),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 6}, 6),
        ({"prompt_tokens": 9, "cached_tokens": 5}, 5),
        ({"prompt_tokens": 9, "prompt_tokens_details": None}, 0),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": "all"}}, 0),
    ],
)
def test_cached_tokens_are_read(usage: dict[str, Any], cached: int) -> None:
    _, step = read(say("Boots") + STOP + chunk({}, usage=usage) + DONE)
    assert (step.usage.input, step.usage.cached) == (9, cached)


def test_anthropics_cached_tokens_are_read() -> None:
    usage = {"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 300, "output_tokens": 2}
    start = {"type": "message_start", "message": {"usage": usage}}
    _, step = read(message(start, *text_block("Boots")), dialect="anthropic")
    assert (step.usage.input, step.usage.cached) == (321, 20)
