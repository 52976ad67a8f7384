"""Sizes: how much an answer may keep of what tools have said. The words of an answer always fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from widget_api.shopify.tools import MAX_VARIANTS, PRODUCTS, Outcome

Json = dict[str, Any]

# An answer's parts as they are stored and sent, in bytes of JSON. Five searches among products of many variants have
# about half of it.
ANSWER_BYTES: Final = 256 * 1024
# Of that, what results leave to words and to the arguments of calls.
WORDS_BYTES: Final = 32 * 1024
# Of that, what results leave to the cards that the answer will show: they are kept a second time.
CARDS_BYTES: Final = 64 * 1024
# What the result of a call always has: enough to say that it does not fit.
LEAST_BYTES: Final = 600
# A call's arguments. Twenty lines of a cart have a quarter of it.
INPUT_CHARACTERS: Final = 16 * 1024
# How much is shown of arguments that are longer.
SHOWN_INPUT_CHARACTERS: Final = 1000

_SHORTENED: Final = "This answer was shortened, for it was too long to keep: ask for less at once."
_encode = msgspec.json.Encoder().encode


def size_of(value: Any) -> int:
    """Return how many bytes of JSON the value has."""
    return len(_encode(value))


def room_after(parts: list[Json]) -> int:
    """Return how many bytes the next result may have in an answer that has these parts."""
    shown = size_of([part for part in parts if part["type"] == PRODUCTS])
    return max(LEAST_BYTES, room_for_cards(parts) - max(0, CARDS_BYTES - shown))


def room_for_cards(parts: list[Json]) -> int:
    """Return how many bytes the next cards may have in an answer that has these parts; less than 0 if it is full."""
    return ANSWER_BYTES - WORDS_BYTES - size_of(parts)


def fit_outcome(outcome: Outcome, most: int) -> Outcome:
    """Return the outcome with at most `most` bytes, as it is stored: with fewer products, answers and lines, and a
    note that says so; or with the note alone."""
    if _stored_size(outcome) <= most:
        return outcome
    for number in _halves(_longest(outcome)):
        shorter = _shortened(outcome, number)
        if _stored_size(shorter) <= most:
            return shorter
    if outcome.error:
        return Outcome({"error": _SHORTENED}, error=True)
    return Outcome({"note": _SHORTENED})


def fit_parts(parts: list[Json], most: int = ANSWER_BYTES) -> list[Json]:
    """Return a message's parts within `most` bytes: without what tools have answered, then without their cards. Words
    stay, whatever they come to. For messages that an earlier version stored."""
    for shorten in (_with_few_variants, _without_output, _without_cards):
        if size_of(parts) <= most:
            break
        parts = [part for each in parts if (part := shorten(each))]
    return parts


def _stored_size(outcome: Outcome) -> int:
    return size_of(outcome.to_dict())


def _halves(number: int) -> Iterator[int]:
    while number > 1:
        number //= 2
        yield number


def _longest(outcome: Outcome) -> int:
    held = [outcome.output, *(data for _, data in outcome.events)]
    return max((len(each[name]) for value in held for each, name in _lists(value)), default=0)


def _lists(value: Any) -> Iterator[tuple[Json, str]]:
    """Yield the objects in a tool's answer, or in its event, with the member that is a list of what it found."""
    if isinstance(value, dict):
        for name in ("products", "answers", "lines"):
            if isinstance(value.get(name), list):
                yield value, name
        yield from _lists(value.get("cart"))


def _shortened(outcome: Outcome, number: int) -> Outcome:
    output = _cut(outcome.output, number)
    note = " ".join(filter(None, [output.get("note"), _SHORTENED]))
    events = tuple((kind, _cut(data, number)) for kind, data in outcome.events)
    return replace(outcome, output={**output, "note": note}, events=events)


def _cut(value: Any, number: int) -> Json:
    if not isinstance(value, dict):
        return {}
    cut = {**value, **{name: each[name][:number] for each, name in _lists(value) if each is value}}
    return {**cut, "cart": _cut(cut["cart"], number)} if isinstance(cut.get("cart"), dict) else cut


def _with_few_variants(part: Json) -> Json:
    if part["type"] != "data-products":
        return part
    return {**part, "data": {**part["data"], "products": [_few(each) for each in part["data"]["products"]]}}


def _few(card: Json) -> Json:
    few = card["variants"][:MAX_VARIANTS]
    return card if few == card["variants"] else {**card, "variants": few, "has_more_variants": True}


def _without_output(part: Json) -> Json:
    return {**part, "output": {"note": _SHORTENED}} if "output" in part else part


def _without_cards(part: Json) -> Json | None:
    if part["type"].startswith("data-"):
        return None
    has_long_input = size_of(part.get("input")) > INPUT_CHARACTERS
    return {**part, "input": {}} if has_long_input else part
