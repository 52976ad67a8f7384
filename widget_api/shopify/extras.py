"""Members that tell a cart's line from another of its variant: properties, a selling plan, a parent, and others.

No UCP release names properties and selling plans of a line, so they are read in the spellings that Shopify's other
interfaces have: the AJAX cart, the Storefront API, the Storefront MCP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from widget_api.shopify.words import words

_ATTRIBUTES: Final = ("attributes", "properties", "custom_attributes", "customAttributes")
_PLANS: Final = ("selling_plan", "sellingPlan", "selling_plan_allocation", "sellingPlanAllocation", "selling_plan_id")
_PARENTS: Final = ("parent_id", "parent", "parent_relationship", "parentRelationship")
MAX_ATTRIBUTES: Final = 20
DEEPEST: Final = 4
# More than any shop's cart has, and far from what the JSON library can bear.
DEEPEST_SENT: Final = 100


def read_attributes(raw: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return a line's properties, such as `("Engraving", "Anna")`. Those that begin with _ are not for shoppers."""
    found = (pair for source in _sources(raw) for pair in _pairs(source))
    shown = (pair for pair in found if pair[0] and pair[1] and pair[0][0] != "_")
    return tuple(dict.fromkeys(islice(shown, 2 * MAX_ATTRIBUTES)))[:MAX_ATTRIBUTES]


def read_selling_plan(raw: Mapping[str, Any]) -> str:
    """Return the name of a line's selling plan, such as "Every month"; empty without one."""
    plans = (_named(raw.get(field), ("name", "title", "id")) for field in _PLANS)
    return words(next(filter(None, plans), ""), 100)


def read_parent(raw: Mapping[str, Any]) -> str:
    """Return the id of the line that a line belongs to, as the shop has it; empty without one."""
    return next(filter(None, (_named(raw.get(field), ("id",)) for field in _PARENTS)), "")


def is_plain(raw: Mapping[str, Any]) -> bool:
    """Return whether the line has no properties, hidden ones included, no selling plan and no parent."""
    held = [raw.get(field) for field in (*_PLANS, *_PARENTS)]
    item = raw.get("item")
    attributes = [source.get(field) for source in (raw, item) if isinstance(source, dict) for field in _ATTRIBUTES]
    return not any([*held, *attributes])


def mark_of(members: object) -> str:
    """Return a text that is the same for the same members."""
    return json.dumps(members, sort_keys=True, ensure_ascii=False)


def is_shallow(value: object, depth: int = DEEPEST_SENT) -> bool:
    """Return whether `value` is nested at most so deep."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(is_shallow(each, depth - 1) for each in inner)


def _sources(raw: Mapping[str, Any]) -> Iterator[object]:
    for source in (raw, raw.get("item"), raw.get("merchandise")):
        if isinstance(source, dict):
            yield from (source.get(field) for field in _ATTRIBUTES)


def _pairs(source: object) -> Iterator[tuple[str, str]]:
    """The pairs of a list of `{key, value}` or `{name, value}`, or of an object."""
    if isinstance(source, dict):
        entries = list(source.items())
    elif isinstance(source, list):
        entries = [
            (each.get("key") or each.get("name"), each.get("value")) for each in source if isinstance(each, dict)
        ]
    else:
        return
    for name, value in entries:
        yield words(name, 100), words(str(value) if isinstance(value, int | float) else value, 300)


def _named(raw: object, fields: tuple[str, ...], depth: int = 0) -> str:
    """The first of these fields in `raw` or in an object within it; `raw` itself when it is a text."""
    if isinstance(raw, str):
        return raw
    if not isinstance(raw, dict) or depth > DEEPEST:
        return ""
    own = next((raw[field] for field in fields if isinstance(raw.get(field), str) and raw[field]), "")
    nested = (_named(value, fields, depth + 1) for value in raw.values() if isinstance(value, dict))
    return own or next(filter(None, nested), "")
