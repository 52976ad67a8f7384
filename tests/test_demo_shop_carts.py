"""The demo shop's carts: one store for the theme and for agents."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.demo.carts import TTL, CartRefusal, Carts, NotEnough, SoldOut, UnknownVariant
from widget_api.demo.catalogue import PRODUCTS, product, variant
from widget_api.demo.database import DATABASE

ALL_VARIANTS = [each for shown in PRODUCTS for each in shown.variants]
AVAILABLE, OTHER = [each for each in ALL_VARIANTS if each.stock > 5][:2]
SOLD_OUT = next(each for each in ALL_VARIANTS if each.stock == 0)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_cart_is_found_by_its_token_until_it_is_cancelled() -> None:
    carts = Carts()
    cart = carts.create()
    assert carts.get(cart.token) == cart
    carts.cancel(cart.token)
    assert carts.get(cart.token) is None


def test_a_cart_expires_thirty_days_after_its_last_change() -> None:
    clock = Clock()
    carts = Carts(now=clock)
    cart = carts.create()
    clock.now += timedelta(days=29)
    carts.set_quantity(cart, AVAILABLE.id, 1)
    clock.now += timedelta(days=29)
    assert carts.get(cart.token) == cart
    clock.now += timedelta(days=1)
    assert carts.get(cart.token) is None


def test_a_cart_says_when_it_expires() -> None:
    clock = Clock()
    assert Carts(now=clock).create().expires_at == clock.now + TTL


def test_the_gid_carries_token_and_key() -> None:
    cart = Carts().create()
    assert cart.gid == f"gid://shopify/Cart/{cart.token}?key={cart.key}"
    assert len(cart.key) == 32


def test_quantities_are_set_and_added_and_removed() -> None:
    carts = Carts()
    cart = carts.create()
    carts.set_quantity(cart, AVAILABLE.id, 2)
    carts.add(cart, {AVAILABLE.id: 1})
    assert (cart.count, cart.total) == (3, 3 * AVAILABLE.price)
    carts.set_quantity(cart, AVAILABLE.id, 0)
    assert cart.lines == []


def test_a_line_keeps_its_id_when_its_quantity_changes() -> None:
    carts = Carts()
    cart = carts.create()
    carts.set_quantity(cart, AVAILABLE.id, 1)
    before = cart.lines[0].id
    carts.set_quantity(cart, AVAILABLE.id, 2)
    assert cart.lines[0].id == before


def test_what_is_sold_out_cannot_be_added() -> None:
    carts = Carts()
    with pytest.raises(SoldOut, match="is already sold out"):
        carts.add(carts.create(), {SOLD_OUT.id: 1})


def test_no_more_than_the_stock_can_be_added() -> None:
    carts = Carts()
    cart = carts.create()
    with pytest.raises(NotEnough, match=f"only add {AVAILABLE.stock} ") as refused:
        carts.add(cart, {AVAILABLE.id: AVAILABLE.stock + 1})
    assert refused.value.stock == AVAILABLE.stock
    carts.add(cart, {AVAILABLE.id: AVAILABLE.stock})
    with pytest.raises(NotEnough, match=f"All {AVAILABLE.stock} "):
        carts.add(cart, {AVAILABLE.id: 1})


def test_an_unknown_variant_changes_nothing_of_what_came_with_it() -> None:
    carts = Carts()
    cart = carts.create()
    with pytest.raises(UnknownVariant):
        carts.add(cart, {AVAILABLE.id: 1, 1: 1})
    assert cart.lines == []


def test_a_change_begins_with_what_others_have_made_of_the_cart() -> None:
    carts = Carts()
    mine = carts.create()
    theirs = carts.get(mine.token)
    assert theirs
    carts.set_quantity(theirs, AVAILABLE.id, 2)
    carts.set_quantity(mine, OTHER.id, 1)
    assert mine.quantities() == {AVAILABLE.id: 2, OTHER.id: 1}


def test_a_change_does_not_bring_a_cancelled_cart_back() -> None:
    carts = Carts()
    cart = carts.create()
    carts.cancel(cart.token)
    carts.set_quantity(cart, AVAILABLE.id, 1)
    assert carts.get(cart.token) is None


def test_what_is_not_sold_any_more_is_left_out() -> None:
    carts = Carts()
    cart = carts.create()
    carts.add(cart, {AVAILABLE.id: 1, OTHER.id: 1})
    DATABASE.execute("UPDATE cart SET lines = replace(lines, ?, '1')", str(OTHER.id))
    found = carts.get(cart.token)
    assert found
    assert found.quantities() == {AVAILABLE.id: 1}


def test_beyond_a_bound_the_oldest_carts_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widget_api.demo.carts.MAX_CARTS", 3)
    carts = Carts()
    made = [carts.create().token for _ in range(5)]
    assert [bool(carts.get(token)) for token in made] == [False, False, True, True, True]
    assert len(carts) == 3


def test_adds_from_many_threads_are_all_counted() -> None:
    carts = Carts()
    cart = carts.create()
    one = next(each for each in ALL_VARIANTS if each.stock >= 20)
    threads = [threading.Thread(target=carts.add, args=(cart, {one.id: 1})) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = carts.get(cart.token)
    assert found
    assert found.count == 20


CHANGES = st.lists(st.tuples(st.sampled_from(ALL_VARIANTS), st.integers(0, 40)), max_size=12)


@given(CHANGES)
def test_a_cart_never_holds_more_than_there_is(changes: list[tuple[object, int]]) -> None:
    carts = Carts()
    cart = carts.create()
    for each, quantity in changes:
        try:
            carts.set_quantity(cart, each.id, quantity)  # type: ignore[attr-defined]
        except CartRefusal:
            continue
    assert all(0 < line.quantity <= line.variant.stock for line in cart.lines)
    assert cart.total == sum(line.total for line in cart.lines)


def test_ids_handles_and_pictures_name_one_thing_each() -> None:
    assert len({each.id for each in ALL_VARIANTS}) == len(ALL_VARIANTS)
    assert len({each.handle for each in PRODUCTS}) == len(PRODUCTS)
    assert product("ridge-beanie") is product(7001)
    assert variant(AVAILABLE.id) == (next(p for p in PRODUCTS if AVAILABLE in p.variants), AVAILABLE)
    assert variant(1) is None
