"""The demo shop's carts: one store for the theme's cart and for those that agents make, as on Shopify."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from widget_api.demo.catalogue import Product, Variant, full_title, variant

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
    """A cart. Who knows `token` and `key` may do all with it. A change replaces `lines`."""

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
    """All carts of this process. Every method is safe from any thread."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`now` tells the time in UTC."""
        self._now = now
        self._lock = threading.RLock()
        self._carts: dict[str, Cart] = {}

    def create(self) -> Cart:
        """Return a new, empty cart."""
        now = self._now()
        cart = Cart(token=new_token(), key=secrets.token_hex(16), created_at=now, updated_at=now)
        with self._lock:
            if len(self._carts) >= MAX_CARTS:
                self._carts.pop(next(iter(self._carts)))
            self._carts[cart.token] = cart
        return cart

    def get(self, token: str) -> Cart | None:
        """The cart with this token, without its key; None when unknown, expired or cancelled."""
        with self._lock:
            cart = self._carts.get(token)
            if cart is not None and cart.expires_at <= self._now():
                del self._carts[token]
                return None
            return cart

    def cancel(self, token: str) -> None:
        """Forget the cart. Nothing happens when there is none."""
        with self._lock:
            self._carts.pop(token, None)

    # To the one who asks next, a cart that ran out and one that was cancelled look the same.
    expire = cancel

    def expire_all(self) -> int:
        """Forget every cart; returns how many there were."""
        with self._lock:
            gone = len(self._carts)
            self._carts.clear()
            return gone

    def __len__(self) -> int:
        return len(self._carts)

    def set_quantity(self, cart: Cart, variant_id: int, quantity: int) -> None:
        """Make it so many pieces of one variant; 0 removes it. Raises `CartRefusal`."""
        with self._lock:
            self.replace(cart, cart.quantities() | {variant_id: quantity})

    def add(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """Put so many more pieces of each variant in. All or nothing; raises `CartRefusal`."""
        with self._lock:
            held = cart.quantities()
            self.replace(cart, held | {each: held.get(each, 0) + more for each, more in quantities.items()})

    def replace(self, cart: Cart, quantities: Mapping[int, int]) -> None:
        """Make the cart hold exactly this, in this order. All or nothing; raises `CartRefusal`."""
        with self._lock:
            held = {line.variant_id: line for line in cart.lines}
            lines = [
                _line(held.get(variant_id) or Line(str(uuid.uuid4()), variant_id, 0), quantity)
                for variant_id, quantity in quantities.items()
                if quantity > 0
            ]
            cart.lines, cart.updated_at = lines, self._now()


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
