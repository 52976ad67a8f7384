"""What the model may ask for: small inputs, checked in words that it can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import GREY, MOSS, Json, ShopServer, Slot, shop_server, store_at, ucp_product, ucp_result
from widget_api.shopify.schema import Invalid, check
from widget_api.shopify.tools import TOOLS, Toolbox, tidy


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def tools(shop: ShopServer) -> Iterator[Toolbox]:
    shop.heard.clear()
    with store_at(shop.url) as store:
        yield Toolbox(store, Slot(), {GREY})


WRONG = [
    ("search_catalog", {}, "lacks the field query"),
    ("search_catalog", {"query": None}, "query must be text"),
    ("search_catalog", {"query": " "}, "from 1 to 200 characters"),
    ("search_catalog", {"query": "x" * 201}, "from 1 to 200 characters"),
    ("search_catalog", {"query": "x", "limit": True}, "limit must be a whole number"),
    ("search_catalog", {"query": "x", "limit": 2.5}, "limit must be a whole number"),
    ("search_catalog", {"query": "x", "max_price": float("nan")}, "max_price must be from 0"),
    ("search_catalog", {"query": "x", "limit": "five"}, "limit must be a whole number"),
    ("search_catalog", {"query": "x", "max_price": "30 EUR"}, "max_price must be a number"),
    ("search_catalog", {"query": "x", "available_only": "maybe"}, "available_only must be true or false"),
    ("search_catalog", {"query": True}, "query must be text"),
    ("search_catalog", {"query": ["hat", "scarf"]}, "query must be text"),
    ("search_catalog", {"input": {"query": "x"}, "query": ""}, "from 1 to 200 characters"),
    ("get_product", {"id": "gid://shopify/Cart/1"}, "must be a product's id"),
    ("get_product", {"id": "https://evil.example/"}, "must be a product's id"),
    ("get_product", {"id": GREY}, "must be a product's id"),
    ("get_cart", [], "must be an object"),
    ("update_cart", {"lines": []}, "lines must be from 1 to 20 entries"),
    ("update_cart", {"lines": {}}, "lines must be from 1 to 20 entries"),
    ("update_cart", {"lines": "all of them"}, "lines must be a list"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": "one"}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": "1 pair"}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": "+1"}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 1.5}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": True}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": None}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": ""}]}, "quantity must be a whole number"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 1, "add": 2}]}, "no field of that name"),
    ("update_cart", {"lines": [GREY]}, "entry 1, must be an object"),
    ("update_cart", {"lines": [{"variant_id": GREY}]}, "entry 1, lacks the field quantity"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 21}]}, "quantity must be from 0 to 20"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": -1}]}, "quantity must be from 0 to 20"),
    ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 1}] * 2}, "name each variant once"),
    ("update_cart", {"cart_id": "x", "lines": [{"variant_id": GREY, "quantity": 1}]}, "no field of that name"),
    ("update_cart", {"lines": [{"variant_id": MOSS, "quantity": 1}]}, "has not shown that variant"),
    ("update_cart", {"lines": [{"variant_id": "x", "quantity": 1}]}, "has not shown that variant"),
    ("search_shop_policies_and_faqs", {"query": []}, "query must be text"),
    ("complete_checkout", {}, "There is no such tool"),
    ("__class__", {}, "There is no such tool"),
]


@pytest.mark.parametrize(("name", "input", "said"), WRONG)
def test_a_wrong_input_is_told_and_the_shop_is_not_asked(
    shop: ShopServer, tools: Toolbox, name: str, input: Any, said: str
) -> None:
    outcome = tools.run(name, input)
    assert outcome.error
    assert said in outcome.output["error"]
    assert shop.heard == []


SEARCHES = [
    {"limit": None, "max_price": None, "available_only": None},
    {"limit": "", "max_price": "", "available_only": ""},
    {"max_price": "null", "available_only": "None"},
    {"max_price": 0, "limit": 0},
    {"max_price": "0", "limit": "0"},
    {"max_price": 0.0, "limit": -1},
    {"context": "winter", "shop": "other.myshopify.com", "page": 1},
    {"available_only": "false"},
    {"available_only": 0},
]


@pytest.mark.parametrize("more", SEARCHES, ids=str)
def test_what_is_left_open_in_a_search_is_as_if_it_were_not_there(more: Json) -> None:
    tidied = tidy("search_catalog", {"query": "hat", **more})
    assert tidied in ({"query": "hat"}, {"query": "hat", "available_only": False})


MEANT: list[tuple[str, Any, Json]] = [
    ("search_catalog", {"query": "hat", "limit": "3"}, {"query": "hat", "limit": 3}),
    ("search_catalog", {"query": "hat", "limit": 3.0}, {"query": "hat", "limit": 3}),
    ("search_catalog", {"query": "hat", "limit": "3.0"}, {"query": "hat", "limit": 3}),
    ("search_catalog", {"query": "hat", "limit": 20}, {"query": "hat", "limit": 10}),
    ("search_catalog", {"query": "hat", "max_price": "29.5"}, {"query": "hat", "max_price": 29.5}),
    ("search_catalog", {"query": "hat", "maxPrice": 30}, {"query": "hat", "max_price": 30}),
    ("search_catalog", {"query": "hat", "available_only": "True"}, {"query": "hat", "available_only": True}),
    ("search_catalog", {"query": ["hat"]}, {"query": "hat"}),
    ("search_catalog", {"query": 501}, {"query": "501"}),
    ("search_catalog", {"input": {"query": "hat"}}, {"query": "hat"}),
    ("search_catalog", {"arguments": '{"query": "hat"}'}, {"query": "hat"}),
    ("search_catalog", {"name": "search_catalog", "parameters": {"query": "hat"}}, {"query": "hat"}),
    ("search_catalog", {"input": {"arguments": {"query": "hat"}}}, {"query": "hat"}),
    ("search_catalog", '{"query": "hat"}', {"query": "hat"}),
    ("get_cart", {"id": "gid://shopify/Cart/foreign?key=1"}, {}),
    ("get_cart", {"input": {}}, {}),
    ("get_product", {"id": 7001}, {"id": "7001"}),
    ("get_product", {"id": "7001", "selected": None}, {"id": "7001"}),
    (
        "get_product",
        {"id": "7001", "selected": '[{"name": "Size", "label": 44}]'},
        {"id": "7001", "selected": "SIZE"},
    ),
    ("get_product", {"id": "7001", "selected": {"name": "Size", "label": "44"}}, {"id": "7001", "selected": "SIZE"}),
    ("get_product", {"id": "7001", "selected": {"Size": 44}}, {"id": "7001", "selected": "SIZE"}),
    ("update_cart", {"lines": [{"variant_id": "1", "quantity": "1"}]}, {"lines": "ONE"}),
    ("update_cart", {"lines": [{"variant_id": 1, "quantity": 1.0, "line_id": None}]}, {"lines": "ONE"}),
    ("update_cart", {"lines": [{"variant_id": "1", "quantity": 1, "line_id": ""}]}, {"lines": "ONE"}),
    ("update_cart", {"lines": '[{"variant_id": "1", "quantity": 1}]'}, {"lines": "ONE"}),
    ("update_cart", {"lines": {"variant_id": "1", "quantity": 1}}, {"lines": "ONE"}),
    ("update_cart", {"lines": '{"variant_id": "1", "quantity": "1"}'}, {"lines": "ONE"}),
    ("update_cart", {"variant_id": "1", "quantity": 1}, {"lines": "ONE"}),
    ("update_cart", {"input": {"lines": [{"variantId": "1", "quantity": 1}]}}, {"lines": "ONE"}),
    ("search_shop_policies_and_faqs", {"query": "returns?", "context": None}, {"query": "returns?"}),
]
WRITTEN = {"ONE": [{"variant_id": "1", "quantity": 1}], "SIZE": [{"name": "Size", "label": "44"}]}


@pytest.mark.parametrize(("name", "input", "meant"), MEANT, ids=str)
def test_an_input_whose_meaning_is_certain_is_taken_so(name: str, input: Any, meant: Json) -> None:
    meant = {field: WRITTEN.get(value, value) if isinstance(value, str) else value for field, value in meant.items()}
    tidied = tidy(name, input)
    assert tidied == meant
    assert [type(value) for value in tidied.values()] == [type(value) for value in meant.values()]
    assert tidy(name, tidied) == tidied


def test_a_search_without_a_hit_says_what_else_to_try(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["search_catalog"] = ucp_result({"products": []})
    notes = [
        tools.run("search_catalog", {"query": "hat", **more}).output["note"]
        for more in ({}, {"max_price": 5}, {"max_price": 5, "available_only": True})
    ]
    assert notes == [
        "Nothing matches; try other or fewer words.",
        "Nothing matches; try other or fewer words, or without max_price.",
        "Nothing matches; try other or fewer words, or without max_price and available_only.",
    ]


def test_variants_that_are_too_dear_are_left_to_the_cards(shop: ShopServer) -> None:
    cheap, dear = (dict(ucp_product()["variants"][0]) for _ in range(2))
    dear |= {"id": MOSS, "price": {"amount": 9900, "currency": "EUR"}}
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product(variants=[cheap, dear])]})
    with store_at(shop.url, currency="EUR") as store:
        found = Toolbox(store, Slot(), ()).run("search_catalog", {"query": "hat", "max_price": 50})
        everything = Toolbox(store, Slot(), ()).run("search_catalog", {"query": "hat"})
    (told,) = found.output["products"]
    assert (len(told["variants"]), told["has_more_variants"]) == (1, True)
    assert len(found.events[0][1]["products"][0]["variants"]) == 2
    assert len(everything.output["products"][0]["variants"]) == 2


def test_a_bare_number_is_as_good_as_an_id(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["get_product"] = ucp_result({"product": ucp_product()})
    assert not tools.run("get_product", {"id": "7001"}).error
    assert shop.calls("get_product")[0].arguments["catalog"]["id"] == "gid://shopify/Product/7001"


def test_a_price_is_given_in_whole_units(shop: ShopServer) -> None:
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product()]})
    for currency, sent in (("EUR", 4950), ("JPY", 49), ("KWD", 49500), ("CLF", 495000), ("HUF", 4950)):
        with store_at(shop.url, currency=currency) as store:
            Toolbox(store, Slot(), ()).run("search_catalog", {"query": "x", "max_price": 49.5})
        assert shop.heard[-1].arguments["catalog"]["filters"]["price"] == {"max": sent}


def test_the_schemas_say_what_is_checked() -> None:
    for spec in TOOLS:
        assert spec.parameters["additionalProperties"] is False
        assert set(spec.parameters["required"]) <= set(spec.parameters["properties"])
        assert spec.status
        assert spec.description
    assert [spec.name for spec in TOOLS if spec.writes] == ["update_cart"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
FIELDS = st.sampled_from(["query", "limit", "max_price", "available_only", "id", "lines"])


@given(st.sampled_from(TOOLS), JSON | st.dictionaries(FIELDS, JSON, max_size=3))
def test_checking_passes_or_says_why(spec: Any, input: Json) -> None:
    try:
        check(tidy(spec.name, input), spec.parameters)
    except Invalid as exc:
        assert str(exc).endswith(".")
