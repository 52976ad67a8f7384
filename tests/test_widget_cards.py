"""Products in the chat: choosing a variant of many, what the shop says of the goods, and adding them to the cart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bench.widget.scripted import Scripted, scripted
from tests.access import violations
from tests.browser import PHONE, chromium, page, phone, tab
from tests.goods_page import (
    COLOURS,
    SIZES,
    THEME,
    Goods,
    Json,
    Shoe,
    Theme,
    beanie,
    mittens,
    money,
    notice,
    option,
    product,
    sent,
    variant,
)

__all__ = ["chromium", "page", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-cards")]

SELECTION = "**/api/products/*/selection"
ALLERGENS = "Contains lanolin, and traces of nuts and sesame.\nMade in a workshop that also handles milk."
# What a screen reader is told, in the order it is told.
LISTEN = """
window.told = [];
Element.prototype.ariaNotify = function (text) { told.push(text); };
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def theme() -> Theme:
    return Theme()


@pytest.fixture
def goods(page: Page, shop: Scripted, theme: Theme) -> Goods:
    opened = Goods(page, shop, theme)
    opened.open(script=THEME + LISTEN)
    return opened


@pytest.fixture
def shoe(page: Page) -> Shoe:
    made = Shoe()
    page.route(SELECTION, made.answer)
    return made


def told(goods: Goods) -> str:
    said: list[str] = goods.page.evaluate("told")
    return "\n".join(said)


# Choosing


def test_a_shoe_in_eighty_variants_is_chosen_by_size_and_colour(goods: Goods, shoe: Shoe, theme: Theme) -> None:
    goods.show(shoe.product({}))
    assert goods.values("Size") == SIZES
    assert goods.values("Color") == COLOURS
    expect(goods.add).to_have_text("Choose Size")
    goods.choose("Size", "44")
    expect(goods.add).to_have_text("Choose Color")
    goods.choose("Color", "Moss")
    expect(goods.add).to_have_text("Add to cart")
    expect(goods.card.locator(".price")).to_have_text("€139.00")
    assert [each["selected"] for each in shoe.asked] == [
        [{"name": "Size", "label": "44"}],
        [{"name": "Size", "label": "44"}, {"name": "Color", "label": "Moss"}],
    ]
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert theme.held == {shoe.variant("44", "Moss")["id"].split("/")[-1]: 1}


def test_the_shop_is_asked_as_from_the_shoppers_country(page: Page, shop: Scripted, shoe: Shoe) -> None:
    goods = Goods(page, shop)
    goods.open("de", more='data-country="CH" data-currency="CHF"')
    goods.show(shoe.product({}))
    with page.expect_response(SELECTION):
        goods.choose("Size", "44")
    expect(goods.add).to_have_text("Color wählen")
    assert {name: shoe.asked[0][name] for name in ("country", "currency", "language")} == {
        "country": "CH",
        "currency": "CHF",
        "language": "de",
    }


def test_values_that_cannot_be_had_are_named_and_those_that_do_not_exist_cannot_be_chosen(
    goods: Goods, shoe: Shoe
) -> None:
    goods.show(shoe.product({}))
    goods.choose("Color", "Rust")
    expect(goods.field("Size").locator("option[value='40']")).to_have_text("40 · Not available")
    expect(goods.field("Size").locator("option[value='40']")).to_have_js_property("disabled", True)
    goods.choose("Color", "Black")
    expect(goods.field("Size").locator("option[value='47']")).to_have_text("47 · Sold out")
    expect(goods.field("Size").locator("option[value='40']")).to_have_js_property("disabled", False)
    goods.choose("Size", "47")
    expect(goods.add).to_have_text("Sold out")
    expect(goods.add).to_have_attribute("aria-disabled", "true")
    expect(goods.card.locator(".stock")).to_have_text("Sold out")
    goods.add.click(force=True)
    assert goods.theme.held == {}


def test_what_the_shop_has_chosen_is_chosen_and_nothing_else(goods: Goods, shoe: Shoe, theme: Theme) -> None:
    goods.show(shoe.product({"Size": "42", "Color": "Moss"}))
    expect(goods.field("Size")).to_have_value("42")
    expect(goods.card.locator(".price")).to_have_text("€139.00")
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert list(theme.held) == [shoe.variant("42", "Moss")["id"].split("/")[-1]]
    goods.show(beanie())
    expect(goods.field("Colour")).to_have_value("")


