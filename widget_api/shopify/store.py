"""A shop's storefront as the rest of the product sees it, whichever dialect the shop speaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final, Protocol, TypeVar

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.calls import Call, note, time_left
from widget_api.shopify.cart import Cart, Checked, Line, Locks, cart_id, token
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.goods import Ability, Answer, Found, Product, Variant
from widget_api.shopify.http import Http
from widget_api.shopify.legacy import Legacy
from widget_api.shopify.lines import Change, Plan, changes_of, make_plan
from widget_api.shopify.mcp import NotOffered
from widget_api.shopify.money import Money, from_major
from widget_api.shopify.notices import Notice, unique
from widget_api.shopify.outcomes import describe_unmet, differences, keep_notices
from widget_api.shopify.policies import Policies
from widget_api.shopify.refusals import AgentRefused
from widget_api.shopify.selection import Selection
from widget_api.shopify.ucp import Ucp

__all__ = [
    "Answer",
    "Cart",
    "Change",
    "Checked",
    "Endpoint",
    "Found",
    "Http",
    "Line",
    "Money",
    "Product",
    "Store",
    "Variant",
    "cart_id",
]

T = TypeVar("T")

MAX_PRODUCTS = 10
# Where the shop's currency is not known it cannot be asked for a highest price, so there must be some to choose from.
TO_CHOOSE_FROM = 50

# A change that was under way when its process died may still arrive.
LOOKS_SECONDS: Final = (0.0, 0.5, 1.5)

NOT_READ: Final = "The cart could not be read just now, so nothing was changed."
NOT_CONFIRMED: Final = "The shop did not confirm the change."
NEW_CART: Final = "The earlier cart is gone (carts expire), so a new one was begun."
INTERRUPTED: Final = (
    "Changing the cart was interrupted, and was not repeated, lest it be done twice. Say what is in the cart now and "
    "let the shopper decide."
)
UNSETTLED: Final = (
    "Changing the cart was interrupted, and the cart cannot be read just now, so nobody knows whether it was "
    "changed. Say so, and ask the shopper to look into the cart."
)
CANNOT_BE_ASKED: Final = "The shop cannot be asked just now."
NO_CART: Final = "There is no cart, so there was nothing to take out."

# Longer than a change takes.
LOCK_SECONDS: Final = 60.0
# To read a cart back after a write, also where the write has taken all of the call's time: what became of it matters.
CONFIRM_SECONDS: Final = 4.0

# Two turns that change one cart take turns here: UCP replaces the whole cart, and reading comes before.
_locks = Locks()


class Dialect(Protocol):
    """One way of asking a shop. `Ucp` and `Legacy` are."""

    def offers(self, ability: Ability) -> bool: ...
    def forget(self) -> None: ...
    def search(self, query: str, *, limit: int, highest: Money | None, sold_out: bool) -> Found: ...
    def product(self, id: str, selected: Selection = ()) -> Product: ...
    def read(self, id: str) -> Checked: ...
    def create(self, quantities: Mapping[str, int]) -> Checked: ...
    def write(self, id: str, plan: Plan) -> Checked: ...
    def ask(self, query: str) -> list[Answer]: ...


class Store:
    """One shop. All methods raise `ShopUnavailable` and `ShopRefused` unless they say otherwise."""

    def __init__(self, endpoint: Endpoint, http: Http) -> None:
        self.endpoint = endpoint
        self._http = http
        self._dialects: tuple[Dialect, ...] = (Ucp(endpoint, http), Legacy(endpoint, http))
        self._policies = Policies(endpoint, http)

    def call(self, seconds: float, *, is_admitted: bool = True) -> AbstractContextManager[Call]:
        """Return a block in which the shop is asked for at most `seconds` in all, as `Http.call` has it. In the block
        methods raise `ShopBusy` when the shop is not to be asked."""
        return self._http.call(self.endpoint.domain, seconds, is_admitted=is_admitted)

    def search(
        self,
        query: str,
        *,
        limit: int = MAX_PRODUCTS,
        highest: Decimal | None = None,
        available_only: bool = False,
    ) -> list[Product]:
        """The products of `find`."""
        return list(self.find(query, limit=limit, highest=highest, available_only=available_only).products)

    def find(
        self,
        query: str,
        *,
        limit: int = MAX_PRODUCTS,
        highest: Decimal | None = None,
        available_only: bool = False,
    ) -> Found:
        """At most `limit` products that match and cost at most `highest`, in whole units of the shop's currency.

        A product that the shop prices in another currency is not measured by it. Where nothing that can be bought
        matches, what is sold out is shown, unless `available_only`.
        """
        price = from_major(highest, self.endpoint.currency)
        many = TO_CHOOSE_FROM if highest is not None and price is None else limit

        def comparable(found: Money) -> bool:
            # A shop may answer in another currency than the shopper's; amounts of two say nothing about each other.
            return price is None or found.currency == price.currency

        def fits(product: Product) -> bool:
            affordable = highest is None or not comparable(product.price) or product.price.major <= highest
            return affordable and (product.available or not available_only)

        notices: list[Notice] = []
        # Shops disagree on what a search for the unavailable finds (those alone, or all), so it comes second.
        for sold_out in (False,) if available_only else (False, True):
            found = self._find(query, many, price, sold_out=sold_out)
            notices += found.notices
            if fitting := [each for each in found.products if fits(each)]:
                return Found(tuple(fitting[:limit]), unique(notices))
        return Found((), unique(notices))

    def product(self, id: str, selected: Selection = ()) -> Product:
        """One product with the variants of a selection; without one, with those that the shop shows first."""
        return self._with("catalogue", lambda dialect: dialect.product(id, selected))

    def cart(self, id: str) -> Checked:
        """What the shop says of the cart: `none` without an id, `unknown` when it cannot say. Raises nothing."""
        if not id:
            return Checked("none")
        try:
            return self._with("cart", lambda dialect: dialect.read(id))
        except (ShopUnavailable, ShopRefused):
            return Checked("unknown")

    def set_lines(
        self,
        id: str,
        changes: Mapping[str, int] | Sequence[Change],
        before_writing: Callable[[], None] = lambda: None,
    ) -> Checked:
        """Make the changes, `lines.Change` or so many pieces of each variant, and leave all else as it is.

        Without a cart, or when it is gone, a new one is begun; when it cannot be read, nothing is written and
        the answer is `unknown`. `note` tells what came out otherwise than asked, and how a number was spread over
        several lines. `before_writing` is called at the last moment.

        Raises what that raises, `Invalid` when the changes leave open which line is meant, and `ShopRefused` with
        the shop's reason; the cart is then what it was.
        """
        wanted = changes_of(changes)
        if not id:
            return self._begin(Checked("none"), wanted, before_writing)
        with _locks.hold(f"{self.endpoint.base} {token(id)}", time_left(LOCK_SECONDS)) as alone:
            before = self.cart(id) if alone else Checked("unknown")
            if before.status == "gone":
                return self._begin(before, wanted, before_writing)
            if before.cart is None:
                return replace(before, note=NOT_READ)
            return self._change(before, before.cart, wanted, before_writing)

    def settled(self, id: str, changes: Mapping[str, int] | Sequence[Change]) -> Checked:
        """The cart after `changes` that were interrupted at nobody knows which point: nothing is written, `note`
        says what came of them where it is not what was wanted. Raises nothing."""
        wanted = changes_of(changes)
        for pause in LOOKS_SECONDS:
            time.sleep(pause)
            checked = self.cart(id)
            missing = describe_unmet(checked.cart, wanted) if checked.cart else [""]
            if not missing:
                return checked
        return replace(checked, note=UNSETTLED if checked.status == "unknown" else _join(INTERRUPTED, *missing))

    def ask(self, query: str) -> list[Answer]:
        """What the shop says about itself: policies, shipping, opening hours. Empty when it says nothing.

        Today's tool is a draft that not every shop has, and the older one ends in January 2027: the shop's public
        pages are read when neither gives an answer. Raises `ShopUnavailable` when nothing is found and one of them
        could not be asked.
        """
        problem: ShopUnavailable | ShopRefused | None = None
        tools = (partial(self._ask, dialect) for dialect in self._dialects)
        sources: tuple[Callable[[str], list[Answer]], ...] = (*tools, self._policies.search)
        for source in sources:
            try:
                if answers := source(query):
                    return answers
            except (ShopUnavailable, ShopRefused) as exc:
                problem = problem or exc
        if problem:
            raise ShopUnavailable(CANNOT_BE_ASKED, retry_after=problem.retry_after) from problem
        return []

    def contact_page(self) -> str:
        """Return the address of the shop's contact page, as far as it is known since `ask`; else nothing."""
        return self._policies.contact_page()

    def _ask(self, dialect: Dialect, query: str) -> list[Answer]:
        try:
            return dialect.ask(query) if dialect.offers("ask") else []
        except NotOffered:
            dialect.forget()
            return []

    def _find(self, query: str, limit: int, highest: Money | None, *, sold_out: bool) -> Found:
        return self._with(
            "catalogue",
            lambda dialect: dialect.search(query, limit=limit, highest=highest, sold_out=sold_out),
        )

    def _begin(self, before: Checked, changes: Sequence[Change], before_writing: Callable[[], None]) -> Checked:
        """A new cart in place of the one that is not there. Lines of that one can be had by their variants alone."""
        wanted: dict[str, int] = {}
        for change in changes:
            if change.variant_id and change.quantity:
                wanted[change.variant_id] = wanted.get(change.variant_id, 0) + change.quantity
        if not wanted:
            return replace(before, note=NO_CART)
        before_writing()
        try:
            made = self._with("cart", lambda dialect: dialect.create(wanted))
        except ShopUnavailable:
            made = Checked("unknown")
        if made.cart is None:
            return Checked("unknown", note=NOT_CONFIRMED)
        lost = NEW_CART if before.status == "gone" else ""
        plan = make_plan(Cart((), made.cart.total), changes_of(wanted))
        told = _join(lost, *differences(plan, made.cart), made.note)
        return replace(made, note=told, before=Cart((), made.cart.total))

    def _change(
        self, before: Checked, cart: Cart, changes: Sequence[Change], before_writing: Callable[[], None]
    ) -> Checked:
        """Write, read back and compare. The write is never repeated: what became of it is read."""
        plan = make_plan(cart, changes)
        if not plan.changed:
            return replace(before, note=_join(*plan.notes))
        before_writing()
        try:
            written = self._with("cart", lambda dialect: dialect.write(before.id, plan))
        except ShopUnavailable:
            written = Checked("unknown")
        if written.status == "gone":
            return self._begin(written, changes, before_writing)
        note(lambda call: call.grant(CONFIRM_SECONDS))
        after = self.cart(before.id)
        settled = after if after.status != "unknown" else written
        if settled.cart is None:
            return replace(settled, note=NOT_CONFIRMED)
        notes = differences(plan, settled.cart) or plan.notes
        noted = keep_notices(settled.cart, written.cart)
        return replace(settled, cart=noted, note=_join(*notes, written.note), before=cart)

    def _with(self, ability: Ability, use: Callable[[Dialect], T]) -> T:
        """`use` the first dialect that has the ability. When it has lost it since, all are asked anew; when the shop
        refuses us there, which it does before it acts, the next one is."""
        dialect = self._dialect(ability)
        try:
            return use(dialect)
        except AgentRefused:
            return use(self._dialect(ability))
        except NotOffered:
            for each in self._dialects:
                each.forget()
            return use(self._dialect(ability))

    def _dialect(self, ability: Ability) -> Dialect:
        refusal: ShopRefused = NotOffered()
        for dialect in self._dialects:
            try:
                if dialect.offers(ability):
                    return dialect
            except ShopRefused as exc:
                refusal = exc
        raise refusal


def _join(*notes: str) -> str:
    return " ".join(note for note in notes if note)
