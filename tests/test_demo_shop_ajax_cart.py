"""The theme's cart, asked as Shopify's Ajax API is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.storefront import storefront
from widget_api.demo.carts import CARTS
from widget_api.demo.database import DATABASE

OAT, SOLD_OUT, RUST, CUP, MUG = 700101, 700102, 700103, 701402, 702501
RUST_STOCK = 4


@pytest.fixture
def client() -> FlaskClient:
    return storefront().test_client()


def cart(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get("/cart.js").json or {})


def post(client: FlaskClient, path: str, **body: Any) -> Any:
    """What the shop answers, as JSON. `json` or `data` is the body."""
    return client.post(path, **body).json


def add(client: FlaskClient, variant: int, quantity: int = 1) -> None:
    assert client.post("/cart/add.js", json={"items": [{"id": variant, "quantity": quantity}]}).status_code == 200


def test_the_token_is_another_one_each_time_until_something_is_in_the_cart(client: FlaskClient) -> None:
    assert cart(client)["token"] != cart(client)["token"]
    add(client, OAT)
    assert cart(client)["token"] == cart(client)["token"]


def test_the_token_carries_the_key_and_names_the_cart_that_agents_see(client: FlaskClient) -> None:
    add(client, OAT)
    token, _, key = cart(client)["token"].partition("?key=")
    found = CARTS.get(token)
    assert found
    assert found.key == key


def test_items_are_added_and_told(client: FlaskClient) -> None:
    response = post(client, "/cart/add.js", json={"items": [{"id": OAT, "quantity": 2}, {"id": CUP}]})
    assert [(item["variant_id"], item["quantity"]) for item in response["items"]] == [(OAT, 2), (CUP, 1)]
    assert (cart(client)["item_count"], cart(client)["total_price"]) == (3, 2 * 2900 + 1600)


def test_one_item_by_its_id_is_told_without_a_list(client: FlaskClient) -> None:
    item = post(client, "/cart/add.js", data={"id": str(OAT), "quantity": "2"})
    assert (item["variant_id"], item["quantity"]) == (OAT, 2)


def test_a_line_says_what_themes_show(client: FlaskClient) -> None:
    add(client, OAT)
    item = cart(client)["items"][0]
    assert (item["title"], item["product_title"], item["variant_title"]) == (
        "Ridge Beanie - Oat",
        "Ridge Beanie",
        "Oat",
    )
    assert item["url"] == f"/products/ridge-beanie?variant={OAT}"
    assert client.get(item["image"]).mimetype == "image/svg+xml"


def test_a_line_is_changed_by_variant_by_key_and_by_place(client: FlaskClient) -> None:
    add(client, OAT)
    key = cart(client)["items"][0]["key"]
    for name, quantity in (({"id": OAT}, 2), ({"id": key}, 3), ({"line": 1}, 4)):
        assert post(client, "/cart/change.js", json={**name, "quantity": quantity})["item_count"] == quantity


def test_many_lines_are_updated_at_once(client: FlaskClient) -> None:
    add(client, OAT)
    add(client, CUP)
    assert post(client, "/cart/update.js", json={"updates": {str(OAT): 0, str(CUP): 3}})["item_count"] == 3
    assert post(client, "/cart/update.js", json={"updates": [2]})["item_count"] == 2
    assert post(client, "/cart/update.js", data={f"updates[{CUP}]": "1"})["item_count"] == 1


def test_a_cleared_cart_keeps_its_token(client: FlaskClient) -> None:
    add(client, OAT)
    before = cart(client)["token"]
    assert post(client, "/cart/clear.js")["item_count"] == 0
    assert cart(client)["token"] == before


@pytest.mark.parametrize(
    ("path", "body", "status", "description"),
    [
        ("/cart/add.js", {"id": SOLD_OUT}, 422, "The product 'Ridge Beanie - Moss' is already sold out."),
        ("/cart/add.js", {"id": RUST, "quantity": 9}, 422, "You can only add 4 Ridge Beanie - Rust to the cart."),
        ("/cart/add.js", {"id": 1}, 404, "Cannot find variant"),
        ("/cart/add.js", {}, 400, "Required parameter missing or invalid: items"),
        ("/cart/add.js", {"items": [7]}, 400, "Required parameter missing or invalid: items"),
        ("/cart/add.js", {"items": []}, 400, "Required parameter missing or invalid: items"),
        ("/cart/add.js", {"id": "²"}, 400, "Required parameter missing or invalid: id"),
        ("/cart/change.js", {"id": OAT, "quantity": 1}, 400, "no valid id or line parameter"),
        ("/cart/update.js", {"updates": {"x": 1}}, 400, "Required parameter missing or invalid: updates"),
    ],
)
def test_refusals_have_shopifys_shape(
    client: FlaskClient, path: str, body: dict[str, Any], status: int, description: str
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == status
    said: Any = response.json
    assert set(said) == {"status", "message", "description"}
    assert (said["status"], said["description"]) == (status, description)


def test_a_refused_add_leaves_the_cart_as_it_was(client: FlaskClient) -> None:
    add(client, RUST, RUST_STOCK)
    refused = post(client, "/cart/add.js", json={"items": [{"id": OAT}, {"id": RUST}]})
    assert refused["description"] == "All 4 Ridge Beanie - Rust are in your cart."
    assert cart(client)["item_count"] == RUST_STOCK


def test_sections_come_with_the_answer(client: FlaskClient) -> None:
    body = {"id": OAT, "sections": "cart-drawer,cart-count,no-such-section"}
    sections = post(client, "/cart/add.js", json=body)["sections"]
    assert "Ridge Beanie" in sections["cart-drawer"]
    assert 'id="shopify-section-cart-count"' in sections["cart-count"]
    assert sections["no-such-section"] is None


def test_forms_work_without_a_script(client: FlaskClient) -> None:
    assert client.post("/cart/add", data={"id": OAT, "quantity": "2"}).headers["Location"] == "/cart"
    assert "Ridge Beanie" in client.get("/cart").text
    key = cart(client)["items"][0]["key"]
    client.post("/cart/change", data={"id": key, "quantity": "0"})
    assert cart(client)["item_count"] == 0
    refused = client.post("/cart/add", data={"id": SOLD_OUT})
    assert refused.status_code == 422
    assert "is already sold out" in refused.text


def test_the_checkout_button_leads_to_the_checkout(client: FlaskClient) -> None:
    add(client, OAT)
    assert client.post("/cart", data={"checkout": ""}).headers["Location"] == "/checkout"
    assert "€29.00" in client.get("/checkout").text


def test_a_continue_url_opens_that_cart_for_who_has_the_key(client: FlaskClient) -> None:
    made = CARTS.create()
    CARTS.add(made, {OAT: 2})
    assert client.get(f"/cart/c/{made.token}?key=wrong").headers["Location"] == "/cart"
    assert cart(client)["item_count"] == 0
    client.get(f"/cart/c/{made.token}?key={made.key}")
    assert (cart(client)["item_count"], cart(client)["token"]) == (2, made.secret)


def test_a_permalink_fills_the_cart_and_goes_to_the_checkout(client: FlaskClient) -> None:
    assert client.get(f"/cart/{OAT}:2,{CUP}:1").headers["Location"] == "/checkout"
    assert cart(client)["item_count"] == 3
    assert client.get("/cart/nonsense").status_code == 404


def test_an_expired_cart_is_an_empty_one(client: FlaskClient) -> None:
    add(client, OAT)
    CARTS.expire(cart(client)["token"].partition("?")[0])
    assert cart(client)["item_count"] == 0
    add(client, CUP)
    assert cart(client)["item_count"] == 1


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    response = client.post("/cart/add.js", json={"id": OAT})
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("cart=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


# Lines are lines


def engraved(name: str) -> dict[str, Any]:
    return {"id": MUG, "properties": {"Engraving": name}}


def test_one_variant_with_other_properties_is_another_line(client: FlaskClient) -> None:
    for item in (engraved("Anna"), engraved("Ben"), {"id": MUG}, engraved("Anna")):
        assert client.post("/cart/add.js", json={"items": [item]}).status_code == 200
    lines = [(item["properties"], item["quantity"]) for item in cart(client)["items"]]
    assert lines == [({"Engraving": "Anna"}, 2), ({"Engraving": "Ben"}, 1), ({}, 1)]


def test_a_form_may_name_properties_and_leave_them_blank(client: FlaskClient) -> None:
    client.post("/cart/add", data={"id": MUG, "properties[Engraving]": "Cleo"})
    client.post("/cart/add", data={"id": MUG, "properties[Engraving]": " "})
    assert [item["properties"] for item in cart(client)["items"]] == [{"Engraving": "Cleo"}, {}]
    assert "Engraving: Cleo" in client.get("/cart").text


def test_a_property_that_begins_with_an_underscore_is_not_shown(client: FlaskClient) -> None:
    client.post("/cart/add.js", json={"id": MUG, "properties": {"_source": "chat"}})
    assert cart(client)["items"][0]["properties"] == {"_source": "chat"}
    assert "_source" not in client.get("/cart").text


@pytest.mark.parametrize("value", ["\ud83d", "x" * 5000, 7, None, ["a"], {"a": 1}])
def test_a_property_may_be_anything_and_the_cart_is_still_shown(client: FlaskClient, value: object) -> None:
    body = json.dumps({"id": MUG, "properties": {"Engraving": value}})
    assert client.post("/cart/add.js", data=body, content_type="application/json").status_code == 200
    assert client.get("/cart").status_code == 200
    assert len(str(cart(client)["items"][0]["properties"].get("Engraving", ""))) <= 255


def test_a_line_is_changed_by_its_key_and_no_other_of_its_variant(client: FlaskClient) -> None:
    for item in (engraved("Anna"), {"id": MUG}):
        client.post("/cart/add.js", json={"items": [item]})
    first, second = (item["key"] for item in cart(client)["items"])
    post(client, "/cart/change.js", json={"id": second, "quantity": 3})
    post(client, "/cart/update.js", json={"updates": {first: 2}})
    assert [item["quantity"] for item in cart(client)["items"]] == [2, 3]
    body = {"id": first, "quantity": 1, "properties": {"Engraving": "Ben"}}
    assert post(client, "/cart/change.js", json=body)["items"][0]["properties"] == {"Engraving": "Ben"}


def test_a_line_that_becomes_like_another_joins_it(client: FlaskClient) -> None:
    for item in (engraved("Anna"), {"id": MUG}):
        client.post("/cart/add.js", json={"items": [item]})
    key = cart(client)["items"][0]["key"]
    post(client, "/cart/change.js", json={"id": key, "properties": {}})
    assert [item["quantity"] for item in cart(client)["items"]] == [2]


def test_a_part_belongs_to_its_parent(client: FlaskClient) -> None:
    add(client, OAT)
    parent = cart(client)["items"][0]["key"]
    client.post("/cart/add.js", json={"items": [{"id": CUP, "parent_line_key": parent}, {"id": CUP}]})
    parts = [item.get("parent_relationship") for item in cart(client)["items"]]
    assert parts == [None, {"parent_key": parent}, None]
    assert post(client, "/cart/change.js", json={"id": parent, "quantity": 0})["item_count"] == 1


def test_the_cart_has_attributes_a_note_and_codes(client: FlaskClient) -> None:
    add(client, OAT)
    body = {"attributes": {"Gift": "yes", "Left": "out"}, "note": "Ring twice.", "discount": "winter10,nope"}
    found = post(client, "/cart/update.js", json=body)
    assert (found["attributes"], found["note"]) == ({"Gift": "yes", "Left": "out"}, "Ring twice.")
    assert found["discount_codes"] == [{"code": "WINTER10", "applicable": True}]
    assert (found["original_total_price"], found["total_discount"], found["total_price"]) == (2900, 290, 2610)
    item = found["items"][0]
    assert (item["original_line_price"], item["final_line_price"], item["total_discount"]) == (2900, 2610, 290)
    assert post(client, "/cart/update.js", json={"attributes": {"Left": ""}})["attributes"] == {"Gift": "yes"}
    assert post(client, "/cart/update.js", json={"discount": ""})["total_price"] == 2900


def test_an_order_discount_is_one_of_the_whole_cart(client: FlaskClient) -> None:
    add(client, OAT)
    found = post(client, "/cart/update.js", json={"discount": "HELLO5"})
    assert [each["title"] for each in found["cart_level_discount_applications"]] == ["HELLO5"]
    assert (found["items_subtotal_price"], found["total_price"]) == (2900, 2400)


@pytest.mark.parametrize(
    ("target", "location"),
    [("/cart", "/cart"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("/\\evil.example", "/")],
)
def test_a_link_applies_a_code_and_stays_in_the_shop(client: FlaskClient, target: str, location: str) -> None:
    add(client, OAT)
    response = client.get("/discount/winter10", query_string={"redirect": target})
    assert response.headers["Location"] == location
    assert cart(client)["total_price"] == 2610


def test_a_code_is_kept_until_there_is_something_in_the_cart(client: FlaskClient) -> None:
    client.get("/discount/WINTER10")
    add(client, OAT)
    assert cart(client)["total_price"] == 2610


def test_a_cart_of_the_time_before_properties_is_read() -> None:
    made = CARTS.create()
    DATABASE.execute("UPDATE cart SET lines = ? WHERE token = ?", f'[["a-line", {OAT}, 2]]', made.token)
    found = CARTS.get(made.token)
    assert found
    assert [(line.id, line.quantity, line.properties) for line in found.lines] == [("a-line", 2, ())]