def test_a_choice_of_the_shop_fills_only_what_the_shopper_left_open(goods: Goods, shoe: Shoe) -> None:
    goods.show(shoe.product({}))
    shoe.preset = {"Size": "38", "Color": "Oat"}
    goods.choose("Size", "44")
    expect(goods.field("Color")).to_have_value("Oat")
    expect(goods.field("Size")).to_have_value("44")
    expect(goods.add).to_have_text("Add to cart")


def test_the_button_waits_for_the_shop_and_adds_nothing_that_was_chosen_before(
    goods: Goods, shoe: Shoe, theme: Theme
) -> None:
    held: list[Route] = []
    goods.show(shoe.product({"Size": "42", "Color": "Oat"}))

    def hold(route: Route) -> None:
        held.append(route)

    goods.page.route(SELECTION, hold)
    with goods.page.expect_request(SELECTION):
        goods.choose("Color", "Pine")
    expect(goods.add).to_have_attribute("aria-busy", "true")
    goods.add.click()
    assert theme.held == {}
    shoe.answer(held[0])
    expect(goods.add).not_to_have_attribute("aria-busy", "true")
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert list(theme.held) == [shoe.variant("42", "Pine")["id"].split("/")[-1]]


def test_an_answer_to_an_earlier_choice_is_passed_over(goods: Goods, shoe: Shoe) -> None:
    held: list[Route] = []

    def answer_the_second(route: Route) -> None:
        held.append(route)
        if len(held) == 2:
            shoe.answer(route)

    goods.show(shoe.product({"Size": "42", "Color": "Oat"}))
    goods.page.route(SELECTION, answer_the_second)
    goods.choose("Color", "Ink")
    goods.choose("Color", "Moss")
    expect(goods.card.locator(".price")).to_have_text("€139.00")
    with goods.page.expect_response(SELECTION):
        shoe.answer(held[0])
    goods.page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(goods.card.locator(".price")).to_have_text("€139.00")
    expect(goods.card.locator(".shop-notice")).to_have_count(0)
    expect(goods.field("Color")).to_have_value("Moss")


@pytest.mark.parametrize("status", [0, 404, 500, 503])
def test_a_shop_that_does_not_answer_is_asked_again(goods: Goods, shoe: Shoe, status: int) -> None:
    goods.show(shoe.product({}))

    def fail(route: Route) -> None:
        if status:
            route.fulfill(status=status, json={"code": "shop-unavailable", "title": "No."})
        else:
            route.abort()

    goods.page.route(SELECTION, fail, times=1)
    goods.choose("Size", "44")
    trouble = goods.card.locator(".foot")
    expect(trouble).to_contain_text("We could not check whether this is available.")
    expect(trouble.get_by_role("link", name="Product page")).to_have_attribute("href", f"{goods.shop.url}/products/3")
    expect(goods.field("Size")).to_have_value("44")
    assert "We could not check whether this is available." in told(goods)
    with goods.page.expect_response(SELECTION):
        trouble.get_by_role("button", name="Try again").click()
    expect(trouble).to_be_empty()
    expect(goods.add).to_have_text("Choose Color")
    assert len(shoe.asked) == 1


def test_a_variant_that_does_not_fit_the_whole_choice_is_not_added(goods: Goods, shoe: Shoe, theme: Theme) -> None:
    goods.show(shoe.product({}))
    other = shoe.product({"Size": "38", "Color": "Oat"})
    goods.page.route(SELECTION, lambda route: route.fulfill(json={"product": other}))
    goods.choose("Size", "44")
    expect(goods.field("Color")).to_have_value("Oat")
    expect(goods.add).to_have_text("Not available")
    goods.add.click(force=True)
    assert theme.held == {}


def test_a_product_is_named_by_its_number_whatever_follows_it(goods: Goods, shoe: Shoe) -> None:
    goods.show({**shoe.product({}), "id": "gid://shopify/Product/3?shop=99"})
    with goods.page.expect_request("**/api/products/3/selection"):
        goods.choose("Size", "44")


def test_a_card_with_all_variants_asks_nobody(goods: Goods, theme: Theme) -> None:
    asked: list[str] = []
    goods.page.on("request", lambda request: asked.append(request.url))
    goods.show(mittens())
    expect(goods.card.locator(".stock")).to_have_text("In stock")
    goods.choose("Colour", "Rust")
    assert goods.values("Size") == ["S · Not available", "L"]
    goods.choose("Size", "L")
    expect(goods.card.locator(".price")).to_have_text("€41.00")
    goods.choose("Colour", "Slate")
    assert goods.values("Size") == ["S", "L · Sold out"]
    expect(goods.add).to_have_text("Sold out")
    goods.choose("Size", "S")
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert theme.held == {"20": 1}
    assert not [url for url in asked if "/api/products" in url]


