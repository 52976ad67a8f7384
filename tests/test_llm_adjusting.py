"""An optional field that a server refuses is left out, once, and not sent again: whatever it is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_server import JSON, ModelServer, Say, model_server
from tests.model_wire import DIALECTS, DONE, QUESTION, STOP, Ear, message, say, text_block
from widget_api.llm.adjustments import REQUIRED, Adjustment
from widget_api.llm.provider import MOST_ADJUSTMENTS, Provider
from widget_api.problems import ModelRefused

GOOD = Say([say("Good boots") + STOP + DONE])
OPTIONS = {"temperature": 0.2, "parallel_tool_calls": False, "chat_template_kwargs": {"enable_thinking": False}}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def refused(text: object, status: int = 400) -> Say:
    body = text if isinstance(text, str) else json.dumps(text)
    return Say([body.encode()], status=status, headers=JSON)


def error(text: str, **fields: object) -> Say:
    return refused({"error": {"message": text, **fields}})


def provider(server: ModelServer, dialect: str = "openai", name: str = "m", **options: Any) -> Provider:
    return Provider(DIALECTS[dialect], name=name, base_url=server.url, pause=lambda *_: None, **options)


def ask(model: Provider) -> str:
    ear = Ear()
    model.stream(QUESTION, ear)
    return ear.words


def has(server: ModelServer, *names: str) -> list[list[str]]:
    """Which of these fields each request had."""
    return [sorted({*names} & {*asked.body}) for asked in server.asked]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        (
            "stream_options",
            refused({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}, 422),
        ),
        ("stream_options", error('Invalid JSON payload received. Unknown name "stream_options": Cannot find field.')),
        ("temperature", error("Unsupported value: 'temperature' does not support 0.2 with this model.")),
        ("temperature", error("", param="temperature", code="unsupported_value")),
        ("parallel_tool_calls", error("azure does not support parameters: ['parallel_tool_calls'], for model=x")),
        ("chat_template_kwargs", error("property 'chat_template_kwargs.enable_thinking' is unsupported")),
        ("chat_template_kwargs", error("extraneous key [enable_thinking] is not permitted")),
        ("stream_options", refused({"error": {"message": "No endpoints support stream_options"}}, 404)),
        ("parallel_tool_calls", refused({"error": {"message": "Unsupported param: parallel_tool_calls"}}, 500)),
        ("temperature", refused('{"error": {"message": "\\u0027temperature\\u0027 is deprecated"}}')),
    ],
)
def test_a_field_that_is_refused_is_left_out_from_then_on(server: ModelServer, name: str, refusal: Say) -> None:
    server.says(refusal, GOOD)
    model = provider(server, options=OPTIONS)
    assert [ask(model), ask(model)] == ["Good boots"] * 2
    assert has(server, name) == [[name], [], []]
    others = {"stream_options", *OPTIONS} - {name}
    assert has(server, *others)[-1] == sorted(others)


@pytest.mark.parametrize(
    ("name", "refusal", "sent"),
    [
        (
            "shop-chat-prod",
            error("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens"),
            {"max_completion_tokens": 1024},
        ),
        ("gpt-5-mini", error("Unrecognized request argument: max_completion_tokens"), {"max_tokens": 1024}),
        ("m", error("max_tokens is too large: 1024. This model supports at most 512 tokens."), {"max_tokens": 512}),
        ("m", error("Invalid max_tokens value, the valid range of max_tokens is [1, 819]"), {"max_tokens": 819}),
    ],
)
def test_the_limit_of_the_answer_is_sent_as_the_server_wants_it(
    server: ModelServer, name: str, refusal: Say, sent: dict[str, int]
) -> None:
    server.says(refusal, GOOD)
    model = provider(server, name=name)
    assert [ask(model), ask(model)] == ["Good boots"] * 2
    for asked in server.asked[1:]:
        assert {key: asked.body[key] for key in ("max_tokens", "max_completion_tokens") if key in asked.body} == sent


def test_a_server_that_takes_no_limit_gets_none(server: ModelServer) -> None:
    server.says(error("unknown field max_tokens"), error("unknown field max_completion_tokens"), GOOD)
    assert ask(provider(server)) == "Good boots"
    assert has(server, "max_tokens", "max_completion_tokens")[-1] == []


def test_several_fields_are_left_out_one_after_the_other(server: ModelServer) -> None:
    server.says(error("unknown: stream_options"), error("unknown: temperature"), error("unknown: max_tokens"), GOOD)
    model = provider(server, options=OPTIONS)
    ask(model)
    ask(model)
    assert len(server.asked) == 5
    assert has(server, "stream_options", "temperature", "max_tokens", "max_completion_tokens")[-1] == [
        "max_completion_tokens"
    ]


def test_a_thinking_model_that_wants_no_effort_with_tools_gets_none(server: ModelServer) -> None:
    server.says(
        error("Function tools with reasoning_effort are not supported. Set reasoning_effort to 'none'."), GOOD
    )
    assert ask(provider(server, name="gpt-5.4")) == "Good boots"
    assert [asked.body["reasoning_effort"] for asked in server.asked] == ["low", "none"]


def test_a_field_is_not_forgotten_for_a_refusal_that_had_another_reason(server: ModelServer) -> None:
    server.says(error("your temperature is 38"), error("this question is odd"), GOOD)
    model = provider(server, options=OPTIONS)
    with pytest.raises(ModelRefused):
        ask(model)
    ask(model)
    assert has(server, "temperature") == [["temperature"], [], ["temperature"]]


def test_a_server_that_refuses_everything_is_not_asked_for_ever(server: ModelServer) -> None:
    names = [f"option_{number}" for number in range(20)]
    server.says(*(error(f"unknown: {name}") for name in names))
    with pytest.raises(ModelRefused):
        ask(provider(server, options=dict.fromkeys(names, 1)))
    assert len(server.asked) == MOST_ADJUSTMENTS + 1


def test_a_refusal_that_names_what_must_be_sent_is_one(server: ModelServer) -> None:
    server.says(error("messages: roles must alternate; model, stream, tools"))
    with pytest.raises(ModelRefused):
        ask(provider(server))
    assert len(server.asked) == 1


def test_words_of_the_shopper_in_a_refusal_name_nothing(server: ModelServer) -> None:
    server.says(error("cannot answer: Do you have boots? in temperature"), GOOD)
    model = provider(server, options={"boots": 1})
    with pytest.raises(ModelRefused):
        ask(model)
    assert len(server.asked) == 1


def test_anthropic_gets_a_smaller_limit_and_never_another_name_for_it(server: ModelServer) -> None:
    good = Say([message(*text_block("Good boots"))])
    server.says(error("max_tokens: 1024 > 819, which is the maximum for claude-3-20241022"), good)
    assert ask(provider(server, "anthropic")) == "Good boots"
    assert server.asked[-1].body["max_tokens"] == 819
    server.says(error("max_tokens must be greater than thinking.budget_tokens"), good)
    assert ask(provider(server, "anthropic", options={"thinking": {"budget_tokens": 9000}})) == "Good boots"
    assert "thinking" not in server.asked[-1].body
    assert "max_tokens" in server.asked[-1].body


def test_a_field_within_messages_and_tools_is_left_out_everywhere_but_where_it_is_a_name() -> None:
    schema = {"type": "object", "properties": {"cache_control": {"maxLength": 3}}, "cache_control": {}}
    body = {"messages": [{"content": [{"text": "a", "cache_control": {}}]}], "tools": [schema], "model": "m"}
    adjustment = Adjustment().after("tools.0.custom.cache_control: Extra inputs are not permitted", body)
    assert adjustment is not None
    fitted = adjustment.fit(body)
    assert fitted["messages"] == [{"content": [{"text": "a"}]}]
    assert fitted["tools"] == [{"type": "object", "properties": {"cache_control": {"maxLength": 3}}}]


# What the operator sets


def test_options_join_the_body_and_null_takes_a_field_out(server: ModelServer) -> None:
    server.says(GOOD)
    ask(provider(server, name="gpt-5", options={"temperature": 1, "reasoning_effort": None, "stream_options": None}))
    assert has(server, "temperature", "reasoning_effort", "stream_options") == [["temperature"]]


def test_a_gateways_own_word_for_the_effort_takes_the_place_of_ours(server: ModelServer) -> None:
    server.says(GOOD)
    ask(provider(server, name="gpt-5", options={"reasoning": {"effort": "low"}}))
    assert has(server, "reasoning", "reasoning_effort") == [["reasoning"]]


def test_what_two_threads_learn_is_kept_of_both() -> None:
    first, second = Adjustment(frozenset("a"), 500), Adjustment(frozenset("b"), 0, frozenset({("c", "none")}))
    both = Adjustment(frozenset("ab"), 500, frozenset({("c", "none")}))
    assert first.join(second) == second.join(first) == both


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_among_the_options_is_the_limit_of_the_model(server: ModelServer, name: str) -> None:
    server.says(GOOD)
    model = provider(server, options={name: 500})
    assert (ask(model), model.max_tokens) == ("Good boots", 500)
    assert has(server, "max_tokens", "max_completion_tokens") == [[name]]


names = st.sampled_from(["model", "messages", "tools", "max_tokens", "temperature", "stream_options", "seed"])


@given(st.lists(names).map(" ".join), st.fixed_dictionaries({"max_tokens": st.integers(1, 9999)}))
def test_what_must_be_sent_is_never_left_out(refusal: str, limit: dict[str, int]) -> None:
    required = dict.fromkeys(REQUIRED, "x")
    body: dict[str, Any] = {**required, **limit, "temperature": 1, "seed": 2}
    after: Callable[..., Adjustment | None] = Adjustment().after
    adjustment = after(refusal, body)
    fitted = (adjustment or Adjustment()).fit(body)
    assert {name: fitted[name] for name in REQUIRED} == required
    assert adjustment is None or fitted != body
