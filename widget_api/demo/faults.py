"""What can be broken about the demo shop: for tests, and for the page "Break it"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from widget_api.demo.database import DATABASE, Database
from widget_api.llm.demo import PACE_SECONDS

T = TypeVar("T")
Counter = Literal["rate_limit_next", "internal_error_next", "break_next", "discovery_503_next"]


class Switch(Generic[T]):
    """A field that is kept in the shop's database, where all processes see it change at once."""

    def __init__(self, kind: Callable[[Any], T], off: float | str | Callable[[Faults], float] = 0) -> None:
        """`off` is its value while nobody has set it, or finds that value."""
        self._kind = kind
        self._off = off

    def __set_name__(self, _owner: type[Faults], name: str) -> None:
        self._name = name

    def __get__(self, faults: Faults, _owner: type[Faults]) -> T:
        found = faults.database.execute("SELECT value FROM switch WHERE name = ?", self._name)
        if found:
            return self._kind(found[0][0])
        return self._kind(self._off(faults) if callable(self._off) else self._off)

    def __set__(self, faults: Faults, value: T) -> None:
        faults.database.execute("REPLACE INTO switch VALUES (?, ?)", self._name, value)


class Faults:
    """The shop's faults, none at first. Set the fields; those that end in `_next` count down by themselves."""

    # Of the UCP endpoint, whose default is as Shopify is known or UCP specified to behave
    errors_without_status = Switch(bool)  # no ucp.status in what a tool refuses, as recorded in July 2026
    any_capabilities = Switch(bool)  # all tools for every profile, whatever it declares
    any_cache_control = Switch(bool)  # profiles may be served with no-store
    strict_profile = Switch(bool)  # profiles must have the members that the published schema requires
    old_versions_only = Switch(bool)  # a shop that has not heard of 2026-08-25
    new_versions_only = Switch(bool)  # a shop that has dropped 2026-04-08
    discovery_503_next = Switch(int)  # so many requests are told that the profile is still being fetched
    initialize_anyone = Switch(bool)  # `initialize` needs no profile
    refuse_protocol_header = Switch(bool)  # an MCP-Protocol-Version other than the one `initialize` answers is a 400
    no_well_known = Switch(bool)  # no /.well-known/ucp
    shopify_fields = Switch(bool)  # the fields of dev.shopify.catalog without being asked for them
    all_variants = Switch(bool)  # get_product answers every variant and no selection
    keeps_what_is_not_sent = Switch(bool)  # update_cart replaces only what it is sent
    strict_arguments = Switch(bool)  # carts are refused with members that UCP does not define, such as attributes
    no_notices = Switch(bool)  # no messages beside products
    availability_by_status = Switch(bool)  # `availability.status` without `available`
    id_suffix = Switch(bool)  # variant ids with "?shop=…", as the global catalogue has them
    gift_card_line = Switch(bool)  # every UCP cart has a line whose item is no ProductVariant
    quantity_units = Switch(bool)  # goods that are sold by weight, which is new in 2026-08-25
    ask_business = Switch(bool)  # ask_business for every profile, also for those that do not declare it
    no_ask = Switch(bool)  # ask_business for nobody
    nested_cart = Switch(bool)  # the cart under .cart, as Shopify's documentation has it and the wire has not
    deprecation_notice = Switch(bool)  # a second text block in answers of /api/mcp, as in summer 2026
    policies_tool_off = Switch(bool)  # /api/mcp lists no tool at all, as from 15 January 2027
    legacy_only = Switch(bool)  # no /api/ucp/mcp, and all tools of 2025 at /api/mcp
    password_page = Switch(bool)  # the shop is closed: /api/ucp/mcp leads to /password
    rate_limit_next = Switch(int)  # so many calls are told to come back in a second
    rate_limit_in_body = Switch(bool)  # … with status 200 and no header
    internal_error_next = Switch(int)  # so many calls end in -32603
    slow_seconds = Switch(float)  # before each answer

    # Of the shop as a whole
    home_currency = Switch(str, "EUR")  # in which it was started to sell: an ISO 4217 code, no fault
    currency = Switch(str, "")  # another one
    stock_in_user_errors = Switch(bool)  # the standard actions refuse what is out of stock, as before 2024-10
    featured_sold_out = Switch(bool)  # the variant that a product shows first is one that is sold out

    # Of the chat in front of it
    home_pace = Switch(float, PACE_SECONDS)  # seconds between two words of the demo's own model; no fault
    pace = Switch(float, lambda faults: faults.home_pace)  # another pace
    break_next = Switch(int)  # so many of its answers break off
    cut_at = Switch(float)  # streams that were open at this time (since 1970) are cut

    def __init__(self, database: Database = DATABASE) -> None:
        self.database = database

    def take(self, name: Counter) -> bool:
        """Whether this is one of those; it is counted then."""
        with self.database.transaction():
            self.database.execute("UPDATE switch SET value = value - 1 WHERE name = ? AND value > 0", name)
            [(counted,)] = self.database.execute("SELECT changes()")
        return bool(counted)

    def mend(self) -> None:
        """All works again."""
        self.database.execute("DELETE FROM switch WHERE name NOT IN ('home_currency', 'home_pace')")


FAULTS = Faults()
