"""Changes of the cart in the chat: what is proposed is made with one tap, and what was made can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, Route, expect

from bench.widget.scripted import Scripted, scripted
from tests.access import violations
from tests.browser import chromium, page
from tests.goods_page import THEME, Goods, Json, money

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-proposals")]

LISTEN = """
window.told = [];
Element.prototype.ariaNotify = function (text) { told.push(text); };
"""
LINE = {
    "variant_id": "gid://shopify/ProductVariant/1",
    "title": "Ridge Beanie",
    "variant": "Moss",
    "quantity": 2,
    "by": 2,
    "price": money(2900),
}
PROPOSAL = {"type": "data-cart-proposal", "data": {"id": "p1", "lines": [LINE]}}
CART = {"status": "ok", "cart": {"lines": [], "total": money(5800), "totals": [], "count": 2, "notices": []}}


@dataclass
class Server:
    """What the server knows of the changes, and how often it was asked to make them."""

    states: dict[str, str] = field(default_factory=lambda: {"p1": "proposed", "c1": "done"})
    undo: str = "c1"
    asked: list[str] = field(default_factory=list)
    becomes: dict[str, str] = field(default_factory=lambda: {"take": "done", "undo": "undone"})

    def serve(self, page: Page) -> None:
        page.route("**/api/cart/changes", lambda route: route.fulfill(json=self._read()))
        page.route("**/api/cart/changes/*/*", self._make)
        page.route("**/api/cart/move", lambda route: route.fulfill(json=CART))

    def _read(self) -> Json:
        return {"changes": self.states, **({"undo": self.undo} if self.undo else {})}

    def _make(self, route: Route) -> None:
        change, how = route.request.url.split("/")[-2:]
        self.asked.append(f"{how} {change}")
        self.states[change] = self.becomes[how]
        self.undo = change if self.states[change] == "done" else ""
        route.fulfill(json={"state": self.states[change], "cart": CART})


@pytest.fixture(scope="module")
def shop() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def server(page: Page) -> Server:
    made = Server()
    made.serve(page)
    return made


@pytest.fixture
def goods(page: Page, shop: Scripted, server: Server) -> Goods:  # noqa: ARG001 - it answers the page
    opened = Goods(page, shop)
    opened.open(script=THEME + LISTEN)
    return opened


def test_a_proposal_is_made_with_one_tap_and_then_shows_as_done(goods: Goods, server: Server, page: Page) -> None:
    goods.say(PROPOSAL)
    proposal = page.locator("shop-chat .proposal")
    expect(proposal).to_contain_text("2 \N{MULTIPLICATION SIGN} Ridge Beanie, Moss")
    expect(proposal).to_contain_text("€29.00")
    assert violations(page) == []
    button = proposal.get_by_role("button", name="Add to cart")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_be_hidden()
    expect(proposal).to_contain_text("Done. Your cart is up to date.")
    assert server.asked == ["take p1"]
    page.wait_for_function("told.join().includes('Done. Your cart is up to date.')")
    assert proposal.locator(".foot").evaluate("(node) => node.matches(':focus')")
    expect(goods.cart).to_contain_text("2 items")
    page.reload()
    expect(proposal).to_contain_text("Done. Your cart is up to date.")
    expect(proposal.get_by_role("button")).to_have_count(0)


def test_what_has_sold_out_and_what_could_not_be_asked_says_so(goods: Goods, server: Server, page: Page) -> None:
    page.route("**/api/cart/changes/*/*", lambda route: route.abort())
    goods.say(PROPOSAL)
    proposal = page.locator("shop-chat .proposal")
    button = proposal.get_by_role("button", name="Add to cart")
    button.click()
    expect(proposal).to_contain_text("Please try again.")
    page.unroute("**/api/cart/changes/*/*")
    server.serve(page)
    server.becomes["take"] = "refused"
    button.click()
    expect(proposal).to_contain_text("This has just sold out, so nothing was added.")
    expect(button).to_be_hidden()


def test_a_change_is_undone_once_by_the_keyboard_and_announced(goods: Goods, server: Server, page: Page) -> None:
    change = {"id": "c1", "lines": [{"variant_id": LINE["variant_id"], "title": "Ridge Beanie", "by": 2}]}
    goods.say({"type": "data-cart", "data": {**CART, "change": change}})
    line = page.locator("shop-chat .cartline")
    undo = line.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    undo.focus()
    page.keyboard.press("Enter")
    expect(undo).to_be_hidden()
    expect(line).to_contain_text("Undone.")
    assert server.asked == ["undo c1"]
    page.wait_for_function("told.join().includes('Undone.')")
    page.reload()
    expect(line).to_contain_text("Undone.")
    expect(line.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_change_that_is_not_the_newest_any_more_has_no_button(goods: Goods, server: Server, page: Page) -> None:
    server.undo = ""
    goods.say({"type": "data-cart", "data": {**CART, "change": {"id": "c1", "lines": []}}})
    expect(page.locator("shop-chat .cartline")).to_contain_text("2 items")
    expect(page.locator("shop-chat .undo")).to_be_hidden()
