"""What one provider refuses and another insists on is mended once it has said so, and remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.model_server import JSON, ModelServer, Say, model_server
from tests.model_wire import DIALECTS, DONE, SEARCH, STOP, Ear, message, say, text_block
from widget_api.llm.base import Assistant, Call, Extra, Request, Result, User
from widget_api.llm.provider import Fallback, Provider
from widget_api.llm.repairs import NO_SIGNATURE, NO_THOUGHTS
from widget_api.problems import ModelFiltered, ModelRefused

GOOD = {"openai": Say([say("Boots") + STOP + DONE]), "anthropic": Say([message(*text_block("Boots"))])}
GROQ = (
    "'messages.1' : for 'role:assistant' the following must be satisfied"
    "[('messages.1' : property 'reasoning_content' is unsupported)]"
)
CEREBRAS = "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported"
MISTRAL = "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9."
GEMINI = "Function call is missing a thought_signature in functionCall parts."
DEEPSEEK = "The `reasoning_content` in the thinking mode must be passed back to the API."
MISSING = "Missing `reasoning_content` field in the assistant message at message index 2."


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def refusal(text: str, status: int = 400, **fields: Any) -> Say:
    return Say([json.dumps({"error": {"message": text, **fields}}).encode()], status=status, headers=JSON)


class Caller:
    """A provider at the server, and a history with a step of its own and one of another model."""

    def __init__(self, server: ModelServer, dialect: str = "openai", name: str = "m") -> None:
        self.model = Provider(DIALECTS[dialect], name=name, base_url=server.url, pause=lambda *_: None)
        self.server = server
        message = {"reasoning_content": "Hm.", "refined": [1]}
        data = (
            {"message": message}
            if dialect == "openai"
            else {"content": [THOUGHT, {"type": "tool_use", "call": "call_1"}]}
        )
        own = Extra(self.model._maker, data)
        self.entries = (
            *(User("Boots?"), Assistant("", (Call("call_1", "search_catalog", {}),), own)),
            *(Result("call_1", "search_catalog", {}), Assistant("", (Call("call_2", "search_catalog", {}),))),
            Result("call_2", "search_catalog", {}),
        )

    def asks(self, *answers: Say) -> list[dict[str, Any]]:
        """Ask, and return the bodies that were sent."""
        self.server.says(*answers)
        before = len(self.server.asked)
        self.model.stream(Request("", self.entries, (SEARCH,)), Ear())
        return [asked.body for asked in self.server.asked[before:]]


THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}


def steps(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [message for message in body["messages"] if message["role"] == "assistant"]


@pytest.mark.parametrize(("text", "status"), [(GROQ, 400), (CEREBRAS, 422)])
def test_a_field_that_is_refused_is_left_out_from_then_on(server: ModelServer, text: str, status: int) -> None:
    caller = Caller(server)
    first, second = caller.asks(refusal(text, status), GOOD["openai"])
    assert steps(first)[0]["reasoning_content"] == "Hm."
    assert "reasoning_content" not in steps(second)[0]
    assert steps(second)[0]["refined"] == [1]
    (later,) = caller.asks(GOOD["openai"])
    assert steps(later) == steps(second)


@pytest.mark.parametrize("text", [DEEPSEEK, MISSING])
def test_thoughts_that_another_model_did_not_leave_are_filled_in(server: ModelServer, text: str) -> None:
    _, second = Caller(server).asks(refusal(text), GOOD["openai"])
    assert [step["reasoning_content"] for step in steps(second)] == ["Hm.", NO_THOUGHTS]


def test_calls_that_another_model_did_not_sign_are_marked(server: ModelServer) -> None:
    _, second = Caller(server).asks(refusal(GEMINI), GOOD["openai"])
    marked = steps(second)[1]["tool_calls"][0]["extra_content"]
    assert marked == {"google": {"thought_signature": NO_SIGNATURE}}


@pytest.mark.parametrize("status", [400, 500])
def test_ids_are_shortened_where_they_are_refused(server: ModelServer, status: int) -> None:
    _, second = Caller(server).asks(refusal(MISTRAL, status), GOOD["openai"])
    ids = [message["tool_calls"][0]["id"] for message in steps(second)]
    assert ids == [message["tool_call_id"] for message in second["messages"] if message["role"] == "tool"]
    assert [len(each) for each in ids] == [9, 9]
    assert all(each.isalnum() for each in ids)


def test_signatures_that_are_no_longer_good_are_left_out_once(server: ModelServer) -> None:
    caller = Caller(server, "anthropic", "claude")
    wrong = refusal("messages.1.content.0: Invalid `signature` in `thinking` block", type="invalid_request_error")
    first, second = caller.asks(wrong, GOOD["anthropic"])
    assert steps(first)[0]["content"][0] == THOUGHT
    assert [block["type"] for block in steps(second)[0]["content"]] == ["tool_use"]
    (later,) = caller.asks(GOOD["anthropic"])
    assert steps(later) == steps(first)


def test_a_repair_that_does_not_help_is_not_made_twice_and_not_remembered(server: ModelServer) -> None:
    caller = Caller(server)
    with pytest.raises(ModelRefused):
        caller.asks(refusal(GROQ), refusal(GROQ))
    assert len(server.asked) == 2
    (later,) = caller.asks(GOOD["openai"])
    assert steps(later)[0]["reasoning_content"] == "Hm."


def test_a_refusal_of_something_else_is_a_refusal(server: ModelServer) -> None:
    with pytest.raises(ModelRefused):
        Caller(server).asks(refusal("Unknown parameter: 'temperature'."))
    assert len(server.asked) == 1


def test_a_fallback_gets_none_of_the_first_models_state_and_the_first_has_it_again(server: ModelServer) -> None:
    caller = Caller(server)
    with model_server() as other:
        second = Provider(DIALECTS["anthropic"], name="m", base_url=other.url, pause=lambda *_: None)
        model = Fallback(caller.model, second)
        server.says(*[Say(status=503)] * 3, GOOD["openai"])
        other.says(GOOD["anthropic"])
        for _ in range(2):
            model.stream(Request("", caller.entries, (SEARCH,)), Ear())
        assert "Hm." not in json.dumps(other.asked[0].body)
        assert [block["type"] for block in steps(other.asked[0].body)[0]["content"]] == ["tool_use"]
    assert steps(server.asked[-1].body)[0]["reasoning_content"] == "Hm."


# Filters

AZURE = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "code": "content_filter",
    "innererror": {"code": "ResponsibleAIPolicyViolation"},
}


def test_a_filter_is_told_as_one(server: ModelServer) -> None:
    with pytest.raises(ModelFiltered):
        Caller(server).asks(Say([json.dumps({"error": AZURE}).encode()], status=400, headers=JSON))
    assert len(server.asked) == 1


def test_a_filter_that_speaks_within_the_stream_is_told_as_one(server: ModelServer) -> None:
    with pytest.raises(ModelFiltered):
        Caller(server).asks(Say([b"data: " + json.dumps({"error": AZURE}).encode() + b"\n\n"]))
