"""What a shop's answer says about a cart (there, gone, nobody knows), and changes that lose nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shop_server import (
    CART_ID,
    GREY,
    KEY,
    LEGACY_TOOLS,
    MOSS,
    TOKEN,
    UCP_TOOLS,
    Answer,
    Error,
    Json,
    Raw,
    ShopServer,
    shop_server,
    store_at,
    text_result,
    ucp_cart,
    ucp_message,
    ucp_result,
)
from widget_api.problems import Problem, ShopRefused
from widget_api.shopify.cart import Locks, cart_id
from widget_api.shopify.store import Checked, Product, Store

OTHER_CART = "gid://shopify/Cart/somebodyElses?key=1"


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def store(shop: ShopServer) -> Iterator[Store]:
    with store_at(shop.url) as store:
        yield store


def in_ucp(body: Json, *, error: bool = False) -> Json:
    return ucp_result(body, error=error)


OK = [
    in_ucp(ucp_cart((GREY, 2))),
    in_ucp({"ucp": {}, "cart": ucp_cart((GREY, 2))}),
    in_ucp(ucp_cart((GREY, 2)), error=True),
    text_result(ucp_cart((GREY, 2))),
    text_result("DEPRECATION NOTICE: does not exist soon", ucp_cart((GREY, 2))),
    in_ucp(ucp_cart((GREY, 2)) | {"messages": [{"type": "info", "code": "not_found", "content": "x"}]}),
    in_ucp(ucp_cart((GREY, 2), id=f"gid://shopify/Cart/{TOKEN}")),
]
GONE = [
    in_ucp(ucp_message("not_found", "Cart not found or has expired")),
    in_ucp(ucp_message("not_found", "Cart not found or has expired"), error=True),
    in_ucp(ucp_message("cart_not_found", "")),
    in_ucp(ucp_message("invalid_cart_id", "Invalid id format. Expected a Shopify Cart GID…"), error=True),
    text_result(
        "Invalid cart_id format. Expected a Shopify Cart GID (e.g., 'gid://shopify/Cart/Z?key=1').", error=True
    ),
    text_result({"errors": [{"field": ["cart_id"], "message": "The specified cart does not exist."}]}, error=True),
]
UNKNOWN: list[Answer] = [
    *[{}, text_result(), text_result(""), text_result("{"), in_ucp({}), in_ucp({"id": 7}), in_ucp({"id": "x"})],
    in_ucp(ucp_cart((GREY, 1), id=OTHER_CART)),
    in_ucp({"id": CART_ID}),
    in_ucp(ucp_cart((GREY, 1)) | {"line_items": [{"id": "x"}]}),
    in_ucp(ucp_cart((GREY, 1)) | {"line_items": None}),
    in_ucp(ucp_cart((GREY, 1)) | {"currency": "<script>"}),
    in_ucp(ucp_cart((GREY, 1)) | {"totals": [{"type": "total", "amount": "29.00"}]}),
    in_ucp(ucp_message("invalid", f"The merchandise with id {GREY} does not exist."), error=True),
    in_ucp(ucp_message("not_found", "Item not found", path="$.line_items[0].item.id"), error=True),
    *[
        Error(-32000, "AuthenticationRequired"),
        Error(-32001, "UCP discovery failed"),
        Error(-32603, "Internal error"),
    ],
    Error(-32000, "Rate limit exceeded", {"retry_after": 9}),
    *[Raw(500), Raw(302, b"", {"Location": "/password"}), Raw(429), Raw(200, b"<html>"), Raw(404)],
]


@pytest.mark.parametrize("answer", OK)
def test_a_cart_with_an_id_is_there_however_it_is_wrapped(shop: ShopServer, store: Store, answer: Json) -> None:
    shop.script["get_cart"] = answer
    checked = store.cart(CART_ID)
    assert (checked.status, checked.id) == ("ok", CART_ID)
    assert checked.cart is not None
    assert checked.cart.quantities() == {GREY: 2}


@pytest.mark.parametrize("answer", GONE)
def test_a_cart_that_the_shop_does_not_know_is_gone(shop: ShopServer, store: Store, answer: Json) -> None:
    shop.script["get_cart"] = answer
    assert store.cart(CART_ID) == Checked("gone")


@pytest.mark.parametrize("answer", UNKNOWN)
def test_of_everything_else_nobody_knows(shop: ShopServer, store: Store, answer: Answer) -> None:
    shop.script["get_cart"] = lambda _: answer
    assert store.cart(CART_ID) == Checked("unknown")


def test_a_cart_in_a_currency_without_decimals(shop: ShopServer, store: Store) -> None:
    shop.script["get_cart"] = in_ucp(ucp_cart((GREY, 2), price=1200, currency="JPY"))
    assert store.cart(CART_ID).cart.total.to_dict() == {"amount": 2400, "currency": "JPY", "exponent": 0}  # type: ignore[union-attr]


def legacy_cart(currency: str, each: str, total: str) -> Json:
    cost = {"total_amount": {"amount": total, "currency": currency}}
    product = {"id": "gid://shopify/Product/7001", "title": "Ridge Beanie"}
    line = {
        "id": f"gid://shopify/CartLine/1?cart={TOKEN}",
        "quantity": 2,
        "cost": cost,
        "merchandise": {"id": GREY, "title": "Grey", "product": product, "price": each},
    }
    cart = {
        "id": CART_ID,
        "lines": [line],
        "cost": cost,
        "checkout_url": f"https://a.example/cart/c/{TOKEN}?key={KEY}",
    }
    return text_result({"instructions": "…", "cart": cart, "errors": []})


@pytest.mark.parametrize(
    ("currency", "each", "total", "amount"), [("EUR", "29.0", "58.0", 5800), ("JPY", "12", "24.0", 24)]
)
def test_a_legacy_cart_has_the_same_money(currency: str, each: str, total: str, amount: int) -> None:
    with shop_server(ucp=(), legacy=LEGACY_TOOLS) as shop, store_at(shop.url) as store:
        shop.script["get_cart"] = legacy_cart(currency, each, total)
        cart = store.cart(CART_ID).cart
    assert cart is not None
    assert (cart.total.amount, cart.lines[0].price.amount) == (amount, amount // 2)
    assert cart.lines[0].title == "Ridge Beanie - Grey"


@pytest.mark.parametrize(
    "members",
    [{"id": None}, {"id": 7}, {"cost": None}, {"cost": "58.0"}, {"cost": {"total_amount": {"amount": "much"}}}],
)
def test_an_odd_line_of_a_legacy_cart_hides_no_other(members: Json) -> None:
    cart = json.loads(legacy_cart("EUR", "29.0", "58.0")["content"][0]["text"])["cart"]
    cart["lines"].append({**cart["lines"][0], "id": "gid://shopify/CartLine/9", **members})
    with shop_server(ucp=(), legacy=LEGACY_TOOLS) as shop, store_at(shop.url) as store:
        shop.script["get_cart"] = text_result({"cart": cart})
        read = store.cart(CART_ID).cart
    assert read is not None
    assert [line.quantity for line in read.lines] == [2, 2]


class Shop:
    """A cart in a shop that replaces all lines when it is told new ones, and can be disturbed."""

    def __init__(self, shop: ShopServer, *lines: tuple[str, int]) -> None:
        self.lines = list(lines)
        self.shop = shop
        shop.script |= {"get_cart": self.read, "update_cart": self.update, "create_cart": self.update}

    def read(self, _: Json) -> Answer:
        return in_ucp(ucp_cart(*self.lines))

    def update(self, message: Json) -> Answer:
        items = message["params"]["arguments"]["cart"]["line_items"]
        self.lines = [(item["item"]["id"], item["quantity"]) for item in items]
        return in_ucp(ucp_cart(*self.lines))

    @property
    def tools(self) -> list[str]:
        return [heard.tool for heard in self.shop.heard if heard.tool]


def test_a_change_reads_writes_all_lines_and_reads_back(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1), (MOSS, 2))
    assert store.set_lines(CART_ID, {MOSS: 5}).note == ""
    assert cart.tools == ["get_cart", "update_cart", "get_cart"]
    sent = shop.calls("update_cart")[0].arguments
    assert sent["id"] == CART_ID
    assert [(line["id"], line["item"]["id"], line["quantity"]) for line in sent["cart"]["line_items"]] == [
        (f"gid://shopify/CartLine/1?cart={TOKEN}", GREY, 1),
        (f"gid://shopify/CartLine/2?cart={TOKEN}", MOSS, 5),
    ]


def test_two_lines_of_one_variant_stay_two_unless_it_is_named(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1), (MOSS, 2), (GREY, 3))
    store.set_lines(CART_ID, {MOSS: 1})
    assert cart.lines == [(GREY, 1), (MOSS, 1), (GREY, 3)]
    checked = store.set_lines(CART_ID, {GREY: 2})
    assert cart.lines == [(GREY, 1), (MOSS, 1), (GREY, 1)]
    assert "2 of “Beanie 8001” left the last of its 2 lines" in checked.note


def test_what_somebody_else_changed_meanwhile_is_told(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1), (MOSS, 2))

    def disturbed(message: Json) -> Answer:
        answer = cart.update(message)
        cart.lines = [(GREY, 5), (MOSS, 9)]
        return answer

    shop.script["update_cart"] = disturbed
    checked = store.set_lines(CART_ID, {GREY: 5})
    assert checked.cart is not None
    assert checked.cart.quantities() == {GREY: 5, MOSS: 9}
    assert "“Beanie 8002” was changed elsewhere: now there are 9" in checked.note


def test_a_shop_that_takes_less_is_told_in_its_words_and_ours(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1))

    def clamped(_: Json) -> Answer:
        cart.lines = [(GREY, 3)]
        warning = {"type": "warning", "code": "quantity", "content": "Only 3 left."}
        return in_ucp(ucp_cart(*cart.lines) | {"messages": [warning]})

    shop.script["update_cart"] = clamped
    assert store.set_lines(CART_ID, {GREY: 9}).note == "There are 3 of “Beanie 8001” in the cart, not 9. Only 3 left."


@pytest.mark.parametrize("lost", [Raw(502), Raw(200, b"{"), Error(-32603, "Internal error", status=500)])
def test_a_write_that_is_not_confirmed_is_settled_by_reading(shop: ShopServer, store: Store, lost: Answer) -> None:
    cart = Shop(shop, (GREY, 1))

    def written_and_lost(message: Json) -> Answer:
        cart.update(message)
        return lost

    shop.script["update_cart"] = written_and_lost
    checked = store.set_lines(CART_ID, {GREY: 4})
    assert checked.cart is not None
    assert (checked.cart.quantities(), checked.note) == ({GREY: 4}, "")
    assert cart.tools.count("update_cart") == 1


def test_a_write_that_was_not_carried_out_is_told_and_not_repeated(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1))
    shop.script["update_cart"] = lambda _: Raw(502)
    checked = store.set_lines(CART_ID, {GREY: 4})
    assert (checked.status, cart.lines) == ("ok", [(GREY, 1)])
    assert "not 4" in checked.note
    assert cart.tools.count("update_cart") == 1


def test_a_write_that_cannot_be_read_back_is_believed(shop: ShopServer, store: Store) -> None:
    cart = Shop(shop, (GREY, 1))
    shop.script["get_cart"] = [in_ucp(ucp_cart((GREY, 1))), Raw(502)]
    assert store.set_lines(CART_ID, {GREY: 4}).cart.quantities() == {GREY: 4}  # type: ignore[union-attr]
    assert cart.lines == [(GREY, 4)]


def test_when_all_fails_nobody_knows(shop: ShopServer, store: Store) -> None:
    Shop(shop)
    shop.script |= {"get_cart": [in_ucp(ucp_cart((GREY, 1))), Raw(502)], "update_cart": Raw(502)}
    checked = store.set_lines(CART_ID, {GREY: 4})
    assert (checked.status, checked.cart, checked.id) == ("unknown", None, "")
    assert "did not confirm" in checked.note


def test_a_cart_that_expires_between_reading_and_writing_is_begun_anew(shop: ShopServer, store: Store) -> None:
    fresh = ucp_cart((GREY, 4), id=OTHER_CART)
    Shop(shop, (GREY, 1))
    shop.script |= {"update_cart": in_ucp(ucp_message("not_found", "Cart not found")), "create_cart": in_ucp(fresh)}
    checked = store.set_lines(CART_ID, {GREY: 4})
    assert (checked.status, checked.id) == ("ok", OTHER_CART)
    assert "new one was begun" in checked.note


def test_a_first_cart_that_is_not_confirmed_is_unknown(shop: ShopServer, store: Store) -> None:
    shop.script["create_cart"] = Raw(502)
    assert store.set_lines("", {GREY: 1}).status == "unknown"


@pytest.mark.parametrize("id", ["", CART_ID])
def test_a_line_that_the_shop_refuses_is_refused_in_its_words(shop: ShopServer, store: Store, id: str) -> None:
    said = f'is not a valid ProductVariant GID (got: "{GREY}")'
    Shop(shop, (MOSS, 1))
    refusal = in_ucp(ucp_message("invalid_input", said, path="$.line_items[0].item.id"), error=True)
    shop.script |= {"update_cart": refusal, "create_cart": refusal}
    with pytest.raises(ShopRefused, match="is not a valid ProductVariant GID"):
        store.set_lines(id, {GREY: 1})


def test_two_turns_that_change_one_cart_take_turns(shop: ShopServer) -> None:
    """Each reads before it writes: were they to overlap, one line would be lost."""
    cart, both_read = Shop(shop, (GREY, 1)), threading.Barrier(2)

    def read(message: Json) -> Answer:
        answer = cart.read(message)
        try:
            both_read.wait(0.1)  # comes to nothing while the other one has to wait
        except threading.BrokenBarrierError:
            both_read.reset()
        return answer

    shop.script["get_cart"] = read
    with store_at(shop.url) as first, store_at(shop.url) as second:
        changes = [(first, {MOSS: 1}), (second, {"gid://shopify/ProductVariant/8003": 1})]
        threads = [threading.Thread(target=store.set_lines, args=(CART_ID, lines)) for store, lines in changes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(cart.lines) == [(GREY, 1), (MOSS, 1), ("gid://shopify/ProductVariant/8003", 1)]


def test_locks_are_kept_only_while_they_are_held() -> None:
    locks = Locks()
    with locks.hold("a"), locks.hold("b"):
        assert set(locks._held) == {"a", "b"}
    assert locks._held == {}


@pytest.mark.parametrize("text", [f"{TOKEN}?key={KEY}", CART_ID, "abc", "gid://shopify/Cart/abc?key=1"])
def test_a_cart_is_named_by_its_gid_or_its_token(text: str) -> None:
    assert cart_id(text) == f"gid://shopify/Cart/{text.removeprefix('gid://shopify/Cart/')}"


@pytest.mark.parametrize(
    "text", ["", "gid://shopify/Cart/", "a b", "a?key=b&c=d", "a/b", "a\n", "x" * 201, "gid://shopify/Order/1"]
)
def test_what_names_no_cart_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A cart is named by"):
        cart_id(text)


@pytest.mark.parametrize("answer", [*OK, *GONE, *UNKNOWN])
def test_a_carts_secret_is_in_no_repr_no_exception_and_no_log(
    shop: ShopServer, store: Store, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = ucp_message("invalid", f"The cart {CART_ID} is odd: https://a.example/cart/c/{TOKEN}?key={KEY}")
    Shop(shop, (GREY, 1))
    shop.script |= {
        "get_cart": [in_ucp(ucp_cart((GREY, 1))), answer, answer],
        "update_cart": in_ucp(echo, error=True),
    }
    said = [repr(store.cart(CART_ID)), repr(store.cart(CART_ID))]
    try:
        said.append(repr(store.set_lines(CART_ID, {GREY: 7})))
    except Problem as exc:
        said += [repr(exc), json.dumps(exc.to_dict())]
    assert KEY not in "".join([*said, caplog.text])
    assert TOKEN not in "".join([*said, caplog.text])


def test_what_is_shown_of_a_cart_has_its_checkout_address_only_for_its_owner(shop: ShopServer, store: Store) -> None:
    shop.script["get_cart"] = in_ucp(ucp_cart((GREY, 2)))
    cart = store.cart(CART_ID).cart
    assert cart is not None
    assert KEY in json.dumps(cart.to_dict())
    assert TOKEN not in json.dumps(cart.to_dict(secret=False))
    assert cart.to_dict(secret=False)["lines"][0]["id"] == "gid://shopify/CartLine/1"


FIELDS = """structuredContent content text type isError id cart line_items item lines quantity price amount currency
totals messages errors code cost products product variants result error data message merchandise title x"""
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES | st.sampled_from([CART_ID, GREY, "EUR", "gid://shopify/Product/1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=4),
    max_leaves=12,
)
TEXT_OF_JSON = JSON.map(lambda value: {"content": [{"type": "text", "text": json.dumps(value)}]})


def mutated(value: Any, path: list[int], new: Any) -> Any:
    """`value` with what stands at the end of `path` replaced; a path counts fields and entries, cyclically."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    at = path[0] % len(value)
    key = list(value)[at] if isinstance(value, dict) else at
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = mutated(copy[key], path[1:], new)
    return copy


