"""The demo's theme in a real browser: its cart, Shopify's standard actions, and its policy on every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser import chromium, page
from tests.live import Live

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks]

RUST, CUP, SOLD_OUT, MUG = 700103, 701402, 700102, 702501
ADDRESSES = (
    "/",
    "/collections",
    "/collections/all",
    "/products/squall-shell",
    "/products/gift-card",
    "/products/fell-runner",
    "/products/namesake-mug",
    "/products/shepherds-balm",
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


def test_a_standard_action_warns_of_what_is_sold_out(product: Page) -> None:
    result = update(product, {"merchandiseId": SOLD_OUT, "quantity": 1})
    assert result["userErrors"] == []
    assert result["warnings"] == [
        {"code": "MERCHANDISE_OUT_OF_STOCK", "message": "The product 'Ridge Beanie - Moss' is already sold out."}
    ]
    assert result["cart"]["totalQuantity"] == 0  # type: ignore[index]


def test_a_standard_action_adds_what_there_is_and_warns_of_the_rest(product: Page) -> None:
    for wanted, held in ((9, 4), (1, 4)):
        result = update(product, {"merchandiseId": RUST, "quantity": wanted})
        assert result["userErrors"] == []
        assert "MERCHANDISE_NOT_ENOUGH_STOCK" in str(result["warnings"])
        assert result["cart"]["totalQuantity"] == held  # type: ignore[index]
    line = result["cart"]["lines"][0]["id"]  # type: ignore[index]
    assert "MERCHANDISE_NOT_ENOUGH_STOCK" in str(update(product, {"id": line, "quantity": 5})["warnings"])
    assert update(product, {"id": line, "quantity": 2})["warnings"] == []
    assert update(product, {"id": line, "quantity": 0})["cart"]["totalQuantity"] == 0  # type: ignore[index]


def test_a_standard_action_refuses_what_cannot_be_applied(product: Page) -> None:
    result = update(product, {"merchandiseId": "gid://shopify/ProductVariant/1", "quantity": 1})
    assert "Cannot find variant" in str(result["userErrors"])


def test_a_shop_of_the_time_before_warnings_refuses_what_is_sold_out(product: Page, live: Live) -> None:
    with live.faults() as shop:
        shop.stock_in_user_errors = True
        assert "already sold out" in str(update(product, {"merchandiseId": SOLD_OUT, "quantity": 1})["userErrors"])


def test_a_line_with_attributes_is_another_line(product: Page) -> None:
    engraved = {"merchandiseId": MUG, "quantity": 1, "attributes": [{"key": "Engraving", "value": "Anna"}]}
    update(product, engraved, {"merchandiseId": MUG, "quantity": 1})
    cart = product.evaluate("async () => (await fetch('/cart.js')).json()")
    assert [item["properties"] for item in cart["items"]] == [{"Engraving": "Anna"}, {}]
    product.evaluate("() => Shopify.actions.openCart()")
    expect(product.get_by_role("dialog", name="Your cart")).to_contain_text("Engraving: Anna")


def test_the_carts_attributes_and_codes_are_set_by_the_standard_action(product: Page) -> None:
    update(product, {"merchandiseId": CUP, "quantity": 1})
    heard = product.evaluate(
        """async () => {
          const name = 'shopify:cart:attributes-update';
          const heard = new Promise((done) => addEventListener(name, done, { once: true }));
          const attributes = [{ key: 'Gift', value: 'yes' }];
          const result = await Shopify.actions.updateCart({ attributes, discountCodes: ['winter10', 'NOPE'] });
          return { told: (await heard).attributes, result, cart: await (await fetch('/cart.js')).json() };
        }"""
    )
    assert heard["told"] == [{"key": "Gift", "value": "yes"}]
    assert heard["cart"]["attributes"] == {"Gift": "yes"}
    assert heard["result"]["cart"]["discountCodes"] == [{"code": "WINTER10", "applicable": True}]
    assert [warning["code"] for warning in heard["result"]["warnings"]] == ["DISCOUNT_NOT_FOUND"]
    assert (heard["cart"]["original_total_price"], heard["cart"]["total_price"]) == (1600, 1440)


def test_a_mug_is_engraved_and_a_code_taken_in_the_cart(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/products/namesake-mug")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Engraving").fill("Ben")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("dialog", name="Your cart")).to_contain_text("Engraving: Ben")
    page.goto(f"{live.url}/cart")
    main = page.get_by_role("main")
    main.get_by_label("Discount code").fill("nope")
    main.get_by_role("button", name="Apply").click()
    expect(main.get_by_role("alert")).to_have_text("We do not know the code nope.")
    main.get_by_label("Discount code").fill("winter10")
    main.get_by_role("button", name="Apply").click()
    expect(main.locator(".total")).to_contain_text("€25.20")
    main.get_by_role("button", name="Remove WINTER10").click()
    expect(main.locator(".total")).to_contain_text("€28.00")


def test_a_shop_in_forint_shows_the_same_prices_everywhere(page: Page, live: Live) -> None:
    with live.faults() as shop:
        shop.currency = "HUF"
        page.goto(f"{live.url}/products/ridge-beanie?variant={RUST}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("[data-price]")).to_contain_text("13 260 Ft")
        assert page.evaluate("Shopify.currency.active") == "HUF"
        page.get_by_role("button", name="Add to cart").click()
        expect(page.get_by_role("dialog", name="Your cart").locator(".total")).to_contain_text("13 260 Ft")
        found = page.evaluate("async () => (await Shopify.actions.getCart()).cart.cost.totalAmount")
        assert found == {"amount": "13260.00", "currencyCode": "HUF"}


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
