"""What a shop says beside its goods reaches the model and, at what it names, the card and the line of the cart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.scripted import Scripted, call
from tests.shop_server import (
    CART_ID,
    GREY,
    KEY,
    MOSS,
    TOKEN,
    Json,
    ShopServer,
    Slot,
    shop_server,
    store_at,
    ucp_cart,
    ucp_message,
    ucp_product,
    ucp_result,
)
from widget_api.api.shares import markdown
from widget_api.models import Shop
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.notices import read_notices
from widget_api.shopify.tools import Outcome, Toolbox

pytestmark = pytest.mark.storeless

ENDPOINT = Endpoint("demo-store.myshopify.com")
IDS = [f"gid://shopify/Product/{number}" for number in range(3)]


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def tools(shop: ShopServer) -> Iterator[Toolbox]:
    shop.heard.clear()
    with store_at(shop.url) as store:
        yield Toolbox(store, Slot(CART_ID), {GREY, MOSS})


def warning(text: str = "Contains lanolin.", **more: Any) -> Json:
    return {"type": "warning", "code": "allergens", "content": text, **more}


def searched(shop: ShopServer, tools: Toolbox, *messages: Any, products: int = 3) -> Outcome:
    found = [ucp_product(id=each) for each in IDS[:products]]
    shop.script["search_catalog"] = ucp_result({"products": found, "messages": list(messages)})
    return tools.run("search_catalog", {"query": "hat"})


def cards(outcome: Outcome) -> list[Json]:
    return list(outcome.events[0][1]["products"])


def texts(owner: Json) -> list[str]:
    return [notice["text"] for notice in owner["notices"]]


@pytest.mark.parametrize(
    "path",
    [
        *("$.products[1]", "products[1]", "$.products.1", "products.1", "/products/1", "$['products'][1]"),
        *('$["products"][1]', "$.products[-2]", "$.products[1].title", "$..products[1]", " $.products[ 1 ] "),
        *("$.Products[1]", f"$.products[?(@.id == '{IDS[1]}')]", f'$.products[?@.id=="{IDS[1]}"]'),
        *(f"$.products[?@['id'] == '{IDS[1]}']", "$.result.products[1]", "structuredContent.products[1]"),
    ],
)
def test_a_notice_stands_at_the_product_that_its_path_names(shop: ShopServer, tools: Toolbox, path: str) -> None:
    outcome = searched(shop, tools, warning(path=path))
    assert [texts(card) for card in cards(outcome)] == [[], ["Contains lanolin."], []]
    assert [product.get("notices") for product in outcome.output["products"]] == [None, ["Contains lanolin."], None]
    assert "notices" not in outcome.output


@pytest.mark.parametrize("path", [None, "", 7, "$", "$.foo[1]", "$.products[9]", "$.products[-9]", "$.products"])
def test_a_notice_that_names_none_stands_at_all_and_is_told_once(shop: ShopServer, tools: Toolbox, path: Any) -> None:
    outcome = searched(shop, tools, warning(path=path))
    assert [texts(card) for card in cards(outcome)] == [["Contains lanolin."]] * 3
    if path != "$.products":
        assert outcome.output["notices"] == ["Contains lanolin."]
        assert all("notices" not in product for product in outcome.output["products"])


def test_a_notice_stands_at_the_variant_that_its_path_names(shop: ShopServer, tools: Toolbox) -> None:
    outcome = searched(shop, tools, warning(path="$.products[0].variants[1]"), products=1)
    (card,) = cards(outcome)
    assert (texts(card), [texts(variant) for variant in card["variants"]]) == ([], [[], ["Contains lanolin."]])
    assert outcome.output["products"][0]["variants"][1]["notices"] == ["Contains lanolin."]


@pytest.mark.parametrize("several", ["[0,1]", "[ 0 , 1 ]", "[0:2]", "[:2]", "[*]", "[0:]"])
def test_a_notice_that_names_several_stands_at_all_of_them(shop: ShopServer, tools: Toolbox, several: str) -> None:
    (card,) = cards(searched(shop, tools, warning(path=f"$.products[0].variants{several}"), products=1))
    assert [texts(variant) for variant in card["variants"]] == [["Contains lanolin."]] * 2


def test_every_product_keeps_all_of_its_many_notices(shop: ShopServer, tools: Toolbox) -> None:
    many = [warning(f"Allergen {number}.", path=f"$.products[{number % 3}]") for number in range(90)]
    assert [len(texts(card)) for card in cards(searched(shop, tools, *many))] == [30, 30, 30]


def test_a_variant_whose_id_is_no_text_moves_no_notice(shop: ShopServer, tools: Toolbox) -> None:
    variants = [{**ucp_product()["variants"][0], "id": {"gid": 1}}, ucp_product()["variants"][1]]
    answer = {"product": ucp_product(variants=variants), "messages": [warning(path="$.product.variants[1]")]}
    shop.script["get_product"] = ucp_result(answer)
    (card,) = cards(tools.run("get_product", {"id": "7001"}))
    assert [texts(variant) for variant in card["variants"]] == [["Contains lanolin."]]


def test_a_notice_at_a_variant_that_is_not_listed_stands_at_the_product(shop: ShopServer, tools: Toolbox) -> None:
    many = [{**ucp_product()["variants"][0], "id": f"{GREY}{number}"} for number in range(120)]
    product = ucp_product(variants=many)
    shop.script["get_product"] = ucp_result(
        {"product": product, "messages": [warning(path="$.product.variants[110]")]}
    )
    assert texts(cards(tools.run("get_product", {"id": "7001"}))[0]) == ["Contains lanolin."]


@pytest.mark.parametrize("path", [None, "$.product", "$.product.description", "product", "$.products[0]"])
def test_a_notice_beside_one_product_is_the_products(shop: ShopServer, tools: Toolbox, path: str | None) -> None:
    shop.script["get_product"] = ucp_result({"product": ucp_product(), "messages": [warning(path=path)]})
    outcome = tools.run("get_product", {"id": "7001"})
    assert outcome.output["product"]["notices"] == ["Contains lanolin."]
    assert texts(cards(outcome)[0]) == ["Contains lanolin."]


def test_a_search_that_finds_nothing_still_says_why(shop: ShopServer, tools: Toolbox) -> None:
    info = {"type": "info", "code": "region", "content": "We do not ship hats to Norway."}
    outcome = searched(shop, tools, info, products=0)
    note = "Nothing matches; try other or fewer words."
    assert outcome.output == {"products": [], "notices": ["We do not ship hats to Norway."], "note": note}


def test_products_that_cannot_be_read_do_not_move_the_notices_of_others(shop: ShopServer, tools: Toolbox) -> None:
    products = [None, {"id": "x"}, ucp_product(title="Hat"), ucp_product(title="Cap")]
    shop.script["search_catalog"] = ucp_result({"products": products, "messages": [warning(path="$.products[3]")]})
    outcome = tools.run("search_catalog", {"query": "hat"})
    assert {card["title"]: texts(card) for card in cards(outcome)} == {"Hat": [], "Cap": ["Contains lanolin."]}


def test_a_disclosure_keeps_its_picture_and_its_address(shop: ShopServer, tools: Toolbox) -> None:
    shown = {"image_url": "https://cdn.shopify.com/label.svg", "url": "/pages/label"}
    outcome = searched(shop, tools, warning(presentation="disclosure", **shown), products=1)
    assert cards(outcome)[0]["notices"] == [
        {
            "type": "warning",
            "code": "allergens",
            "text": "Contains lanolin.",
            "presentation": "disclosure",
            "image": "https://cdn.shopify.com/label.svg",
            "url": f"{shop.url}/pages/label",
        }
    ]


def test_a_disclosure_without_an_address_leads_to_the_shops_own_page() -> None:
    payload = {
        "messages": [warning(presentation="disclosure"), warning("Other.")],
        "continue_url": "https://a.example/b",
    }
    assert [placed.notice.url for placed in read_notices(payload, ENDPOINT)] == ["https://a.example/b", ""]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://a.example/x", 7, f"/cart/c/{TOKEN}?key={KEY}", ""]
)
def test_an_address_that_is_not_safe_or_opens_a_cart_is_left_out(address: Any) -> None:
    (placed,) = read_notices({"messages": [warning(image_url=address, url=address)]}, ENDPOINT)
    assert (placed.notice.image, placed.notice.url) == ("", "")


def test_errors_are_no_notices(shop: ShopServer, tools: Toolbox) -> None:
    error = {"type": "error", "code": "invalid", "content": "No.", "severity": "recoverable"}
    outcome = searched(shop, tools, error, {**error, "type": "ERROR"}, {"content": "no type"})
    assert "notices" not in json.dumps(outcome.output)
    shop.script["get_product"] = ucp_result(ucp_message("not_found", "Product not found"))
    assert tools.run("get_product", {"id": "1"}) == Outcome({"error": "Product not found"}, error=True)


def test_a_long_warning_is_cut_and_never_dropped(shop: ShopServer, tools: Toolbox) -> None:
    long = "May contain nuts. " * 2000
    outcome = searched(shop, tools, warning(long), products=1)
    assert 3000 < len(texts(cards(outcome)[0])[0]) <= 4000
    assert 500 < len(outcome.output["notices"][0]) <= 1000


def test_the_same_notice_is_told_once_and_lines_are_kept(shop: ShopServer, tools: Toolbox) -> None:
    outcome = searched(shop, tools, warning("One.\n\nTwo.\u200b"), warning("One.\n\nTwo.\u200b"), products=1)
    assert texts(cards(outcome)[0]) == ["One.\n\nTwo."]


# Carts


def noticed_cart(*messages: Json) -> Json:
    return ucp_result(ucp_cart((GREY, 1), (MOSS, 2)) | {"messages": list(messages)})


def in_cart(outcome: Outcome) -> Json:
    return dict(outcome.events[0][1]["cart"])


@pytest.mark.parametrize(
    "path",
    [
        *(
            "$.line_items[1]",
            "$.cart.line_items[1]",
            "line_items.1",
            "$.line_items[1].item.id",
            "/line_items/1/quantity",
        ),
        f"$.line_items[?(@.id == 'gid://shopify/CartLine/2?cart={TOKEN}')]",
        f"$.line_items[?(@.item.id == '{MOSS}')]",
    ],
)
def test_a_notice_stands_at_the_line_that_its_path_names(shop: ShopServer, tools: Toolbox, path: str) -> None:
    shop.script["get_cart"] = noticed_cart(warning("Final sale.", path=path))
    outcome = tools.run("get_cart", {})
    assert [texts(line) for line in in_cart(outcome)["lines"]] == [[], ["Final sale."]]
    assert in_cart(outcome)["notices"] == []
    assert outcome.output["cart"]["lines"][1]["notices"] == ["Final sale."]


@pytest.mark.parametrize("path", [None, "$.discounts.codes[0]", "$.cart", "$.line_items[7]"])
def test_any_other_notice_is_the_carts(shop: ShopServer, tools: Toolbox, path: str | None) -> None:
    shop.script["get_cart"] = noticed_cart(warning("The code has expired.", path=path))
    outcome = tools.run("get_cart", {})
    assert texts(in_cart(outcome)) == outcome.output["cart"]["notices"] == ["The code has expired."]
    assert all(line["notices"] == [] for line in in_cart(outcome)["lines"])


def test_a_warning_that_comes_with_a_change_is_still_there_when_the_cart_is_read_back(
    shop: ShopServer, tools: Toolbox
) -> None:
    shop.script["get_cart"] = noticed_cart()
    shop.script["update_cart"] = noticed_cart(warning("Final sale.", path="$.line_items[0]"), warning("Slow post."))
    outcome = tools.run("update_cart", {"lines": [{"variant_id": MOSS, "quantity": 3}]})
    assert texts(in_cart(outcome)["lines"][0]) == ["Final sale."]
    assert texts(in_cart(outcome)) == ["Slow post."]


def test_messages_beside_a_nested_cart_are_its_own(shop: ShopServer, tools: Toolbox) -> None:
    body = {"ucp": {}, "cart": ucp_cart((GREY, 1)), "messages": [warning(path="$.cart.line_items[0]")]}
    shop.script["get_cart"] = ucp_result(body)
    assert texts(in_cart(tools.run("get_cart", {}))["lines"][0]) == ["Contains lanolin."]


def test_no_notice_has_a_carts_secret(shop: ShopServer, tools: Toolbox) -> None:
    leak = f"{CART_ID} https://a.example/cart/c/{TOKEN}?key={KEY}"
    addresses = {"url": f"https://a.example/cart/c/{TOKEN}?key={KEY}", "image_url": f"https://a.example/?key={KEY}"}
    shop.script["get_cart"] = noticed_cart(warning(leak, code=leak, presentation="disclosure", **addresses))
    outcome = tools.run("get_cart", {})
    said = json.dumps([outcome.output, outcome.events])
    assert KEY not in said
    assert TOKEN not in said
    assert len(in_cart(outcome)["notices"]) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
FIELDS = ("type", "code", "content", "presentation", "path", "image_url", "url", "continue_url")
MESSAGES = st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["warning", "info"])) | JSON)


@given(MESSAGES | JSON, st.text(max_size=300))
def test_reading_notices_never_fails(messages: Any, path: str) -> None:
    for placed in read_notices({"messages": messages}, ENDPOINT):
        assert placed.notice.text
    for placed in read_notices({"messages": [warning(path=path)]}, ENDPOINT):
        assert set(placed.indexes("products", IDS)) <= {0, 1, 2}


# Kept, exported, shared


@pytest.fixture
def told(shop: ShopServer, anna: Visitor, model: Scripted) -> Visitor:
    """Anna was shown a hat with a warning, and her cart with another."""
    address = {"url": "https://rules.example/wool", "image_url": "https://cdn.shopify.com/wool.png"}
    told = [warning(presentation="disclosure", path="$.products[0]", **address)]
    told.append(warning("Dries slowly.", path="$.products[0].variants[1]"))
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product()], "messages": told})
    shop.script["get_cart"] = ucp_result(
        ucp_cart((GREY, 1)) | {"messages": [warning("Final sale.\nNo returns.", path="$.line_items[0]")]}
    )
    Shop.register(anna.shop, mcp_url=shop.url)
    assert anna.request("PUT", "/api/cart", json={"cart_id": CART_ID}).status_code == 200
    model.will(call("search_catalog", {"query": "hats"}))
    model.will(call("get_cart", {}, "call-2"))
    model.will("Here you are.")
    anna.says("Do you have hats?")
    return anna


def test_notices_are_in_the_history_and_with_the_cart(told: Visitor) -> None:
    parts = {part["type"]: part for part in told.messages()[-1]["parts"]}
    (product,) = parts["data-products"]["data"]["products"]
    assert texts(product) == ["Contains lanolin."]
    assert [texts(variant) for variant in product["variants"]] == [[], ["Dries slowly."]]
    assert texts(parts["data-cart"]["data"]["cart"]["lines"][0]) == ["Final sale.\nNo returns."]
    assert texts(told.get("/api/cart").json["cart"]["lines"][0]) == ["Final sale.\nNo returns."]


def test_notices_are_in_both_exports(told: Visitor) -> None:
    base = f"/api/conversations/{told.conversation}/export"
    written = told.get(base).text
    for line in (
        r"  - **Warning:** Contains lanolin\. https\:\/\/cdn\.shopify\.com\/wool\.png ",
        r" https\:\/\/rules\.example\/wool",
        r"  - Moss: **Warning:** Dries slowly\.",
        r"- Beanie 8001: **Warning:** Final sale\.",
    ):
        assert line in written
    assert r"No returns\." in written
    kept = json.loads(told.get(f"{base}?format=json").data)
    assert "Dries slowly." in json.dumps(kept)
    assert "https://rules.example/wool" in json.dumps(kept)


def test_a_notices_addresses_elsewhere_are_words_in_the_exported_markdown(told: Visitor) -> None:
    """A reader sees them whole; a viewer neither loads the picture nor makes a link of an address."""
    written = told.get(f"/api/conversations/{told.conversation}/export").text
    shown = markdown(written, {"rules.example", "cdn.shopify.com"})
    assert "Contains lanolin. https://cdn.shopify.com/wool.png https://rules.example/wool" in shown
    assert "<img" not in shown
    assert "<a " not in shown
    assert "://" not in written


def test_notices_of_products_are_on_the_shared_page_and_the_carts_are_not(told: Visitor) -> None:
    made = told.post(f"/api/conversations/{told.conversation}/share", json={})
    path = "/api/shared/" + made.json["url"].rpartition("/")[2]
    page = told.client.get(path, headers={"Accept": "text/html"}).text
    assert "Contains lanolin." in page
    assert "<b>Moss:</b> Dries slowly." in page
    assert "https://rules.example/wool" in page
    assert 'href="https://rules.example' not in page
    assert "Final sale" not in page
    assert "Contains lanolin." in told.client.get(path).text
