"""A turn's steps are told what fits: the newest results whole, older ones in short, and never half of anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.base import Assistant, Call, Entry, Result, User
from widget_api.turns.context import SHORT_RESULT, Context
from widget_api.turns.shortening import NOTE, shorten, size_of

BUDGET = 6000


def product(number: int, size: int = 400) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": f"Hat {number}",
        "description": "x" * size,
        "price": "10.00 EUR",
        "available": True,
        "variants": [{"id": f"gid://shopify/ProductVariant/{number}{n}", "title": "Moss"} for n in range(3)],
    }


def step(name: str, *outputs: Any) -> list[Entry]:
    calls = [Call(f"{name}-{number}", "search_catalog", {"query": name}) for number in range(len(outputs))]
    results = [Result(call.id, call.name, output) for call, output in zip(calls, outputs, strict=True)]
    return [Assistant("", tuple(calls)), *results]


def search(count: int, size: int = 400) -> dict[str, Any]:
    return {"products": [product(number, size) for number in range(count)]}


def told(entries: tuple[Entry, ...], name: str) -> Any:
    (result,) = [each for each in entries if isinstance(each, Result) and each.call_id == f"{name}-0"]
    return result.output


def answered(entries: tuple[Entry, ...]) -> bool:
    """Whether every call has its result, in the order of the calls."""
    called = [call.id for each in entries if isinstance(each, Assistant) for call in each.calls]
    return called == [each.call_id for each in entries if isinstance(each, Result)]


def size(entries: tuple[Entry, ...]) -> int:
    return sum(map(size_of, entries))


def test_what_fits_is_told_whole() -> None:
    earlier = [User("hats?"), *step("early", search(1))]
    running = step("one", search(2))
    context = Context((earlier,), [User("green?")], BUDGET)
    assert context.entries(running) == (*earlier, User("green?"), *running)


def test_earlier_turns_are_shortened_before_this_one() -> None:
    context = Context(([User("hats?"), *step("early", search(6))],), [User("green?")], BUDGET)
    entries = context.entries([*step("one", search(4)), *step("two", search(3))])
    assert told(entries, "early")["shortened"] == NOTE
    assert (told(entries, "one"), told(entries, "two")) == (search(4), search(3))


def test_the_oldest_results_of_this_turn_are_shortened_and_the_newest_stay_whole() -> None:
    context = Context((), [User("hats?")], BUDGET)
    entries = context.entries([*step("one", search(5)), *step("two", search(4)), *step("three", search(5))])
    assert size_of(told(entries, "one")) <= SHORT_RESULT
    assert told(entries, "three") == search(5)
    assert size(entries) <= BUDGET


def test_turns_are_left_out_before_the_newest_results_are_shortened() -> None:
    turns = tuple([User(f"q{number} " * 100)] for number in range(20))
    context = Context(turns, [User("now")], BUDGET)
    entries = context.entries(step("one", search(7)))
    assert told(entries, "one") == search(7)
    assert 0 < len([each for each in entries if isinstance(each, User)]) < 8
    assert size(entries) <= BUDGET


def test_newest_results_that_cannot_fit_share_the_room() -> None:
    small = {"answers": [{"question": "q", "answer": "30 days"}]}
    entries = Context((), [User("now")], BUDGET).entries(step("one", search(9), small, search(50), search(50)))
    outputs = [each.output for each in entries if isinstance(each, Result)]
    assert outputs[1] == small
    assert all(len(each["products"]) > 3 for each in (outputs[0], outputs[2], outputs[3]))
    assert size(entries) <= BUDGET


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=10), inner, max_size=8),
    max_leaves=40,
)
OUTPUTS = (
    VALUES
    | st.builds(search, st.integers(0, 40), st.integers(0, 800))
    | st.fixed_dictionaries({"answers": st.lists(st.fixed_dictionaries({"answer": st.text(max_size=2000)}))})
)


@given(OUTPUTS, st.integers(200, 3000))
def test_a_shortened_result_is_whole_json_and_fits(output: Any, most: int) -> None:
    short = shorten(output, most)
    json.dumps(short)
    if size_of(output) <= most:
        assert short == output
    else:
        assert size_of(short) <= most + 100
    if isinstance(output, dict) and isinstance(short, dict) and "products" in output:
        ids = [each["id"] for each in short["products"] if isinstance(each, dict)]
        assert ids == [each["id"] for each in output["products"][: len(ids)]]


@given(st.lists(st.lists(OUTPUTS, min_size=1, max_size=4), max_size=6), st.integers(1, 8))
def test_every_call_keeps_its_result_whatever_the_budget(steps: list[list[Any]], turns: int) -> None:
    earlier = tuple([User(f"q{number}"), *step(f"e{number}", search(number))] for number in range(turns))
    running = [entry for number, outputs in enumerate(steps) for entry in step(f"s{number}", *outputs)]
    entries = Context(earlier, [User("now")], BUDGET).entries(running)
    assert answered(entries)
    assert User("now") in entries
    assert size(entries) <= BUDGET + 4 * SHORT_RESULT


@pytest.mark.parametrize("count", [3, 30])
def test_of_a_long_list_the_first_entries_are_kept_and_the_rest_is_counted(count: int) -> None:
    short = shorten(search(count), 1000)
    kept = [each for each in short["products"] if isinstance(each, dict)]
    assert kept[0]["title"] == "Hat 0"
    assert len(kept) == count or short["products"][-1] == f"… and {count - len(kept)} more"
