"""Availability of a variant (UCP `availability`): by its `available`, or by its `status` alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from widget_api.shopify.words import words


def is_available(raw: object) -> bool:
    """Return whether a variant with this UCP `availability` can be bought. Both of its members are optional."""
    availability: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    if isinstance(availability.get("available"), bool):
        return bool(availability["available"])
    return status_of(raw) not in _NOT_TO_BE_HAD


def status_of(raw: object) -> str:
    """Return the status of a UCP `availability` in its well-known spelling, as `out_of_stock`; empty without one."""
    status = words(raw.get("status"), 60) if isinstance(raw, dict) else ""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status.rpartition("/")[2])  # also https://schema.org/OutOfStock
    return re.sub(r"[\s_-]+", "_", spaced).lower()


_NOT_TO_BE_HAD: Final = frozenset(
    {"out_of_stock", "sold_out", "discontinued", "unavailable", "not_available", "not_for_sale", "no_stock"}
)
