"""The demo shop's endpoint of 2025 answers as Shopify's was recorded to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.shop_server import LEGACY, Json
from widget_api.demo import catalogue, legacy
from widget_api.demo.carts import CARTS
from widget_api.demo.faults import FAULTS

VARIANTS = [variant for product in catalogue.PRODUCTS for variant in product.variants]
PLENTY, OTHER = (f"gid://shopify/ProductVariant/{each.id}" for each in [v for v in VARIANTS if v.stock >= 10][:2])


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    """A shop of 2025."""
    app = Flask(__name__)
    app.register_blueprint(legacy.bp)
    FAULTS.legacy_only = True
    yield app.test_client()
    FAULTS.mend()


def rpc(client: FlaskClient, method: str, **params: Any) -> Json:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return dict(json.loads(client.post(LEGACY, json=body).data))


def call(client: FlaskClient, tool: str, **arguments: Any) -> Json:
    body = rpc(client, "tools/call", name=tool, arguments=arguments)
    return dict(body.get("result") or body["error"])


def said(result: Json) -> str:
    return str(result["content"][0]["text"])


def add(client: FlaskClient, variant: str, quantity: int, **more: Any) -> Json:
    item = {"product_variant_id": variant, "quantity": quantity}
    result = call(client, "update_cart", add_items=[item], **more)
    assert "structuredContent" not in result
    return dict(json.loads(said(result)))


def test_of_its_tools_only_the_policies_are_left(client: FlaskClient) -> None:
    tools = ["search_shop_catalog", "get_cart", "update_cart", "search_shop_policies_and_faqs", "get_product_details"]
    assert [tool["name"] for tool in rpc(client, "tools/list")["result"]["tools"]] == tools
    FAULTS.legacy_only = False
    assert [tool["name"] for tool in rpc(client, "tools/list")["result"]["tools"]] == tools[3:4]
    assert call(client, "get_cart")["message"] == "Tool not found: get_cart"


def test_a_get_is_the_shops_404_page(client: FlaskClient) -> None:
    assert client.get(LEGACY).status_code == 404


def test_initialize_is_answered(client: FlaskClient) -> None:
    assert rpc(client, "initialize")["result"]["protocolVersion"] == "2024-11-05"
    assert rpc(client, "prompts/list")["error"]["code"] == -32601


def test_a_search_has_decimal_strings(client: FlaskClient) -> None:
    found = json.loads(said(call(client, "search_shop_catalog", query="beanie", context="x", limit=1)))
    known = catalogue.search("beanie")[0]
    (product,) = found["products"]
    assert product["product_id"] == f"gid://shopify/Product/{known.id}"
    assert product["price_range"]["min"] == str(known.price / 100)
    assert product["variants"][0].keys() == {"variant_id", "title", "price", "currency", "image_url", "available"}


def test_filters_of_price_and_stock_narrow_a_search(client: FlaskClient) -> None:
    filters = [{"available": True}, {"price": {"max": 20.0}}]
    arguments = {"query": "something nice", "context": "x", "filters": filters, "limit": 250}
    products = json.loads(said(call(client, "search_shop_catalog", **arguments)))["products"]
    assert products
    assert all(float(product["price_range"]["min"]) <= 20 for product in products)


def test_one_product_names_one_variant_and_no_address(client: FlaskClient) -> None:
    known = next(each for each in catalogue.PRODUCTS if len(each.variants) > 1)
    wanted = known.variants[1].options
    result = call(client, "get_product_details", product_id=f"gid://shopify/Product/{known.id}", options=wanted)
    product = json.loads(said(result))["product"]
    assert product["url"] is None
    assert "variants" not in product
    assert product["selectedOrFirstAvailableVariant"]["title"] == known.variants[1].title
    assert call(client, "get_product_details", product_id="gid://shopify/Product/1")["isError"] is True


def test_an_update_without_a_cart_makes_one(client: FlaskClient) -> None:
    answer = add(client, PLENTY, 2)
    assert "?key=" in answer["cart"]["id"]
    assert answer["cart"]["checkout_url"].startswith("http://localhost/cart/c/")
    assert (answer["cart"]["total_quantity"], answer["errors"]) == (2, [])


def test_an_update_changes_what_it_names(client: FlaskClient) -> None:
    cart = add(client, PLENTY, 2)["cart"]
    cart = add(client, OTHER, 1, cart_id=cart["id"])["cart"]
    plenty, other = cart["lines"]
    changes = {"update_items": [{"id": plenty["id"], "quantity": 5}], "remove_line_ids": [other["id"]]}
    (line,) = json.loads(said(call(client, "update_cart", cart_id=cart["id"], **changes)))["cart"]["lines"]
    assert (line["id"], line["quantity"]) == (plenty["id"], 5)
    assert add(client, PLENTY, 1, cart_id=cart["id"])["cart"]["total_quantity"] == 6


def test_names_of_arguments_that_it_does_not_know_make_an_empty_cart(client: FlaskClient) -> None:
    result = call(client, "update_cart", lines=[{"merchandise_id": PLENTY, "quantity": 1}])
    assert json.loads(said(result))["cart"]["lines"] == []


@pytest.mark.parametrize("id", ["", "x", "gid://shopify/Cart/abc", "gid://shopify/Product/1?key=1"])
def test_a_malformed_cart_id_or_one_without_its_key(client: FlaskClient, id: str) -> None:
    result = call(client, "get_cart", cart_id=id)
    assert result["isError"] is True
    assert said(result) == (
        "Invalid cart_id format. Expected a Shopify Cart GID (e.g., 'gid://shopify/Cart/Z212345?key=123456789')."
    )


def test_a_cart_that_is_gone(client: FlaskClient) -> None:
    gone = add(client, PLENTY, 1)["cart"]["id"]
    CARTS.expire(gone.removeprefix("gid://shopify/Cart/").partition("?")[0])
    for tool in ("get_cart", "update_cart"):
        result = call(client, tool, cart_id=gone)
        errors = [{"field": ["cart_id"], "message": "The specified cart does not exist."}]
        assert (result["isError"], json.loads(said(result))["errors"]) == (True, errors)


def test_a_variant_that_does_not_exist(client: FlaskClient) -> None:
    item = {"product_variant_id": "gid://shopify/ProductVariant/1", "quantity": 1}
    errors = json.loads(said(call(client, "update_cart", add_items=[item])))["errors"]
    assert errors[0]["message"] == "The merchandise with id gid://shopify/ProductVariant/1 does not exist."


def test_arguments_that_do_not_fit_are_refused_in_words(client: FlaskClient) -> None:
    assert said(call(client, "get_cart")) == "Missing required arguments: cart_id"
    assert said(call(client, "update_cart", add_items=[{"quantity": 1}])) == (
        "Invalid arguments: object at `/add_items/0` is missing required properties: product_variant_id"
    )


def test_policies_are_a_list_of_questions_and_answers(client: FlaskClient) -> None:
    answers = json.loads(said(call(client, "search_shop_policies_and_faqs", query="Can I return something?")))
    assert answers[0].keys() == {"question", "answer"}


def test_the_notice_of_its_end_is_a_second_block(client: FlaskClient) -> None:
    FAULTS.deprecation_notice = True
    first, second = call(client, "search_shop_policies_and_faqs", query="returns")["content"]
    assert json.loads(first["text"])
    assert second["text"].startswith(
        "DEPRECATION NOTICE: This tool is served by the Storefront MCP server at /api/mcp"
    )
    assert "31 August 2026" in second["text"]
