"""Carts that take as much as there is in stock instead of refusing, as those of the Storefront API do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from widget_api.demo.carts import CARTS, Cart
from widget_api.demo.lines import Line, NotEnough, SoldOut, count_stock, merge_lines


@dataclass(frozen=True, slots=True)
class Lack:
    """A shortage of one variant: the Storefront API's code in small letters, and words for the shopper."""

    code: str
    said: str


def fill(cart: Cart, wanted: Callable[[Cart], list[Line]]) -> list[Lack]:
    """Make the cart hold what is wanted of it as it is by now, as far as there is stock; return what is lacking."""
    lacking: list[Lack] = []

    def change(newest: Cart) -> None:
        newest.lines, lacking[:] = clamp_lines(newest, wanted(newest))

    CARTS.edit(cart, change)
    return lacking


def clamp_lines(cart: Cart, wanted: list[Line]) -> tuple[list[Line], list[Lack]]:
    """Return the lines as far as there is stock, and what there is not enough of. What is in the cart already stays,
    whatever became of the stock."""
    held = cart.quantities()
    left = {line.variant_id: max(held.get(line.variant_id, 0), count_stock(line.variant_id)) for line in wanted}
    lines: list[Line] = []
    lacking: dict[int, Lack] = {}
    for line in merge_lines(wanted):
        quantity = min(line.quantity, left[line.variant_id])
        left[line.variant_id] -= quantity
        lines.append(replace(line, quantity=quantity))
        if quantity < line.quantity:
            lacking[line.variant_id] = _lack(line, held.get(line.variant_id, 0))
    return lines, list(lacking.values())


def _lack(line: Line, had: int) -> Lack:
    stock = count_stock(line.variant_id)
    if stock == 0:
        return Lack("merchandise_out_of_stock", str(SoldOut(line.title)))
    return Lack("merchandise_not_enough_stock", str(NotEnough(line.title, stock, held=had)))
