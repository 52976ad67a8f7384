"""Events add up to a message, and a stored message replays as events that add up to the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from widget_api.streams.base import Position
from widget_api.turns import events
from widget_api.turns.events import Fold

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
json_values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3)


@st.composite
def answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The events of an answer: steps of text, tool calls and data."""
    said: list[dict[str, Any]] = [{"type": "start", "messageId": "m"}]
    for step in range(draw(st.integers(1, 3))):
        said.append({"type": "start-step"})
        for number, kind in enumerate(
            draw(st.lists(st.sampled_from(["text", "tool", "failed", "data"]), max_size=4))
        ):
            said += draw(pieces(kind, f"{step}.{number}"))
        said.append({"type": "finish-step"})
    return said


def pieces(kind: str, id: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    call = {"toolCallId": id, "providerExecuted": True}
    if kind == "text":
        return st.lists(texts, min_size=1, max_size=4).map(
            lambda deltas: [
                {"type": "text-start", "id": id},
                *({"type": "text-delta", "id": id, "delta": delta} for delta in deltas),
                {"type": "text-end", "id": id},
            ]
        )
    if kind == "data":
        return json_values.map(lambda value: [{"type": "data-cart", "data": value}])
    end = (
        texts.map(lambda text: {"type": "tool-output-error", "errorText": text, **call})
        if kind == "failed"
        else json_values.map(lambda value: {"type": "tool-output-available", "output": value, **call})
    )
    return st.tuples(json_values, end).map(
        lambda pair: [
            {"type": "tool-input-start", "toolName": "get_cart", **call},
            {"type": "tool-input-delta", "toolCallId": id, "inputTextDelta": "{"},
            {"type": "tool-input-available", "toolName": "get_cart", "input": pair[0], **call},
            pair[1],
        ]
    )


def folded(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fold = Fold()
    for event in said:
        fold.apply(event)
    return fold.parts


@given(answers())
def test_a_replay_of_the_stored_answer_adds_up_to_the_same_message(said: list[dict[str, Any]]) -> None:
    parts = folded(said)
    message = {"id": "m", "parts": parts, "metadata": {"status": "complete"}}
    assert folded(list(events.replay(message))) == parts


@given(answers())
def test_events_read_back_from_their_lines_are_the_same(said: list[dict[str, Any]]) -> None:
    lines = b"\n".join(map(events.encode, said))
    assert list(events.decode_lines(lines)) == said


@given(answers(), st.integers(0, 40))
def test_looking_at_the_parts_meanwhile_changes_nothing(said: list[dict[str, Any]], look: int) -> None:
    fold = Fold()
    for number, event in enumerate(said):
        fold.apply(event)
        if number == look:
            assert fold.parts is not None
    assert fold.parts == folded(said)


@given(answers(), st.sampled_from(["text", "tool", "failed", "data"]).flatmap(lambda kind: pieces(kind, "mine")))
def test_a_reset_takes_back_the_step_and_nothing_before_it(before: list[Any], taken_back: list[Any]) -> None:
    again = [{"type": "reset-step"}, {"type": "text-start", "id": "z"}, {"type": "text-end", "id": "z"}]
    parts = folded([*before, {"type": "start-step"}, *taken_back, *again])
    assert parts[:-2] == folded(before)
    assert parts[-2:] == [{"type": "step-start"}, {"type": "text", "text": "", "state": "done"}]


def test_a_frame_is_one_event_with_its_position_as_id() -> None:
    assert events.frame(b"{}", Position(2, 7)) == b"id: 2-7\ndata: {}\n\n"


def test_a_data_part_of_the_same_id_replaces_the_earlier_one() -> None:
    said = [{"type": "data-cart", "id": "c", "data": number} for number in (1, 2)]
    assert folded(said) == [{"type": "data-cart", "id": "c", "data": 2}]


def test_transient_data_leaves_no_trace() -> None:
    assert folded([{"type": "data-status", "data": {"text": "Looking"}, "transient": True}]) == []


def test_an_answer_that_broke_off_has_nothing_open_left() -> None:
    said = [
        {"type": "text-start", "id": "t"},
        {"type": "text-delta", "id": "t", "delta": "so far"},
        {"type": "tool-input-start", "toolCallId": "c", "toolName": "get_cart"},
    ]
    fold = Fold()
    for event in said:
        fold.apply(event)
    for event in list(fold.closing()):
        fold.apply(event)
    text, tool = fold.parts
    assert text == {"type": "text", "text": "so far", "state": "done"}
    assert tool["state"] == "output-error"
    assert list(fold.closing()) == []