MUTATED = st.builds(mutated, st.sampled_from([*OK, *GONE]), st.lists(st.integers(0, 20), max_size=6), JSON)


@settings(max_examples=60)
@given(answer=JSON | TEXT_OF_JSON | MUTATED, reading=st.booleans())
@pytest.mark.parametrize("legacy", [False, True])
def test_any_json_is_a_checked_cart_or_a_problem(legacy: bool, answer: Any, reading: bool, servers: Any) -> None:
    shop, store = servers[legacy]
    wrapped = Raw(200, json.dumps({"jsonrpc": "2.0", "id": None, "result": answer}).encode())
    shop.script |= dict.fromkeys((*UCP_TOOLS, *LEGACY_TOOLS), wrapped)
    reads = iter([wrapped if reading else in_ucp(ucp_cart((GREY, 1)))])
    shop.script["get_cart"] = lambda _: next(reads, wrapped)
    asked: list[Callable[[], object]] = [
        lambda: store.set_lines(CART_ID, {GREY: 2}),
        lambda: store.search("x"),
        lambda: store.product("gid://shopify/Product/1"),
    ]
    for ask in asked:
        try:
            assert isinstance(ask(), Checked | Product | list)
        except Problem as exc:
            assert KEY not in str(exc)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[bool, tuple[ShopServer, Store]]]:
    """A scripted shop for each dialect."""
    with (
        shop_server() as new,
        shop_server(ucp=(), legacy=LEGACY_TOOLS) as old,
        store_at(new.url) as ucp,
        store_at(old.url) as legacy,
    ):
        yield {False: (new, ucp), True: (old, legacy)}


