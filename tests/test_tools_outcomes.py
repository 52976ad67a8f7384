"""What the model and the widget get from a tool: compact, complete, and never a cart's secret."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.shop_server import (
    CART_ID,
    GREY,
    KEY,
    MOSS,
    POLICIES,
    TOKEN,
    Json,
    Raw,
    ShopServer,
    Slot,
    shop_server,
    store_at,
    text_result,
    ucp_cart,
    ucp_message,
    ucp_product,
    ucp_result,
)
from widget_api.shopify.tools import Outcome, Toolbox, variants_seen


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server(legacy=(POLICIES,)) as shop:
        yield shop


@pytest.fixture
def slot() -> Slot:
    return Slot()


@pytest.fixture
def tools(shop: ShopServer, slot: Slot) -> Iterator[Toolbox]:
    with store_at(shop.url) as store:
        yield Toolbox(store, slot, ())


def add(tools: Toolbox, quantity: int = 1) -> Outcome:
    tools.seen |= {GREY}
    return tools.run("update_cart", {"lines": [{"variant_id": GREY, "quantity": quantity}]})


def many(count: int, **changes: object) -> Json:
    products = [ucp_product(id=f"gid://shopify/Product/{number}", **changes) for number in range(1, count + 1)]
    return ucp_result({"products": products})


def test_a_search_is_compact_for_the_model(shop: ShopServer, tools: Toolbox) -> None:
    variants = [{**ucp_product()["variants"][0], "id": f"{GREY}{number}"} for number in range(20)]
    shop.script["search_catalog"] = many(1, description={"plain": "Warm\u200b. " * 99}, variants=variants)
    (product,) = tools.run("search_catalog", {"query": "x"}).output["products"]
    assert set(product) - {"price_max"} == {
        *("id", "title", "url", "image", "description", "price", "available", "variants", "has_more_variants")
    }
    assert len(product["description"]) <= 120
    assert "\u200b" not in product["description"]
    assert len(product["variants"]) == 3
    assert set(product["variants"][0]) == {"id", "title", "price", "compare_at", "available", "options"}


def test_a_list_shows_variants_that_can_be_bought_before_others(shop: ShopServer, tools: Toolbox) -> None:
    first = ucp_product()["variants"][0]
    variants = [
        {**first, "id": f"{GREY}{number}", "availability": {"available": number in {5, 7}}} for number in range(9)
    ]
    shop.script["search_catalog"] = many(1, variants=variants)
    (product,) = tools.run("search_catalog", {"query": "x"}).output["products"]
    assert [each["id"] for each in product["variants"]] == [f"{GREY}{number}" for number in (5, 7, 0)]
    assert product["has_more_variants"]


def test_one_product_is_described_at_length(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["get_product"] = ucp_result({"product": ucp_product(description={"plain": "Warm. " * 99})})
    assert len(tools.run("get_product", {"id": "7001"}).output["product"]["description"]) > 500


def test_all_that_was_found_can_be_shown_with_what_a_card_needs(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["search_catalog"] = many(10)
    outcome = tools.run("search_catalog", {"query": "x", "limit": 10})
    assert len(outcome.output["products"]) == 10
    ((kind, data),) = outcome.events
    assert (kind, len(data["products"])) == ("data-products", 10)
    assert outcome.kept["cards"] == outcome.cards == data["products"]
    assert data["products"][0]["variants"][0]["compare_at"] == {"amount": 3400, "currency": "EUR", "exponent": 2}


def test_nothing_found_is_an_answer_and_no_event(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["search_catalog"] = many(0)
    note = "Nothing matches; try other or fewer words."
    assert tools.run("search_catalog", {"query": "x"}) == Outcome({"products": [], "note": note})


def test_one_product_shows_all_its_variants(shop: ShopServer, tools: Toolbox) -> None:
    variants = [{**ucp_product()["variants"][0], "id": f"{GREY}{number}"} for number in range(40)]
    shop.script["get_product"] = ucp_result({"product": ucp_product(variants=variants)})
    outcome = tools.run("get_product", {"id": "7001"})
    assert len(outcome.output["product"]["variants"]) == 40
    assert outcome.events[0][0] == "data-products"


def test_a_shown_variant_may_be_bought_and_no_other(shop: ShopServer, tools: Toolbox) -> None:
    shop.script |= {"search_catalog": many(1), "create_cart": ucp_result(ucp_cart((GREY, 1)))}
    line = {"lines": [{"variant_id": GREY, "quantity": 1}]}
    assert tools.run("update_cart", line).error
    tools.run("search_catalog", {"query": "x"})
    assert tools.seen == {GREY, MOSS}
    assert not tools.run("update_cart", line).error
    assert tools.run("update_cart", {"lines": [{"variant_id": f"{GREY}9", "quantity": 1}]}).error


def test_what_is_in_the_cart_has_been_shown(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    slot.id = CART_ID
    shop.script["get_cart"] = ucp_result(ucp_cart((MOSS, 1)))
    assert variants_seen([tools.run("get_cart", {}).output]) == {MOSS} == tools.seen


def test_seen_variants_are_found_in_stored_outputs_and_only_as_ids() -> None:
    outputs = [
        {"products": [{"id": "gid://shopify/Product/1", "title": MOSS, "variants": [{"id": GREY}]}]},
        None,
        "x",
    ]
    assert variants_seen(outputs) == {GREY}
    assert variants_seen([{"error": MOSS}, {"cart": {"lines": [{"variant_id": MOSS}]}}]) == {MOSS}


def test_a_first_cart_is_bound_to_the_session_and_told_to_the_widget(
    shop: ShopServer, tools: Toolbox, slot: Slot
) -> None:
    shop.script["create_cart"] = ucp_result(ucp_cart((GREY, 2)))
    outcome = add(tools, 2)
    assert slot.id == CART_ID
    assert outcome.output["status"] == "ok"
    assert outcome.output["cart"]["count"] == 2
    assert outcome.output["cart"]["lines"][0]["id"] == "gid://shopify/CartLine/1"
    ((kind, data),) = outcome.events
    assert (kind, data["status"]) == ("data-cart", "ok")
    assert data["cart"]["total"] == {"amount": 5800, "currency": "EUR", "exponent": 2}


def test_a_gone_cart_is_forgotten_and_the_next_change_begins_another(
    shop: ShopServer, tools: Toolbox, slot: Slot
) -> None:
    slot.id = "gid://shopify/Cart/old?key=1"
    shop.script["get_cart"] = ucp_result(ucp_message("not_found", "Cart not found or has expired"))
    outcome = tools.run("get_cart", {})
    assert (outcome.output["status"], outcome.output["cart"], slot.id) == ("gone", None, "")
    assert outcome.events == (("data-cart", {"status": "gone", "cart": None}),)


def test_a_change_to_a_gone_cart_says_that_a_new_one_was_begun(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    slot.id = "gid://shopify/Cart/old?key=1"
    shop.script["get_cart"] = ucp_result(ucp_message("not_found", "Cart not found or has expired"))
    shop.script["create_cart"] = ucp_result(ucp_cart((GREY, 1)))
    outcome = add(tools)
    assert (outcome.output["status"], slot.id) == ("ok", CART_ID)
    assert "new one was begun" in outcome.output["note"]


def test_taking_out_of_a_gone_cart_forgets_it(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    slot.id = CART_ID
    shop.script["get_cart"] = ucp_result(ucp_message("not_found", "Cart not found or has expired"))
    assert add(tools, 0).output["status"] == "gone"
    assert slot.id == ""


def test_an_unknown_cart_is_kept_and_nothing_is_written(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    slot.id = CART_ID
    shop.script["get_cart"] = lambda _: Raw(503)
    outcome = add(tools)
    assert (outcome.output["status"], outcome.output["cart"], slot.id) == ("unknown", None, CART_ID)
    assert "nothing was changed" in outcome.output["note"]
    assert tools.run("get_cart", {}).output["status"] == "unknown"
    assert {heard.tool for heard in shop.heard} == {"", "get_cart"}


def test_no_cart_is_no_error(tools: Toolbox) -> None:
    assert tools.run("get_cart", {}).output == {
        "status": "none",
        "cart": None,
        "note": "There is no cart yet; the first change begins one.",
    }


def test_a_refusal_is_told_in_the_shops_words(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    said = f"The merchandise with id {GREY} does not exist."
    shop.script["create_cart"] = ucp_result(ucp_message("invalid", said), error=True)
    assert add(tools) == Outcome({"error": said}, error=True)
    assert slot.id == ""


def test_a_shop_out_of_reach_is_told_in_words(shop: ShopServer, tools: Toolbox) -> None:
    shop.script["search_catalog"] = Raw(503)
    outcome = tools.run("search_catalog", {"query": "x"})
    assert outcome == Outcome({"error": "The shop cannot be reached at the moment."}, error=True)


def test_answers_about_the_shop_are_compact(shop: ShopServer, tools: Toolbox) -> None:
    shop.script[POLICIES] = text_result([{"question": "Returns?", "answer": "60 days. " * 400}] * 9)
    answers = tools.run("search_shop_policies_and_faqs", {"query": "returns"}).output["answers"]
    assert len(answers) == 5
    assert len(answers[0]["answer"]) <= 1500


def test_a_carts_secret_never_leaves(shop: ShopServer, tools: Toolbox, slot: Slot) -> None:
    """Not even when the shop puts it into its titles and messages."""
    leak = f"{CART_ID} https://a.example/cart/c/{TOKEN}?key={KEY}"
    cart = ucp_cart((GREY, 1))
    cart["line_items"][0]["item"]["title"] = leak
    cart["messages"] = [{"type": "warning", "code": "x", "content": leak}]
    refused = ucp_result(ucp_message("invalid", leak), error=True)
    shop.script |= {
        "search_catalog": many(1, title=leak, description={"plain": leak}),
        "get_product": ucp_result(ucp_message("not_found", leak)),
        "create_cart": ucp_result(cart),
        "get_cart": ucp_result(cart),
        "update_cart": refused,
        POLICIES: text_result([{"question": leak, "answer": leak}]),
    }
    calls: list[tuple[str, Json]] = [
        ("search_catalog", {"query": "x"}),
        ("get_product", {"id": "7001"}),
        ("get_cart", {}),
        ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 1}]}),
        ("get_cart", {}),
        ("update_cart", {"lines": [{"variant_id": GREY, "quantity": 2}]}),
        ("search_shop_policies_and_faqs", {"query": "x"}),
    ]
    outcomes = [tools.run(name, given) for name, given in calls]
    assert slot.id == CART_ID
    assert [outcome.error for outcome in outcomes] == [False, True, False, False, False, True, False]
    said = json.dumps([[outcome.output, outcome.events] for outcome in outcomes])
    assert TOKEN not in said
    assert KEY not in said
    assert "cart/c/" not in said
