"""Discount codes: which ones the shop knows, and the amounts that they take off a cart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widget_api.demo import currency
from widget_api.demo.goods import DISCOUNTS, Discount


@dataclass(frozen=True, slots=True)
class Applied:
    """One code's reduction in minor units: `allocations` for each line in turn, none when it is off the whole."""

    code: str
    title: str
    amount: int
    allocations: tuple[int, ...] = ()


def find(code: str) -> Discount | None:
    """Return the discount of a code, in whatever case it is written."""
    return DISCOUNTS.get(code.strip().upper())


def keep_known(codes: Sequence[str]) -> list[str]:
    """Return the codes that the shop knows, each once and as the shop writes it."""
    return list(dict.fromkeys(found.code for code in codes if (found := find(code))))


def apply(codes: Sequence[str], lines: Sequence[int]) -> list[Applied]:
    """Return what the codes take off lines of these prices: first what is off a line, then what is off the whole."""
    found = sorted((DISCOUNTS[code] for code in keep_known(codes)), key=lambda each: not each.percent)
    applied: list[Applied] = []
    for each in found:
        left = sum(lines) - sum(one.amount for one in applied)
        shares = tuple((line * each.percent + 50) // 100 for line in lines) if each.percent else ()
        amount = sum(shares) if each.percent else min(currency.convert(each.cents), left)
        if amount > 0:
            applied.append(Applied(each.code, each.title, amount, shares))
    return applied
