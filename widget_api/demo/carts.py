"""The demo shop's carts: one store for the theme's cart and for those that agents make, as on Shopify."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from widget_api.demo import currency, discounts
from widget_api.demo.catalogue import Product, Variant, full_title, variant
from widget_api.demo.database import DATABASE, Database
from widget_api.demo.faults import FAULTS

# Shopify: thirty days since the last change.
TTL = timedelta(days=30)
# A demo may be left running under load; beyond this the oldest carts go.
MAX_CARTS = 10_000
LONGEST_PROPERTY = 255


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


Properties = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A number of pieces of one variant with one set of properties and one parent. Its id stays the same."""

    id: str
    variant_id: int
    quantity: int
    properties: Properties = ()
    parent_id: str = ""

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
    def kind(self) -> tuple[int, Properties, str]:
        """The members by which lines differ: lines of one kind are merged."""
        return self.variant_id, self.properties, self.parent_id

    @property
    def price(self) -> int:
        """One piece's price, in minor units of the shop's currency."""
        return currency.convert(self.variant.price)

    @property
    def total(self) -> int:
        """The line's price before discounts, in minor units of the shop's currency."""
        steps = count_steps(self.product)
        return (self.quantity * self.price + steps // 2) // steps


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
        return dict(_sum_quantities(self.lines))

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
            held = _sum_quantities(newest.lines)
            change(newest)
            newest.lines = _drop_empty(newest.lines)
            _check(held, newest.lines)
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


def new_line(variant_id: int, quantity: int = 0, properties: Properties = (), parent_id: str = "") -> Line:
    """Return a line that is in no cart yet."""
    return Line(str(uuid.uuid4()), variant_id, quantity, properties, parent_id)


def read_properties(pairs: Iterable[tuple[object, object]]) -> Properties:
    """Return properties as a line keeps them: short, of characters that can be written, and none that are blank."""
    texts = [(_written_text(name), _written_text(value)) for name, value in pairs]
    return tuple((name, value) for name, value in texts if name and value)


def _written_text(value: object) -> str:
    """Return the value as text without halves of characters, which JSON can hold and UTF-8 cannot."""
    return str("" if value is None else value).encode(errors="replace").decode().strip()[:LONGEST_PROPERTY]


def count_steps(product: Product) -> int:
    """Return how many steps of the quantity make one whole: 1, or 100 for what is sold by the hundredth of a kilo."""
    return 10**product.unit.scale if product.unit and FAULTS.quantity_units else 1


def count_stock(variant_id: int) -> int:
    """Return how many steps of the quantity there are."""
    product, wanted = _known(variant_id)
    return wanted.stock * count_steps(product)


def _known(variant_id: int) -> tuple[Product, Variant]:
    found = variant(variant_id)
    if found is None:
        raise UnknownVariant(variant_id)
    return found


def _lines(wanted: Mapping[int, int] | Iterable[Line]) -> list[Line]:
    if isinstance(wanted, Mapping):
        return [new_line(variant_id, quantity) for variant_id, quantity in wanted.items()]
    return list(wanted)


def put_line(lines: list[Line], changed: Line) -> list[Line]:
    """Return the lines with `changed` in the place of the one that has its id, or at the end."""
    known = any(line.id == changed.id for line in lines)
    return [changed if line.id == changed.id else line for line in lines] + ([] if known else [changed])


def keep_ids(held: list[Line], wanted: list[Line]) -> list[Line]:
    """Return what is wanted, where a line that is not in the cart takes the id of a held line of its kind."""
    named = {line.id for line in wanted}
    free = {line.kind: line.id for line in reversed(held) if line.id not in named}
    ids = {line.id for line in held}
    return [line if line.id in ids else replace(line, id=free.pop(line.kind, line.id)) for line in wanted]


def merge_lines(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with those of one kind as one, where the first of them stood."""
    merged: dict[tuple[int, Properties, str], Line] = {}
    for line in lines:
        first = merged.get(line.kind)
        merged[line.kind] = replace(first, quantity=first.quantity + line.quantity) if first else line
    return list(merged.values())


def _drop_empty(lines: list[Line]) -> list[Line]:
    """Return the lines that hold something; a part goes with the line that it is a part of."""
    kept = [line for line in lines if line.quantity > 0]
    ids = {line.id for line in kept}
    whole = [line for line in kept if not line.parent_id or line.parent_id in ids]
    return whole if len(whole) == len(lines) else _drop_empty(whole)


def _sum_quantities(lines: Iterable[Line]) -> Counter[int]:
    sums: Counter[int] = Counter()
    for line in lines:
        sums[line.variant_id] += line.quantity
    return sums


def _check(held: Mapping[int, int], lines: list[Line]) -> None:
    """Raise `CartRefusal` for more than there is. What is in the cart already stays, whatever became of the stock."""
    for variant_id, quantity in _sum_quantities(lines).items():
        product, wanted = _known(variant_id)
        had, stock = held.get(variant_id, 0), count_stock(variant_id)
        if quantity > had and stock == 0:
            raise SoldOut(full_title(product, wanted))
        if quantity > max(had, stock):
            raise NotEnough(full_title(product, wanted), stock, held=had)


CARTS = Carts()
