"""The shoppers of `make chaos` write down what the product says, and ask again while it says nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from tests.chaos.checks import faults
from tests.chaos.client import Client, Refused
from tests.chaos.evidence import Evidence
from tests.chaos.ledger import Entry, Ledger, entries
from tests.chaos.shopper import Shopper
from tests.conftest import ANNAS_SHOP
from tests.servers import free_port
from tests.shop_server import CART_ID, GREY, app_server, shop_server, ucp_cart, ucp_result
from widget_api.api.services import Services
from widget_api.models import Shop

pytestmark = pytest.mark.storeless


@dataclass
class Impatient(Client):
    """A client that does something instead of waiting."""

    act: Callable[[], None] = lambda: None

    def pause(self, _failures: int) -> float:
        self.act()
        return 0.0

    def told(self, *kinds: str) -> list[Entry]:
        """Return the entries of its ledger of these kinds."""
        return [entry for entry in entries(self.ledger.path) if entry["kind"] in kinds]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Impatient]:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        yield Impatient([free_port()], ANNAS_SHOP, ledger, random.Random(1))


@pytest.fixture
def turned_away(app: Flask, services: Services, client: Impatient) -> Iterator[Shopper]:
    """A shopper with a cart, who finds that as many requests wait for the shop as may."""
    with shop_server() as shop, app_server(app) as url:
        shop.script["get_cart"] = ucp_result(ucp_cart((GREY, 1)))
        Shop.register(ANNAS_SHOP, mcp_url=shop.url)
        client.ports = [int(url.rpartition(":")[2])]
        shopper = Shopper(7, client)
        shopper.turn_over()
        asyncio.run(bind_cart(client))
        while services.waiting.take(ANNAS_SHOP):
            pass
        yield shopper


async def bind_cart(client: Client) -> None:
    await client.begin()
    await client.sure("PUT", "/api/cart", {"cart_id": CART_ID})


def test_a_shopper_asks_until_the_product_can_say_what_is_in_the_cart(
    turned_away: Shopper, client: Impatient, services: Services
) -> None:
    client.act = lambda: services.waiting.give_back(ANNAS_SHOP)
    asyncio.run(turned_away.tell_all())
    wait, cart = client.told("wait", "cart")
    assert (wait["what"], wait["code"]) == ("GET /api/cart", "unknown")
    assert (cart["status"], cart["cart"]["count"]) == ("ok", 1)


def test_a_cart_of_which_the_product_never_says_anything_is_a_fault(turned_away: Shopper, client: Impatient) -> None:
    with pytest.raises(Refused):
        asyncio.run(turned_away.tell_all())
    assert not client.told("cart")
    assert [fault.kind for fault in faults(Evidence(client.told("rude"), [], [], []))] == ["rude"]


def test_a_product_that_never_answers_at_all_is_a_fault(client: Impatient) -> None:
    with pytest.raises(Refused):
        asyncio.run(client.begin())
    assert [fault.kind for fault in faults(Evidence(client.told("rude"), [], [], []))] == ["rude"]
