"""The demo shop's carts: one store for the theme's cart and for those that agents make, as on Shopify."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta

from widget_api.demo.catalogue import Product, Variant, full_title, variant
from widget_api.demo.database import DATABASE, Database

# Shopify: thirty days since the last change.
TTL = timedelta(days=30)
# A demo may be left running under load; beyond this the oldest carts go.
MAX_CARTS = 10_000


class CartRefusal(Exception):
    """The cart cannot hold that; its text is what the shopper is told."""

    status = 422


class UnknownVariant(CartRefusal):
    """There is no such variant."""

    status = 404

    def __init__(self, variant_id: int) -> None:
        super().__init__("Cannot find variant")
        self.variant_id = variant_id


class SoldOut(CartRefusal):
    """Nothing of it is left."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The product '{name}' is already sold out.")


class NotEnough(CartRefusal):
    """Less of it is left than was asked for; `stock` is how much."""

    def __init__(self, name: str, stock: int, *, held: int) -> None:
        all_in_cart = f"All {stock} {name} are in your cart."
        super().__init__(all_in_cart if held == stock else f"You can only add {stock} {name} to the cart.")
        self.stock = stock


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of one variant. The id stays while the line does."""

    id: str
    variant_id: int
    quantity: int

    @property
    def product(self) -> Product:
        return _known(self.variant_id)[0]

    @property
    def variant(self) -> Variant:
        return _known(self.variant_id)[1]

    @property
    def title(self) -> str:
        return full_title(self.product, self.variant)

    @property
    def total(self) -> int:
        """The line's price, in cents."""
        return self.quantity * self.variant.price


@dataclass(slots=True)
class Cart:
    """A cart as it was read or changed last. Who knows `token` and `key` may do all with it."""

    token: str
    key: str
    created_at: datetime
    updated_at: datetime
    lines: list[Line] = field(default_factory=list)

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
    def total(self) -> int:
        """What all lines cost, in cents."""
        return sum(line.total for line in self.lines)

    def quantities(self) -> dict[int, int]:
        """How much of each variant is in it."""
        return {line.variant_id: line.quantity for line in self.lines}


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
            values = (cart.token, cart.key, now.timestamp(), now.timestamp(), _written(cart.lines))
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
        """Make it so many pieces of one variant; 0 removes it. Raises `CartRefusal`."""
        self.update(cart, {variant_id: quantity})

    def update(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """The same for several variants. All or nothing; raises `CartRefusal`."""
        self._change(cart, lambda held: {**held, **quantities})

    def add(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """Put so many more pieces of each variant in. All or nothing; raises `CartRefusal`."""
        self._change(cart, lambda held: held | {each: held.get(each, 0) + more for each, more in quantities.items()})

    def replace(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """Make the cart hold exactly this, in this order. All or nothing; raises `CartRefusal`."""
        self._change(cart, lambda _: quantities)

    def _change(self, cart: Cart, wanted: Callable[[dict[int, int]], Mapping[int, int]]) -> None:
        """Make the cart hold what `wanted` makes of what it holds by now, and bring `cart` up to date: others may
        have changed it since it was read. If they have cancelled it, the change comes to nothing."""
        with self._database.transaction():
            newest = self.get(cart.token) or cart
            held = {line.variant_id: line for line in newest.lines}
            lines = [
                _line(held.get(variant_id) or Line(str(uuid.uuid4()), variant_id, 0), quantity)
                for variant_id, quantity in wanted(newest.quantities()).items()
                if quantity > 0
            ]
            now = self._now()
            self._database.execute(
                "UPDATE cart SET lines = ?, updated_at = ? WHERE token = ?",
                _written(lines),
                now.timestamp(),
                cart.token,
            )
        cart.lines, cart.updated_at = lines, now

    @property
    def _oldest(self) -> float:
        """What has not been changed since then has expired."""
        return (self._now() - TTL).timestamp()


def _written(lines: list[Line]) -> str:
    return json.dumps([astuple(line) for line in lines])


def _read(token: str, key: str, created_at: float, updated_at: float, lines: str) -> Cart:
    """The cart of a row. The file may be older than the catalogue: what is not sold any more is left out."""
    known = [line for line in (Line(*each) for each in json.loads(lines)) if variant(line.variant_id)]
    return Cart(token, key, datetime.fromtimestamp(created_at, UTC), datetime.fromtimestamp(updated_at, UTC), known)


def new_token() -> str:
    """A cart's token: what /cart.js also shows, anew each time, before there is a cart."""
    return "hWN" + secrets.token_urlsafe(18).replace("-", "x").replace("_", "y")


def _known(variant_id: int) -> tuple[Product, Variant]:
    found = variant(variant_id)
    if found is None:
        raise UnknownVariant(variant_id)
    return found


def _line(old: Line, quantity: int) -> Line:
    """The line with that quantity. What is in the cart already stays, whatever became of the stock."""
    product, wanted = _known(old.variant_id)
    if quantity > old.quantity:
        if wanted.stock == 0:
            raise SoldOut(full_title(product, wanted))
        if quantity > wanted.stock:
            raise NotEnough(full_title(product, wanted), wanted.stock, held=old.quantity)
    return Line(old.id, old.variant_id, quantity)


CARTS = Carts()
