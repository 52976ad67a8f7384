"""Prices are whole numbers of ISO 4217's minor units, and everybody is told how many of their digits are decimals."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.currencies import ALL
from widget_api.shopify.money import (
    EXPONENTS,
    MAX_AMOUNT,
    Money,
    decimals,
    from_major,
    lowest,
    major,
    minor,
    prices_as_text,
    with_exponents,
)

WIDGET = Path(__file__).parents[1] / "static" / "widget" / "src" / "messages" / "money.js"

NOT_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def test_the_table_names_every_currency_that_has_not_two_decimals() -> None:
    assert {code: decimals(code) for code in ALL if decimals(code) != 2} == {
        code: exponent for exponent, codes in NOT_TWO.items() for code in codes.split()
    }
    assert EXPONENTS.keys() <= set(ALL)


def test_currencies_that_are_usually_shown_without_their_decimals_have_them_all_the_same() -> None:
    assert {
        decimals(code)
        for code in ["HUF", "IDR", "COP", "PKR", "ALL", "RSD", "MGA", "MRU", "TWD", "LAK", "MMK", "XXX"]
    } == {2}


def test_the_widget_has_the_same_table() -> None:
    found = re.findall(r"\[(\d), '([A-Z ]+)'\]", WIDGET.read_text())
    assert {int(exponent): codes for exponent, codes in found} == NOT_TWO


@given(st.integers(-MAX_AMOUNT, MAX_AMOUNT), st.sampled_from(ALL))
def test_a_price_says_the_same_in_numbers_and_in_text(amount: int, currency: str) -> None:
    price = minor(amount, currency)
    wire = price.to_dict()
    number, code = price.to_text().split(" ")
    assert (wire["amount"], wire["currency"], code) == (amount, currency, currency)
    assert Decimal(number) == Decimal(amount).scaleb(-wire["exponent"])
    assert len(number.partition(".")[2]) == wire["exponent"]
    assert major(number, currency) == price


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (499000, "HUF", "4990.00 HUF"),
        (1480, "JPY", "1480 JPY"),
        (12500, "KWD", "12.500 KWD"),
        (1, "CLF", "0.0001 CLF"),
        (0, "BHD", "0.000 BHD"),
        (-500, "EUR", "-5.00 EUR"),
        (10**15, "USD", "10000000000000.00 USD"),
    ],
)
def test_a_price_in_text_has_all_its_decimals(amount: int, currency: str, text: str) -> None:
    assert Money(amount, currency).to_text() == text


@pytest.mark.parametrize(
    ("highest", "currency", "amount"),
    [
        ("49.5", "EUR", 4950),
        ("49.5", "JPY", 49),
        ("49.9999", "KWD", 49999),
        ("2.00005", "CLF", 20000),
        ("0", "EUR", 0),
    ],
)
def test_a_highest_price_is_cut_to_what_the_currency_has(highest: str, currency: str, amount: int) -> None:
    assert from_major(Decimal(highest), currency) == Money(amount, currency)


@given(st.decimals(0, 1_000_000_000, allow_nan=False), st.sampled_from(ALL))
def test_what_costs_at_most_the_highest_price_is_found(highest: Decimal, currency: str) -> None:
    limit = from_major(highest, currency)
    assert limit is not None
    assert limit.major <= highest < Money(limit.amount + 1, currency).major


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€"])
def test_a_highest_price_in_no_currency_is_none(currency: str) -> None:
    assert from_major(Decimal(5), currency) is None
    assert from_major(None, "EUR") is None


def test_prices_of_two_currencies_have_no_order() -> None:
    with pytest.raises(TypeError):
        _ = Money(1, "EUR") < Money(2, "HUF")  # type: ignore[operator]
    assert lowest([Money(2900, "EUR"), Money(100, "HUF"), Money(2800, "EUR")]) == Money(2800, "EUR")
    with pytest.raises(ValueError, match="empty"):
        lowest([])


OLD: Any = {
    "products": [{"id": "1", "price": {"amount": 499000, "currency": "HUF"}, "compare_at": None}],
    "total": {"amount": 1480, "currency": "JPY"},
    "other": [{"amount": 3, "currency": "EUR", "unit": "kg"}, {"amount": "3", "currency": "EUR"}, {"amount": 3}],
}


def test_what_was_stored_without_exponents_is_read_with_them() -> None:
    read = with_exponents(OLD)
    assert read["products"][0]["price"] == {"amount": 499000, "currency": "HUF", "exponent": 2}
    assert read["total"] == {"amount": 1480, "currency": "JPY", "exponent": 0}
    assert (read["other"], read["products"][0]["compare_at"]) == (OLD["other"], None)
    assert with_exponents(read) == read


def test_what_was_stored_in_numbers_is_read_as_text() -> None:
    read = prices_as_text(OLD)
    assert (read["products"][0]["price"], read["total"], read["other"]) == ("4990.00 HUF", "1480 JPY", OLD["other"])
    assert prices_as_text(with_exponents(OLD)) == read
    assert prices_as_text(read) == read


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.just("EUR"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["amount", "currency", "exponent", "x"]), inner, max_size=4)
        ),
    )
)
def test_any_stored_value_is_read(value: Any) -> None:
    assert prices_as_text(with_exponents(value)) == prices_as_text(value)
