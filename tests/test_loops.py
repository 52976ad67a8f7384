"""A turn does not go round in circles: what was asked is not asked again, and its last step ends in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.model_server import ModelServer, Say, model_server
from tests.model_wire import CALLS, DONE, STOP, chunk, say
from tests.model_wire import call as call_chunk
from tests.scripted import Ends, Scripted, call
from widget_api.api.services import Services
from widget_api.llm import answer, openai
from widget_api.llm.answer import LEAST_CHARACTERS
from widget_api.llm.base import Result
from widget_api.llm.calls import MAX_CALLS
from widget_api.llm.provider import Provider
from widget_api.llm.repetition import CHARACTERS, Repetition
from widget_api.models import ToolCall, connected
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns.repeats import CUT_CALL, REPEATED
from widget_api.turns.run import CALLS_A_STEP, MAX_STEPS, TOO_MANY_AT_ONCE

pytestmark = pytest.mark.storeless

OBJECT = '{"name": "search_catalog", "arguments": {"query": "hats"}}'


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Stands in for the shop, and remembers what it was asked."""
    asked: list[tuple[str, Any]] = []

    def run(_: Toolbox, name: str, input: dict[str, Any]) -> Outcome:
        asked.append((name, input))
        return Outcome({"error": "Busy."}, error=True) if input.get("query") == "fail" else Outcome({"found": 1})

    monkeypatch.setattr(Toolbox, "run", run)
    return asked


@pytest.fixture
def server(services: Services) -> Iterator[ModelServer]:
    """A model behind a provider's interface."""
    with model_server() as server:
        provider = Provider(openai, name="m", base_url=f"{server.url}/v1")
        services.shops.model_of_all = provider
        yield server
        provider.close()


def answers(model: Scripted) -> list[str]:
    """What the model was told of its calls in its last request."""
    results = [entry.output for entry in model.requests[-1].messages if isinstance(entry, Result)]
    return [str(each.get("error", each.get("note", "done"))) if isinstance(each, dict) else each for each in results]


def shown(said: list[dict[str, Any]]) -> str:
    """The text that is left after all that was taken back."""
    last = max((number for number, event in enumerate(said) if event["type"] == "reset-step"), default=-1)
    return text_of(said[last + 1 :])


def code(said: list[dict[str, Any]]) -> str:
    return str(json.loads(said[-1]["errorText"])["code"]) if said[-1]["type"] == "error" else said[-1]["type"]


def wire(*chunks: bytes, end: bytes = STOP) -> Say:
    return Say([*chunks, end, DONE])


# the same again


def test_the_same_call_again_is_answered_and_then_words_are_wanted(
    anna: Visitor, model: Scripted, shop: list[Any]
) -> None:
    model.will(call("search_catalog", {"query": "Hats", "limit": 5}, "a"))
    model.will(call("search_catalog", {"limit": "5", "query": " hats ", "max_price": None}, "b"))
    model.will("There are two hats.")
    said = anna.says("hats?")
    assert (shown(said), code(said), len(shop)) == ("There are two hats.", "finish", 1)
    assert answers(model) == ["done", REPEATED]
    assert [request.tool_choice for request in model.requests] == ["auto", "auto", "none"]
    assert all(request.tools == model.requests[0].tools for request in model.requests)


def test_a_model_that_asks_for_ever_is_reminded_once_and_then_the_turn_fails(
    anna: Visitor, model: Scripted, shop: list[Any]
) -> None:
    for number in range(9):
        model.will(call("search_catalog", {"query": "hats"}, f"c{number}"))
    said = anna.says("hats?")
    assert (shown(said), code(said), len(shop)) == ("", "empty-answer", 1)
    *_, third, fourth = model.requests
    assert (len(model.requests), third.tool_choice, fourth.tool_choice) == (4, "none", "none")
    assert fourth.system.startswith(third.system)
    assert "in words" in fourth.system.removeprefix(third.system)


def test_words_that_announce_a_call_which_cannot_be_made_are_asked_for_once_more(
    anna: Visitor, model: Scripted, shop: list[Any]
) -> None:
    for number in range(2):
        model.will("Let me look.", call("search_catalog", {"query": "hats"}, f"c{number}"))
    model.will("Let me look again.", call("search_catalog", {"query": "hats"}, "c3"))
    model.will("There are two hats.")
    said = anna.says("hats?")
    assert (shown(said), code(said), len(shop)) == ("There are two hats.", "finish", 1)
    parts = anna.messages()[-1]["parts"]
    assert [part["type"] for part in parts][-2:] == ["step-start", "text"]