def test_the_shops_own_account_of_the_price_is_kept_in_its_order(shop: ShopServer, store: Store) -> None:
    totals: list[Json] = [
        {"type": "subtotal", "amount": 1_000_000, "display_text": "Subtotal"},
        {"type": "discount", "amount": -100_000, "display_text": "WINTER10"},
        {"type": "tax", "amount": 191_339, "display_text": "incl. 27% VAT"},
        {"type": "com.example.bag", "amount": 50, "display_text": "Bag"},
        {"type": "tax", "amount": "5"},
        {"amount": 5},
        7,  # type: ignore[list-item]
        {"type": "total", "amount": 900_050},
    ]
    shop.script["get_cart"] = in_ucp(ucp_cart((GREY, 2), price=500_000, currency="HUF") | {"totals": totals})
    cart = store.cart(CART_ID).cart
    assert cart is not None
    assert cart.total.to_text() == "9000.50 HUF"
    assert [(each.type, each.text, each.amount.to_text()) for each in cart.totals] == [
        ("subtotal", "Subtotal", "10000.00 HUF"),
        ("discount", "WINTER10", "-1000.00 HUF"),
        ("tax", "incl. 27% VAT", "1913.39 HUF"),
        ("com.example.bag", "Bag", "0.50 HUF"),
        ("total", "", "9000.50 HUF"),
    ]
    assert [each["type"] for each in cart.price_details] == ["discount", "tax", "com.example.bag"]
