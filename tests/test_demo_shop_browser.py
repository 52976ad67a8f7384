"""The demo's theme in a real browser: its cart, Shopify's standard actions, and its policy on every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser import chromium, page
from tests.live import Live

__all__ = ["chromium", "page"]

pytestmark = pytest.mark.browser

RUST, CUP, SOLD_OUT = 700103, 701402, 700102
ADDRESSES = (
    "/",
    "/collections",
    "/collections/all",
    "/products/squall-shell",
    "/products/gift-card",
    "/cart",
    "/search?q=hat",
    "/pages/faq",
    "/pages/break-it",
    "/policies/shipping-policy",
)


@pytest.fixture
def product(page: Page, live: Live) -> Page:
    page.goto(f"{live.url}/products/ridge-beanie?variant={RUST}")
    page.wait_for_load_state("networkidle")
    return page


def update(page: Page, *lines: dict[str, object]) -> dict[str, object]:
    result: dict[str, object] = page.evaluate("lines => Shopify.actions.updateCart({ lines })", list(lines))
    return result


def test_adding_opens_the_drawer(product: Page) -> None:
    product.get_by_role("button", name="Add to cart").click()
    drawer = product.get_by_role("dialog", name="Your cart")
    expect(drawer).to_contain_text("Ridge Beanie")
    expect(product.locator(".count")).to_have_text("1")
    drawer.get_by_role("button", name="One Ridge Beanie more").click()
    expect(drawer.locator(".total")).to_contain_text("€68.00")
    drawer.get_by_role("button", name="Close the cart").click()
    expect(drawer).to_be_hidden()


def test_a_refusal_is_said_where_the_button_is(product: Page) -> None:
    product.locator("input[name=quantity]").fill("9")
    product.get_by_role("button", name="Add to cart").click()
    expect(product.locator("[data-add-error]")).to_have_text("You can only add 4 Ridge Beanie - Rust to the cart.")


def test_the_globals_are_those_of_a_shopify_page(product: Page) -> None:
    found = product.evaluate("() => JSON.parse(JSON.stringify(Shopify))")
    assert (found["shop"], found["locale"], found["country"]) == ("demo-store.myshopify.com", "en", "FI")
    assert (found["currency"]["active"], found["routes"]["root"]) == ("EUR", "/")


def test_a_standard_action_changes_the_cart_and_what_the_theme_shows(product: Page) -> None:
    result = update(product, {"merchandiseId": f"gid://shopify/ProductVariant/{CUP}", "quantity": 2})
    assert result["userErrors"] == []
    expect(product.locator(".count")).to_have_text("2")
    assert product.evaluate("() => Shopify.actions.updateCart.isDefault()") is False
    product.evaluate("() => Shopify.actions.openCart()")
    expect(product.get_by_role("dialog", name="Your cart")).to_contain_text("Tin Cup")


def test_a_standard_action_reports_what_the_shop_refuses(product: Page) -> None:
    result = update(product, {"merchandiseId": SOLD_OUT, "quantity": 1})
    assert "already sold out" in str(result["userErrors"])


def test_lines_are_told_to_whoever_listens(product: Page) -> None:
    heard = product.evaluate(
        """async (id) => {
          const heard = new Promise((done) => addEventListener('shopify:cart:lines-update', done, { once: true }));
          await Shopify.actions.updateCart({ lines: [{ merchandiseId: id, quantity: 1 }] });
          const { action, context, promise } = await heard;
          return [action, context, (await promise).cart.totalQuantity];
        }""",
        CUP,
    )
    assert heard == ["add", "standard-action", 1]


def test_another_cart_than_the_browsers_own_is_not_touched(product: Page) -> None:
    assert product.evaluate("async () => (await Shopify.actions.getCart({ cartId: 'another?key=1' })).cart") is None


def test_a_button_of_break_it_is_pressed_without_leaving_the_page(product: Page, live: Live) -> None:
    update(product, {"merchandiseId": CUP, "quantity": 1})
    product.goto(f"{live.url}/pages/break-it")
    product.get_by_role("button", name="Expire every cart").click()
    expect(product.locator("#expire-carts")).to_contain_text("Done.")
    expect(product.locator(".count")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_breaks_its_policy_or_its_width(chromium: Browser, live: Live, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844})
    tab = context.new_page()
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    tab.on("console", hear)
    for address in ADDRESSES:
        tab.goto(live.url + address)
        tab.wait_for_load_state("networkidle")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    context.close()
    assert said == []
