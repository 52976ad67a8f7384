"""One cart: whatever the order of card, question, theme button and second tab, nothing falls out of it and nothing is
in it twice. The theme's cart, the assistant's, the line above the box and the checkout are the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, chromium, tab
from tests.live import Live
from tests.widget import Chat, break_it

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("one-cart")]

PAN, BALM, CUP = 701801, 702601, 701402
NAMES = {PAN: "Ember Pan", BALM: "Shepherd's Balm", CUP: "Tin Cup in Pine"}

# What is in the theme's cart, and what the server says of the session's; variants by their numbers.
READ = """async () => {
    const theme = await (await fetch('/cart.js')).json();
    const session = JSON.parse(localStorage.getItem('shop-chat:demo-store.myshopify.com:session'));
    const headers = { Authorization: `Bearer ${session?.token}` };
    const answer = session ? await (await fetch('/api/cart', { headers })).json() : {};
    const strip = document.querySelector('shop-chat').shadowRoot.querySelector('.cart');
    return {
        theme: theme.items.map((each) => [each.variant_id, each.quantity]),
        session: (answer.cart?.lines ?? []).map((each) => [Number(each.variant_id.split('/').at(-1)), each.quantity]),
        line: strip.hidden ? '' : strip.textContent,
        link: strip.hidden ? '' : strip.querySelector('a')?.href ?? '',
        token: theme.item_count ? theme.token : '',
    };
}"""
CHANGE = """async ([path, body]) => {
    const headers = { 'Content-Type': 'application/json' };
    await fetch(`/cart/${path}.js`, { method: 'POST', headers, body: JSON.stringify(body) });
}"""


def counted(lines: list[list[int]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for variant, quantity in lines:
        found[variant] += quantity
    return +found


@dataclass
class Shopping:
    """A shopper with two tabs, and what must be in the cart by what was done."""

    tabs: tuple[Chat, Chat]
    expected: Counter[int] = field(default_factory=Counter)

    def ask_for(self, at: int, variant: int) -> None:
        self.tabs[at].ask(f"Add the {NAMES[variant]} to my cart")
        self.expected[variant] += 1

    def ask_to_remove(self, at: int, variant: int) -> None:
        self.tabs[at].ask(f"Remove the {NAMES[variant].partition(' in ')[0]} from my cart")
        self.expected[variant] = 0

    def tap(self, at: int, variant: int = PAN) -> None:
        """Add by the button of the card that the shopper was shown."""
        chat = self.tabs[at]
        card = chat.page.locator("shop-chat .goods li").filter(has_text=NAMES[variant]).first
        card.locator(".add").click()
        expect(card.locator(".add")).to_have_text("Added")
        self.expected[variant] += 1

    def theme_adds(self, at: int, variant: int) -> None:
        self.tabs[at].page.evaluate(CHANGE, ["add", {"items": [{"id": variant, "quantity": 1}]}])
        self.expected[variant] += 1

    def theme_sets(self, at: int, variant: int, quantity: int) -> None:
        self.tabs[at].page.evaluate(CHANGE, ["update", {"updates": {str(variant): quantity}}])
        self.expected[variant] = quantity

    def theme_clears(self, at: int) -> None:
        self.tabs[at].page.evaluate(CHANGE, ["clear", {}])
        self.expected.clear()

    def reload(self, at: int) -> None:
        self.tabs[at].page.reload()
        expect(self.tabs[at].panel).to_be_visible()

    def check_out(self, at: int) -> None:
        """Go to the checkout by the line above the box, and come back."""
        chat = self.tabs[at]
        chat.cart.get_by_role("link", name="Check out").click()
        chat.page.wait_for_url("**/cart**")
        chat.visit("/search?q=pan")
        expect(chat.panel).to_be_visible()

    def expire(self, _at: int) -> None:
        """All carts run out, as they do with a purchase, too. Nothing tells a page: the shopper comes back to it."""
        break_it(self.tabs[0].live, "expire-carts")
        self.expected.clear()
        for at in (0, 1):
            self.reload(at)

    def act(self, name: str, *given: int) -> None:
        """Do it, unless there is nothing to do it with."""
        if name == "ask_to_remove" and not self.expected[given[1]]:
            return
        if name == "check_out" and not self.tabs[given[0]].cart.get_by_role("link").count():
            return
        getattr(self, name)(*given)

    def agree(self) -> None:
        """Wait until all show what is expected, and show what they do if they never do."""
        wanted = sorted((+self.expected).items())
        for chat in self.tabs:
            found: dict[str, Any] = {}
            for _ in range(200):
                found = chat.page.evaluate(READ)
                if self._fits(found):
                    break
                chat.page.wait_for_timeout(100)
            assert self._fits(found), (wanted, found)

    def _fits(self, found: dict[str, Any]) -> bool:
        wanted, count = +self.expected, sum(self.expected.values())
        said = re.search(r"(\d+) item", found["line"])
        return (
            counted(found["theme"]) == wanted
            and counted(found["session"]) == wanted
            and (int(said[1]) if said else 0) == count
            and (not count or found["token"].split("?")[0] in found["link"])
        )


@pytest.fixture(scope="module")
def page_of_both(chromium: Browser) -> Iterator[Page]:
    with tab(chromium, viewport=DESKTOP) as page:
        yield page


@pytest.fixture(scope="module")
def other_page(page_of_both: Page) -> Page:
    return page_of_both.context.new_page()


@pytest.fixture
def shopping(page_of_both: Page, other_page: Page, live: Live) -> Shopping:
    return begin(live, page_of_both, other_page)


def begin(live: Live, *pages: Page) -> Shopping:
    """A shopper whom nobody knows yet, and who has been shown a pan."""
    for page in pages:
        page.goto(live.url + "/cart.js")
    pages[0].evaluate("localStorage.clear()")
    for page in pages:
        page.evaluate("sessionStorage.clear()")
    pages[0].context.clear_cookies()
    one, other = (Chat(page, live) for page in pages)
    one.open("/search?q=pan")
    one.ask("Do you have an ember pan?")
    other.open("/search?q=pan")
    expect(other.answers).to_have_count(1)
    return Shopping((one, other))


def test_a_hat_by_asking_and_then_mittens_by_a_card_are_two_items_in_line_theme_and_checkout(
    shopping: Shopping,
) -> None:
    shopping.ask_for(0, BALM)
    shopping.agree()
    shopping.tap(0)
    shopping.agree()
    shopping.check_out(0)
    expect(shopping.tabs[0].page.locator("#shopify-section-cart-count")).to_contain_text("2")
    shopping.agree()


def test_the_themes_own_button_in_between_takes_nothing_away(shopping: Shopping) -> None:
    shopping.theme_adds(1, CUP)
    shopping.ask_for(0, BALM)
    shopping.theme_adds(0, BALM)
    shopping.agree()
    shopping.theme_sets(1, BALM, 0)
    shopping.ask_for(1, PAN)
    shopping.tap(0)
    shopping.agree()
    shopping.ask_to_remove(0, CUP)
    shopping.theme_adds(0, PAN)
    shopping.agree()


def test_two_tabs_that_add_and_move_at_once_move_once(shopping: Shopping) -> None:
    pages = [chat.page for chat in shopping.tabs]
    with without_moves(shopping):
        shopping.ask_for(0, BALM)
        expect(shopping.tabs[1].cart).to_contain_text("1 item")
    press = """() => {
        const cards = [...document.querySelector('shop-chat').shadowRoot.querySelectorAll('li')];
        cards.find((card) => card.textContent.includes('Ember Pan')).querySelector('.add').click();
    }"""
    for page in pages:  # neither waits for an answer
        page.evaluate(press)
    shopping.expected[PAN] = 2
    shopping.agree()


@pytest.mark.parametrize("refused", [True, False])
def test_where_locks_are_refused_two_tabs_have_one_cart_all_the_same(
    chromium: Browser, live: Live, refused: bool
) -> None:
    script = (
        "navigator.locks.request = () => Promise.reject(new DOMException('', 'SecurityError'))"
        if refused
        else "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
    )
    with tab(chromium, viewport=DESKTOP) as page:
        page.context.add_init_script(script)
        shopping = begin(live, page, page.context.new_page())
        shopping.ask_for(0, BALM)
        shopping.tap(1)
        shopping.theme_adds(0, CUP)
        shopping.agree()


def test_pages_that_are_left_amid_a_move_do_not_move_twice(shopping: Shopping) -> None:
    context = shopping.tabs[0].page.context
    with context.expect_event("request", lambda request: request.url.endswith("/cart/add.js")):
        shopping.tabs[0].type(f"Add the {NAMES[BALM]} to my cart")
    for at in (0, 1):
        shopping.reload(at)
    shopping.expected[BALM] = 1
    shopping.agree()


@contextmanager
def without_moves(shopping: Shopping) -> Iterator[None]:
    """What is added by asking does not get into the theme's cart during the block."""
    context = shopping.tabs[0].page.context
    context.route("**/api/cart/move", lambda route: route.abort())
    yield
    context.unroute("**/api/cart/move")


