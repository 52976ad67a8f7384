"""The demo shop's UCP endpoint answers as Shopify's was recorded to: every case of the reference, word by word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.shop_server import PROFILE, UCP, Json, Raw, demo_shop, shop_server
from widget_api.api.profile import PROFILE as GOOD_PROFILE
from widget_api.demo import catalogue, legacy, ucp
from widget_api.demo.carts import CARTS
from widget_api.demo.faults import FAULTS

VARIANTS = [variant for product in catalogue.PRODUCTS for variant in product.variants]
PLENTY, OTHER = (f"gid://shopify/ProductVariant/{each.id}" for each in [v for v in VARIANTS if v.stock >= 10][:2])


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = Flask(__name__)
    app.register_blueprint(ucp.bp)
    app.register_blueprint(legacy.bp)
    yield app.test_client()
    FAULTS.mend()


def rpc(client: FlaskClient, method: str, params: Json | None = None) -> TestResponse:
    return client.post(UCP, json={"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}})


def body_of(response: TestResponse) -> Json:
    return dict(json.loads(response.data))


def call(client: FlaskClient, tool: str, profile: str = PROFILE, **arguments: Any) -> Json:
    """The result of a tool, or the error, as the body has it."""
    meta = {"ucp-agent": {"profile": profile}}
    response = rpc(client, "tools/call", {"name": tool, "arguments": {"meta": meta, **arguments}})
    body = body_of(response)
    assert body["id"] == 7
    return dict(body.get("result") or body["error"])


def create(client: FlaskClient, *lines: tuple[str, int]) -> Json:
    items = [{"item": {"id": variant}, "quantity": quantity} for variant, quantity in lines]
    return dict(call(client, "create_cart", cart={"line_items": items})["structuredContent"])


def messages(result: Json) -> list[Json]:
    return list(result["structuredContent"]["messages"])


def test_a_get_is_the_shops_404_page(client: FlaskClient) -> None:
    response = client.get(UCP)
    assert (response.status_code, response.mimetype) == (404, "text/html")


def test_initialize_is_answered_as_recorded(client: FlaskClient) -> None:
    meta = {"ucp-agent": {"profile": PROFILE}}
    result = body_of(rpc(client, "initialize", {"arguments": {"meta": meta}}))["result"]
    assert result["protocolVersion"] == "2024-11-05"
    assert result["serverInfo"] == {"name": "universal-commerce", "version": "0.1.0"}


def test_the_tools_on_offer(client: FlaskClient) -> None:
    def names() -> list[str]:
        listed = rpc(client, "tools/list", {"arguments": {"meta": {"ucp-agent": {"profile": PROFILE}}}})
        return [tool["name"] for tool in body_of(listed)["result"]["tools"]]

    carts = ["create_cart", "get_cart", "update_cart", "cancel_cart"]
    assert names() == ["search_catalog", "lookup_catalog", "get_product", *carts]
    FAULTS.ask_business = True
    assert names()[-1] == "ask_business"


@pytest.mark.parametrize("arguments", [{}, {"meta": {}}, {"meta": {"ucp-agent": {}}}, {"meta": 7}])
@pytest.mark.parametrize("method", ["initialize", "tools/call", "tools/list", "nonsense"])
def test_without_a_profile_nothing_is_dispatched(client: FlaskClient, method: str, arguments: Json) -> None:
    response = rpc(client, method, {"name": "no such tool", "arguments": arguments})
    assert response.status_code == 422
    assert body_of(response)["error"] == {
        "code": -32001,
        "message": "UCP discovery failed",
        "data": {
            "code": "invalid_profile_url",
            "content": "Unable to fetch agent profile: Missing profile uri",
            "continue_url": "http://localhost/",
        },
    }


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (Raw(404), "profile_unreachable", 424),
        (Raw(302, b"", {"Location": "/"}), "profile_unreachable", 424),
        (Raw(200, b"{"), "profile_malformed", 422),
        (Raw(200, b"[]"), "profile_malformed", 422),
        (Raw(200, b'{"ucp": {"capabilities": {}}}'), "profile_malformed", 422),
        (Raw(200, b'{"ucp": {"version": "2026-04-08"}}'), "profile_malformed", 422),
        (Raw(200, b'{"ucp": {"version": "1999-01-01", "capabilities": {}}}'), "version_unsupported", 422),
        (Raw(200, b" " * 70_000), "profile_too_large", 422),
    ],
)
def test_a_profile_that_cannot_be_used_is_told_with_its_reason(
    client: FlaskClient, answer: Raw, code: str, status: int
) -> None:
    with shop_server() as shop:
        shop.pages["/profile.json"] = answer
        meta = {"ucp-agent": {"profile": f"{shop.url}/profile.json"}}
        response = rpc(client, "tools/call", {"name": "get_cart", "arguments": {"meta": meta}})
    assert (response.status_code, body_of(response)["error"]["code"]) == (status, -32001)
    assert body_of(response)["error"]["data"]["code"] == code
    unsupported = code == "version_unsupported"
    assert body_of(response)["error"]["message"] == (
        "Protocol version not supported" if unsupported else "UCP discovery failed"
    )


@pytest.mark.parametrize("uri", ["http://evil.example/p.json", "ftp://127.0.0.1/p", "x", "https://[::1"])
def test_a_profile_elsewhere_must_be_https(client: FlaskClient, uri: str) -> None:
    error = call(client, "get_cart", uri, id="x")
    assert error["data"]["code"] in {"invalid_profile_url", "profile_unreachable"}


def test_our_own_profile_is_fetched_and_found_good() -> None:
    with demo_shop() as url:
        app = Flask(__name__)
        app.register_blueprint(ucp.bp)
        result = call(app.test_client(), "get_cart", f"{url}/.well-known/ucp-agent.json", id="x")
    assert messages(result)[0]["code"] == "invalid_cart_id"
    assert GOOD_PROFILE["ucp"]["version"] == "2026-04-08"


def test_after_the_profile_comes_the_tools_name(client: FlaskClient) -> None:
    assert call(client, "search_shop_catalog") == {"code": -32602, "message": "Tool not found: search_shop_catalog"}


def test_an_unknown_method_is_the_protocols_error(client: FlaskClient) -> None:
    params = {"arguments": {"meta": {"ucp-agent": {"profile": PROFILE}}}}
    assert body_of(rpc(client, "resources/list", params))["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", -32700), (b"[" * 10**5, -32700), (b"7", -32600), (b"{}", -32600), (b"[{}]", -32602)]
)
def test_what_is_no_request_is_refused(client: FlaskClient, body: bytes, code: int) -> None:
    assert body_of(client.post(UCP, data=body))["error"]["code"] == code


def test_a_notification_is_taken_and_not_answered(client: FlaskClient) -> None:
    response = client.post(UCP, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.data) == (202, b"")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get_cart", {}, "Missing required arguments: id"),
        ("update_cart", {}, "Missing required arguments: cart, id"),
        ("get_cart", {"id": 7}, "Invalid arguments: value at /id is not a string"),
        (
            "create_cart",
            {"cart": {}},
            "Invalid arguments: object at /cart is missing required properties: line_items",
        ),
        (
            "create_cart",
            {"cart": {"line_items": [{"quantity": 1}]}},
            "Invalid arguments: object at /cart/line_items/0 is missing required properties: item",
        ),
        (
            "create_cart",
            {"cart": {"line_items": [{"item": {"id": PLENTY}, "quantity": "1"}]}},
            "Invalid arguments: value at /cart/line_items/0/quantity is not an integer",
        ),
        (
            "update_cart",
            {"id": "x", "cart": {"id": "x", "line_items": []}},
            "Invalid arguments: object property at /cart/id is a disallowed additional property",
        ),
        ("search_catalog", {"catalog": {}}, "Invalid arguments: at least one of query or filters must be provided"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(
    client: FlaskClient, tool: str, arguments: Json, said: str
) -> None:
    assert call(client, tool, **arguments) == {"isError": True, "content": [{"type": "text", "text": said}]}


def test_a_search_answers_twice_the_same_in_minor_units(client: FlaskClient) -> None:
    result = call(client, "search_catalog", catalog={"query": "beanie", "pagination": {"limit": 1}})
    found = result["structuredContent"]
    assert result["isError"] is False
    assert json.loads(result["content"][0]["text"]) == found
    (product,) = found["products"]
    known = catalogue.search("beanie")[0]
    assert product["price_range"]["min"] == {"amount": known.price, "currency": "EUR"}
    assert product["url"] == f"http://localhost/products/{known.handle}"
    assert product["variants"][0]["availability"] == {"available": known.variants[0].available}


def test_pages_follow_each_other_to_the_end(client: FlaskClient) -> None:
    found: list[str] = []
    pagination: Json = {"limit": 5}
    while True:
        catalog = {"filters": {"price": {"min": 0}}, "pagination": pagination}
        page = call(client, "search_catalog", catalog=catalog)["structuredContent"]
        found += [product["handle"] for product in page["products"]]
        if not page["pagination"]["has_next_page"]:
            break
        pagination = {"limit": 5, "cursor": page["pagination"]["cursor"]}
    assert len(found) == len(set(found)) == page["pagination"]["total_count"]


def test_a_cursor_of_ones_own_making_is_refused(client: FlaskClient) -> None:
    assert call(client, "search_catalog", catalog={"query": "x", "pagination": {"cursor": "!"}})["isError"]


def test_filters_are_of_price_and_stock(client: FlaskClient) -> None:
    catalog = {"filters": {"price": {"max": 2000}, "available": True}}
    products = call(client, "search_catalog", catalog=catalog)["structuredContent"]["products"]
    assert products
    assert all(product["price_range"]["min"]["amount"] <= 2000 for product in products)


def test_a_product_that_is_not_there(client: FlaskClient) -> None:
    result = call(client, "get_product", catalog={"id": "gid://shopify/Product/1"})
    assert result["structuredContent"]["ucp"]["status"] == "error"
    assert messages(result) == [
        {
            "type": "error",
            "code": "not_found",
            "content": "Product not found: gid://shopify/Product/1",
            "severity": "unrecoverable",
        }
    ]


def test_one_product_says_which_values_are_to_be_had(client: FlaskClient) -> None:
    known = next(each for each in catalogue.PRODUCTS if len(each.variants) > 1)
    name, value = next(iter(known.variants[1].options.items()))
    catalog = {"id": f"gid://shopify/Product/{known.id}", "selected": [{"name": name, "label": value}]}
    product = call(client, "get_product", catalog=catalog)["structuredContent"]["product"]
    assert {option["label"] for variant in product["variants"] for option in variant["options"]} >= {value}
    assert all(each.keys() == {"label", "exists", "available"} for each in product["options"][0]["values"])


def test_looking_up_says_what_each_id_meant(client: FlaskClient) -> None:
    product = f"gid://shopify/Product/{catalogue.PRODUCTS[1].id}"
    found = call(client, "lookup_catalog", catalog={"ids": [PLENTY, product, "nonsense"]})["structuredContent"]
    inputs = [variant["inputs"] for each in found["products"] for variant in each["variants"]]
    assert inputs == [[{"id": PLENTY, "match": "exact"}], [{"id": product, "match": "featured"}]]
    assert found["messages"] == [{"type": "info", "code": "not_found", "content": "nonsense"}]


def test_a_cart_is_flat_and_its_id_has_a_key(client: FlaskClient) -> None:
    cart = create(client, (PLENTY, 2))
    token = cart["id"].removeprefix("gid://shopify/Cart/").partition("?key=")[0]
    assert "?key=" in cart["id"]
    assert cart["continue_url"] == f"http://localhost/cart/c/{cart['id'].removeprefix('gid://shopify/Cart/')}"
    (line,) = cart["line_items"]
    assert line["id"].endswith(f"?cart={token}")
    assert cart["totals"][1]["amount"] == 2 * line["item"]["price"]
    assert cart["expires_at"].endswith("Z")


def test_a_cart_may_be_nested_as_the_documentation_has_it(client: FlaskClient) -> None:
    FAULTS.nested_cart = True
    assert create(client, (PLENTY, 2))["cart"]["line_items"]


def test_an_update_replaces_all_lines(client: FlaskClient) -> None:
    cart = create(client, (PLENTY, 2))
    items = [{"item": {"id": OTHER}, "quantity": 1}]
    updated = call(client, "update_cart", id=cart["id"], cart={"line_items": items})["structuredContent"]
    assert [line["item"]["id"] for line in updated["line_items"]] == [OTHER]


@pytest.mark.parametrize("tool", ["get_cart", "update_cart", "cancel_cart"])
@pytest.mark.parametrize("id", ["", "abc", "gid://shopify/Cart/", "gid://shopify/Product/1"])
def test_a_malformed_cart_id(client: FlaskClient, tool: str, id: str) -> None:
    result = call(client, tool, id=id, cart={"line_items": []})
    assert result["isError"] is True
    (message,) = messages(result)
    assert message["code"] == "invalid_cart_id"
    assert message["content"].startswith("Invalid id format. Expected a Shopify Cart GID")


@pytest.mark.parametrize("tool", ["get_cart", "update_cart", "cancel_cart"])
def test_a_cart_that_is_unknown_or_expired(client: FlaskClient, tool: str) -> None:
    expired = create(client, (PLENTY, 1))["id"]
    CARTS.expire(expired.removeprefix("gid://shopify/Cart/").partition("?")[0])
    for gone in (expired, "gid://shopify/Cart/neverWas?key=1"):
        result = call(client, tool, id=gone, cart={"line_items": []})
        assert "id" not in result["structuredContent"]
        assert result["structuredContent"]["ucp"]["status"] == "error"
        assert result["structuredContent"]["continue_url"] == "http://localhost/"
        assert messages(result)[0] == {
            "type": "error",
            "code": "not_found",
            "content": "Cart not found or has expired",
            "severity": "unrecoverable",
        }


@pytest.mark.parametrize("key", ["", "?key=wrong"])
def test_a_wrong_key_is_no_error_and_does_not_tell_the_right_one(client: FlaskClient, key: str) -> None:
    cart = create(client, (PLENTY, 1))["id"]
    result = call(client, "get_cart", id=cart.partition("?")[0] + key)
    assert result["structuredContent"]["line_items"]
    assert cart.partition("?key=")[2] not in str(result)


def test_a_cancelled_cart_says_so_and_is_gone(client: FlaskClient) -> None:
    cart = create(client, (PLENTY, 1))["id"]
    result = call(client, "cancel_cart", id=cart)
    assert messages(result) == [{"type": "info", "code": "cart_canceled", "content": "Cart canceled"}]
    assert messages(call(client, "get_cart", id=cart))[0]["code"] == "not_found"


@pytest.mark.parametrize("id", ["50239737331932", "gid://shopify/Product/7001", ""])
def test_an_item_that_is_no_variant(client: FlaskClient, id: str) -> None:
    result = call(client, "create_cart", cart={"line_items": [{"item": {"id": id}, "quantity": 1}]})
    assert result["isError"] is True
    assert messages(result) == [
        {
            "type": "error",
            "content_type": "plain",
            "code": "invalid_input",
            "content": f'is not a valid ProductVariant GID (got: "{id}")',
            "severity": "unrecoverable",
            "path": "$.line_items[0].item.id",
        }
    ]


def test_a_variant_that_does_not_exist(client: FlaskClient) -> None:
    gid = "gid://shopify/ProductVariant/99999999999999"
    result = call(client, "create_cart", cart={"line_items": [{"item": {"id": gid}, "quantity": 1}]})
    assert set(result["structuredContent"]) == {"ucp", "messages", "continue_url"}
    assert messages(result)[0]["code"] == "invalid"
    assert messages(result)[0]["content"] == f"The merchandise with id {gid} does not exist."


def test_more_than_there_is_becomes_what_there_is_with_a_warning(client: FlaskClient) -> None:
    scarce = next(variant for variant in VARIANTS if 0 < variant.stock < 10)
    cart = create(client, (f"gid://shopify/ProductVariant/{scarce.id}", 20))
    assert cart["line_items"][0]["quantity"] == scarce.stock
    assert cart["messages"][0]["type"] == "warning"


def test_the_business_answers_even_when_it_cannot(client: FlaskClient) -> None:
    FAULTS.ask_business = True
    for query, said in (("Can I return something?", "60 days"), ("xyzzy", "no answer")):
        answer = call(client, "ask_business", ask={"query": query})["structuredContent"]["answer"]
        assert said in answer["plain"]


@pytest.mark.parametrize(("in_body", "status"), [(False, 429), (True, 200)])
def test_a_rate_limit_comes_in_the_header_or_in_the_body(client: FlaskClient, in_body: bool, status: int) -> None:
    FAULTS.rate_limit_next, FAULTS.rate_limit_in_body = 1, in_body
    meta = {"ucp-agent": {"profile": PROFILE}}
    response = rpc(client, "tools/call", {"name": "get_cart", "arguments": {"meta": meta, "id": "x"}})
    assert response.status_code == status
    assert (response.headers.get("Retry-After") == "1") is not in_body
    error = body_of(response)["error"]
    assert (error["code"], error["message"]) == (-32000, "Rate limit exceeded")
    assert (error.get("data") == {"retry_after": 1}) is in_body
    assert "isError" in call(client, "get_cart", id="x")


def test_an_internal_error_is_recorded_so(client: FlaskClient) -> None:
    FAULTS.internal_error_next = 1
    meta = {"ucp-agent": {"profile": PROFILE}}
    response = rpc(client, "tools/call", {"name": "get_cart", "arguments": {"meta": meta, "id": "x"}})
    assert response.status_code == 500
    data = "Internal error calling tool get_cart: Core client error"
    assert body_of(response)["error"] == {"code": -32603, "message": "Internal error", "data": data}


def test_a_closed_shop_leads_to_its_password_page(client: FlaskClient) -> None:
    FAULTS.password_page = True
    response = rpc(client, "tools/list")
    assert (response.status_code, response.headers["Location"]) == (302, "/password")


def test_a_shop_of_the_past_has_no_such_endpoint(client: FlaskClient) -> None:
    FAULTS.legacy_only = True
    assert rpc(client, "tools/list").status_code == 404


def test_all_faults_can_be_mended() -> None:
    FAULTS.nested_cart, FAULTS.rate_limit_next, FAULTS.slow_seconds = True, 1, 1.5
    assert [FAULTS.take("rate_limit_next"), FAULTS.take("rate_limit_next")] == [True, False]
    FAULTS.mend()
    assert (FAULTS.nested_cart, FAULTS.rate_limit_next, FAULTS.slow_seconds) == (False, 0, 0.0)
