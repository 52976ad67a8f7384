"""The demo shop's carts: one store for the theme's cart and for those that agents make, as on Shopify."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from widget_api.demo import discounts
from widget_api.demo.catalogue import variant
from widget_api.demo.database import DATABASE, Database
from widget_api.demo.lines import (
    CartRefusal,
    Line,
    NotEnough,
    SoldOut,
    UnknownVariant,
    check_stock,
    drop_empty,
    keep_ids,
    merge_lines,
    new_line,
    put_line,
    sum_quantities,
)

__all__ = [
    "CARTS",
    "TTL",
    "Cart",
    "CartRefusal",
    "Carts",
    "Line",
    "NotEnough",
    "SoldOut",
    "UnknownVariant",
    "new_token",
]

# Shopify: thirty days since the last change.
TTL = timedelta(days=30)
# A demo may be left running under load; beyond this the oldest carts go.
MAX_CARTS = 10_000


@dataclass(slots=True)
class Cart:
    """A cart as it was read or changed last. Who knows `token` and `key` may do all with it.

    `codes` are its discount codes; `attributes` and `note` are the theme's; `said` is what an agent has said beside
    the lines, by UCP's names: context, buyer, attribution, fulfillment.
    """

    token: str
    key: str
    created_at: datetime
    updated_at: datetime
    lines: list[Line] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    note: str = ""
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def expires_at(self) -> datetime:
        return self.updated_at + TTL

    @property
    def secret(self) -> str:
        """The token with its key, as /cart.js and the cart cookie have it."""
        return f"{self.token}?key={self.key}"

    @property
    def gid(self) -> str:
        return f"gid://shopify/Cart/{self.secret}"

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def subtotal(self) -> int:
        """The price of all lines before discounts, in minor units of the shop's currency."""
        return sum(line.total for line in self.lines)

    @property
    def total(self) -> int:
        """The price of all lines after discounts, in minor units of the shop's currency."""
        return self.subtotal - sum(each.amount for each in self.discounts)

    @property
    def discounts(self) -> list[discounts.Applied]:
        return discounts.apply(self.codes, [line.total for line in self.lines])

    def quantities(self) -> dict[int, int]:
        """How much of each variant is in it."""
        return dict(sum_quantities(self.lines))

    def line(self, id: str) -> Line | None:
        """The line with this id."""
        return next((line for line in self.lines if line.id == id), None)


