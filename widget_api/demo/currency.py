"""The money of the demo shop: prices are kept in euro cents and shown in the currency that the shop is set to.

Start it with DEMO_CURRENCY=HUF, or press the button on the page "Break it".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from widget_api.demo.faults import FAULTS
from widget_api.shopify.money import decimals

CODE: Final = re.compile(r"[A-Z]{3}")
_EURO = re.compile(r"([0-9]{1,12}(?:\.[0-9]{2})?) €")


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: how many of it make a euro, to what its prices are rounded, and how a price is written.

    `pattern` holds {amount}; `shown` is how many digits the theme shows after the point. Both are the merchant's
    choice; how many digits there are is ISO 4217's.
    """

    code: str
    rate: Decimal = Decimal(1)
    step: Decimal = Decimal("0.01")
    pattern: str = ""
    shown: int = 2
    group: str = ","
    country: tuple[str, str] = ("FI", "Finland")

    @property
    def symbol(self) -> str:
        return self.pattern.replace("{amount}", "").strip()

    def convert(self, cents: int) -> int:
        """Return what costs so many euro cents, in ISO minor units of this currency."""
        amount = (Decimal(cents) / 100 * self.rate / self.step).quantize(Decimal(1), ROUND_HALF_UP) * self.step
        return int(amount.scaleb(decimals(self.code)))

    def format(self, minor: int) -> str:
        """Return the price as people read it: "€29.00", "11 310 Ft"."""
        amount = f"{Decimal(minor).scaleb(-decimals(self.code)):,.{self.shown}f}".replace(",", self.group)
        return self.pattern.replace("{amount}", amount)


_NBSP = "\u00a0"
CURRENCIES: Final = {
    each.code: each
    for each in (
        Currency("EUR", pattern="€{amount}"),
        Currency("HUF", Decimal(390), Decimal(10), f"{{amount}}{_NBSP}Ft", 0, _NBSP, ("HU", "Hungary")),
        Currency("JPY", Decimal(170), Decimal(10), "¥{amount}", 0, ",", ("JP", "Japan")),
        Currency("KWD", Decimal("0.34"), Decimal("0.050"), f"{{amount}}{_NBSP}KD", 3, ",", ("KW", "Kuwait")),
        Currency("USD", Decimal("1.1"), Decimal(1), "${amount}", 2, ",", ("US", "United States")),
    )
}


def current() -> Currency:
    """Return the currency that the shop sells in just now."""
    return find(FAULTS.currency or FAULTS.home_currency)


def find(code: str) -> Currency:
    """Return a currency by its ISO 4217 code; one that has no rate here costs as many as euros.

    Raises `ValueError` for what is no code.
    """
    if not CODE.fullmatch(code):
        raise ValueError(f"DEMO_CURRENCY must be an ISO 4217 code such as EUR or HUF, not {code!r}")
    places = decimals(code)
    unknown = Currency(code, step=Decimal(1).scaleb(-places), pattern=f"{code} {{amount}}", shown=places)
    return CURRENCIES.get(code, unknown)


def start_in(code: str) -> None:
    """Sell in this currency until somebody presses a button, and again when all is mended. Raises `ValueError`."""
    FAULTS.home_currency = find(code).code


def convert(cents: int) -> int:
    """Return what costs so many euro cents, in ISO minor units of the shop's currency."""
    return current().convert(cents)


def to_hundredths(minor: int) -> int:
    """Return an amount in hundredths of the currency, as Shopify's Liquid and Ajax API have all currencies."""
    return int(Decimal(minor).scaleb(2 - decimals(current().code)))


def convert_to_hundredths(cents: int) -> int:
    """Return what costs so many euro cents, in hundredths of the shop's currency."""
    return to_hundredths(convert(cents))


def format_amount(amount: int) -> str:
    """Return an amount of hundredths as the theme writes it."""
    money = current()
    return money.format(int(Decimal(amount).scaleb(decimals(money.code) - 2)))


def localize(text: str) -> str:
    """Return the text with the prices that it names ("4.90 €") in the shop's currency."""
    money = current()
    if money.code == "EUR":
        return text
    return _EURO.sub(lambda found: money.format(money.convert(int(Decimal(found[1]) * 100))), text)
