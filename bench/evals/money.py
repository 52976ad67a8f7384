"""Amounts of money and percentages in a text, as people write them in the languages of the cases. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

_DOLLARS: Final = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN"})
_DINARS: Final = frozenset({"KWD", "BHD", "JOD", "IQD", "TND", "RSD", "DZD"})
_KRONER: Final = frozenset({"SEK", "NOK", "DKK", "ISK"})
_CODES: Final = (
    *("EUR", "USD", "GBP", "JPY", "KWD", "HUF", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN"),
    *("CZK", "CNY", "INR", "KRW", "BHD", "AED", "SAR", "MXN", "BRL", "TRY", "ISK", "HKD", "SGD"),
)
# Each sign or word for a currency, and the currencies that it may mean. Words may be written in any case.
_WORDS: Final = {
    r"euros?|ユーロ|يورو": frozenset({"EUR"}),
    r"dollars?|d[oó]lares|ドル|دولار": _DOLLARS,
    r"pounds?|livres sterling|libras|ポンド": frozenset({"GBP"}),
    r"円|yens?|yenes|ين(?: ياباني)?": frozenset({"JPY", "CNY"}),
    r"dinars?|dinares|دينار\w*(?: كويتي\w*)?|ディナール": _DINARS,
    r"forints?": frozenset({"HUF"}),
    r"francs suisses|franken": frozenset({"CHF"}),
}
_SIGNS: Final = {
    r"€": frozenset({"EUR"}),
    r"(?:US|CA|AU)?\$": _DOLLARS,
    r"£": frozenset({"GBP"}),
    r"¥": frozenset({"JPY", "CNY"}),
    r"KD|د\.ك\.?": _DINARS,
    r"Ft": frozenset({"HUF"}),
    r"Fr\.": frozenset({"CHF"}),
    r"kr\.?": _KRONER,
    r"zł": frozenset({"PLN"}),
    **{code: frozenset({code}) for code in _CODES},
}
_SIGN: Final = f"(?:{'|'.join(_SIGNS)}|(?i:{'|'.join(_WORDS)}))"
_NUMBER: Final = r"\d{1,3}(?:[ '\u2019.,]\d{3})+(?:[.,]\d{1,3})?(?!\d)|\d+(?:[.,]\d{1,3})?(?!\d)"
# Japanese puts no space between words, so only letters of other scripts end an amount.
_LETTER: Final = "A-Za-zÀ-ɏ\u0600-\u06ff"
_AMOUNT: Final = re.compile(
    rf"(?<![{_LETTER}])(?P<before>{_SIGN})\s?(?P<first>{_NUMBER})"
    rf"|(?<![{_LETTER}0-9.,])(?P<second>{_NUMBER})\s?(?P<after>{_SIGN})(?![{_LETTER}])"
)
_MEANINGS: Final = (
    *((re.compile(sign), codes) for sign, codes in _SIGNS.items()),
    *((re.compile(word, re.IGNORECASE), codes) for word, codes in _WORDS.items()),
)
_PER_CENT: Final = "%|percent|per cent|prozent|pour cent|por ciento|パーセント|بالمئة|في المئة"
_PERCENT: Final = re.compile(rf"(?<![A-Za-z0-9.,])(\d{{1,3}}(?:[.,]\d{{1,2}})?)\s?(?:{_PER_CENT})", re.IGNORECASE)
_BARE: Final = re.compile(rf"(?<![A-Za-z0-9.,])(?:{_NUMBER})")
# As the tools write a price.
_WRITTEN: Final = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as a text has it: the readings of its digits, and the currencies that it may be in (none: any)."""

    text: str
    values: frozenset[Decimal]
    currencies: frozenset[str] = frozenset()

    def agrees(self, other: Amount) -> bool:
        """Return whether both may be the same price."""
        same_money = not (self.currencies and other.currencies) or bool(self.currencies & other.currencies)
        return same_money and bool(self.values & other.values)


def normalize(text: str) -> str:
    """Return the text with digits and separators of all scripts as ASCII has them."""
    folded = unicodedata.normalize("NFKC", text).translate({0x66B: ".", 0x66C: ",", 0x66A: "%"})
    return "".join(str(unicodedata.decimal(sign, sign)) if sign.isdecimal() else sign for sign in folded)


def find_amounts(text: str) -> list[Amount]:
    """Return the amounts that stand beside a currency's sign, name or code, in their order."""
    found = []
    for match in _AMOUNT.finditer(normalize(text)):
        number, sign = match["first"] or match["second"], match["before"] or match["after"]
        found.append(Amount(match[0], readings(number), _currencies(sign)))
    return found


def find_numbers(text: str) -> list[Amount]:
    """Return every number as an amount of any currency: a shopper says "under 50" and leaves the currency out."""
    return [Amount(match[0], readings(match[0])) for match in _BARE.finditer(normalize(text))]


def find_percentages(text: str) -> set[Decimal]:
    """Return the percentages that the text names."""
    return {Decimal(match[1].replace(",", ".")) for match in _PERCENT.finditer(normalize(text))}


def amounts_in(value: Any) -> Iterator[Amount]:
    """Yield the amounts of a JSON value: those in its texts, and prices in minor units as the widget has them."""
    if isinstance(value, dict):
        if isinstance(value.get("amount"), int) and isinstance(value.get("currency"), str):
            amount = Decimal(value["amount"]).scaleb(-int(value.get("exponent", 2)))
            yield Amount(f"{amount} {value['currency']}", frozenset({amount}), frozenset({value["currency"]}))
        for each in value.values():
            yield from amounts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from amounts_in(each)
    elif isinstance(value, str):
        written = _WRITTEN.fullmatch(value)
        if written:
            yield Amount(value, frozenset({Decimal(written[1])}), frozenset({written[2]}))
        else:
            yield from find_amounts(value)


def is_grounded(amount: Amount, grounds: Iterable[Amount]) -> bool:
    """Return whether the amount is one of the grounds."""
    return any(amount.agrees(each) for each in grounds)


def readings(number: str) -> frozenset[Decimal]:
    """Return what the digits may mean: "1.234" is 1234 to some and 1.234 to others."""
    plain = re.sub(r"[ '\u2019]", "", number)
    separators = re.findall("[.,]", plain)
    if not separators:
        return frozenset({Decimal(plain)})
    whole, _, fraction = plain.rpartition(separators[-1])
    as_decimal = Decimal(f"{re.sub('[.,]', '', whole)}.{fraction}")
    as_thousands = Decimal(re.sub("[.,]", "", plain))
    if len(separators) > 1 and len(set(separators)) == 1:
        return frozenset({as_thousands})
    if len(fraction) == 3 and len(set(separators)) == 1:
        return frozenset({as_decimal, as_thousands})
    return frozenset({as_decimal})


def _currencies(sign: str) -> frozenset[str]:
    return next((codes for pattern, codes in _MEANINGS if pattern.fullmatch(sign)), frozenset())