VARIANTS, TABS = st.sampled_from([PAN, BALM, CUP]), st.sampled_from([0, 1])
ACTS = st.one_of(
    st.tuples(st.just("ask_for"), TABS, VARIANTS),
    st.tuples(st.just("ask_to_remove"), TABS, VARIANTS),
    st.tuples(st.just("tap"), TABS),
    st.tuples(st.just("theme_adds"), TABS, VARIANTS),
    st.tuples(st.just("theme_sets"), TABS, VARIANTS, st.sampled_from([0, 2])),
    st.tuples(st.sampled_from(["theme_clears", "reload", "check_out", "expire"]), TABS),
)


# A browser takes its time: what failed is shown as it was found.
@settings(max_examples=2, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(ACTS, min_size=3, max_size=5))
@example([("ask_for", 0, BALM), ("tap", 1), ("theme_sets", 0, BALM, 0), ("ask_for", 1, CUP), ("theme_clears", 0)])
@example([("theme_sets", 1, BALM, 0), ("reload", 0), ("tap", 0), ("theme_clears", 0), ("theme_sets", 1, CUP, 2)])
@example([("theme_sets", 1, CUP, 2)])
@example([("theme_adds", 0, PAN), ("theme_adds", 1, BALM)])
@example([("theme_clears", 1), ("theme_adds", 0, PAN), ("theme_clears", 1), ("tap", 1)])
@example([("theme_adds", 1, PAN), ("ask_for", 0, PAN), ("expire", 0), ("ask_for", 1, PAN), ("tap", 0)])
def test_in_whatever_order_a_shopper_fills_the_cart_all_of_it_is_there_once(
    page_of_both: Page, other_page: Page, live: Live, acts: list[tuple[Any, ...]]
) -> None:
    shopping = begin(live, page_of_both, other_page)
    for name, *details in acts:
        shopping.act(name, *details)
    shopping.agree()
