"""The lines of a cart: what makes one, when two are one, and how much of it there is in stock."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from widget_api.demo import currency
from widget_api.demo.catalogue import Product, Variant, full_title, variant
from widget_api.demo.faults import FAULTS

Properties = tuple[tuple[str, str], ...]
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
    """Tell that nothing of the goods is left."""

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


def drop_empty(lines: list[Line]) -> list[Line]:
    """Return the lines that hold something; a part goes with the line that it is a part of."""
    kept = [line for line in lines if line.quantity > 0]
    ids = {line.id for line in kept}
    whole = [line for line in kept if not line.parent_id or line.parent_id in ids]
    return whole if len(whole) == len(lines) else drop_empty(whole)


def sum_quantities(lines: Iterable[Line]) -> Counter[int]:
    sums: Counter[int] = Counter()
    for line in lines:
        sums[line.variant_id] += line.quantity
    return sums


def check_stock(held: Mapping[int, int], lines: list[Line]) -> None:
    """Raise `CartRefusal` for more than there is. What is in the cart already stays, whatever became of the stock."""
    for variant_id, quantity in sum_quantities(lines).items():
        product, wanted = _known(variant_id)
        had, stock = held.get(variant_id, 0), count_stock(variant_id)
        if quantity > had and stock == 0:
            raise SoldOut(full_title(product, wanted))
        if quantity > max(had, stock):
            raise NotEnough(full_title(product, wanted), stock, held=had)
