"""The cart of a session: bound when it is made, checked by the shop, forgotten when it is gone, never shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import requests

from tests.conftest import events
from tests.live import Live, Shopper


@pytest.fixture
def anna(live: Live) -> Iterator[Shopper]:
    live.break_it("mend")
    with Shopper(live) as shopper:
        yield shopper


@dataclass
class Storefront:
    """The theme's own cart, as the shopper's browser has it."""

    live: Live
    http: requests.Session

    def add(self) -> str:
        """Put something in. Returns the token of /cart.js."""
        product = self.http.get(f"{self.live.url}/products/loft-bobble-hat.js", timeout=20)
        variant = next(each for each in product.json()["variants"] if each["available"])
        added = self.http.post(f"{self.live.url}/cart/add.js", json={"id": variant["id"]}, timeout=20)
        assert added.status_code == 200, added.text
        return str(self.http.get(f"{self.live.url}/cart.js", timeout=20).json()["token"])


@pytest.fixture
def storefront(live: Live) -> Iterator[Storefront]:
    with requests.Session() as http:
        http.trust_env = False
        yield Storefront(live, http)


def cart(shopper: Shopper) -> dict[str, Any]:
    return dict(shopper.get("/api/cart").json())


def cart_parts(shopper: Shopper, conversation: str) -> list[dict[str, Any]]:
    """What the history says of the cart."""
    parts = [part for message in shopper.messages(conversation)["messages"] for part in message["parts"]]
    return [part["data"] for part in parts if part["type"] == "data-cart"]


def bound(live: Live) -> list[str]:
    """The cart ids that the database holds."""
    url = live.settings.get("DATABASE_URL", "")
    connected: Any = psycopg.connect(url) if url else sqlite3.connect(live.folder / "chat.db")
    with closing(connected) as database:
        return [row[0] for row in database.execute("SELECT cart_id FROM session WHERE cart_id != ''")]


def test_a_session_begins_without_a_cart(anna: Shopper) -> None:
    assert cart(anna) == {"status": "none", "cart": None}


def test_the_first_cart_that_the_model_makes_is_bound_and_told(anna: Shopper) -> None:
    said = events(anna.ask("c", "Add a warm hat to my cart, please").encode())
    told = [event["data"] for event in said if event["type"] == "data-cart"]
    assert told[-1]["status"] == "ok"
    assert told[-1]["cart"]["count"] == 1
    checked = cart(anna)
    assert (checked["status"], checked["cart"]["count"]) == ("ok", 1)
    assert checked["cart"]["checkout_url"].startswith("http://127.0.0.1")


def test_the_calls_are_stored_as_parts_with_input_and_output(anna: Shopper) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    parts = anna.messages("c")["messages"][-1]["parts"]
    calls = {part["type"]: part for part in parts if part["type"].startswith("tool-")}
    assert {"tool-search_catalog", "tool-update_cart"} <= set(calls)
    update = calls["tool-update_cart"]
    assert update["state"] == "output-available"
    assert update["input"]["lines"][0]["quantity"] == 1
    assert update["output"]["cart"]["count"] == 1


def test_a_gone_cart_is_forgotten_and_the_next_add_makes_a_new_one(anna: Shopper, live: Live) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    before = bound(live)
    live.break_it("expire-carts")
    assert cart(anna) == {"status": "gone", "cart": None}
    assert cart(anna) == {"status": "none", "cart": None}
    anna.ask("c", "Add it again, please")
    assert cart(anna)["status"] == "ok"
    assert set(bound(live)) - set(before)
    assert len(anna.messages("c")["messages"]) == 4


def test_the_model_notices_a_gone_cart_by_itself(anna: Shopper, live: Live) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    live.break_it("expire-carts")
    anna.ask("c", "What is in my cart?")
    assert cart_parts(anna, "c")[-1]["status"] in {"gone", "none"}
    anna.ask("c", "Add a warm hat to my cart, please")
    assert cart_parts(anna, "c")[-1]["cart"]["count"] == 1


def test_a_shop_that_cannot_say_leaves_the_cart_bound(anna: Shopper, live: Live) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    live.break_it("rate-limit")
    assert cart(anna) == {"status": "unknown", "cart": None}
    live.break_it("mend")
    assert cart(anna)["status"] == "ok"


def test_the_themes_own_cart_is_bound_and_the_model_adds_to_it(anna: Shopper, storefront: Storefront) -> None:
    token = storefront.add()
    answer = anna.http.put(f"{anna.url}/api/cart", json={"cart_id": token}, timeout=20)
    assert (answer.status_code, answer.json()["cart"]["count"]) == (200, 1)
    anna.ask("c", "Add the Tin Cup to my cart, please")
    theme = storefront.http.get(f"{anna.url}/cart.js", timeout=20).json()
    assert theme["item_count"] == 2


def test_a_cart_that_the_shop_does_not_know_is_refused(anna: Shopper) -> None:
    unknown = "gid://shopify/Cart/nosuchcart0001?key=0123456789abcdef0123456789abcdef"
    answer = anna.http.put(f"{anna.url}/api/cart", json={"cart_id": unknown}, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (422, "cart-refused")
    assert cart(anna)["status"] == "none"


@pytest.mark.parametrize("id", ["", "gid://shopify/Product/7", "https://evil.example/cart", "a" * 300, "tok en12345"])
def test_what_is_no_cart_id_is_refused(anna: Shopper, id: str) -> None:
    answer = anna.http.put(f"{anna.url}/api/cart", json={"cart_id": id}, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")


def test_a_cart_can_be_let_go(anna: Shopper) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    assert anna.http.delete(f"{anna.url}/api/cart", timeout=20).status_code == 204
    assert cart(anna)["status"] == "none"


def test_the_old_dialect_sells_as_well(anna: Shopper, live: Live) -> None:
    live.break_it("legacy")
    anna.ask("c", "Add a warm hat to my cart, please")
    checked = cart(anna)
    assert (checked["status"], checked["cart"]["count"]) == ("ok", 1)
    live.break_it("expire-carts")
    assert cart(anna)["status"] == "gone"


def test_no_key_of_a_cart_leaves_the_server_but_to_its_shopper(anna: Shopper, live: Live) -> None:
    anna.ask("c", "Add a warm hat to my cart, please")
    anna.ask("c", "What is in my cart?")
    keys = [found.partition("?key=")[2] for found in bound(live)]
    assert all(keys)
    shown = [
        anna.get("/api/conversations/c/messages").text,
        anna.get("/api/conversations/c/export").text,
        anna.get("/api/conversations/c/export", params={"format": "json"}).text,
        live.log,
    ]
    assert not [key for key in keys for text in shown if key in text]
    assert "key=" not in "".join(shown)


def test_two_conversations_that_begin_a_cart_at_once_begin_one(anna: Shopper) -> None:
    with ThreadPoolExecutor(2) as pool:
        wishes = {"c1": "Add a Loft Bobble Hat to my cart, please", "c2": "Add the Tin Cup to my cart, please"}
        list(pool.map(lambda wish: anna.ask(*wish), wishes.items()))
    checked = cart(anna)
    assert (checked["status"], checked["cart"]["count"]) == ("ok", 2)
