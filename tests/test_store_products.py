"""Products as shops really send them: with half of the fields missing, or with fields that nobody should trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import (
    GREY,
    MOSS,
    POLICIES,
    Error,
    Json,
    Raw,
    ShopServer,
    shop_server,
    store_at,
    text_result,
    ucp_message,
    ucp_product,
    ucp_result,
)
from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.money import Money, decimals, major, minor
from widget_api.shopify.store import Store
from widget_api.shopify.words import plain, prose, words


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server(legacy=(POLICIES,)) as shop:
        yield shop


ODD_PARTS: list[Json] = [
    {"media": [None, 7, {"type": "image", "url": 7}]},
    {"media": {"url": 1}},
    {"price_range": {"min": {"amount": 2900, "currency": "EUR"}, "max": {"amount": "34.00", "currency": "EUR"}}},
    {"price_range": {"min": {"amount": 2900, "currency": "EUR"}, "max": "34"}},
    {"variants": [{**ucp_product()["variants"][0], "id": []}, ucp_product()["variants"][1]]},
]


@pytest.mark.parametrize("odd", ODD_PARTS)
def test_an_odd_picture_highest_price_or_variant_hides_no_product(shop: ShopServer, store: Store, odd: Json) -> None:
    (product,) = found(shop, store, ucp_product(**odd))
    assert (product["price"]["amount"], product["price_max"] if "price_range" in odd else None) == (2900, None)


@pytest.fixture
def store(shop: ShopServer) -> Iterator[Store]:
    with store_at(shop.url) as store:
        yield store


def found(shop: ShopServer, store: Store, *products: object) -> list[Json]:
    shop.script["search_catalog"] = ucp_result({"products": list(products)})
    return [product.to_dict() for product in store.search("x")]


def test_a_product_with_everything(shop: ShopServer, store: Store) -> None:
    assert found(shop, store, ucp_product()) == [
        {
            "id": "gid://shopify/Product/7001",
            "title": "Ridge Beanie",
            "url": "https://demo-store.example/products/ridge-beanie",
            "image": "https://cdn.shopify.com/s/files/ridge.jpg",
            "price": {"amount": 2900, "currency": "EUR", "exponent": 2},
            "price_max": {"amount": 3400, "currency": "EUR", "exponent": 2},
            "available": True,
            "options": [],
            "selected": [],
            "has_more_variants": False,
            "notices": [],
            "variants": [
                {
                    "id": GREY,
                    "title": "Grey",
                    "price": {"amount": 2900, "currency": "EUR", "exponent": 2},
                    "compare_at": {"amount": 3400, "currency": "EUR", "exponent": 2},
                    "available": True,
                    "options": {"Color": "Grey"},
                    "notices": [],
                },
                {
                    "id": MOSS,
                    "title": "Moss",
                    "price": {"amount": 3400, "currency": "EUR", "exponent": 2},
                    "compare_at": None,
                    "available": False,
                    "options": {"Color": "Moss"},
                    "notices": [],
                },
            ],
        }
    ]


def test_a_product_without_address_handle_and_pictures(shop: ShopServer, store: Store) -> None:
    (product,) = found(shop, store, ucp_product(url=None, handle=None, media=None, description=None))
    assert (product["url"], product["image"]) == ("", "")


def test_a_handle_is_as_good_as_an_address(shop: ShopServer, store: Store) -> None:
    (product,) = found(shop, store, ucp_product(url=None))
    assert product["url"] == f"{shop.url}/products/ridge-beanie"


def test_a_price_range_is_not_needed(shop: ShopServer, store: Store) -> None:
    (product,) = found(shop, store, ucp_product(price_range=None))
    assert product["price"]["amount"] == 2900


@pytest.mark.parametrize(
    "broken",
    [
        *[None, 7, "x", [], {}, {"id": "gid://shopify/Product/1"}, ucp_product(id=7), ucp_product(id="7001")],
        *[
            ucp_product(id="gid://shopify/Product/1' OR 1=1"),
            ucp_product(variants=[{"id": "x"}]),
            ucp_product(variants=3),
        ],
        ucp_product(price_range={"min": {"amount": "29.00", "currency": "EUR"}}),
        ucp_product(price_range={"min": {"amount": True, "currency": "EUR"}}),
        ucp_product(price_range={"min": {"amount": 2900, "currency": "<b>"}}),
        ucp_product(price_range={"min": {"amount": 10**30, "currency": "EUR"}}),
        ucp_product(price_range=None, variants=[]),
    ],
)
def test_what_is_no_product_is_left_out(shop: ShopServer, store: Store, broken: object) -> None:
    assert [each["title"] for each in found(shop, store, broken, ucp_product(title="Good"))] == ["Good"]


@pytest.mark.parametrize(
    "url",
    [
        *[
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "http://evil.example/",
            "ftp://a.example/",
        ],
        *[
            "https://user:pw@a.example/",
            "https:\\\\a.example",
            "https://a.example/\nx",
            "https://a.example/ x",
            "\x01",
        ],
        *["//evil.example:99999/", "https://[::1", "x" * 3000, 7, ["https://a.example/"], "file:///etc/passwd"],
        *["vbscript:x", "blob:https://a.example/1", " javascript:x"],
    ],
)
def test_an_address_that_is_not_safe_to_follow_is_left_out(url: object) -> None:
    assert Endpoint("a.myshopify.com", "http://127.0.0.1:8000").link(url) == ""
    assert Endpoint("a.myshopify.com").link(url) == ""


@pytest.mark.parametrize(
    ("base", "url", "absolute"),
    [
        ("", "/products/a", "https://a.myshopify.com/products/a"),
        ("", "//cdn.shopify.com/a.jpg", "https://cdn.shopify.com/a.jpg"),
        ("", "https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        ("http://127.0.0.1:8000", "/cdn/a.svg", "http://127.0.0.1:8000/cdn/a.svg"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9000/x", ""),
        ("", "http://127.0.0.1:8000/x", ""),
    ],
)
def test_addresses_are_absolute_and_secure_or_the_shops_own(base: str, url: str, absolute: str) -> None:
    assert Endpoint("a.myshopify.com", base).link(url) == absolute


def test_a_search_tells_the_shop_who_asks_and_for_what(shop: ShopServer) -> None:
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product()]})
    with store_at(shop.url, country="FI", currency="JPY", language="fi-FI") as store:
        store.search("beanie", limit=3, highest=Decimal(5000))
    arguments = shop.calls("search_catalog")[0].arguments
    assert arguments["meta"]["ucp-agent"]["profile"].startswith("https://")
    assert arguments["catalog"] == {
        "query": "beanie",
        "pagination": {"limit": 3},
        "filters": {"price": {"max": 5000}},
        "context": {"address_country": "FI", "currency": "JPY", "language": "fi-FI"},
    }


def test_what_a_page_says_of_the_shopper_is_passed_on_only_if_it_looks_right(shop: ShopServer) -> None:
    shop.script["search_catalog"] = ucp_result({"products": []})
    with store_at(shop.url, country="Finland", currency="eur;", language="x" * 99) as store:
        store.search("beanie", highest=Decimal(5))
    catalog = shop.calls("search_catalog")[0].arguments["catalog"]
    assert catalog == {"query": "beanie", "pagination": {"limit": 50}}


def test_what_is_sold_out_is_looked_for_when_nothing_else_is_found(shop: ShopServer, store: Store) -> None:
    shop.script["search_catalog"] = [ucp_result({"products": []}), ucp_result({"products": [ucp_product()]})]
    assert len(store.search("beanie")) == 1
    assert shop.calls("search_catalog")[1].arguments["catalog"]["filters"] == {"available": False}


def test_where_the_currency_is_not_known_dearer_products_are_left_out_here(shop: ShopServer, store: Store) -> None:
    dear = ucp_product(title="Dear", price_range={"min": {"amount": 2901, "currency": "EUR"}})
    shop.script["search_catalog"] = ucp_result({"products": [dear, ucp_product()]})
    assert [product.title for product in store.search("x", highest=Decimal(29))] == ["Ridge Beanie"]


def test_more_products_than_asked_for_are_cut_off(shop: ShopServer, store: Store) -> None:
    shop.script["search_catalog"] = ucp_result({"products": [ucp_product()] * 30})
    assert len(store.search("x", limit=4)) == 4


def test_a_product_that_is_not_there(shop: ShopServer, store: Store) -> None:
    shop.script["get_product"] = ucp_result(ucp_message("not_found", "Product not found: gid://shopify/Product/1"))
    with pytest.raises(ShopRefused, match="Product not found"):
        store.product("gid://shopify/Product/1")


@pytest.mark.parametrize("answer", [{}, text_result(), ucp_result({}), ucp_result({"product": 7}), text_result("{")])
def test_an_answer_without_a_product_is_no_answer(shop: ShopServer, store: Store, answer: Json) -> None:
    shop.script |= {"get_product": answer, "search_catalog": answer}
    for ask in (lambda: store.product("gid://shopify/Product/1"), lambda: store.search("x")):
        with pytest.raises((ShopUnavailable, ShopRefused)):
            ask()


def test_answers_are_cleaned_and_cut(shop: ShopServer, store: Store) -> None:
    answers = [{"question": "A\u202e?", "answer": "b\U000e0041" * 2000}, {"question": "no answer"}, 7, None]
    shop.script[POLICIES] = text_result(answers)
    (answer,) = store.ask("x")
    assert (answer.question, len(answer.answer)) == ("A?", 1500)


def test_a_shop_that_offers_neither_has_no_answer() -> None:
    with shop_server() as shop, store_at(shop.url) as store:
        assert store.ask("x") == []


@pytest.mark.parametrize("draft", [Error(-32000, "AuthenticationRequired"), Raw(503), Raw(404), ucp_result({})])
def test_where_the_draft_tool_gives_no_answer_the_older_one_is_asked(draft: Error | Raw | Json) -> None:
    with shop_server(ucp=("ask_business",), legacy=(POLICIES,)) as shop, store_at(shop.url) as store:
        shop.script |= {"ask_business": draft, POLICIES: text_result([{"question": "Q?", "answer": "A."}])}
        assert [answer.answer for answer in store.ask("x")] == ["A."]


def test_when_nobody_can_answer_the_first_reason_is_told() -> None:
    with shop_server(ucp=("ask_business",), legacy=(POLICIES,)) as shop, store_at(shop.url) as store:
        shop.script |= {"ask_business": Raw(503), POLICIES: Error(-32000, "AuthenticationRequired")}
        with pytest.raises(ShopUnavailable):
            store.ask("x")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"plain": "Yes.", "html": "<b>No</b>"}, "Yes."),
        ({"markdown": "*Yes*"}, "*Yes*"),
        ({"html": "<p>Yes</p><script>no()</script><p>&amp; more</p>"}, "Yes\n\n& more"),
    ],
)
def test_the_business_answers_in_any_of_three_forms(answer: Json, said: str) -> None:
    links = [{"url": "/policies/x"}, {"url": "javascript:x"}, 7]
    with shop_server(ucp=("ask_business",)) as shop, store_at(shop.url) as store:
        shop.script["ask_business"] = ucp_result({"answer": answer, "links": links})
        (told,) = store.ask("Do you?")
        assert (told.answer, told.links) == (said, (f"{shop.url}/policies/x",))
        assert shop.heard[-1].arguments["ask"] == {"query": "Do you?"}


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        *[
            ("29.0", "EUR", 2900),
            ("34.95", "EUR", 3495),
            ("0.1", "USD", 10),
            ("1200", "JPY", 1200),
            (29, "EUR", 2900),
        ],
        *[
            ("1200.0", "JPY", 1200),
            ("1.234", "KWD", 1234),
            ("1.5", "KWD", 1500),
            (4.9, "EUR", 490),
            ("-5.0", "EUR", -500),
        ],
    ],
)
def test_decimal_prices_become_minor_units_of_their_currency(text: object, currency: str, amount: int) -> None:
    assert major(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "Infinity", "1e99", "1e999999999", None, True, [], {}, "29,00", "9" * 99]
)
def test_what_is_no_price_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        major(text, "EUR")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD", "USD", "CLP", "BHD"]))
def test_minor_units_survive_the_way_through_decimals(amount: int, currency: str) -> None:
    money = minor(amount, currency)
    assert major(str(money.major), currency) == money
    assert money.major * 10 ** decimals(currency) == amount


@given(st.text(max_size=300), st.integers(1, 50))
def test_words_are_one_line_within_their_limit_and_stay_as_they_are(text: str, limit: int) -> None:
    said = words(text, limit)
    assert len(said) <= limit
    assert "\n" not in said
    assert words(said, limit) == said


@given(st.text(alphabet="<>/abp script!-&;[]\"'=", max_size=200))
def test_reading_html_never_fails(html: str) -> None:
    assert len(plain(html, 100)) <= 100


@pytest.mark.parametrize(
    "secret",
    [
        "gid://shopify/Cart/hWN3x?key=0f9c",
        "https://a.example/cart/c/hWN3x?key=0f9c",
        "/cart/c/hWN3x",
        "gid://shopify/CartLine/1?cart=hWN3x",
        "?key=0f9c",
        "key=0f9c1b2a3d4e5f60718293a4b5c6d7e8",
        "gid://shopify/Cart\u200b/hWN3x?key=0f9c",
    ],
)
def test_a_carts_secret_is_taken_out_of_a_shops_words(secret: str) -> None:
    for said in (words(f"The cart {secret} is odd"), prose(f"The cart {secret} is odd")):
        assert "hWN3x" not in said
        assert "0f9c" not in said
        assert said.startswith("The cart")


def test_reading_what_is_endless_takes_no_time_to_speak_of() -> None:
    for text in ("<" * 10**6, "<script>" * 10**5, "https://" * 10**5, "gid://shopify/Cart/" * 10**5, " \n" * 10**6):
        assert len(plain(text, 100)) <= 100
        assert len(json.dumps(words(text, 100))) < 1000