def test_a_message_of_an_earlier_version_is_chosen_from_too(goods: Goods, theme: Theme) -> None:
    old = beanie()
    for name in ("options", "selected", "has_more_variants", "price_max", "notices"):
        del old[name]
    for each in old["variants"]:
        del each["notices"]
        del each["price"]["exponent"]
    goods.show(old)
    expect(goods.card.locator(".stock")).to_have_text("2 options")
    assert goods.values("Colour") == ["Oat · €29.00", "Rust · €34.00", "Moss · Sold out"]
    goods.choose("Colour", "Rust")
    goods.add.click()
    expect(goods.cart).to_be_hidden()
    expect(goods.add).to_have_text("Added")
    assert theme.held == {"11": 1}


def test_variants_without_options_are_chosen_by_their_titles(goods: Goods, theme: Theme) -> None:
    variants = [variant(60, 100, title="Small"), variant(61, 100, title="Large")]
    goods.show(product(6, "Gift Card", *variants))
    choice = goods.card.get_by_role("combobox", name="Options for Gift Card")
    expect(goods.add).to_have_text("Choose")
    choice.select_option("Large")
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert theme.held == {"61": 1}


def test_an_option_with_one_value_is_no_choice(goods: Goods, theme: Theme) -> None:
    goods.show(
        product(
            7,
            "Tin Cup",
            variant(70, options={"Title": "Default Title"}),
            options=[option("Title", "Default Title")],
        )
    )
    expect(goods.card.get_by_role("combobox")).to_have_count(0)
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    assert theme.held == {"70": 1}


def test_a_sold_out_product_offers_no_choice(goods: Goods) -> None:
    goods.show(beanie(available=False))
    expect(goods.card).to_contain_text("Sold out")
    expect(goods.card.locator("select, .add")).to_have_count(0)


def test_it_is_chosen_by_keyboard_and_the_price_is_told(goods: Goods, theme: Theme) -> None:
    goods.show(mittens())
    goods.add.focus()
    goods.page.keyboard.press("Enter")
    expect(goods.field("Colour")).to_be_focused()
    goods.page.keyboard.press("Escape")
    goods.choose("Colour", "Rust")
    goods.choose("Size", "L")
    assert "€41.00" in told(goods)
    assert "In stock" in told(goods)
    goods.page.get_by_role("button", name="Add to cart, Drift Mittens").press("Enter")
    expect(goods.add).to_have_text("Added")
    assert "Drift Mittens, Rust / L is in your cart." in told(goods)
    assert theme.held == {"22": 1}


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_cards_with_everything(
    chromium: Browser, shop: Scripted, locale: str, scheme: str
) -> None:
    with tab(chromium, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme) as opened:
        shoe = Shoe(notices=[notice(ALLERGENS, presentation="disclosure", url="/pages/allergens")])
        opened.route(SELECTION, lambda route: route.abort())
        goods = Goods(opened, shop)
        goods.open(locale)
        goods.say(
            {"type": "data-products", "data": {"products": [shoe.product({}), beanie(), mittens()]}},
            cart_part([notice("Free delivery starts at €80.")], [notice(ALLERGENS, presentation="disclosure")]),
        )
        goods.choose("Size", "44")
        expect(goods.card.locator(".foot button")).to_be_visible()
        assert violations(opened) == []


def test_fields_and_buttons_are_large_enough_for_a_finger_and_large_enough_for_ios(
    phone: Page, shop: Scripted
) -> None:
    goods = Goods(phone, shop)
    goods.open()
    goods.show(mittens(), beanie())
    for control in goods.page.locator("shop-chat .products :is(select, .add)").all():
        box = control.bounding_box()
        assert box
        assert box["height"] >= 44
    sizes = goods.page.locator("shop-chat select").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).fontSize)"
    )
    assert set(sizes) == {"16px"}


# What the shop says of its goods


def cart_part(notices: list[Json], of_line: list[Json]) -> Json:
    lines = [{"id": "1", "variant_id": "v", "title": "Enamel Mug", "quantity": 3, "notices": of_line}]
    cart = {"count": 3, "total": money(5400), "notices": notices, "lines": lines}
    return {"type": "data-cart", "data": {"status": "ok", "cart": cart}}


