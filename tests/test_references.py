"""A product is kept as its card, and the model reads it as it did when it was found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.scripted import Scripted, call
from tests.shop_server import Json, shop_server, ucp_result
from widget_api.models import Message, Shop, ToolCall, connected
from widget_api.shopify import shown
from widget_api.shopify.goods import Found, Product, Variant
from widget_api.shopify.money import Money
from widget_api.shopify.notices import Notice
from widget_api.shopify.references import refer, restore, restore_parts
from widget_api.shopify.selection import Option, Value
from widget_api.shopify.tools import MAX_VARIANTS, Outcome, _products_event
from widget_api.turns import prompt

pytestmark = pytest.mark.storeless

words = st.text(alphabet="abc é", max_size=8)
money = st.builds(Money, st.integers(0, 10_000), st.sampled_from(["EUR", "JPY"]))
notices = st.lists(st.builds(Notice, st.sampled_from(["warning", "info"]), words, words), max_size=2).map(tuple)
options = st.builds(
    Option,
    st.sampled_from(["Size", "Colour"]),
    st.lists(st.builds(Value, words, st.booleans(), st.booleans()), min_size=1, max_size=120).map(tuple),
)
variants = st.builds(
    Variant,
    id=st.integers(1, 9).map(lambda number: f"gid://shopify/ProductVariant/{number}"),
    title=words,
    price=money,
    available=st.booleans(),
    compare_at=st.none() | money,
    options=st.lists(st.tuples(words, words), max_size=2, unique_by=lambda pair: pair[0]).map(tuple),
    status=st.sampled_from(["", "preorder"]),
    notices=notices,
)
products = st.builds(
    Product,
    id=st.integers(1, 4).map(lambda number: f"gid://shopify/Product/{number}"),
    title=words,
    url=words,
    image=words,
    description=words,
    price=money,
    variants=st.lists(variants, max_size=60).map(tuple),
    available=st.booleans(),
    options=st.lists(options, max_size=2).map(tuple),
    selected=st.just(()) | st.just((("Size", "a"),)),
    has_more_variants=st.booleans(),
    price_max=st.none() | money,
    notices=notices,
)


def found(listed: list[Product], told: tuple[Notice, ...] = ()) -> Outcome:
    return Outcome(shown.search_output(Found(tuple(listed), told)), events=(_products_event(listed),))


def parts_of(number: int, outcome: Outcome) -> tuple[Json, list[Json]]:
    tool = {"type": "tool-x", "toolCallId": f"call-{number}", "state": "output-available", "output": outcome.kept}
    return tool, [{"type": kind, "data": data} for kind, data in outcome.events]


@given(st.lists(products, max_size=8), notices)
def test_a_search_is_restored_as_it_was(listed: list[Product], told: tuple[Notice, ...]) -> None:
    outcome = found(listed, told)
    assert restore(outcome.kept, ()) == restore(outcome.kept, outcome.events) == outcome.output
    assert Outcome.of(json.loads(json.dumps(outcome.to_dict()))).output == outcome.output


@given(products)
def test_one_product_is_restored_as_it_was(product: Product) -> None:
    output = shown.product_output(product, ())
    events = (_products_event([product]),)
    assert restore(refer(output, events), ()) == output


@given(st.lists(st.lists(products, min_size=1, max_size=3), min_size=1, max_size=4))
def test_calls_of_one_step_are_restored_each_from_its_own_cards(searches: list[list[Product]]) -> None:
    outcomes = [found(listed) for listed in searches]
    tools, cards = zip(*(parts_of(number, outcome) for number, outcome in enumerate(outcomes)), strict=True)
    earlier = [{**tool, "output": {k: v for k, v in tool["output"].items() if k != "cards"}} for tool in tools]
    for kept in (tools, earlier):
        parts = [{"type": "step-start"}, *kept, *(card for each in cards for card in each)]
        restored = restore_parts(parts)
        assert [part["output"] for part in restored if "output" in part] == [outcome.output for outcome in outcomes]
        assert restore_parts(restored) == restored


def test_what_an_earlier_version_stored_stays_as_it_is() -> None:
    whole: list[Json] = [
        {"type": "tool-search_catalog", "output": {"products": [1, {"id": "1", "title": "Hat", "price": "1 EUR"}]}},
        {"type": "data-products", "data": {"products": [{"id": "1", "title": "Hat"}]}},
        {"type": "tool-get_cart", "output": "nothing"},
    ]
    assert restore_parts(whole) == whole


def wide_product(number: int, many: int) -> Json:
    """A product in UCP with so many variants."""

    def variant(size: int) -> Json:
        return {
            "id": f"gid://shopify/ProductVariant/{number * 1000 + size}",
            "title": f"Size {size}",
            "price": {"amount": 4900, "currency": "EUR"},
            "availability": {"available": True},
            "options": [{"name": "Size", "label": str(size)}],
        }

    return {
        "id": f"gid://shopify/Product/{number}",
        "title": f"Jumper {number}",
        "description": {"plain": "Warm wool."},
        "price_range": {"min": {"amount": 4900, "currency": "EUR"}},
        "options": [{"name": "Size", "values": [{"label": str(size)} for size in range(many)]}],
        "variants": [variant(size) for size in range(many)],
    }


def ask_for_jumpers(anna: Visitor, model: Scripted, tool: str = "search_catalog", **input: Any) -> Json:
    """Return the answer of one call in a shop with 100 variants a product."""
    with shop_server() as shop:
        wide = [wide_product(number, 100) for number in range(1, 11)]
        shop.script = {
            "search_catalog": lambda _: ucp_result({"products": wide}),
            "get_product": lambda _: ucp_result({"product": wide[0]}),
        }
        Shop.register(anna.shop, mcp_url=shop.url)
        model.will(call(tool, input or {"query": "jumper", "limit": 10}))
        model.will("Here.")
        anna.says("jumpers")
    return anna.messages()[-1]


def test_an_answer_keeps_each_variant_once_and_again_where_it_is_shown(anna: Visitor, model: Scripted) -> None:
    answer = ask_for_jumpers(anna, model)
    cards = next(part for part in answer["parts"] if "output" in part)["output"]["cards"]
    shown_cards = next(part for part in answer["parts"] if part["type"] == "data-products")["data"]["products"]
    assert (len(cards), shown_cards) == (10, cards[:6])
    assert {(len(card["variants"]), card["has_more_variants"]) for card in cards} == {(MAX_VARIANTS, True)}
    with connected():
        stored = json.dumps(Message.get(Message.id == answer["id"]).parts)
        journal = json.dumps(ToolCall.select().get().output)
    for card in cards:
        for variant in card["variants"]:
            assert stored.count(f'"{variant["id"]}"') == 1 + (card in shown_cards)
            assert journal.count(f'"{variant["id"]}"') == 1


def test_the_model_reads_the_same_products_in_the_next_turn(anna: Visitor, model: Scripted) -> None:
    ask_for_jumpers(anna, model, query="jumper", limit=1)
    model.will("Yes.")
    anna.says("in green?")
    told = [
        [entry.output for entry in request.messages if hasattr(entry, "output")] for request in model.requests[-2:]
    ]
    assert told[0] == told[1]
    assert len(told[0][0]["products"][0]["variants"]) == shown.MAX_VARIANTS


@pytest.mark.parametrize("variant", [1000, 1009, 1049])
def test_variants_beyond_the_card_were_shown_too(anna: Visitor, model: Scripted, variant: int) -> None:
    ask_for_jumpers(anna, model, "get_product", id="1")
    with connected():
        parts = Message.get(Message.role == "assistant").parts
    assert f"gid://shopify/ProductVariant/{variant}" in json.dumps(prompt.outputs(parts))
