"""A price is the same wherever it is told: to the model, in the history, in exports and by links, old ones too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Visitor, chat_body, events
from tests.model_wire import Ear
from tests.scripted import Scripted, call
from tests.shop_server import (
    CART_ID,
    GREY,
    Json,
    ShopServer,
    Slot,
    shop_server,
    store_at,
    ucp_cart,
    ucp_product,
    ucp_result,
)
from widget_api.llm.base import Request
from widget_api.llm.demo import Demo
from widget_api.models import Message, Shop, connected, transaction
from widget_api.shopify.tools import TOOLS, Outcome, Toolbox
from widget_api.turns import prompt

HUF = {"amount": 499000, "currency": "HUF"}
WITH_EXPONENT = {**HUF, "exponent": 2}


def mug() -> Json:
    variant = {**ucp_product()["variants"][0], "price": HUF, "list_price": None}
    return ucp_product(title="Mug", price_range={"min": HUF, "max": HUF}, variants=[variant])


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        shop.script = {
            "search_catalog": lambda _: ucp_result({"products": [mug()]}),
            "get_cart": lambda _: ucp_result(ucp_cart((GREY, 2), price=499000, currency="HUF")),
        }
        yield shop


def prices(value: Any) -> list[Any]:
    """Return all that stands under the names of prices in a JSON value."""
    if isinstance(value, list):
        return [price for each in value for price in prices(each)]
    if not isinstance(value, dict):
        return []
    own = [value[name] for name in ("price", "compare_at", "total", "amount") if value.get(name) is not None]
    return own + [price for name, each in value.items() if name != "price" for price in prices(each)]


def test_the_model_reads_prices_as_people_write_them(shop: ShopServer) -> None:
    with store_at(shop.url) as store:
        tools = Toolbox(store, Slot(CART_ID), ())
        (product,) = tools.run("search_catalog", {"query": "mug"}).output["products"]
        cart = tools.run("get_cart", {}).output["cart"]
    assert (product["price"], product["variants"][0]["price"]) == ("4990.00 HUF", "4990.00 HUF")
    assert (cart["lines"][0]["price"], cart["lines"][0]["total"], cart["total"]) == (
        "4990.00 HUF",
        "9980.00 HUF",
        "9980.00 HUF",
    )
    assert "minor units" not in str(TOOLS)


def test_a_price_in_another_currency_is_not_measured_by_the_shoppers(shop: ShopServer) -> None:
    with store_at(shop.url, currency="EUR") as store:
        found = Toolbox(store, Slot(), ()).run("search_catalog", {"query": "mug", "max_price": 50}).output
        assert [product.title for product in store.search("mug", highest=Decimal(50))] == ["Mug"]
    assert [product["title"] for product in found["products"]] == ["Mug"]
    assert found["note"] == "max_price was taken as EUR and not applied to prices in HUF."
    with store_at(shop.url, currency="HUF") as store:
        toolbox = Toolbox(store, Slot(), ())
        assert toolbox.run("search_catalog", {"query": "mug", "max_price": 4989.99}).output["products"] == []
        assert "note" not in toolbox.run("search_catalog", {"query": "mug", "max_price": 4990}).output


def test_a_product_without_a_range_costs_the_least_of_its_variants_in_one_currency(shop: ShopServer) -> None:
    eur = {"amount": 1900, "currency": "EUR"}
    variant = ucp_product()["variants"][0]
    variants = [{**variant, "id": f"{GREY}{n}", "price": price} for n, price in enumerate([HUF, eur])]
    goods = mug() | {"price_range": None, "variants": variants}
    shop.script["search_catalog"] = lambda _: ucp_result({"products": [goods]})
    with store_at(shop.url) as store:
        assert store.search("mug")[0].price.to_text() == "4990.00 HUF"


def asked(anna: Visitor, model: Scripted, shop: ShopServer) -> None:
    """Have Anna see a mug and a cart."""
    Shop.register(anna.shop, mcp_url=shop.url)
    anna.request("PUT", "/api/cart", json={"cart_id": CART_ID})
    model.will(call("search_catalog", {"query": "mug"}))
    model.will(call("get_cart", {}, "call-2"))
    model.will("Here is a mug.")
    anna.says("a mug, and my cart")


def forget_exponents() -> None:
    """Make the stored messages what an earlier version stored: numbers everywhere, and no exponent."""

    def older(value: Any) -> Any:
        if isinstance(value, str) and value.endswith(" HUF"):
            return {"amount": int(value.removesuffix(" HUF").replace(".", "")), "currency": "HUF"}
        if isinstance(value, list):
            return [older(each) for each in value]
        return {n: older(each) for n, each in value.items() if n != "exponent"} if isinstance(value, dict) else value

    with transaction():
        for message in list(Message.select()):
            Message.update({Message.parts: older(message.parts)}).where(Message.pk == message.pk).execute()
    with connected():
        assert "exponent" not in str([message.parts for message in Message.select()])


def test_every_event_has_the_exponent(anna: Visitor, model: Scripted, shop: ShopServer) -> None:
    Shop.register(anna.shop, mcp_url=shop.url)
    model.will(call("search_catalog", {"query": "mug"}))
    model.will("Here.")
    told = events(anna.post("/api/chat", json=chat_body(anna.conversation, "a mug")).data)
    (cards,) = [event["data"] for event in told if event["type"] == "data-products"]
    assert [price for price in prices(cards) if isinstance(price, dict)] == [WITH_EXPONENT, WITH_EXPONENT]


@pytest.mark.parametrize("stored", ["now", "before"])
def test_history_and_files_and_links_tell_the_same_price(
    anna: Visitor, model: Scripted, shop: ShopServer, stored: str
) -> None:
    asked(anna, model, shop)
    if stored == "before":
        forget_exponents()
    base = f"/api/conversations/{anna.conversation}"
    history = anna.get(f"{base}/messages").json["messages"]
    document = json.loads(anna.get(f"{base}/export?format=json").data)["messages"]
    path = str(anna.post(f"{base}/share", json={}).json["url"]).removeprefix("https://chat.example")
    shared = anna.client.get(path, headers={"Accept": "application/json"}).json["messages"]
    for messages in (history, document, shared):
        data = [part["data"] for message in messages for part in message["parts"] if part["type"].startswith("data-")]
        told = [price for price in prices(data) if isinstance(price, dict)]
        assert WITH_EXPONENT in told
        assert all(price["exponent"] == 2 for price in told)
    assert "- Mug, 4990.00 HUF" in anna.get(f"{base}/export").text
    assert "4990.00 HUF" in anna.client.get(path, headers={"Accept": "text/html"}).text
    assert anna.get("/api/cart").json["cart"]["total"] == {"amount": 998000, "currency": "HUF", "exponent": 2}


def test_files_and_links_tell_a_range_of_prices(anna: Visitor, model: Scripted, shop: ShopServer) -> None:
    dearest = {"amount": 1299000, "currency": "HUF"}
    goods = mug() | {"price_range": {"min": HUF, "max": dearest}}
    shop.script["search_catalog"] = lambda _: ucp_result({"products": [goods]})
    asked(anna, model, shop)
    base = f"/api/conversations/{anna.conversation}"
    path = str(anna.post(f"{base}/share", json={}).json["url"]).removeprefix("https://chat.example")
    for page in (anna.get(f"{base}/export"), anna.client.get(path, headers={"Accept": "text/html"})):
        assert "4990.00 HUF \N{EN DASH} 12990.00 HUF" in page.text


def test_the_model_is_told_old_answers_in_text(anna: Visitor, model: Scripted, shop: ShopServer) -> None:
    asked(anna, model, shop)
    forget_exponents()
    model.will("Yes.")
    anna.says("Is it in stock?")
    told = str(model.requests[-1].messages)
    assert "4990.00 HUF" in told
    assert "499000" not in told


def test_a_tools_answer_that_an_earlier_version_wrote_down_is_text_when_it_goes_on() -> None:
    written = {"output": {"products": [{"price": HUF}]}, "error": False, "events": []}
    assert Outcome.of(written).output == {"products": [{"price": "4990.00 HUF"}]}


def test_the_demo_tells_an_old_price_as_it_is() -> None:
    item = {"id": "p1", "title": "Mug", "price": HUF, "available": True, "variants": []}
    tool = {"type": "tool-search_catalog", "toolCallId": "c", "state": "output-available", "input": {"query": "mug"}}
    old = [{**tool, "output": {"products": [item]}}, {"type": "step-start"}, {"type": "text", "text": "Here."}]
    messages = [
        Message(role="user", parts=[{"type": "text", "text": "a mug"}]),
        Message(role="assistant", parts=old),
        Message(role="user", parts=[{"type": "text", "text": "How much is the mug?"}]),
    ]
    ear = Ear()
    step = Demo(pace=0).stream(Request("You sell mugs.", prompt.history(messages), ()), ear)
    assert not step.calls
    assert "4,990.00 HUF" in ear.words


def test_the_model_is_told_what_the_total_is_made_of_where_it_is_more_than_a_sum(shop: ShopServer) -> None:
    cart = ucp_cart((GREY, 2), price=499000, currency="HUF")
    with store_at(shop.url) as store:
        tools = Toolbox(store, Slot(CART_ID), ())
        assert "totals" not in tools.run("get_cart", {}).output["cart"]
        cart["totals"].insert(1, {"type": "tax", "display_text": "incl. 27% VAT", "amount": 212173})
        shop.script["get_cart"] = ucp_result(cart)
        outcome = tools.run("get_cart", {})
    tax = {"type": "tax", "text": "incl. 27% VAT"}
    assert outcome.output["cart"]["totals"] == [{**tax, "amount": "2121.73 HUF"}]
    ((_, event),) = outcome.events
    assert event["cart"]["totals"][1] == {**tax, "amount": {"amount": 212173, "currency": "HUF", "exponent": 2}}
