"""Tool results in fewer tokens: less of each product, then fewer products, never a part of one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

from widget_api.shopify.result_json import Detail, encode, to_lean, to_lean_json
from widget_api.text import cut
from widget_api.turns.token_count import estimate_tokens

Json = dict[str, Any]

# The member that says that something is left out.
SHORTENED: Final = {"shortened": "Call the tool again if you need more."}


def shorten_to(detail: Detail, output: Any, whole: str) -> str:
    """Return the result in less detail than `whole` tells it, with a word on that; `whole`, if it is no longer."""
    return min(whole, encode(to_lean(output, detail) | SHORTENED), key=len)


def shorten(output: Any, most: int) -> str:
    """Return what can be told of the result in about `most` tokens; that it is shortened always can."""
    told = whole = to_lean_json(output)
    for detail in (Detail.BRIEF, Detail.NAMES):
        if estimate_tokens(told) <= most:
            return told
        told = shorten_to(detail, output, whole)
    return told if estimate_tokens(told) <= most else _fit(to_lean(output, Detail.NAMES), most)


def _fit(told: Json, most: int) -> str:
    """Return the first entries that fit, and how many more there are."""
    number = _most(lambda count: encode(_first(told, count)), _count(told), most)
    text = next(iter(told.values()), None)
    if number or not isinstance(text, str):
        return encode(_first(told, number))
    return _cut(next(iter(told)), text, most)


def _cut(name: str, text: str, most: int) -> str:
    """Return the first words of a result that begins with one long sentence, as an error may be."""

    def begin(length: int) -> str:
        return encode({name: f"{cut(text, length).rpartition(' ')[0]}…"} | SHORTENED)

    return begin(_most(begin, len(text), most))


def _most(tell: Callable[[int], str], highest: int, most: int) -> int:
    """Return the highest number with which what is told has at most so many tokens, or 0."""
    return max(bisect_right(range(highest + 1), most, key=lambda number: estimate_tokens(tell(number))) - 1, 0)


def _count(told: Json) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in told.values())


def _first(told: Json, count: int) -> Json:
    """Return the result with its first members and, of their lists, the first entries: so many together."""
    kept: Json = {}
    left = count
    for name, value in told.items():
        if isinstance(value, list):
            kept[name] = value[:left]
            left -= len(kept[name])
        elif left:
            kept[name] = value
            left -= 1
    rest = _count(told) - count
    return kept | ({"more": rest} if rest else {}) | SHORTENED
