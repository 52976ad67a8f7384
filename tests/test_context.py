"""A turn's steps are told what fits: the newest results whole, older ones in short, and all of them valid JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.base import Assistant, Call, Entry, Result, User
from widget_api.models import Message
from widget_api.shopify.goods import Product, Variant
from widget_api.shopify.money import Money
from widget_api.shopify.result_json import to_lean_json
from widget_api.shopify.shown import MAX_VARIANTS
from widget_api.shopify.tools import _compact
from widget_api.turns import prompt
from widget_api.turns.context import LEAST_RESULT, Context, fit
from widget_api.turns.shortening import SHORTENED, shorten
from widget_api.turns.token_count import estimate_entries, estimate_tokens

pytestmark = pytest.mark.storeless

BUDGET = 2000


def product(number: int, size: int = 400) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": f"Hat {number}",
        "description": "word " * (size // 5),
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


def whole(output: Any) -> str:
    return to_lean_json(output)


def told(entries: tuple[Entry, ...], name: str) -> str:
    (result,) = [each for each in entries if isinstance(each, Result) and each.call_id == f"{name}-0"]
    return result.text


def is_shortened(text: str) -> bool:
    return "shortened" in json.loads(text)


def is_answered(entries: tuple[Entry, ...]) -> bool:
    """Return whether every call has its result, in the order of the calls."""
    called = [call.id for each in entries if isinstance(each, Assistant) for call in each.calls]
    return called == [each.call_id for each in entries if isinstance(each, Result)]


def test_what_fits_is_told_whole() -> None:
    earlier = [User("hats?"), *step("early", search(1))]
    running = step("one", search(2))
    entries = Context((earlier,), [User("green?")], BUDGET).entries(running)
    assert entries == (*earlier, User("green?"), *running)
    assert (told(entries, "early"), told(entries, "one")) == (whole(search(1)), whole(search(2)))


def test_earlier_turns_are_shortened_before_this_one() -> None:
    context = Context(([User("hats?"), *step("early", search(9))],), [User("green?")], BUDGET)
    entries = context.entries([*step("one", search(2)), *step("two", search(2))])
    assert is_shortened(told(entries, "early"))
    assert (told(entries, "one"), told(entries, "two")) == (whole(search(2)), whole(search(2)))


def test_the_oldest_results_of_this_turn_are_shortened_and_the_newest_stay_whole() -> None:
    context = Context((), [User("hats?")], BUDGET)
    entries = context.entries([*step("one", search(5)), *step("two", search(4)), *step("three", search(4))])
    assert is_shortened(told(entries, "one"))
    assert told(entries, "three") == whole(search(4))
    assert estimate_entries(entries) <= BUDGET


def test_turns_are_left_out_before_the_newest_results_are_shortened() -> None:
    turns = tuple([User(f"q{number} " * 100)] for number in range(20))
    entries = Context(turns, [User("now")], BUDGET).entries(step("one", search(6)))
    assert told(entries, "one") == whole(search(6))
    assert 0 < len([each for each in entries if isinstance(each, User)]) < 8
    assert estimate_entries(entries) <= BUDGET


def test_newest_results_that_cannot_fit_share_the_room() -> None:
    small = {"answers": [{"question": "q", "answer": "30 days"}]}
    entries = Context((), [User("now")], BUDGET).entries(step("one", search(9), small, search(90), search(90)))
    texts = [each.text for each in entries if isinstance(each, Result)]
    assert json.loads(texts[1]) == small
    assert all(len(json.loads(text)["products"]) > 3 for text in (texts[0], texts[2], texts[3]))
    assert estimate_entries(entries) <= BUDGET


def test_the_next_requests_begin_with_the_same_messages_though_the_budget_is_full() -> None:
    """What is left out is left out in large parts, so that a provider's cache is hit in most turns."""
    turns = [[User(f"question {number}"), *step(f"s{number}", search(3))] for number in range(40)]
    tellings = [Context(tuple(turns[:at]), [User("now")]).entries() for at in range(20, 40)]
    same = [[one == two for one, two in zip(before, after, strict=False)] for before, after in pairwise(tellings)]
    kept = sum(each.index(False) > len(each) / 2 for each in same)
    assert len(same) / 2 < kept < len(same)


CLOTHES = [f"{size} / {colour}" for colour in ("Black", "Navy", "Sand", "Rust", "Pine", "Grey") for size in "ABCDEF"]


def half_zip(number: int) -> Product:
    variants = tuple(
        Variant(
            f"gid://shopify/ProductVariant/{43729076879549 + 1000 * number + at}",
            title,
            Money(7995, "USD"),
            available=True,
            options=(("Size", title[0]), ("Colour", title[4:])),
        )
        for at, title in enumerate(CLOTHES)
    )
    return Product(
        f"gid://shopify/Product/{8036592541885 + number}",
        f"Merino Half-Zip {number}",
        f"https://www.example-outdoor-store.com/products/merino-half-zip-{number}",
        f"https://cdn.example/files/merino-half-zip-{number}-black-front_1200x1200.jpg?v=1721345670",
        "A close-fitting midlayer in a merino blend that keeps its warmth when wet. " * 4,
        Money(7995, "USD"),
        variants,
        available=True,
    )


