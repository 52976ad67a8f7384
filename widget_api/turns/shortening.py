"""Tool results in fewer characters: fewer and briefer entries, always whole JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from widget_api.text import cut

NOTE: Final = "Shortened to save room. Call the tool again if you need more."
# What is kept of a product, and of its variants, in two degrees.
_BRIEF: Final = ("id", "title", "price", "price_max", "available", "has_more_variants")
_BRIEFEST: Final = ("id", "title", "price")
_VARIANT: Final = ("id", "title", "price", "available")
BRIEF_VARIANTS: Final = 10
# For quotes, commas, and the word on what is left out.
_FRAME = 40

Json = Any


def size_of(value: Json) -> int:
    """Return how many bytes the value has as JSON."""
    return len(msgspec.json.encode(value))


def shorten(output: Json, most: int) -> Json:
    """Return the output, or what can be told of it in about `most` bytes of JSON."""
    if size_of(output) <= most:
        return output
    for told in _briefer(output):
        if size_of(told) <= most:
            return told
    return _fit(told, most)


def _briefer(output: Json) -> Iterator[Json]:
    if not isinstance(output, dict):
        yield output
        return
    for brief in (_brief, _briefest):
        yield {"shortened": NOTE, **{name: _told(name, value, brief) for name, value in output.items()}}


def _told(name: str, value: Json, brief: Callable[[dict[str, Json]], dict[str, Json]]) -> Json:
    if name == "products" and isinstance(value, list):
        return [brief(each) if isinstance(each, dict) else each for each in value]
    return brief(value) if name == "product" and isinstance(value, dict) else value


def _brief(product: dict[str, Json]) -> dict[str, Json]:
    told = _only(_BRIEF, product)
    variants = product.get("variants")
    if isinstance(variants, list):
        told["variants"] = [_only(_VARIANT, each) for each in variants[:BRIEF_VARIANTS] if isinstance(each, dict)]
    return told


def _briefest(product: dict[str, Json]) -> dict[str, Json]:
    return _only(_BRIEFEST, product)


def _only(names: tuple[str, ...], value: dict[str, Json]) -> dict[str, Json]:
    return {name: value[name] for name in names if name in value}


def _fit(value: Json, most: int) -> Json:
    """Leave out the last entries of lists, and the ends of texts, until the value fits."""
    if size_of(value) <= most:
        return value
    if isinstance(value, str):
        return _cut_text(value, most)
    if isinstance(value, list):
        return _fit_list(value, most)
    return _fit_object(value, most) if isinstance(value, dict) else None


def _cut_text(text: str, most: int) -> str:
    """Cut by characters, which as JSON may have several bytes each."""
    length = len(text) * max(0, most - _FRAME // 2) // size_of(text)
    return f"{cut(text, length)}…" if length else "…"


def _fit_list(entries: list[Json], most: int) -> list[Json]:
    kept: list[Json] = []
    left = most - _FRAME
    for entry in entries:
        left -= size_of(entry) + 1
        if left < 0:
            break
        kept.append(entry)
    if not kept and entries:
        kept.append(_fit(entries[0], most - _FRAME))
    rest = len(entries) - len(kept)
    return [*kept, f"… and {rest} more"] if rest else kept


def _fit_object(value: dict[str, Json], most: int) -> dict[str, Json]:
    """Give the small values the room that they need, and the others what is left. What finds no room is left out."""
    told: dict[str, Json] = {}
    by_size = sorted(value, key=lambda name: (name != "shortened", size_of(value[name])))
    left = most - 2
    for number, name in enumerate(by_size):
        left -= size_of(name) + 2
        if left < 2:
            break
        told[name] = _fit(value[name], max(left // (len(by_size) - number), 2))
        left -= size_of(told[name])
    return {name: told[name] for name in value if name in told}
