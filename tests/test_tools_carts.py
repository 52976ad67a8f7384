"""Shopper and model change one cart in any order, in either dialect: no line is lost that nobody named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shop_server import Slot, demo_shop, store_at
from widget_api.demo import catalogue
from widget_api.demo.carts import CARTS, Cart, CartRefusal
from widget_api.demo.faults import FAULTS
from widget_api.shopify.cart import token
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Toolbox

STOCK = {variant.id: variant.stock for product in catalogue.PRODUCTS[:4] for variant in product.variants}
VARIANTS = st.sampled_from(sorted(STOCK))
QUANTITIES = st.integers(0, 20)
MODEL = st.dictionaries(VARIANTS, QUANTITIES, min_size=1, max_size=4)
ONE = st.dictionaries(VARIANTS, QUANTITIES, min_size=1, max_size=1)
ACTIONS: st.SearchStrategy[tuple[str, dict[int, int]]] = st.one_of(
    st.tuples(st.just("model"), MODEL),
    st.tuples(st.just("shopper"), ONE),
    st.tuples(st.just("expiry"), st.just({})),
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with demo_shop() as url, store_at(url, profile=f"{url}/.well-known/ucp-agent.json") as store:
        yield store


class Session:
    """What the cart should hold, kept beside what it holds."""

    def __init__(self, store: Store) -> None:
        self.slot = Slot()
        self.tools = Toolbox(store, self.slot, {f"gid://shopify/ProductVariant/{each}" for each in STOCK})
        self.expected: dict[int, int] = {}

    @property
    def cart(self) -> Cart | None:
        return CARTS.get(token(self.slot.id)) if self.slot.id else None

    def model(self, changes: dict[int, int]) -> None:
        """Ask for so many, get as many as there are, and be told when that is less."""
        lines = [{"variant_id": str(variant), "quantity": many} for variant, many in changes.items()]
        outcome = self.tools.run("update_cart", {"lines": lines})
        held = self.expected
        possible = {
            variant: min(many, max(held.get(variant, 0), STOCK[variant])) for variant, many in changes.items()
        }
        self.expected = {variant: many for variant, many in (held | possible).items() if many}
        assert not outcome.error
        assert possible == changes or "in the cart, not" in outcome.output["note"]

    def shopper(self, changes: dict[int, int]) -> None:
        """In the theme: all or nothing."""
        for variant, many in changes.items():
            if self.cart:
                with suppress(CartRefusal):
                    CARTS.set_quantity(self.cart, variant, many)
                self.expected = self.cart.quantities()

    def expiry(self, _: dict[int, int]) -> None:
        if self.cart:
            CARTS.expire(self.cart.token)
            self.expected = {}

    def do(self, who: str, changes: dict[int, int]) -> None:
        getattr(self, who)(changes)
        assert (self.cart.quantities() if self.cart else {}) == self.expected


@pytest.mark.parametrize("legacy", [False, True])
@settings(max_examples=40)
@given(actions=st.lists(ACTIONS, min_size=1, max_size=8))
def test_no_line_is_lost_that_nobody_named(
    legacy: bool, actions: list[tuple[str, dict[int, int]]], store: Store
) -> None:
    FAULTS.legacy_only = legacy
    session = Session(store)
    for who, changes in actions:
        session.do(who, changes)


def test_the_theme_and_the_model_share_one_cart(store: Store) -> None:
    FAULTS.legacy_only = False
    session = Session(store)
    first, second = list(STOCK)[:2]
    for who, changes in (("model", {first: 1}), ("shopper", {first: 2}), ("model", {second: 1}), ("expiry", {})):
        session.do(who, changes)
    session.do("model", {first: 3})
