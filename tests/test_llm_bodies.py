"""A step's question as each provider wants it written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.model_wire import SEARCH
from widget_api.llm import anthropic, openai
from widget_api.llm.base import Assistant, Call, Entry, Request, Result, User

CALL = Call("call_1", "search_catalog", {"query": "boots"}, '{"query": "boots"}')
CONVERSATION: tuple[Entry, ...] = (
    User("Do you have boots?"),
    Assistant("Let me look.", (CALL,)),
    Result("call_1", "search_catalog", {"products": ["Größe 44"]}),
    Assistant("Here they are."),
    User("Thanks!"),
)
# What Anthropic's cache keeps ends here.
MARK = {"cache_control": {"type": "ephemeral"}}
REQUEST = Request("You sell boots.", CONVERSATION, (SEARCH,), max_tokens=99)


def only(*entries: Entry) -> Request:
    return Request("", entries)


def said(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = body["messages"]
    return messages


def test_openai_is_asked_for_a_stream_with_usage() -> None:
    body = openai.body(REQUEST, "gpt-4o")
    assert {name: body[name] for name in ("model", "stream", "stream_options", "max_tokens")} == {
        "model": "gpt-4o",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 99,
    }


@pytest.mark.parametrize("model", ["gpt-5-mini", "openai/gpt-5", "o3", "o4-mini"])
def test_models_that_count_their_thoughts_have_another_word_for_the_limit(model: str) -> None:
    body = openai.body(REQUEST, model)
    assert (body.get("max_tokens"), body["max_completion_tokens"]) == (None, 99)


def test_openai_gets_the_conversation_with_calls_and_results() -> None:
    function = {"name": "search_catalog", "arguments": '{"query": "boots"}'}
    assert said(openai.body(REQUEST, "m")) == [
        {"role": "system", "content": "You sell boots."},
        {"role": "user", "content": "Do you have boots?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": '{"products": ["Größe 44"]}'},
        {"role": "assistant", "content": "Here they are."},
        {"role": "user", "content": "Thanks!"},
    ]


def test_openai_gets_the_tools_and_no_empty_list_of_them() -> None:
    function = {"name": SEARCH.name, "description": SEARCH.description, "parameters": SEARCH.parameters}
    assert openai.body(REQUEST, "m")["tools"] == [{"type": "function", "function": function}]
    assert "tools" not in openai.body(only(User("Hi")), "m")


@pytest.mark.parametrize(("dialect", "choice"), [(openai, "none"), (anthropic, {"type": "none"})])
def test_tools_that_may_not_be_called_are_sent_with_the_word_that_forbids_it(dialect: Any, choice: Any) -> None:
    forbidden = dialect.body(replace(REQUEST, tool_choice="none"), "m")
    allowed = dialect.body(REQUEST, "m")
    assert forbidden.pop("tool_choice") == choice
    assert forbidden == allowed
    assert "tool_choice" not in openai.body(replace(only(User("Hi")), tool_choice="none"), "m")


def test_openai_gets_one_message_for_words_that_follow_words() -> None:
    body = openai.body(only(User("Hi"), Assistant("Let me"), Assistant(" "), Assistant("look.", (CALL,))), "m")
    assert [message["role"] for message in said(body)] == ["user", "assistant"]
    assert (said(body)[1]["content"], len(said(body)[1]["tool_calls"])) == ("Let me\n\nlook.", 1)


def test_openai_gets_no_id_that_is_too_long_and_none_twice() -> None:
    long = Call("x" * 64, "get_cart", {})
    asked = Assistant("", (long,))
    entries = (asked, Result(long.id, "get_cart", 1), asked, Result(long.id, "get_cart", 2))
    one, first, two, second = said(openai.body(only(*entries), "m"))
    ids = [each["tool_calls"][0]["id"] for each in (one, two)]
    assert [first["tool_call_id"], second["tool_call_id"]] == ids
    assert len(set(ids)) == 2
    assert max(map(len, ids)) <= 40


@pytest.mark.parametrize("model", ["mistral-medium-latest", "mistralai/Devstral-Small", "open-mixtral-8x7b"])
def test_mistral_gets_ids_of_nine_letters_and_digits(model: str) -> None:
    _, _, asked, answered, *_ = said(openai.body(REQUEST, model))
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"]
    assert re.fullmatch("[a-zA-Z0-9]{9}", answered["tool_call_id"])
    own = Call("Ab3dEf9Hi", "get_cart", {})
    (message,) = said(openai.body(only(Assistant("", (own,))), model))
    assert message["tool_calls"][0]["id"] == "Ab3dEf9Hi"


@pytest.mark.parametrize(("model", "is_marked"), [("gemini-3-flash-preview", True), ("gemini-2.5-flash", False)])
def test_gemini_is_told_which_calls_another_model_has_made(model: str, is_marked: bool) -> None:
    (message,) = said(openai.body(only(Assistant("", (CALL,))), model))
    assert ("extra_content" in message["tool_calls"][0]) is is_marked


def test_openai_gets_a_call_without_words_as_null() -> None:
    [message] = said(openai.body(only(Assistant("", (CALL,))), "m"))
    assert message["content"] is None


def test_openai_gets_an_empty_object_for_arguments_that_were_none() -> None:
    [message] = said(openai.body(only(Assistant("", (Call("a", "get_cart", None, "{oops"),))), "m"))
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_questions_without_an_answer_between_them_are_one_message() -> None:
    request = only(User("Boots?"), User("Or hats?"))
    assert said(openai.body(request, "m")) == [{"role": "user", "content": "Boots?\n\nOr hats?"}]
    [message] = said(anthropic.body(request, "m"))
    assert [block["text"] for block in message["content"]] == ["Boots?", "Or hats?"]


def test_anthropic_gets_the_conversation_in_turns() -> None:
    assert said(anthropic.body(REQUEST, "m")) == [
        {"role": "user", "content": [{"type": "text", "text": "Do you have boots?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "call_1", "name": "search_catalog", "input": {"query": "boots"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "call_1",
                    "content": [{"type": "text", "text": '{"products": ["Größe 44"]}'}],
                    "is_error": False,
                    **MARK,
                }
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "Here they are."}]},
        {"role": "user", "content": [{"type": "text", "text": "Thanks!", **MARK}]},
    ]


def test_anthropic_gets_system_tools_and_limit() -> None:
    body = anthropic.body(REQUEST, "claude")
    tool = {"name": SEARCH.name, "description": SEARCH.description, "input_schema": SEARCH.parameters, **MARK}
    assert (body["model"], body["system"], body["max_tokens"], body["stream"]) == (
        "claude",
        [{"type": "text", "text": "You sell boots.", **MARK}],
        99,
        True,
    )
    assert body["tools"] == [tool]
    assert "tool_choice" not in body


def test_anthropic_gets_results_and_what_the_shopper_said_then_in_one_message() -> None:
    entries = (User("Hi"), Assistant("", (CALL,)), Result("call_1", "x", "gone", error=True), User("Still there?"))
    *_, last = said(anthropic.body(only(*entries), "m"))
    assert [block["type"] for block in last["content"]] == ["tool_result", "text"]
    assert last["content"][0]["is_error"] is True


def test_anthropic_knows_the_tools_of_the_history_though_none_may_be_called_now() -> None:
    body = anthropic.body(Request("", CONVERSATION), "m")
    assert body["tools"] == [{"name": "search_catalog", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}


def test_anthropic_gets_no_blank_blocks() -> None:
    body = anthropic.body(only(User("Hi"), Assistant(" \n"), Result("a", "x", "")), "m")
    assert [block["type"] for message in said(body) for block in message["content"]] == ["text", "tool_result"]
    assert said(body)[-1]["content"][-1]["content"] == []


def test_anthropic_gets_foreign_call_ids_in_its_own_alphabet() -> None:
    foreign = Call("functions.get_cart:0", "get_cart", {})
    _, asked, answered = said(
        anthropic.body(only(User("Hi"), Assistant("", (foreign,)), Result(foreign.id, "x", 1)), "m")
    )
    assert asked["content"][0]["id"] == answered["content"][0]["tool_use_id"] == "functions_get_cart_0"


@pytest.mark.parametrize("base", ["https://api.example/v1", "https://api.example/v1/"])
def test_openai_is_posted_to_below_its_base(base: str) -> None:
    assert openai.url(base) == "https://api.example/v1/chat/completions"


def test_anthropic_is_posted_to_below_its_base() -> None:
    assert anthropic.url("https://api.example/") == "https://api.example/v1/messages"


def test_keys_are_sent_as_each_wants_them_and_not_at_all_when_there_is_none() -> None:
    assert openai.headers("k") == {"Authorization": "Bearer k"}
    assert openai.headers("") == {}
    assert anthropic.headers("k") == {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    assert anthropic.headers("") == {"anthropic-version": "2023-06-01"}


@pytest.mark.parametrize("dialect", [openai, anthropic])
def test_a_body_can_be_written_as_json(dialect: Any) -> None:
    assert json.loads(json.dumps(dialect.body(REQUEST, "m")))


@pytest.mark.parametrize("dialect", [openai, anthropic])
def test_a_result_is_told_as_its_text_and_no_tag_of_a_template_stands_in_it(dialect: Any) -> None:
    text = '{"products":[{"id":"8123","title":"Hat","price":"9.00 EUR","variants":[]}]}'
    for told, read in ((text, text), ("</tool_response>", "\\u003c/tool_response\\u003e")):
        result = Result("call_1", "search_catalog", {"products": [{"url": "https://a.example"}]}, text=told)
        body = dialect.body(only(User("Hi"), Assistant("", (CALL,)), result), "m")
        assert json.dumps(read) in json.dumps(body)
        assert "a.example" not in json.dumps(body)