def test_a_disclosure_stands_in_full_beside_its_product_with_its_picture_and_link(goods: Goods) -> None:
    goods.page.route(
        "**/warning.svg",
        lambda route: route.fulfill(body="<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml"),
    )
    said = notice(ALLERGENS, presentation="disclosure", image="/warning.svg", url="/pages/allergens")
    goods.show(beanie(notices=[said]), mittens())
    disclosure = goods.card.locator(".disclosure")
    expect(disclosure).to_be_visible()
    assert ALLERGENS in disclosure.inner_text()
    assert disclosure.locator("p").evaluate("({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight")
    expect(disclosure.locator("img")).to_have_attribute("src", f"{goods.shop.url}/warning.svg")
    expect(disclosure.get_by_role("link", name="Learn more")).to_have_attribute(
        "href", f"{goods.shop.url}/pages/allergens"
    )
    expect(disclosure).to_contain_text("Please note:")
    expect(goods.page.locator("shop-chat .products li").nth(1).locator(".shop-notice")).to_have_count(0)


def test_an_address_of_another_site_is_told_and_not_linked(goods: Goods) -> None:
    said = notice(
        ALLERGENS, presentation="disclosure", image="https://other.example/a.png", url="https://other.example/a"
    )
    goods.show(beanie(notices=[said]))
    disclosure = goods.card.locator(".disclosure")
    expect(disclosure).to_contain_text("https://other.example/a")
    expect(disclosure.locator("a, img")).to_have_count(0)


def test_an_ordinary_warning_is_a_quiet_line(goods: Goods) -> None:
    goods.show(beanie(notices=[notice("Final sale: no returns."), notice("Final sale: no returns.")]))
    expect(goods.card.locator(".shop-notice")).to_have_text(["Final sale: no returns."])
    expect(goods.card.locator(".disclosure")).to_have_count(0)


def test_what_is_said_of_a_variant_stands_there_once_it_is_chosen(goods: Goods, shoe: Shoe) -> None:
    goods.show(shoe.product({}))
    expect(goods.card.locator(".shop-notice")).to_have_count(0)
    goods.choose("Size", "44")
    goods.choose("Color", "Ink")
    expect(goods.card.locator(".shop-notice")).to_have_text(["Dyed by hand: the colour may run."])
    assert "Dyed by hand" in told(goods)
    goods.choose("Color", "Oat")
    expect(goods.card.locator(".shop-notice")).to_have_count(0)


def test_what_is_said_of_a_cart_and_its_lines_stands_under_the_cart_line(goods: Goods) -> None:
    goods.say(cart_part([notice("Free delivery starts at €80.")], [notice(ALLERGENS, presentation="disclosure")]))
    line = goods.page.locator("shop-chat .cartline")
    expect(line).to_contain_text("Your cart: 3 items, €54.00")
    expect(line.locator(".shop-notice").first).to_have_text("Free delivery starts at €80.")
    expect(line.locator(".disclosure")).to_contain_text("Enamel Mug: Contains lanolin")


def test_a_notice_is_words_and_nothing_else(goods: Goods) -> None:
    evil = "<img src=x onerror=window.ran=1>[a](javascript:1)"
    goods.show(
        beanie(notices=[notice(evil, presentation="disclosure", image="javascript:1", url="javascript:window.ran=1")])
    )
    expect(goods.card.locator(".disclosure")).to_contain_text(evil)
    expect(goods.card.locator(".disclosure :is(a, img)")).to_have_count(0)


# Adding


def test_the_last_piece_is_added_once(goods: Goods, theme: Theme) -> None:
    theme.stock = {"70": 1}
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    expect(goods.add).to_have_text("Add to cart")
    goods.add.click()
    expect(goods.cart).to_contain_text("Only 1 was left, and it is already in your cart.")
    expect(goods.add).to_have_text("Add to cart")
    assert "Only 1 was left" in told(goods)
    assert theme.held == {"70": 1}


@pytest.mark.parametrize("script", [THEME, "window.Shopify = {}"], ids=["actions", "ajax"])
@pytest.mark.parametrize(
    ("stock", "held", "said"),
    [(2, 2, "Es waren nur noch 2 Stück da."), (0, 0, ""), (3, 2, "")],
)
def test_a_shortage_is_said_in_the_shoppers_language(
    page: Page, shop: Scripted, theme: Theme, script: str, stock: int, held: int, said: str
) -> None:
    theme.stock, theme.held = {"70": stock}, {"70": held, "9": 4}
    goods = Goods(page, shop, theme)
    goods.open("de", script=script)
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    if stock > held:
        expect(goods.add).to_have_text("Hinzugefügt")
        return
    none = "gerade ausverkauft" if script == THEME else "konnte nicht in den Warenkorb gelegt werden"
    expect(goods.cart).to_contain_text(said or none)
    expect(goods.add).to_have_text("In den Warenkorb")


