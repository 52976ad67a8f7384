"""Requests that wait for a shop: counted, few at a time, and never for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from widget_api.api.services import services
from widget_api.api.visitor import current_address, current_visitor
from widget_api.problems import OriginRefused, Unauthorized
from widget_api.shopify.calls import Call
from widget_api.shopify.store import Store
from widget_api.turns.job import Visitor

# For all exchanges together. A shopper waits, and so does one of the threads that answer everybody.
CALL_SECONDS: Final = 5.0


def asking_visitor() -> Visitor:
    """Return the visitor of a request that asks a shop, and count the request as one.

    The session is counted before its address: whoever asks too often takes nothing from others there. Raises
    `TooManyRequests`, and what `current_visitor` raises; such requests count as reads.
    """
    limits = services().limits
    try:
        visitor = current_visitor()
    except (Unauthorized, OriginRefused):
        limits.take("reads", current_address())
        raise
    limits.take("shop", visitor.session)
    limits.take("shop-address", current_address())
    return visitor


@contextmanager
def calling(visitor: Visitor, store: Store) -> Iterator[Call]:
    """Have the block ask the visitor's shop, in one of the places for requests that wait for shops.

    Where there is no place, and while the shop does not answer, the block raises `ShopBusy` when it asks.
    """
    waiting, shop = services().waiting, visitor.shop.domain
    has_place = waiting.take(shop)
    try:
        with store.call(CALL_SECONDS, is_admitted=has_place) as call:
            yield call
    finally:
        if has_place:
            waiting.give_back(shop)
