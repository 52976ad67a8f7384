"""What the model may ask for: small inputs, checked in words that it can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import GREY, MOSS, Json, ShopServer, Slot, shop_server, store_at, ucp_product, ucp_result
from widget_api.shopify.schema import Invalid, check
from widget_api.shopify.tools import TOOLS, Toolbox


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
    ("search_catalog", {"query": 7}, "query must be text"),
    ("search_catalog", {"query": None}, "query must be text"),
    ("search_catalog", {"query": " "}, "from 1 to 200 characters"),
    ("search_catalog", {"query": "x" * 201}, "from 1 to 200 characters"),
    ("search_catalog", {"query": "x", "limit": 11}, "limit must be from 1 to 10"),
    ("search_catalog", {"query": "x", "limit": 0}, "limit must be from 1 to 10"),
    ("search_catalog", {"query": "x", "limit": True}, "limit must be a whole number"),
    ("search_catalog", {"query": "x", "limit": 2.5}, "limit must be a whole number"),
    ("search_catalog", {"query": "x", "max_price": "5"}, "max_price must be a number"),
    ("search_catalog", {"query": "x", "max_price": -1}, "max_price must be from 0"),
    ("search_catalog", {"query": "x", "max_price": float("nan")}, "max_price must be from 0"),
    ("search_catalog", {"query": "x", "available_only": "yes"}, "available_only must be true or false"),
    ("search_catalog", {"query": "x", "shop": "other.myshopify.com"}, "no field of that name"),
    ("get_product", {"id": "gid://shopify/Cart/1"}, "must be a product's id"),
    ("get_product", {"id": "https://evil.example/"}, "must be a product's id"),
    ("get_product", {"id": GREY}, "must be a product's id"),
    ("get_cart", {"id": "gid://shopify/Cart/foreign?key=1"}, "no field of that name"),
    ("get_cart", [], "must be an object"),
    ("update_cart", {"lines": []}, "lines must be from 1 to 20 entries"),
    ("update_cart", {"lines": {}}, "lines must be a list"),
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
        check(input, spec.parameters)
    except Invalid as exc:
        assert str(exc).endswith(".")
