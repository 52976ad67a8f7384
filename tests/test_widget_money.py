"""The widget and the server say the same of every price: all currencies, many languages, in a real browser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from tests.browser import chromium, tab, until
from tests.currencies import ALL
from widget_api.shopify.money import MAX_AMOUNT, Money

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("widget-money")]

SOURCE = Path(__file__).parents[1] / "static" / "widget" / "src" / "messages" / "money.js"
LOCALES = ["en", "de", "de-CH", "fr", "hu", "es", "pt-BR", "pt-PT", "ja", "hi-IN", "ar", "ar-EG", "fa", "he", "en_GB"]
# Each of these is another browser: what it says of usual decimals is CLDR's habit, and changes.
INTL = {
    "today's browser": "",
    "no decimals": "Intl.NumberFormat.prototype.resolvedOptions = () => ({ maximumFractionDigits: 0 });",
    "two decimals": "Intl.NumberFormat.prototype.resolvedOptions = () => ({ maximumFractionDigits: 2 });",
    "four decimals": "Intl.NumberFormat.prototype.resolvedOptions = () => ({ maximumFractionDigits: 4 });",
    "no word of decimals": "Intl.NumberFormat.prototype.resolvedOptions = () => ({});",
}
# What is to be shown, and which sign this browser puts before the decimals.
SHOW = """(prices) => prices.map(([money, locale]) => [price(money, locale), decimalMark(money.currency, locale)])"""
MARKS = """
const marks = new Map();
globalThis.decimalMark = (currency, locale) => {
  const key = `${currency} ${locale}`;
  if (!marks.has(key)) {
    const probe = { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: 2 };
    const parts = new Intl.NumberFormat(locale === 'en_GB' ? 'en' : locale, probe).formatToParts(1.5);
    marks.set(key, parts.find(({ type }) => type === 'decimal').value);
  }
  return marks.get(key);
};"""


@pytest.fixture(params=INTL)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that has the widget's own function `price`, in one of these browsers."""
    with tab(chromium) as opened:
        opened.evaluate(INTL[request.param] or "0")
        opened.add_script_tag(type="module", content=f"{SOURCE.read_text()}\n{MARKS}\nglobalThis.price = price;")
        until(opened, "!!globalThis.price")
        yield opened


def shown(page: Page, prices: list[tuple[dict[str, Any], str]]) -> list[Decimal]:
    """Return what a person reads: the number in each price as the widget writes it."""
    return [number(text, mark) for text, mark in page.evaluate(SHOW, prices)]


def number(text: str, mark: str) -> Decimal:
    digits = [at for at, sign in enumerate(text) if sign.isdecimal()]
    written = text[digits[0] : digits[-1] + 1]
    whole, _, rest = written.partition(mark)
    plain = ["".join(str(unicodedata.decimal(sign)) for sign in part if sign.isdecimal()) for part in (whole, rest)]
    minus = "-" if re.search("[-\N{MINUS SIGN}]", text) else ""
    return Decimal(f"{minus}{plain[0]}.{plain[1] or 0}")


def check(page: Page, prices: list[tuple[Money, str]]) -> None:
    expected = [money.major for money, _ in prices]
    assert shown(page, [(money.to_dict(), locale) for money, locale in prices]) == expected
    stored_before = [({"amount": money.amount, "currency": money.currency}, locale) for money, locale in prices]
    assert shown(page, stored_before) == expected


AMOUNTS = [0, 1, 5, 100, 1000, 10_000, 1999, 12_345, 499_000, 499_050, 15_000_250, 123_456_789, MAX_AMOUNT - 1]


@pytest.mark.parametrize("page", ["today's browser"], indirect=True)
@pytest.mark.parametrize("locale", ["en", "hu", "de-CH", "pt-PT", "ar-EG", "he"])
def test_every_currency_is_worth_the_same_to_widget_and_server(page: Page, locale: str) -> None:
    check(page, [(Money(amount, code), locale) for code in ALL for amount in AMOUNTS])


@given(
    prices=st.lists(
        st.tuples(
            st.builds(Money, st.integers(-MAX_AMOUNT, MAX_AMOUNT), st.sampled_from(ALL)), st.sampled_from(LOCALES)
        ),
        min_size=1,
        max_size=100,
    )
)
@settings(max_examples=40)
def test_any_price_is_worth_the_same_to_widget_and_server(page: Page, prices: list[tuple[Money, str]]) -> None:
    check(page, prices)


def test_a_price_that_is_ten_times_too_high_would_be_seen(page: Page) -> None:
    wrong = {"amount": 499000, "currency": "HUF", "exponent": 1}
    assert shown(page, [(wrong, "hu")]) == [Decimal(49900)]
