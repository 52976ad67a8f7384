"""Prices: whole numbers of the currency's smallest unit (ISO 4217), as UCP has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# ISO 4217 minor units where they are not two.
_DECIMALS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF"], 0
)
_DECIMALS |= dict.fromkeys(["XOF", "XPF"], 0) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
_CODE = re.compile(r"[A-Z]{3}")
# No price of anything is above this; what is, would break databases and layouts.
MAX_AMOUNT = 10**15


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`amount` in minor units of `currency`: 4999 of USD is 49.99, 4999 of JPY is 4999."""

    amount: int
    currency: str

    def to_dict(self) -> dict[str, Any]:
        """Return the price for the wire: an integer, and how many of its digits are decimals."""
        return {"amount": self.amount, "currency": self.currency, "exponent": decimals(self.currency)}

    @property
    def major(self) -> Decimal:
        """The amount as people write it."""
        return Decimal(self.amount).scaleb(-decimals(self.currency))

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)


def decimals(currency: str) -> int:
    """How many digits stand behind the point."""
    return _DECIMALS.get(currency, 2)


def minor(amount: object, currency: object) -> Money:
    """The price that UCP gives as a whole number. Raises `ValueError`."""
    if not isinstance(amount, int) or isinstance(amount, bool) or abs(amount) > MAX_AMOUNT:
        raise ValueError("not a whole number of minor units")
    return Money(amount, _currency(currency))


def major(amount: object, currency: object) -> Money:
    """The price that the legacy endpoint gives as a decimal string: "29.0". Raises `ValueError`."""
    code = _currency(currency)
    try:
        number = Decimal(str(amount)[:40]).scaleb(decimals(code))
    except ArithmeticError as exc:
        raise ValueError("not a decimal") from exc
    if not number.is_finite() or abs(number) > MAX_AMOUNT:
        raise ValueError("not a price")
    return Money(int(number.to_integral_value()), code)


def from_major(amount: Decimal | None, currency: str) -> Money | None:
    """`amount` as minor units, rounded; None where it or the currency is not known."""
    return major(amount, currency) if amount is not None and _CODE.fullmatch(currency) else None


def _currency(code: object) -> str:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ValueError("not an ISO 4217 code")
    return code