def test_of_the_same_calls_in_one_step_one_is_made(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    model.will(*(call("search_catalog", {"query": "hats"}, f"c{number}") for number in range(6)))
    model.will("There are two.")
    anna.says("hats?")
    assert len(shop) == 1
    assert answers(model) == ["done", *[REPEATED] * 5]


def test_one_too_many_is_no_repeat_when_it_is_made_later(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    model.will(*(call("search_catalog", {"query": f"hats {number}"}, f"c{number}") for number in range(5)))
    model.will(call("search_catalog", {"query": "hats 4"}, "c5"))
    model.will("There are two.")
    anna.says("hats?")
    assert len(shop) == CALLS_A_STEP + 1
    assert answers(model)[-2:] == [TOO_MANY_AT_ONCE, "done"]


def test_the_cart_may_be_read_again_after_it_was_changed(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    change = {"lines": [{"variant_id": "1", "quantity": 1}]}
    model.will(call("get_cart", {}, "a"))
    model.will(call("update_cart", change, "b"))
    model.will(call("get_cart", {}, "c"), call("update_cart", {"lines": {"variant_id": 1, "quantity": "1"}}, "d"))
    model.will("It is in your cart.")
    anna.says("buy it")
    assert [name for name, _ in shop] == ["get_cart", "update_cart", "get_cart"]
    assert answers(model)[-1] == REPEATED


def test_a_change_may_be_made_again_after_another_one(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    for quantity in (1, 2, 1):
        model.will(call("update_cart", {"lines": [{"variant_id": "1", "quantity": quantity}]}, f"q{len(shop)}"))
    model.will("One it is.")
    anna.says("one, no two, no one")
    assert len(shop) == 3


def test_a_call_that_failed_may_be_made_once_more(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    for number in range(3):
        model.will(call("search_catalog", {"query": "fail"}, f"c{number}"))
    model.will("The shop does not answer.")
    anna.says("hats?")
    assert len(shop) == 2
    assert answers(model) == ["Busy.", "Busy.", REPEATED]


def test_in_the_next_turn_everything_may_be_asked_again(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    for _ in range(2):
        model.will(call("search_catalog", {"query": "hats"}))
        model.will("Two.")
        anna.says("hats?")
    assert len(shop) == 2


# the last step


def test_an_answer_without_a_word_is_asked_for_once_more(anna: Visitor, model: Scripted) -> None:
    model.will()
    model.will("Hello!")
    said = anna.says("hello?")
    assert (shown(said), code(said)) == ("Hello!", "finish")
    assert model.requests[0] == model.requests[1]


def test_in_the_last_step_calls_are_neither_made_nor_shown(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    for number in range(MAX_STEPS - 1):
        model.will(call("search_catalog", {"query": f"hats {number}"}, f"c{number}"))
    model.will(call("search_catalog", {"query": "hats 9"}, "last"))
    model.will("That is all.")
    said = anna.says("hats?")
    assert (shown(said), len(shop)) == ("That is all.", MAX_STEPS - 1)
    assert not any(event.get("toolCallId") == "last" for event in said)
    with connected():
        assert ToolCall.select().count() == MAX_STEPS - 1


# calls that are cut off, and inputs that are mended


def test_a_call_in_the_middle_of_which_the_answer_was_cut_is_told_and_not_made(
    anna: Visitor, model: Scripted, shop: list[Any]
) -> None:
    model.will(call("search_catalog", None, "a"), Ends("length"))
    model.will("There are two.")
    said = anna.says("hats?")
    assert (shown(said), shop, answers(model)) == ("There are two.", [], [CUT_CALL])


def test_after_two_calls_that_were_cut_off_words_are_wanted(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    for number in range(2):
        model.will(call("search_catalog", None, f"c{number}"), Ends("length"))
    model.will("Sorry.")
    anna.says("hats?")
    assert (model.requests[-1].tool_choice, len(model.requests), shop) == ("none", 3, [])


def test_what_is_kept_and_told_of_a_call_is_what_was_run(anna: Visitor, model: Scripted, shop: list[Any]) -> None:
    model.will(call("search_catalog", {"input": {"query": "hats", "limit": "50", "max_price": 0}}))
    model.will("Two.")
    anna.says("hats?")
    tidied = {"query": "hats", "limit": 10}
    assert shop == [("search_catalog", tidied)]
    assert anna.messages()[-1]["parts"][1]["input"] == tidied
    assert model.requests[-1].messages[1].calls[0].input == tidied  # type: ignore[union-attr]


# through a provider's interface


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{OBJECT}</tool_call>",
        f"```json\n{OBJECT}\n```",
        f"[TOOL_CALLS][{OBJECT}]",
        f"<tools>{OBJECT}</tools>",
        "[search_catalog(query='hats')]",
    ],
)
def test_a_call_that_is_written_as_text_is_made_and_not_shown(
    anna: Visitor, server: ModelServer, shop: list[Any], text: str
) -> None:
    server.says(wire(say("Let me look. "), *map(say, text)), wire(say("Two hats.")))
    said = anna.says("hats?")
    assert shop == [("search_catalog", {"query": "hats"})]
    assert text_of(said) == "Let me look. Two hats."
    asked = server.asked[1].body["messages"]
    assert [each["role"] for each in asked][-2:] == ["assistant", "tool"]
    assert json.loads(asked[-2]["tool_calls"][0]["function"]["arguments"]) == {"query": "hats"}


def test_a_text_call_in_the_last_step_is_dropped(anna: Visitor, server: ModelServer, shop: list[Any]) -> None:
    same = wire(say(f"<tool_call>{OBJECT}</tool_call>"))
    server.says(same, same, same, wire(say("Two hats.")))
    said = anna.says("hats?")
    assert (text_of(said), len(shop), code(said)) == ("Two hats.", 1, "finish")
    assert [asked.body.get("tool_choice") for asked in server.asked] == [None, None, "none", "none"]


def test_a_lone_end_of_thoughts_takes_back_what_was_shown(anna: Visitor, server: ModelServer) -> None:
    server.says(wire(say("I must not say ", "that margins are 60 %.", "</th", "ink>\n\n", "We have two.")))
    said = anna.says("hats?")
    assert shown(said) == "We have two."
    assert [part["text"] for part in anna.messages()[-1]["parts"] if part["type"] == "text"] == ["We have two."]


def test_calls_that_began_before_a_lone_end_of_thoughts_are_kept(
    anna: Visitor, server: ModelServer, shop: list[Any]
) -> None:
    begun = [call_chunk('{"query": ', name="search_catalog", id="a", index=0)]
    server.says(
        wire(say("Hm. I look."), *begun, say("</think>"), call_chunk('"hats"}', index=0), end=CALLS),
        wire(say("Two hats.")),
    )
    said = anna.says("hats?")
    assert shop == [("search_catalog", {"query": "hats"})]
    assert "Hm." not in shown(said)
    kinds = [part["type"] for part in anna.messages()[-1]["parts"]]
    assert kinds == ["step-start", "tool-search_catalog", "step-start", "text"]


@pytest.mark.parametrize(
    ("piece", "most"),
    [("Here are hats. ", 2 * CHARACTERS), ("number {} is a hat, ", LEAST_CHARACTERS)],
    ids=["the same again", "sheer length"],
)
def test_an_answer_without_an_end_is_ended(anna: Visitor, server: ModelServer, piece: str, most: int) -> None:
    endless = [b"".join(say(piece.format(number)) for number in range(at, at + 500)) for at in range(0, 5000, 500)]
    server.says(wire(*endless))
    said = anna.says("hats?")
    assert said[-1] | {"at": ""} == {"type": "finish", "finishReason": "length", "at": ""}
    assert 0 < len(text_of(said)) <= most
    assert anna.messages()[-1]["metadata"]["cut"] == "length"


def test_arguments_without_an_end_are_ended(anna: Visitor, server: ModelServer, shop: list[Any]) -> None:
    begun = call_chunk('{"query": "', name="search_catalog", id="a", index=0)
    endless = [call_chunk("hats " * 1000, index=0) for _ in range(100)]
    server.says(wire(begun, *endless, end=CALLS), wire(say("Sorry.")))
    assert text_of(anna.says("hats?")) == "Sorry."
    assert shop == []


def test_calls_without_an_end_are_ended(anna: Visitor, server: ModelServer, shop: list[Any]) -> None:
    endless = [call_chunk("{}", name="get_cart", id=f"c{number}", index=number) for number in range(3 * MAX_CALLS)]
    server.says(wire(*endless, end=CALLS), wire(say("Sorry.")))
    assert text_of(anna.says("cart?")) == "Sorry."
    assert shop == [("get_cart", {})]
    assert len(server.asked[1].body["messages"]) <= 2 * MAX_CALLS


def test_thoughts_without_an_end_are_ended(anna: Visitor, server: ModelServer) -> None:
    server.says(wire(say("<think>"), *(say("hm " * 500) for _ in range(200))))
    assert code(anna.says("hats?")) == "empty-answer"


def test_a_cut_answer_with_an_open_text_call_shows_nothing_of_it(anna: Visitor, server: ModelServer) -> None:
    server.says(wire(say("Let me look. <tool_call>", OBJECT[:-9]), end=chunk({}, finish="length")))
    said = anna.says("hats?")
    assert (text_of(said), said[-1]["finishReason"]) == ("Let me look. ", "length")


def test_fields_without_an_end_are_ended(anna: Visitor, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_ANSWER_BYTES", 100_000)
    server.says(wire(say("Hats"), *(chunk({"reasoning_content": "hm " * 1000}) for _ in range(90)), say(" and caps")))
    said = anna.says("hats?")
    assert (text_of(said), said[-1]["finishReason"]) == ("Hats", "length")


# repetition


@pytest.mark.parametrize("size", [1, 7, 499, 9000])
def test_repetition_is_seen_wherever_the_text_is_cut(size: int) -> None:
    text = "".join(f"{number} hats, " for number in range(40)) + "and a hat " * 800
    watch, room = Repetition(), 0
    for at in range(0, len(text), size):
        piece = text[at : at + size]
        room += watch.room(piece)
        if watch.is_found:
            break
    assert room == Repetition().room(text) < len(text)


def test_long_lists_are_no_repetition() -> None:
    text = "".join(f"- **Ridge Beanie {number}**, 29.00 EUR, in moss and navy\n" for number in range(300))
    assert Repetition().room(text) == len(text)


def test_events_of_a_replay_have_nothing_of_what_was_taken_back(anna: Visitor, server: ModelServer) -> None:
    server.says(wire(say("Secret.", "</think>", "Two.")))
    anna.says("hats?", id="m1")
    assert text_of(events(anna.send("hats?", id="m1").data)) == "Two."