def searched(first: int) -> list[Message]:
    output = {"products": [_compact(half_zip(number), MAX_VARIANTS) for number in range(first, first + 5)]}
    tool = {"type": "tool-search_catalog", "toolCallId": f"c{first}", "state": "output-available", "input": {}}
    parts = [{"type": "step-start"}, {**tool, "output": output}, {"type": "text", "text": "Here are five."}]
    asked = Message(role="user", parts=[{"type": "text", "text": "Sweaters?"}])
    return [asked, Message(role="assistant", parts=parts)]


@pytest.mark.parametrize("tokens", [1200, 1800, 8000])
def test_after_two_searches_in_a_clothes_shop_the_model_can_name_all_that_it_has_shown(tokens: int) -> None:
    """Also in the small window that a local server has by default."""
    newest = Message(role="user", parts=[{"type": "text", "text": "Put the second one in M, Navy in my cart"}])
    entries = prompt.history([*searched(1), *searched(6), newest], tokens)
    listed = [json.loads(entry.content)["products"] for entry in entries if isinstance(entry, Result)]
    named = [(each["title"], each["id"], each["price"]) for products in listed for each in products]
    assert named == [(f"Merino Half-Zip {n}", str(8036592541885 + n), "79.95 USD") for n in range(1, 11)]
    assert estimate_entries(entries) <= tokens
    if tokens >= 1800:
        assert listed[-1][0]["variants"][0]["id"] == "43729076885549", "the newest listing's variants"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=10), inner, max_size=8),
    max_leaves=15,
)
OUTPUTS = (
    VALUES
    | st.builds(search, st.integers(0, 40), st.integers(0, 800))
    | st.fixed_dictionaries({"answers": st.lists(st.fixed_dictionaries({"answer": st.text(max_size=2000)}))})
)


@given(OUTPUTS, st.integers(0, 1000))
def test_a_shortened_result_is_valid_json_and_fits(output: Any, most: int) -> None:
    short = shorten(output, most)
    if estimate_tokens(whole(output)) <= most:
        assert short == whole(output)
    else:
        assert estimate_tokens(short) <= max(most, LEAST_RESULT)
        assert is_shortened(short)
    told = json.loads(short)
    if isinstance(output, dict) and "products" in output:
        names = [(each["id"], each["title"], each["price"]) for each in told["products"]]
        assert names == [(str(number), f"Hat {number}", "10.00 EUR") for number in range(len(names))]
        assert len(names) + told.get("more", 0) == len(output["products"])


@given(st.lists(st.lists(OUTPUTS, min_size=1, max_size=2), max_size=4), st.integers(1, 4), st.integers(0, BUDGET))
def test_every_call_keeps_its_result_whatever_the_budget(steps: list[list[Any]], turns: int, budget: int) -> None:
    earlier = tuple([User(f"q{number}"), *step(f"e{number}", search(number))] for number in range(turns))
    running = [entry for number, outputs in enumerate(steps) for entry in step(f"s{number}", *outputs)]
    entries = Context(earlier, [User("now")], budget).entries(running)
    assert is_answered(entries)
    assert User("now") in entries
    least = sum(estimate_entries([each]) for each in running if isinstance(each, Assistant))
    least += (LEAST_RESULT + 8) * sum(len(outputs) for outputs in steps) + 16
    assert estimate_entries(entries) <= max(budget, least)
    assert estimate_entries(fit(entries, budget)) <= max(budget, least), "also of what was fitted before"


@pytest.mark.parametrize("count", [3, 30])
def test_of_a_long_list_the_first_entries_are_kept_and_the_rest_is_counted(count: int) -> None:
    told = json.loads(shorten(search(count), 120))
    kept = len(told["products"])
    assert 0 < kept <= count
    names = [{"id": str(n), "title": f"Hat {n}", "price": "10.00 EUR", "variants": []} for n in range(kept)]
    assert told == {"products": names, **({"more": count - kept} if kept < count else {}), **SHORTENED}


def test_of_one_long_sentence_the_first_words_are_kept() -> None:
    told = json.loads(shorten({"error": "The shop is closed. " * 50}, 80))
    assert told["error"].startswith("The shop is closed. The shop")
    assert told["error"].endswith(("closed.…", "is…", "shop…", "The…"))
    assert told.keys() == {"error", "shortened"}


def test_an_error_reads_the_same_in_its_turn_and_in_later_ones() -> None:
    running = Result("c", "get_cart", {"error": "The shop is closed."}, error=True)
    stored = Result("c", "get_cart", "The shop is closed.", error=True)
    for result in (running, stored):
        told = fit([User("?"), Assistant("", ()), result], BUDGET)[-1]
        assert isinstance(told, Result)
        assert told.content == '{"error":"The shop is closed."}'


def test_results_are_whole_for_those_who_read_them_as_data() -> None:
    entries = Context((), [User("now")], 300).entries(step("one", search(30)))
    assert isinstance(entries[-1], Result)
    assert json.dumps(entries[-1].output) == json.dumps(search(30))
