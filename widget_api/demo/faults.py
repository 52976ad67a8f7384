"""What can be broken about the demo shop: for tests, and for the page "Break it"."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields
from typing import Any, Literal


@dataclass(slots=True)
class Faults:
    """The shop's faults, none at first. Set the fields; those that end in `_next` count down by themselves."""

    nested_cart: bool = False  # the cart under .cart, as Shopify's documentation has it and the wire has not
    deprecation_notice: bool = False  # a second text block in answers of /api/mcp, as in summer 2026
    legacy_only: bool = False  # no /api/ucp/mcp, and all tools of 2025 at /api/mcp
    ask_business: bool = False  # the draft tool that replaces policies and FAQs
    password_page: bool = False  # the shop is closed: /api/ucp/mcp leads to /password
    rate_limit_next: int = 0  # so many calls are told to come back in a second
    rate_limit_in_body: bool = False  # … with status 200 and no header
    internal_error_next: int = 0  # so many calls end in -32603
    slow_seconds: float = 0.0  # before each answer
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def take(self, name: Literal["rate_limit_next", "internal_error_next"]) -> bool:
        """Whether this call is one of those; it is counted then."""
        with self._lock:
            left = getattr(self, name)
            setattr(self, name, max(0, left - 1))
            return bool(left > 0)

    def mend(self) -> None:
        """All works again."""
        for each in fields(self):
            if not each.name.startswith("_"):
                setattr(self, each.name, each.default)

    def to_dict(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if not each.name.startswith("_")}


FAULTS = Faults()
