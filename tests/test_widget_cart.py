"""The cart: filled by asking, shown with its total and the way to the checkout, and missed when it is gone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import page
from tests.live import Live
from tests.widget import Chat, break_it

__all__ = ["page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.looks,
    pytest.mark.xdist_group("widget-cart"),
    pytest.mark.engines("chromium", "firefox"),
]

RETRY = {"Retry-After": "9", "Access-Control-Allow-Origin": "*"}
ADD = "Add the Drift Mittens in Slate, size S/M, to my cart"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    opened = Chat(page, live)
    opened.open("/products/drift-mittens")
    return opened


def fill_the_themes_cart(chat: Chat) -> None:
    """As the shopper does on a product page, before the chat is asked anything."""
    chat.page.evaluate(
        """async () => {
            const { variants } = await (await fetch('/products/tin-cup.js')).json();
            const { id } = variants.find((each) => each.available);
            await fetch('/cart/add.js', {
                method: 'POST',
                headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify({ items: [{ id, quantity: 2 }] }),
            });
        }"""
    )


def begin_a_cart(chat: Chat) -> None:
    """Ask for a first piece, and wait until the assistant's cart and the theme's are one."""
    with chat.page.expect_response(
        lambda answer: answer.request.method == "PUT" and answer.url.endswith("/api/cart")
    ):
        chat.ask(ADD)


def choose_anything(chat: Chat) -> None:
    """Choose what can be had of the first product, option by option."""
    options = chat.answers.last.locator(".goods li").first.locator("select")
    expect(options.first).to_be_visible()  # cards come after the words that name them
    for option in options.all():
        option.select_option(index=1)


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_was_added_by_asking_stands_in_the_cart_line(chat: Chat) -> None:
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("1 item · €39.00")
    chat.cart.get_by_role("link", name="Check out").click()
    chat.page.wait_for_url("**/cart**")
    expect(chat.page.locator("main")).to_contain_text("Drift Mittens")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_was_added_by_asking_can_be_undone_in_the_cart_that_the_theme_shows(chat: Chat) -> None:
    fill_the_themes_cart(chat)
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("3 items")
    chat.visit("/collections/all")
    chat.answers.last.get_by_role("button", name="Undo").click()
    expect(chat.cart).to_contain_text("2 items")
    cart = chat.page.evaluate("fetch('/cart.js').then((response) => response.json())")
    assert cart["item_count"] == 2


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_the_assistant_works_on_the_cart_that_the_shopper_already_has(chat: Chat) -> None:
    fill_the_themes_cart(chat)
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("3 items")
    cart = chat.page.evaluate("fetch('/cart.js').then((response) => response.json())")
    assert cart["item_count"] == 3


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_cart_that_could_not_be_handed_over_is_handed_over_with_the_next_message(chat: Chat) -> None:
    fill_the_themes_cart(chat)
    chat.page.route("**/api/cart", lambda route: route.abort())
    chat.ask("What is your return policy?")
    chat.page.unroute_all()
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("3 items")


def test_the_theme_looks_again_when_the_assistant_has_changed_its_cart(chat: Chat) -> None:
    fill_the_themes_cart(chat)
    chat.page.evaluate("addEventListener('shop-chat:cart', ({ detail }) => (window.told = detail.cart.count))")
    chat.ask(ADD)
    expect(chat.page.locator("#shopify-section-cart-count")).to_contain_text("3")
    assert chat.page.evaluate("told") == 3


def test_a_cart_that_expired_is_told_in_words_to_who_comes_back(chat: Chat, live: Live) -> None:
    begin_a_cart(chat)
    break_it(live, "expire-carts")
    chat.visit("/collections/all")
    expect(chat.cart).to_contain_text("Your cart had expired; a new one takes its place.")
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("1 item · €39.00")
    expect(chat.cart.get_by_role("link", name="Check out")).to_be_visible()


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_cart_that_the_server_could_not_be_asked_for_is_asked_for_again(chat: Chat) -> None:
    chat.ask(ADD)
    chat.page.route("**/api/cart", lambda route: route.abort())
    with chat.page.expect_event("requestfailed"):
        chat.visit("/collections/all")
    expect(chat.cart).to_be_hidden()
    chat.page.unroute_all()
    chat.ask("What is your return policy?")
    expect(chat.cart).to_contain_text("1 item · €39.00")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
@pytest.mark.parametrize("status", [429, 503])
def test_a_cart_line_stays_as_it_was_while_the_shop_is_not_to_be_asked(chat: Chat, status: int) -> None:
    refusal = {"code": "too-many-requests", "title": "Too many requests.", "detail": "Please wait.", "status": status}
    begin_a_cart(chat)
    chat.page.route("**/api/cart", lambda route: route.fulfill(status=status, headers=RETRY, json=refusal))
    fill_the_themes_cart(chat)
    with chat.page.expect_response("**/api/cart"):
        chat.ask("What is your return policy?")
    expect(chat.cart).to_contain_text("1 item · €39.00")
    expect(chat.panel.get_by_role("alert")).to_have_count(0)
    expect(chat.panel).not_to_contain_text("Too many")
    chat.page.unroute_all()
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("4 items")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_cart_that_expires_in_the_middle_of_a_conversation_is_noticed(chat: Chat, live: Live) -> None:
    begin_a_cart(chat)
    break_it(live, "expire-carts")
    chat.ask(ADD)
    expect(chat.answers.last.locator(".cartline:visible").first).to_contain_text("had expired")
    expect(chat.cart).to_contain_text("1 item · €39.00")


def test_a_cart_whose_script_does_not_come_is_shown_once_it_is_there_and_the_theme_knows_at_once(chat: Chat) -> None:
    chat.page.evaluate("addEventListener('shop-chat:cart', ({ detail }) => (window.told = detail.cart?.count))")
    chat.page.route("**/widget/shopping-*.js*", lambda route: route.abort())
    chat.ask(ADD)
    retry = chat.answers.last.locator(".cartline:visible").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    expect(chat.cart).to_be_hidden()
    assert chat.page.evaluate("told") == 1
    chat.page.unroute_all()
    retry.click()
    expect(chat.cart).to_contain_text("1 item · €39.00")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_the_carts_key_is_in_the_link_and_nowhere_else(chat: Chat) -> None:
    chat.ask(ADD)
    link = chat.cart.get_by_role("link", name="Check out").get_attribute("href")
    assert link
    key = link.split("key=")[1]
    assert key not in chat.page.evaluate("JSON.stringify({ ...localStorage })")
    assert key not in chat.answers.last.inner_text()


def test_a_product_goes_into_the_cart_from_its_card(chat: Chat) -> None:
    chat.ask("Do you have enamel mugs?")
    chat.answers.last.locator("select").first.select_option(index=1)
    chat.answers.last.locator(".add").first.click()
    expect(chat.answers.last.locator(".add").first).to_have_text("Added")
    expect(chat.cart).to_contain_text("1 item")
    inside = chat.page.evaluate(
        "async () => (await (await fetch('/cart.js')).json()).items.map(each => each.quantity)"
    )
    assert inside == [1]
    expect(chat.panel).to_be_visible()


def test_a_product_is_added_where_the_storefront_has_no_standard_actions(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    chat.page.evaluate("delete window.Shopify.actions")
    choose_anything(chat)
    chat.answers.last.locator(".add").first.click()
    expect(chat.cart).to_contain_text("1 item")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_what_the_shop_refuses_is_said_in_its_words(chat: Chat) -> None:
    chat.ask("Do you have mittens?")
    chat.page.evaluate("delete window.Shopify.actions")
    choose_anything(chat)
    chat.page.route(
        "**/cart/add.js",
        lambda route: route.fulfill(
            status=422, json={"status": 422, "message": "Cart Error", "description": "All gone."}
        ),
    )
    chat.answers.last.locator(".add").first.click()
    expect(chat.cart).to_contain_text("All gone.")
    expect(chat.answers.last.locator(".add").first).to_have_text("Add to cart")


def test_what_was_added_by_asking_and_from_a_card_is_in_one_cart(chat: Chat) -> None:
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("1 item")
    chat.ask("Do you have enamel mugs?")
    choose_anything(chat)
    chat.answers.last.locator(".add").first.click()
    expect(chat.answers.last.locator(".add").first).to_have_text("Added")
    expect(chat.cart).to_contain_text("2 items")
    titles = "async () => (await (await fetch('/cart.js')).json()).items.map((each) => each.product_title)"
    assert sorted(chat.page.evaluate(titles)) == ["Drift Mittens", "Tin Cup"]
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("3 items")


def with_tax(route: Route) -> None:
    """Let the answer through, with a tax in each cart's totals."""
    answer = route.fetch()
    tax = '{"type":"tax","text":"incl. 24% VAT","amount":{"amount":755,"currency":"EUR","exponent":2}}'
    route.fulfill(response=answer, body=answer.text().replace('"totals":[', f'"totals":[{tax},'))


@pytest.mark.chromium_only("BiDi holds no answer back to change it")
def test_the_tax_that_the_shop_names_stands_beside_the_total(chat: Chat) -> None:
    chat.page.route(re.compile(r"/api/(cart|chat)$"), with_tax)
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("1 item · €39.00 · incl. 24% VAT €7.55")
    line = chat.answers.last.locator(".cartline:visible").last
    expect(line).to_contain_text("Your cart: 1 item, €39.00 · incl. 24% VAT €7.55 · Subtotal €39.00")


@pytest.mark.chromium_only("words of the server and of the widget, the same in every engine")
def test_a_total_that_is_only_a_sum_stands_alone(chat: Chat) -> None:
    chat.ask(ADD)
    line = chat.answers.last.locator(".cartline:visible p > span").first
    expect(line).to_have_text("Your cart: 1 item, €39.00")
