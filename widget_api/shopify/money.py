"""Prices: whole numbers of a currency's minor unit, as UCP has them, and how many of their digits are decimals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

import msgspec

# ISO 4217, List One of 2026-01-01: the minor units of all currencies that do not have two. Codes for which the list
# says "N.A." (metals, XDR, XXX …) count as two, as in Shopify's own library. The widget holds the same table for
# messages that were stored without an exponent; a test keeps the two equal.
EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
DEFAULT_EXPONENT: Final = 2
_CODE = re.compile(r"[A-Z]{3}")
# No price of anything is above this; what is, would break databases and layouts.
MAX_AMOUNT = 10**15


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of `currency`: 4999 of USD is 49.99, 4999 of JPY is 4999.

    Two prices have no order: amounts of different currencies say nothing about each other.
    """

    amount: int
    currency: str

    def to_dict(self) -> dict[str, Any]:
        """Return the price for the wire: an integer, and how many of its digits are decimals."""
        return {"amount": self.amount, "currency": self.currency, "exponent": decimals(self.currency)}

    def to_text(self) -> str:
        """Return the price in digits, with all its decimals and the currency's code: "4990.00 HUF"."""
        return f"{self.major:f} {self.currency}"

    @property
    def major(self) -> Decimal:
        """The amount as people write it."""
        return Decimal(self.amount).scaleb(-decimals(self.currency))

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)


def decimals(currency: str) -> int:
    """Return how many digits stand behind the point (ISO 4217's minor unit)."""
    return EXPONENTS.get(currency, DEFAULT_EXPONENT)


def minor(amount: object, currency: object) -> Money:
    """Return the price that UCP gives as a whole number. Raises `ValueError`."""
    if not isinstance(amount, int) or isinstance(amount, bool) or abs(amount) > MAX_AMOUNT:
        raise ValueError("not a whole number of minor units")
    return Money(amount, _currency(currency))


def major(amount: object, currency: object) -> Money:
    """Return the price that the legacy endpoint gives as a decimal string: "29.0". Raises `ValueError`."""
    code = _currency(currency)
    return Money(int(_in_minor_units(str(amount)[:40], code).to_integral_value()), code)


def from_major(amount: Decimal | None, currency: str) -> Money | None:
    """Return `amount`, the highest price that is wanted, in minor units; None where it or the currency is not known.

    A fraction that the currency does not have is cut off: what costs at most 49.5 JPY costs at most 49.
    """
    if amount is None or not _CODE.fullmatch(currency):
        return None
    return Money(int(_in_minor_units(amount, currency).to_integral_value(ROUND_FLOOR)), currency)


def lowest(prices: Iterable[Money]) -> Money:
    """Return the lowest of the prices in the currency of the first. Raises `ValueError` when there are none."""
    listed = list(prices)
    return min((price for price in listed if price.currency == listed[0].currency), key=lambda price: price.amount)


def range_as_text(item: Mapping[str, Any]) -> str:
    """Return the price of a product on the wire in digits, with the highest one where it has a range of prices."""
    ends = [item["price"], item.get("price_max") or item["price"]]
    return " \N{EN DASH} ".join(dict.fromkeys(Money(end["amount"], end["currency"]).to_text() for end in ends))


def prices_as_text(value: Any) -> Any:
    """Return the same JSON value with each price as text, also those that were stored without an exponent.

    Models misread whole numbers of minor units: they take 2900 of EUR for 2900 euros.
    """
    if price := _price_in(value):
        return price.to_text()
    if isinstance(value, dict):
        return {name: prices_as_text(each) for name, each in value.items()}
    return [prices_as_text(each) for each in value] if isinstance(value, list) else value


def with_exponents(value: Any) -> Any:
    """Return the same JSON value with an exponent in each price, also in those that were stored without one."""
    return value if _has_exponents(value) else _with_exponents(value)


def _has_exponents(value: Any) -> bool:
    """Return whether every price in the value has one, as all have that are stored today.

    That takes a tenth of the time of a look at each member. A quotation mark inside a text is escaped, so only names
    of members are found.
    """
    encoded = msgspec.json.encode(value)
    return encoded.count(b'"exponent":') == encoded.count(b'"currency":')


def _with_exponents(value: Any) -> Any:
    if price := _price_in(value):
        return price.to_dict()
    if isinstance(value, dict):
        return {name: _with_exponents(each) for name, each in value.items()}
    return [_with_exponents(each) for each in value] if isinstance(value, list) else value


def _price_in(value: Any) -> Money | None:
    """Return the price that a JSON value is, or None."""
    if not isinstance(value, dict) or value.keys() - {"exponent"} != {"amount", "currency"}:
        return None
    try:
        return minor(value["amount"], value["currency"])
    except ValueError:
        return None


def _in_minor_units(amount: str | Decimal, currency: str) -> Decimal:
    try:
        number = Decimal(amount).scaleb(decimals(currency))
    except ArithmeticError as exc:
        raise ValueError("not a decimal") from exc
    if not number.is_finite() or abs(number) > MAX_AMOUNT:
        raise ValueError("not a price")
    return number


def _currency(code: object) -> str:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ValueError("not an ISO 4217 code")
    return code
