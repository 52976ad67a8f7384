"""Between the model's steps stand tool calls: run once, written down before and after, shown as parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Visitor, events, text_of
from tests.scripted import Scripted, call
from widget_api.llm.base import Assistant, Result, User
from widget_api.models import ToolCall, Turn, connected
from widget_api.shopify.tools import Outcome, Toolbox
from widget_api.turns.context import HISTORY_TOKENS
from widget_api.turns.run import MAX_STEPS, MODEL_TOOLS, TOO_MANY_AT_ONCE, TOO_MANY_IN_ALL
from widget_api.turns.token_count import estimate_entries


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Stands in for the shop: remembers the calls, and what the journal said when they were made."""
    calls: list[tuple[str, Any]] = []

    def run(_: Toolbox, name: str, input: dict[str, Any]) -> Outcome:
        with connected():
            calls.append((name, [(row.name, row.state) for row in ToolCall.select().order_by(ToolCall.id)]))
        if input.get("query") == "fail":
            return Outcome({"error": "The shop is closed."}, error=True)
        return Outcome({"found": input}, events=(("data-products", {"products": []}),))

    monkeypatch.setattr(Toolbox, "run", run)
    return calls


def parts_of(visitor: Visitor) -> list[dict[str, Any]]:
    return list(visitor.messages()[-1]["parts"])