class Carts:
    """All carts of the shop, a row each. Every method is safe from any thread of any process."""

    def __init__(
        self, database: Database = DATABASE, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`now` tells the time in UTC."""
        self._database = database
        self._now = now

    def create(self) -> Cart:
        """Return a new, empty cart."""
        now = self._now()
        cart = Cart(token=new_token(), key=secrets.token_hex(16), created_at=now, updated_at=now)
        with self._database.transaction():
            values = (cart.token, cart.key, now.timestamp(), now.timestamp(), _written(cart))
            self._database.execute("INSERT INTO cart VALUES (?, ?, ?, ?, ?)", *values)
            self._database.execute("DELETE FROM cart WHERE rowid <= last_insert_rowid() - ?", MAX_CARTS)
        return cart

    def get(self, token: str) -> Cart | None:
        """The cart with this token, without its key; None when unknown, expired or cancelled."""
        found = self._database.execute(
            "SELECT token, key, created_at, updated_at, lines FROM cart WHERE token = ? AND updated_at > ?",
            token,
            self._oldest,
        )
        return _read(*found[0]) if found else None

    def cancel(self, token: str) -> None:
        """Forget the cart. Nothing happens when there is none."""
        self._database.execute("DELETE FROM cart WHERE token = ?", token)

    # To the one who asks next, a cart that ran out and one that was cancelled look the same.
    expire = cancel

    def expire_all(self) -> None:
        """Forget every cart."""
        self._database.execute("DELETE FROM cart")

    def __len__(self) -> int:
        [(many,)] = self._database.execute("SELECT count(*) FROM cart WHERE updated_at > ?", self._oldest)
        return int(many)

    def set_quantity(self, cart: Cart, variant_id: int, quantity: int) -> None:
        """Make the first line of that variant hold so many pieces; 0 removes it. Raises `CartRefusal`."""
        self.update(cart, {variant_id: quantity})

    def update(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """Do the same for several variants. All or nothing; raises `CartRefusal`."""

        def change(newest: Cart) -> None:
            for variant_id, quantity in quantities.items():
                old = next((line for line in newest.lines if line.variant_id == variant_id), None)
                newest.lines = put_line(newest.lines, replace(old or new_line(variant_id), quantity=quantity))

        self.edit(cart, change)

    def set_lines(self, cart: Cart, changed: Iterable[Line]) -> None:
        """Put each line in the place of the one that has its id, or at the end. Raises `CartRefusal`."""
        lines = list(changed)

        def change(newest: Cart) -> None:
            for line in lines:
                newest.lines = put_line(newest.lines, line)
            newest.lines = merge_lines(newest.lines)

        self.edit(cart, change)

    def add(self, cart: Cart, wanted: Mapping[int, int] | Iterable[Line]) -> None:
        """Put so many more pieces in, on lines of the same kind. All or nothing; raises `CartRefusal`."""
        lines = _lines(wanted)

        def change(newest: Cart) -> None:
            newest.lines = merge_lines([*newest.lines, *lines])

        self.edit(cart, change)

    def replace(self, cart: Cart, wanted: Mapping[int, int] | Iterable[Line]) -> None:
        """Make the cart hold exactly this, in this order. All or nothing; raises `CartRefusal`."""
        lines = _lines(wanted)

        def change(newest: Cart) -> None:
            newest.lines = merge_lines(keep_ids(newest.lines, lines))

        self.edit(cart, change)

    def edit(self, cart: Cart, change: Callable[[Cart], None]) -> None:
        """Let `change` alter the cart as it is by now, and bring `cart` up to date: others may have changed it since
        it was read. If they have cancelled it, the change comes to nothing. Raises `CartRefusal`."""
        with self._database.transaction():
            newest = self.get(cart.token) or replace(cart, lines=list(cart.lines))
            held = sum_quantities(newest.lines)
            change(newest)
            newest.lines = drop_empty(newest.lines)
            check_stock(held, newest.lines)
            newest.codes = discounts.keep_known(newest.codes)
            newest.updated_at = self._now()
            self._database.execute(
                "UPDATE cart SET lines = ?, updated_at = ? WHERE token = ?",
                _written(newest),
                newest.updated_at.timestamp(),
                cart.token,
            )
        for name in ("lines", "codes", "attributes", "note", "said", "updated_at"):
            setattr(cart, name, getattr(newest, name))

    @property
    def _oldest(self) -> float:
        """What has not been changed since then has expired."""
        return (self._now() - TTL).timestamp()


def _written(cart: Cart) -> str:
    lines = [[line.id, line.variant_id, line.quantity, line.properties, line.parent_id] for line in cart.lines]
    more = {"codes": cart.codes, "attributes": cart.attributes, "note": cart.note, "said": cart.said}
    return json.dumps({"lines": lines, **more})


def _read(token: str, key: str, created_at: float, updated_at: float, written: str) -> Cart:
    """The cart of a row. The file may be older than the catalogue: what is not sold any more is left out. It may be
    older than this program, too: then it holds the lines alone."""
    held = json.loads(written)
    more = {} if isinstance(held, list) else {name: value for name, value in held.items() if name != "lines"}
    lines = [_read_line(*each) for each in (held if isinstance(held, list) else held["lines"])]
    known = [line for line in lines if variant(line.variant_id)]
    created, updated = (datetime.fromtimestamp(each, UTC) for each in (created_at, updated_at))
    return Cart(token, key, created, updated, known, **more)


def _read_line(
    id: str, variant_id: int, quantity: int, properties: Iterable[list[str]] = (), parent_id: str = ""
) -> Line:
    return Line(id, variant_id, quantity, tuple((name, value) for name, value in properties), parent_id)


def new_token() -> str:
    """A cart's token: what /cart.js also shows, anew each time, before there is a cart."""
    return "hWN" + secrets.token_urlsafe(18).replace("-", "x").replace("_", "y")


def _lines(wanted: Mapping[int, int] | Iterable[Line]) -> list[Line]:
    if isinstance(wanted, Mapping):
        return [new_line(variant_id, quantity) for variant_id, quantity in wanted.items()]
    return list(wanted)


CARTS = Carts()
