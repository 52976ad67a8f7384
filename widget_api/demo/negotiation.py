"""UCP's negotiation: the version and the capabilities that this shop and the agent who asks have in common.

The algorithm is the one of UCP's overview, "Intersection Algorithm".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import g

from widget_api.demo import profiles
from widget_api.demo.faults import FAULTS

SEARCH, LOOKUP = "dev.ucp.shopping.catalog.search", "dev.ucp.shopping.catalog.lookup"
CART, DISCOUNT = "dev.ucp.shopping.cart", "dev.ucp.shopping.discount"
CATALOG, ASK = "dev.shopify.catalog", "dev.ucp.common.ask"

OLD, NEW, DRAFT = "2026-04-08", "2026-08-25", "draft"

# The shop's capabilities, and for an extension the capabilities of which it needs one.
EXTENDS: Final[Mapping[str, tuple[str, ...]]] = {
    SEARCH: (),
    LOOKUP: (),
    CART: (),
    DISCOUNT: (CART,),
    CATALOG: (SEARCH, LOOKUP),
    ASK: (),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the shop and the agent both speak: a version, and capabilities of that version."""

    version: str
    capabilities: frozenset[str]

    def active(self, *roots: str) -> list[str]:
        """Return those of `roots` that are agreed on, each with its agreed extensions."""
        agreed = [name for name in EXTENDS if name in self.capabilities]
        return [name for name in agreed if name in roots or set(EXTENDS[name]) & set(roots)]


def versions() -> list[str]:
    """Return the versions that the shop speaks today, the newest first, and the draft at the end."""
    dated = [NEW] if FAULTS.new_versions_only else [OLD] if FAULTS.old_versions_only else [NEW, OLD]
    return [*dated, DRAFT]


def offered(version: str) -> list[str]:
    """Return the capabilities that the shop offers in that version."""
    asks = version == DRAFT or FAULTS.ask_business
    return [name for name in EXTENDS if name != ASK or (asks and not FAULTS.no_ask)]


def negotiate(arguments: dict[str, Any]) -> Agreement:
    """Agree with the agent that the arguments name, for the rest of this request. Raises as `profiles.read`."""
    document = profiles.read(arguments, versions())
    g.agreement = Agreement(document.version, frozenset(_common(document)))
    return current()


def current() -> Agreement:
    """Return what was agreed for this request; before that the shop's newest version without any capability."""
    found: Agreement = g.get("agreement") or Agreement(versions()[0], frozenset())
    return found


def agreed(capability: str) -> bool:
    """Return whether this request may use the capability."""
    return capability in current().capabilities


def _common(document: profiles.Document) -> set[str]:
    ours = offered(document.version)
    if FAULTS.any_capabilities:
        return set(ours)
    theirs = document.capabilities
    common = {name for name in ours if document.version in theirs.get(name, ())}
    if FAULTS.ask_business and not FAULTS.no_ask:
        common.add(ASK)
    return _with_parents(common)


def _with_parents(common: set[str]) -> set[str]:
    """Return the capabilities without extensions that have lost all their parents."""
    kept = {name for name in common if not EXTENDS[name] or common & set(EXTENDS[name])}
    return kept if kept == common else _with_parents(kept)