def test_a_call_is_intended_before_it_is_made_and_done_after(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    anna.says("hats?")
    assert shop == [("search_catalog", [("search_catalog", "intended")])]
    with connected():
        row = ToolCall.select().get()
    assert (row.state, row.input, row.output["output"]) == ("done", {"query": "hats"}, {"found": {"query": "hats"}})


def test_the_model_is_told_what_the_tool_answered(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    anna.says("hats?")
    asked, said, answered = model.requests[1].messages
    assert asked == User("hats?")
    assert isinstance(said, Assistant)
    assert (said.text, said.calls[0].name) == ("Let me look. ", "search_catalog")
    assert answered == Result("call-1", "search_catalog", {"found": {"query": "hats"}})
    assert shop


def test_the_next_question_has_the_earlier_calls_with_it(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    anna.says("hats?")
    anna.says("thanks")
    assert [type(entry).__name__ for entry in model.requests[2].messages] == [
        "User",
        "Assistant",
        "Result",
        "Assistant",
        "User",
    ]
    assert shop


def test_calls_are_parts_of_the_message_with_input_and_output(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    said = anna.says("hats?")
    kinds = [part["type"] for part in parts_of(anna)]
    assert kinds == ["step-start", "tool-search_catalog", "step-start", "text"]
    tool = parts_of(anna)[1]
    assert (tool["state"], tool["output"]) == ("output-available", {"found": {"query": "hats"}})
    status = [event for event in said if event["type"] == "data-status"]
    assert status[0]["transient"] is True
    assert status[0]["data"] == {"text": "Searching the catalogue", "code": "search_catalog"}
    assert shop


def test_a_failed_call_is_told_to_the_model_and_shown_as_failed(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(call("search_catalog", {"query": "fail"}))
    model.will("The shop is closed, I am afraid.")
    said = anna.says("hats?")
    assert said[-1]["type"] == "finish"
    assert parts_of(anna)[1]["errorText"] == "The shop is closed."
    result = model.requests[1].messages[-1]
    assert isinstance(result, Result)
    assert result.error
    with connected():
        assert ToolCall.select().get().state == "failed"
    assert shop


def test_failed_and_malformed_calls_read_the_same_in_their_turn_and_in_the_next(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    broken = replace(call("get_cart", None, "c2"), raw='{"a')
    model.will("Let me look. ", call("search_catalog", {"query": "fail"}, "c1"), broken)
    model.will("Sorry.")
    anna.says("hats?")
    anna.says("and now?")
    assert model.requests[2].messages[:4] == model.requests[1].messages
    assert shop


def test_arguments_that_are_no_object_are_never_run(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(call("update_cart", None))
    model.will("Sorry.")
    anna.says("buy")
    assert shop == []
    assert parts_of(anna)[1]["state"] == "output-error"


def test_the_loop_ends_in_words_after_six_steps(anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]) -> None:
    for number in range(MAX_STEPS - 1):
        model.will(call("search_catalog", {"query": f"hats {number}"}, f"call-{number}"))
    model.will("That is all.")
    said = anna.says("hats?")
    assert (len(shop), said[-1]["type"]) == (MAX_STEPS - 1, "finish")
    assert [request.tool_choice for request in model.requests] == ["auto"] * (MAX_STEPS - 1) + ["none"]
    assert all(request.tools == MODEL_TOOLS for request in model.requests)


def test_calls_that_share_an_id_in_different_steps_stay_apart(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(call("search_catalog", {"query": "one"}, "call_0"))
    model.will(call("search_catalog", {"query": "two"}, "call_0"))
    model.will("Done.")
    said = anna.says("hats?")
    tools = [part for part in parts_of(anna) if part["type"].startswith("tool-")]
    assert [tool["input"]["query"] for tool in tools] == ["one", "two"]
    assert len({tool["toolCallId"] for tool in tools}) == 2
    assert [event["toolCallId"] for event in said if event["type"] == "tool-output-available"] == [
        tool["toolCallId"] for tool in tools
    ]
    assert len(shop) == 2


def test_every_event_of_a_replay_rebuilds_the_stored_parts(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will("Let me look. ", call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    anna.says("hats?", id="m1")
    again = events(anna.send("hats?", id="m1").data)
    assert text_of(again) == "Let me look. Here they are."
    assert shop


def test_what_the_steps_have_used_is_added_up(anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]) -> None:
    model.will(call("search_catalog", {"query": "hats"}))
    model.will("Here they are.")
    anna.says("hats?")
    with connected():
        turn = Turn.select().get()
    assert (turn.model, turn.input_tokens, turn.output_tokens) == ("scripted-1", 14, 10)
    assert shop


def test_of_many_calls_in_a_step_four_are_made_and_the_others_are_answered(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    model.will(*(call("search_catalog", {"query": f"hats {number}"}, f"call-{number}") for number in range(7)))
    model.will("That is all.")
    said = anna.says("hats?")
    assert (len(shop), said[-1]["type"]) == (4, "finish")
    asked, *results = model.requests[1].messages[1:]
    assert isinstance(asked, Assistant)
    assert [each.id for each in asked.calls] == [each.call_id for each in results if isinstance(each, Result)]
    refused = [each.output for each in results if isinstance(each, Result) and each.error]
    assert refused == [{"error": TOO_MANY_AT_ONCE}] * 3
    with connected():
        states = [row.state for row in ToolCall.select().order_by(ToolCall.id)]
    assert states == ["done"] * 4 + ["failed"] * 3


def test_an_answer_makes_eight_calls_and_must_then_end_in_words(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    for number in range(3):
        calls = (call("search_catalog", {"query": f"{number} {place}"}, f"c-{number}-{place}") for place in range(3))
        model.will(*calls)
    model.will("That is all.")
    said = anna.says("hats?")
    assert (len(shop), said[-1]["type"]) == (8, "finish")
    assert [request.tool_choice for request in model.requests] == ["auto", "auto", "auto", "none"]
    results = [entry for entry in model.requests[-1].messages if isinstance(entry, Result)]
    assert [each.output for each in results if each.error] == [{"error": TOO_MANY_IN_ALL}]
    anna.says("thanks")
    calls_of = [entry for entry in model.requests[-1].messages if isinstance(entry, Assistant)]
    told = [entry.call_id for entry in model.requests[-1].messages if isinstance(entry, Result)]
    assert [each.id for entry in calls_of for each in entry.calls] == told


def test_a_model_that_calls_without_tools_is_refused_to_the_end(
    anna: Visitor, model: Scripted, shop: list[tuple[str, Any]]
) -> None:
    for number in range(MAX_STEPS):
        calls = (call("search_catalog", {"query": f"{number} {place}"}, f"c-{number}-{place}") for place in range(20))
        model.will(*calls)
    assert "empty-answer" in anna.says("hats?")[-1]["errorText"]
    assert len(shop) == 8


def test_results_of_the_running_answer_stay_within_the_budget(
    anna: Visitor, model: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fat = {"products": [{"id": f"gid://shopify/Product/{n}", "title": "Hat", "text": "x" * 900} for n in range(25)]}
    monkeypatch.setattr(Toolbox, "run", lambda *_: Outcome(fat))
    for step in range(2):
        model.will(*(call("search_catalog", {"query": f"{step} {place}"}, f"c-{step}-{place}") for place in range(4)))
    model.will("That is all.")
    anna.says("hats?")
    assert all(estimate_entries(request.messages) <= HISTORY_TOKENS for request in model.requests)
    newest = model.requests[1].messages
    assert estimate_entries(newest) > HISTORY_TOKENS / 8, "the newest results are told as far as possible"
