"""Thoughts get room, an answer without a word is asked for once more, and a limit that is too long is learned."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.model_server import JSON, ModelServer, Say, model_server
from tests.model_wire import CALLS, DIALECTS, DONE, QUESTION, STOP, Ear, call, chunk, event, message, say, text_block
from widget_api.llm import openai, thinking
from widget_api.llm.base import CONTEXT_TOKENS, ContextExceeded, FinishReason, Usage
from widget_api.llm.provider import Provider
from widget_api.llm.window import find_window, window_page
from widget_api.problems import ModelCut, ModelFiltered, ModelRefused

PATIENCE = 20
GOOD = Say([say("Good boots") + STOP + DONE])
LENGTH = chunk({}, finish="length")
NO_ROOM = Say([chunk({"reasoning_content": "Hm."}) + LENGTH + DONE])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def provider(server: ModelServer, dialect: str = "openai", name: str = "m", **options: Any) -> Provider:
    return Provider(DIALECTS[dialect], name=name, base_url=server.url, pause=lambda *_: None, **options)


def limits(server: ModelServer) -> list[int]:
    return [asked.body.get("max_tokens") or asked.body["max_completion_tokens"] for asked in server.asked]


# Which models think


@pytest.mark.parametrize(
    "name",
    [
        *("gpt-5-mini", "openai/gpt-5", "azure/gpt-5-mini", "prefix:gpt-5.1", "o3", "o4-mini", "gpt-oss-120b"),
        *("gemini-2.5-flash", "models/gemini-3-flash-preview", "google/gemini-3-pro"),
    ],
)
def test_a_model_that_takes_an_effort_is_asked_for_a_low_one_and_gets_room(name: str) -> None:
    assert openai.body(QUESTION, name)["reasoning_effort"] == "low"
    assert Provider(openai, name=name).max_tokens == 4096


@pytest.mark.parametrize(
    "name",
    [
        *(
            "deepseek-reasoner",
            "deepseek-r1:8b",
            "us.deepseek.r1-v1:0",
            "Qwen/Qwen3-8B",
            "qwq-32b",
            "magistral-small",
        ),
        *("grok-4", "kimi-k2-thinking", "glm-4.6", "anthropic/claude-sonnet:thinking", "phi-4-reasoning"),
    ],
)
def test_a_model_that_thinks_by_itself_gets_room(name: str) -> None:
    assert "reasoning_effort" not in openai.body(QUESTION, name)
    assert Provider(openai, name=name).max_tokens == 4096


@pytest.mark.parametrize(
    "name",
    [
        *("gpt-4o", "gpt-5-chat-latest", "gemini-2.5-flash-lite", "deepseek-chat", "qwen2.5-coder", "llama3.1:8b"),
        *("qwen3-30b-instruct-2507", "qwen3-coder", "grok-4-fast-non-reasoning", "claude-haiku-4-5", "proto3"),
    ],
)
def test_a_model_that_does_not_think_has_the_limit_of_an_answer(name: str) -> None:
    assert "reasoning_effort" not in openai.body(QUESTION, name)
    assert Provider(openai, name=name).max_tokens == 1024


def test_the_limit_is_what_is_set_and_half_the_window_at_most() -> None:
    assert Provider(openai, name="gpt-5", max_tokens=700).max_tokens == 700
    assert Provider(openai, name="gpt-5", context_tokens=4096).max_tokens == 2048
    assert thinking.max_tokens("claude", {"thinking": {"type": "enabled", "budget_tokens": 8000}}) == 9024


# Answers without a word


@pytest.mark.parametrize(
    "first",
    [
        NO_ROOM,
        Say([chunk({"content": "<think>Hm."}) + LENGTH + DONE]),
        Say([chunk({"content": ""}) + LENGTH]),
    ],
)
def test_thoughts_that_take_all_the_room_get_more_of_it_once(
    server: ModelServer, first: Say, caplog: pytest.LogCaptureFixture
) -> None:
    server.says(first, GOOD)
    ear = Ear()
    with caplog.at_level(logging.WARNING):
        step = provider(server).stream(QUESTION, ear)
    assert (ear.words, step.empty, limits(server)) == ("Good boots", False, [1024, 4096])
    assert "'length' and without a word" in caplog.text


def test_a_model_that_needed_room_gets_it_from_then_on(server: ModelServer) -> None:
    server.says(NO_ROOM, GOOD)
    model = provider(server)
    assert model.max_tokens == 1024
    model.stream(QUESTION, Ear())
    assert model.max_tokens == 4096


def test_the_room_that_is_asked_for_has_an_end(server: ModelServer) -> None:
    server.says(NO_ROOM)
    step = provider(server, context_tokens=6000).stream(QUESTION, Ear())
    assert (step.empty, step.finish_reason, limits(server)) == (True, "length", [1024, 3000])


@pytest.mark.parametrize(
    "first",
    [
        Say([chunk({"role": "assistant", "content": ""}) + STOP + DONE]),
        Say([chunk({"reasoning_content": "Hm."}) + STOP + DONE]),
        Say([chunk({"content": "<think>Hm.</think>\n\n"}) + STOP + DONE]),
        Say([say(" ", "\n", "\n ") + STOP + DONE]),
        Say([chunk({}, finish="malformed_function_call") + DONE]),
    ],
)
def test_an_empty_answer_is_asked_for_once_more(server: ModelServer, first: Say) -> None:
    server.says(first, GOOD)
    ear = Ear()
    step = provider(server).stream(QUESTION, ear)
    assert (ear.words, step.empty, limits(server)) == ("Good boots", False, [1024, 1024])


def test_an_empty_answer_of_anthropics_is_asked_for_once_more(server: ModelServer) -> None:
    server.says(Say([message()]), Say([message(*text_block("Good boots"))]))
    ear = Ear()
    provider(server, "anthropic").stream(QUESTION, ear)
    assert ear.words == "Good boots"


def test_an_answer_that_stays_empty_says_so_and_counts_what_it_used(server: ModelServer) -> None:
    usage = event({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2}})
    server.says(Say([STOP + usage + DONE]))
    step = provider(server).stream(QUESTION, Ear())
    assert (step.empty, step.finish_reason, step.usage) == (True, "stop", Usage(20, 4))
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "wire", [say("Go") + LENGTH + DONE, call("{}", name="get_cart", id="a", index=0) + CALLS + DONE]
)
def test_an_answer_with_words_or_calls_is_not_asked_for_again(server: ModelServer, wire: bytes) -> None:
    server.says(Say([wire]))
    assert provider(server).stream(QUESTION, Ear()).empty is False
    assert len(server.asked) == 1


def test_an_answer_that_a_filter_emptied_is_not_asked_for_again(server: ModelServer) -> None:
    server.says(Say([chunk({}, finish="content_filter") + DONE]))
    step = provider(server).stream(QUESTION, Ear())
    filtered: FinishReason = "content-filter"
    assert (step.empty, step.finish_reason, len(server.asked)) == (True, filtered, 1)


# Filters


@pytest.mark.parametrize("status", [400, 403])
def test_a_filter_is_a_problem_of_its_own(server: ModelServer, status: int) -> None:
    body = b'{"error": {"message": "It triggered the content management policy.", "code": "content_filter"}}'
    server.says(Say([body], status=status, headers=JSON))
    with pytest.raises(ModelFiltered) as caught:
        provider(server).stream(QUESTION, Ear())
    assert isinstance(caught.value, ModelRefused)
    assert (caught.value.code, len(server.asked)) == ("answer-refused", 1)


def test_a_filter_within_a_stream_is_one_too(server: ModelServer) -> None:
    server.says(Say([event({"error": {"message": "no", "code": "content_filter"}})]))
    with pytest.raises(ModelFiltered):
        provider(server).stream(QUESTION, Ear())


def test_a_filter_in_the_middle_of_an_answer_is_one_and_no_cut(server: ModelServer) -> None:
    server.says(Say([say("Good") + event({"error": {"message": "no", "code": "content_filter"}})]))
    with pytest.raises(ModelFiltered):
        provider(server).stream(QUESTION, Ear())


# The context window

OVERFLOW = b'{"error": {"message": "request (9876 tokens) exceeds the available context size", "n_ctx": 4096}}'


def overflow(body: bytes = OVERFLOW, status: int = 400) -> Say:
    return Say([body], status=status, headers=JSON)


@pytest.mark.parametrize("setting", [0, 8192])
def test_a_window_that_a_refusal_names_is_learned(server: ModelServer, setting: int) -> None:
    server.says(overflow())
    model = provider(server, context_tokens=setting)
    assert model.context_tokens == (setting or CONTEXT_TOKENS)
    with pytest.raises(ContextExceeded) as caught:
        model.stream(QUESTION, Ear())
    assert (caught.value.context_tokens, model.context_tokens, len(server.asked)) == (4096, 4096, 1)


def test_a_larger_window_than_the_one_that_is_set_is_not_learned(server: ModelServer) -> None:
    server.says(overflow(OVERFLOW.replace(b"4096", b"99999")))
    model = provider(server, context_tokens=8192)
    with pytest.raises(ContextExceeded):
        model.stream(QUESTION, Ear())
    assert model.context_tokens == 8192


def test_a_window_that_nobody_names_is_made_smaller_again_and_again_but_not_without_end(server: ModelServer) -> None:
    server.says(overflow(b'{"error": "input is too long"}'), overflow(b"<h1>Too large</h1>", 413))
    model = provider(server)
    question = replace(QUESTION, system="x" * 60_000)
    for _ in range(2):
        with pytest.raises(ContextExceeded) as caught:
            model.stream(question, Ear())
        assert caught.value.context_tokens == 0
    assert 12_000 < model.context_tokens < 20_000
    with pytest.raises(ContextExceeded):
        model.stream(QUESTION, Ear())
    assert model.context_tokens == 2048


def test_a_window_that_ends_in_the_middle_of_an_answer_has_room_for_its_question(server: ModelServer) -> None:
    server.says(Say([say("Good") + event({"error": {"message": "Context size has been exceeded."}})]))
    model = provider(server)
    with pytest.raises(ModelCut):
        model.stream(replace(QUESTION, system="x" * 60_000), Ear())
    assert 20_000 < model.context_tokens < 21_000


def test_a_window_that_ends_in_the_middle_of_an_answer_is_learned_and_cuts_it(server: ModelServer) -> None:
    server.says(Say([say("Good") + event({"error": {"message": "Context size has been exceeded.", "n_ctx": 4096}})]))
    model = provider(server)
    with pytest.raises(ModelCut):
        model.stream(QUESTION, Ear())
    assert model.context_tokens == 4096


def known(model: Provider, tokens: int) -> bool:
    """Wait until the background has found the window."""
    for thread in threading.enumerate():
        if thread.name == "context-window":
            thread.join(PATIENCE)
    return model.context_tokens == tokens


def page(text: str, **fields: Any) -> Say:
    return Say([text.encode()], headers=JSON, **fields)


def by(server: str) -> Say:
    """A good answer of a server that says who it is."""
    return replace(GOOD, headers={**GOOD.headers, "Server": server})


PROPS = '{"default_generation_settings": {"n_ctx": 8192}, "total_slots": 1}'


def test_a_server_of_ones_own_is_asked_for_its_window_once_and_with_the_key(server: ModelServer) -> None:
    server.pages["/props"] = page(PROPS)
    server.says(by("llama.cpp"))
    model = Provider(openai, name="m", base_url=f"{server.url}/v1", key="secret-key-1")
    model.stream(QUESTION, Ear())
    assert known(model, 8192)
    model.stream(QUESTION, Ear())
    assert known(model, 8192)
    assert server.looked_at == ["/props"]


def test_vllm_tells_its_window_among_its_models(server: ModelServer) -> None:
    server.pages["/v1/models"] = page(
        '{"data": [{"id": "a", "max_model_len": 1}, {"id": "m", "max_model_len": 4096}]}'
    )
    server.says(by("uvicorn"))
    model = Provider(openai, name="m", base_url=f"{server.url}/v1")
    model.stream(QUESTION, Ear())
    assert known(model, 4096)
    assert server.looked_at == ["/v1/models"]


@pytest.mark.parametrize("name", ["m", "m:latest"])
def test_ollama_tells_the_window_of_the_models_that_run(server: ModelServer, name: str) -> None:
    models = [{"name": "other", "context_length": 2048}, {"name": name, "context_length": 4096}]
    server.pages["/api/ps"] = page(json.dumps({"models": models}))
    assert window_page("http://127.0.0.1:11434/v1", "") == "http://127.0.0.1:11434/api/ps"
    assert find_window(f"{server.url}/api/ps", {}, "m") == 4096


def test_a_window_that_is_set_is_not_asked_for(server: ModelServer) -> None:
    server.pages["/props"] = page(PROPS)
    server.says(by("llama.cpp"))
    model = provider(server, context_tokens=16_384)
    model.stream(QUESTION, Ear())
    assert known(model, 16_384)
    assert server.looked_at == []


def test_a_server_that_does_not_tell_is_asked_no_more(server: ModelServer) -> None:
    server.pages["/props"] = page("{}", status=503)
    server.says(by("llama.cpp"))
    model = provider(server)
    for _ in range(3):
        model.stream(QUESTION, Ear())
        assert known(model, CONTEXT_TOKENS)
    assert server.looked_at == ["/props"]


@pytest.mark.parametrize("server_name", ["", "nginx", "BaseHTTP/0.6 Python/3.11"])
def test_a_server_that_does_not_say_who_it_is_is_asked_for_nothing_but_answers(
    server: ModelServer, server_name: str
) -> None:
    server.says(by(server_name))
    model = provider(server)
    model.stream(QUESTION, Ear())
    assert known(model, CONTEXT_TOKENS)
    assert server.looked_at == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:port/v1", "http://[::1/v1", ""])
def test_an_address_that_cannot_be_read_has_no_page(address: str) -> None:
    assert window_page(address, "") == ""


def test_a_server_that_has_not_answered_a_question_is_not_asked(server: ModelServer) -> None:
    server.says(Say(status=401))
    with pytest.raises(ModelRefused):
        provider(server).stream(QUESTION, Ear())
    assert server.looked_at == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "7", "{", '{"default_generation_settings": null, "data": {}}', '{"data": [null, 7]}'),
        *('{"models": [{"name": []}]}', '{"models": [{"name": {}}, {"id": []}]}', '{"models": 7}'),
        *('{"default_generation_settings": {"n_ctx": "8192"}}', '{"default_generation_settings": {"n_ctx": -1}}'),
        *('{"default_generation_settings": {"n_ctx": true}}', '{"default_generation_settings": {"n_ctx": 1e400}}'),
    ],
)
def test_a_description_that_cannot_be_one_changes_nothing(server: ModelServer, text: str) -> None:
    server.pages["/props"] = page(text)
    server.says(by("llama.cpp"))
    model = provider(server)
    model.stream(QUESTION, Ear())
    assert known(model, CONTEXT_TOKENS)
