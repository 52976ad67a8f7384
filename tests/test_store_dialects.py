"""One storefront, whichever dialect the shop speaks: the demo shop is asked in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.shop_server import demo_shop, store_at
from widget_api.demo import catalogue
from widget_api.demo.carts import CARTS
from widget_api.demo.catalogue import Product, Variant
from widget_api.demo.faults import FAULTS
from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.cart import token
from widget_api.shopify.store import Checked, Store

DIALECTS = {
    "ucp": {},
    "ucp nested": {"nested_cart": True},
    "legacy": {"legacy_only": True},
    "legacy with notice": {"legacy_only": True, "deprecation_notice": True},
}
KNOWN = [(product, variant) for product in catalogue.PRODUCTS for variant in product.variants]


def some(least: int, most: int = 10**6) -> tuple[Product, Variant]:
    """Something of which the shop has that many pieces."""
    return next(found for found in KNOWN if least <= found[1].stock <= most)


def gid(variant: Variant) -> str:
    return f"gid://shopify/ProductVariant/{variant.id}"


PLENTY, OTHER = [gid(variant) for _, variant in KNOWN if variant.stock >= 10][:2]
SCARCE, SCARCE_STOCK = gid(some(2, 5)[1]), some(2, 5)[1].stock
SOLD_OUT = gid(some(0, 0)[1])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with demo_shop() as url:
        yield url


@pytest.fixture(params=list(DIALECTS))
def store(request: pytest.FixtureRequest, url: str) -> Iterator[Store]:
    for fault, value in DIALECTS[request.param].items():
        setattr(FAULTS, fault, value)
    with store_at(url, profile=f"{url}/.well-known/ucp-agent.json", currency="EUR", country="FI") as store:
        yield store
    FAULTS.mend()


def quantities(checked: Checked) -> dict[str, int]:
    assert checked.cart is not None, checked
    return checked.cart.quantities()


def test_a_search_finds_what_the_shop_finds(store: Store) -> None:
    found = store.search("beanie", limit=3)
    assert found[0].title == catalogue.search("beanie")[0].title
    assert len(found) <= 3


def test_a_product_has_all_that_a_card_shows(store: Store, url: str) -> None:
    product = store.search("beanie")[0]
    known = catalogue.search("beanie")[0]
    assert product.url == f"{url}/products/{known.handle}"
    assert product.image == url + known.image
    assert (product.price.amount, product.price.currency) == (known.price, "EUR")
    assert [variant.available for variant in product.variants] == [each.available for each in known.variants]
    assert known.description.startswith(product.description[:40])


def test_nothing_dearer_is_found(store: Store) -> None:
    found = store.search("beanie", highest=Decimal("29.00"))
    assert found
    assert all(product.price.amount <= 2900 for product in found)
    assert store.search("beanie", highest=Decimal("0.01")) == []


def test_only_what_can_be_bought_is_found_on_request(store: Store) -> None:
    found = store.search("something nice", available_only=True)
    assert found
    assert all(product.available for product in found)


def test_one_product_is_shown(store: Store) -> None:
    known = catalogue.PRODUCTS[0]
    product = store.product(f"gid://shopify/Product/{known.id}")
    assert product.title == known.title
    assert product.variants[0].id in {gid(variant) for variant in known.variants}
    assert product.variants[0].options == tuple(next(iter(known.variants)).options.items())


def test_a_product_that_is_not_there_is_refused_in_the_shops_words(store: Store) -> None:
    with pytest.raises(ShopRefused, match="Product not found: gid://shopify/Product/1"):
        store.product("gid://shopify/Product/1")


def test_a_first_line_begins_a_cart(store: Store) -> None:
    made = store.set_lines("", {PLENTY: 2})
    assert (made.status, quantities(made), made.note) == ("ok", {PLENTY: 2}, "")
    assert quantities(store.cart(made.id)) == {PLENTY: 2}


def test_a_cart_shows_its_lines_and_totals(store: Store, url: str) -> None:
    made = store.set_lines("", {PLENTY: 2, OTHER: 1})
    assert made.cart is not None
    first, second = made.cart.lines
    assert first.total == first.price * 2
    assert made.cart.total.amount == first.total.amount + second.total.amount
    assert made.cart.count == 3
    assert made.cart.checkout_url.startswith(f"{url}/cart/c/")
    assert first.title


def test_lines_that_are_not_named_stay(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 2, OTHER: 1}).id
    assert quantities(store.set_lines(cart, {PLENTY: 5})) == {PLENTY: 5, OTHER: 1}


def test_a_quantity_of_nought_takes_a_line_out(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 2, OTHER: 1}).id
    assert quantities(store.set_lines(cart, {PLENTY: 0})) == {OTHER: 1}
    assert quantities(store.set_lines(cart, {OTHER: 0})) == {}


def test_a_line_is_added_beside_the_others(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1}).id
    assert quantities(store.set_lines(cart, {OTHER: 3})) == {PLENTY: 1, OTHER: 3}


def test_what_the_shopper_did_in_the_theme_stays(store: Store) -> None:
    made = store.set_lines("", {PLENTY: 1})
    theirs = CARTS.get(token(made.id))
    assert theirs is not None
    CARTS.set_quantity(theirs, int(OTHER.rpartition("/")[2]), 2)
    assert quantities(store.set_lines(made.id, {PLENTY: 4})) == {PLENTY: 4, OTHER: 2}


def test_a_change_that_is_none_is_not_written(store: Store) -> None:
    made = store.set_lines("", {PLENTY: 1})
    before = CARTS.get(token(made.id)).updated_at  # type: ignore[union-attr]
    assert quantities(store.set_lines(made.id, {PLENTY: 1, OTHER: 0})) == {PLENTY: 1}
    assert CARTS.get(token(made.id)).updated_at == before  # type: ignore[union-attr]


def test_less_stock_than_asked_for_is_told(store: Store) -> None:
    for cart in ("", store.set_lines("", {PLENTY: 1}).id):
        changed = store.set_lines(cart, {SCARCE: 20})
        assert quantities(changed)[SCARCE] == SCARCE_STOCK
        assert f"There are {SCARCE_STOCK} of" in changed.note
        assert "not 20" in changed.note


def test_what_is_sold_out_is_told_and_the_rest_is_kept(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1}).id
    changed = store.set_lines(cart, {SOLD_OUT: 1, OTHER: 2})
    assert quantities(changed) == {PLENTY: 1, OTHER: 2}
    assert "sold out" in changed.note


def test_a_variant_that_nobody_sells_is_refused_and_the_cart_stays(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1}).id
    with pytest.raises(ShopRefused, match="does not exist"):
        store.set_lines(cart, {"gid://shopify/ProductVariant/99999999999999": 1})
    assert quantities(store.cart(cart)) == {PLENTY: 1}


@pytest.mark.parametrize("id", ["gid://shopify/Cart/unknown?key=1", "gid://shopify/Cart/!?key=1", "nonsense"])
def test_a_cart_that_the_shop_does_not_know_is_gone(store: Store, id: str) -> None:
    assert store.cart(id) == Checked("gone")


def test_no_id_is_no_cart(store: Store) -> None:
    assert store.cart("") == Checked("none")


def test_in_place_of_a_gone_cart_a_new_one_is_begun(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1, OTHER: 1}).id
    CARTS.expire(token(cart))
    fresh = store.set_lines(cart, {PLENTY: 3})
    assert (fresh.status, quantities(fresh)) == ("ok", {PLENTY: 3})
    assert token(fresh.id) != token(cart)
    assert "new one was begun" in fresh.note


@pytest.mark.parametrize("id", ["", "gid://shopify/Cart/unknown?key=1"])
def test_taking_out_of_no_cart_begins_none(store: Store, id: str) -> None:
    carts = len(CARTS)
    checked = store.set_lines(id, {PLENTY: 0})
    assert (checked.status, checked.cart) == ("gone" if id else "none", None)
    assert len(CARTS) == carts


def test_policies_are_told(store: Store) -> None:
    answers = store.ask("Can I return something?")
    assert answers[0].question
    assert "60 days" in answers[0].answer


def test_a_question_without_an_answer_has_none_or_what_the_business_itself_says_to_it(store: Store) -> None:
    answers = store.ask("xyzzy")
    said = [] if FAULTS.legacy_only else ["We have no answer to that. Please write to us and we will find out."]
    assert [answer.answer for answer in answers] == said


@pytest.mark.parametrize("in_body", [False, True])
def test_a_rate_limit_is_waited_for_once(store: Store, in_body: bool) -> None:
    FAULTS.rate_limit_next, FAULTS.rate_limit_in_body = 1, in_body
    assert store.search("beanie")
    FAULTS.rate_limit_next = 2
    with pytest.raises(ShopUnavailable) as caught:
        store.search("beanie")
    assert caught.value.retry_after == 1


def test_a_shop_that_stumbles_while_reading_is_unknown_and_nothing_is_written(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1}).id
    FAULTS.internal_error_next = 2
    assert store.cart(cart) == Checked("unknown")
    changed = store.set_lines(cart, {PLENTY: 2})
    assert (changed.status, changed.cart) == ("unknown", None)
    assert "nothing was changed" in changed.note
    assert quantities(store.cart(cart)) == {PLENTY: 1}


def test_a_dialect_that_ends_is_left_for_the_other(store: Store) -> None:
    cart = store.set_lines("", {PLENTY: 1}).id
    FAULTS.legacy_only = not FAULTS.legacy_only
    assert quantities(store.cart(cart)) == {PLENTY: 1}
    assert quantities(store.set_lines(cart, {PLENTY: 2})) == {PLENTY: 2}
    assert store.search("beanie")


def test_the_business_is_asked_itself_where_it_can_be(url: str) -> None:
    FAULTS.ask_business = True
    with store_at(url, profile=f"{url}/.well-known/ucp-agent.json") as store:
        answers = store.ask("Can I return something?")
        assert [answer.question for answer in answers] == ["Can I return something?"]
        assert "60 days" in answers[0].answer
    FAULTS.mend()


def test_a_closed_shop_is_unavailable(url: str) -> None:
    FAULTS.password_page = True
    with store_at(url) as store:
        with pytest.raises(ShopUnavailable, match="closed"):
            store.search("beanie")
        assert store.cart("gid://shopify/Cart/x?key=1") == Checked("unknown")
    FAULTS.mend()


def test_a_shop_that_cannot_read_our_profile_cannot_be_asked(url: str) -> None:
    with store_at(url, profile=f"{url}/nothing-here.json") as store:
        with pytest.raises(ShopRefused, match=r"^The shop cannot be asked just now\.$"):
            store.search("beanie")
        assert store.ask("Can I return something?")  # /api/mcp does not want one