def test_a_script_that_does_not_come_is_asked_for_again(page: Page, shop: Scripted, theme: Theme) -> None:
    goods = Goods(page, shop, theme)
    page.route("**/widget/shopping-*.js*", lambda route: route.abort())
    goods.open()
    goods.parts = []
    goods.say({"type": "data-products", "data": {"products": [beanie()]}})
    retry = page.locator("shop-chat .goods").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.unroute("**/widget/shopping-*.js*")
    retry.click()
    expect(goods.add).to_have_text("Choose Colour")


# One cart


def assistants_cart(*lines: Json, name: str = "chat") -> Json:
    cart = {
        "count": sum(line["quantity"] for line in lines),
        "total": money(3600),
        "lines": list(lines),
        "checkout_url": f"https://demo-store.myshopify.com/cart/c/{name}?key=k",
    }
    return {"status": "ok", "cart": cart}


def line(number: int, quantity: int, title: str = "Loft Hat") -> Json:
    return {
        "id": str(number),
        "variant_id": f"gid://shopify/ProductVariant/{number}",
        "title": title,
        "quantity": quantity,
    }


class Bound:
    """The server's side of the cart: it hands out what can be moved until it is told to be in the theme's."""

    def __init__(self, goods: Goods, answer: Json, *, is_themes: bool = False) -> None:
        self.bound: list[str] = []
        self._answer = answer
        lines = answer["cart"]["lines"]
        plain = [line for line in lines if not line.get("selling_plan")]
        self._moved = [{**line, "attributes": []} for line in plain if not is_themes]
        self._left = [line["title"] for line in lines if line not in plain]
        goods.page.route("**/api/cart", self._tell)
        goods.page.route("**/api/cart/move", self._move)

    def _move(self, route: Route) -> None:
        move = {"own": True, "move": {"id": "m", "lines": self._moved}} if self._moved and not self.bound else {}
        route.fulfill(json={**self._answer, **move})

    def _tell(self, route: Route) -> None:
        left = {"left_behind": self._left} if self._left else {}
        if route.request.method == "PUT":
            assert sent(route)["move"] == "m"
            self.bound.append(sent(route)["cart_id"])
        route.fulfill(json={**self._answer, **left})


@pytest.mark.parametrize("script", [THEME, "window.Shopify = {}"], ids=["actions", "ajax"])
def test_what_was_added_by_asking_is_still_there_after_adding_from_a_card(
    page: Page, shop: Scripted, theme: Theme, script: str
) -> None:
    goods = Goods(page, shop, theme)
    goods.open(script=script)
    server = Bound(goods, assistants_cart(line(30, 2)))
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    expect(goods.cart).to_contain_text("2 items")
    assert theme.held == {"70": 1, "30": 2}
    assert server.bound == ["theme?key=k"]


def test_what_was_added_by_asking_is_still_there_after_the_theme_has_got_a_cart(goods: Goods, theme: Theme) -> None:
    goods.show(product(7, "Tin Cup", variant(70)))
    server = Bound(goods, assistants_cart(line(30, 1)))
    theme.held = {"9": 1}
    goods.show(product(7, "Tin Cup", variant(70)))
    assert theme.held == {"9": 1, "30": 1}
    assert server.bound == ["theme?key=k"]


def test_a_theme_cart_that_the_assistant_has_already_is_not_doubled(goods: Goods, theme: Theme) -> None:
    Bound(goods, assistants_cart(line(70, 1), name="theme"), is_themes=True)
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    expect(goods.add).to_have_text("Added")
    expect(goods.cart).to_contain_text("1 item")
    assert theme.held == {"70": 1}


def test_a_subscription_does_not_come_along_as_something_else(goods: Goods, theme: Theme) -> None:
    Bound(goods, assistants_cart(line(30, 2), {**line(31, 1, "Coffee"), "selling_plan": "Every month"}))
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    expect(goods.cart).to_contain_text("Please check that your cart has everything from this chat: Coffee.")
    assert theme.held == {"70": 1, "30": 2}


def test_what_cannot_come_along_is_named(goods: Goods, theme: Theme) -> None:
    theme.stock = {"30": 1}
    Bound(goods, assistants_cart(line(30, 2), line(31, 1, "Long Scarf")))
    goods.show(product(7, "Tin Cup", variant(70)))
    goods.add.click()
    expect(goods.cart).to_contain_text(
        "Please check that your cart has everything from this chat: Loft Hat, Long Scarf."
    )
    goods.cart.get_by_role("button", name="Dismiss").click()
    expect(goods.cart).to_contain_text("Check out")
