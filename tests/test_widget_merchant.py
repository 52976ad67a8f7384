"""What a merchant sets in the snippet is what shoppers see; what cannot be used is as if it was not there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import DESKTOP, PHONE, chromium, page, phone
from tests.live import Live
from tests.merchant import remake, settings
from tests.widget import Chat

__all__ = ["chromium", "page", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-merchant")]

DARK = "rgb(18, 18, 18)"  # what the browser calls Canvas
PAINT = "element => { const s = getComputedStyle(element); return [s.backgroundColor, s.color] }"
ROUND = "element => getComputedStyle(element).borderTopLeftRadius"
BLACK, WHITE, PINE, YELLOW = "rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgb(51, 73, 63)", "rgb(255, 214, 10)"


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def resize(chat: Chat, size: dict[str, int]) -> None:
    chat.page.set_viewport_size({"width": size["width"], "height": size["height"]})


def place(chat: Chat) -> tuple[float, float, float, float]:
    """How far the launcher and the panel are from the left and the lower edge of the window."""
    chat.panel.evaluate("panel => Promise.all(panel.getAnimations().map(({ finished }) => finished))")
    launcher, panel = chat.launcher.bounding_box(), chat.panel.bounding_box()
    assert launcher
    assert panel
    height = DESKTOP["height"]
    return (
        launcher["x"],
        height - launcher["y"] - launcher["height"],
        panel["x"],
        height - panel["y"] - panel["height"],
    )


def test_it_stands_where_it_is_put(chat: Chat) -> None:
    settings(chat.page, chat.live, position="left", side="80", bottom="40")
    chat.open()
    chat.page.mouse.move(0, 0)  # under the pointer the launcher grows
    chat.launcher.evaluate("it => Promise.all(it.getAnimations().map(({ finished }) => finished))")
    assert place(chat) == (80, 40, 80, 108)


def test_it_stands_within_the_window_wherever_it_is_put(chat: Chat) -> None:
    settings(chat.page, chat.live, side="999", bottom="999")
    chat.visit()
    resize(chat, PHONE)
    expect(chat.launcher).to_be_in_viewport(ratio=1)
    chat.launcher.click()
    expect(chat.panel).to_be_visible()


def test_what_stands_on_the_main_colour_can_be_read(chat: Chat) -> None:
    chat.visit()
    for color, on_color, painted in (
        ("#33493f", "", [PINE, WHITE]),
        ("#ffd60a", "", [YELLOW, BLACK]),
        ("#33493f", "#ffd60a", [PINE, YELLOW]),
        ("#33493f", "#5b7f92", [PINE, WHITE]),  # a contrast of 2.3
        ("tomato", "", [BLACK, WHITE]),
    ):
        remake(chat.page, color=color, onColor=on_color)
        assert chat.launcher.evaluate(PAINT) == painted


def test_the_colour_scheme_is_the_merchants(chat: Chat) -> None:
    chat.visit()
    chat.page.emulate_media(color_scheme="dark")
    for scheme, ground in (("", WHITE), ("dark", DARK), ("light", WHITE), ("auto", DARK), ("none", WHITE)):
        remake(chat.page, scheme=scheme)
        assert chat.launcher.evaluate(PAINT)[1] == ground


def test_corners_are_as_round_as_the_merchant_wants_them(chat: Chat) -> None:
    settings(chat.page, chat.live, radius="0")
    chat.open()
    assert [part.evaluate(ROUND) for part in (chat.launcher, chat.panel, chat.send)] == ["0px"] * 3
    settings(chat.page, chat.live, radius="99")
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    assert chat.panel.evaluate(ROUND) == "28px"


def test_the_words_are_the_merchants(chat: Chat) -> None:
    settings(
        chat.page,
        chat.live,
        title="Ask <Anna>",
        greeting="Well met.",
        avatar="/cdn/tin-cup-pine.svg",
        questions="Which wool is warmest?\r\n\r\n  Do you repair?  ",
        product_questions="Is it warm?",
    )
    chat.open()
    expect(chat.page.get_by_role("heading", name="Ask <Anna>")).to_be_visible()
    expect(chat.page.get_by_text("Well met.")).to_be_visible()
    picture = chat.page.locator("shop-chat .avatar img")
    expect(picture).to_have_attribute("alt", "")
    assert picture.evaluate("picture => picture.decode().then(() => true)")
    chips = chat.page.locator("shop-chat .chip")
    expect(chips).to_have_text(["Which wool is warmest?", "Do you repair?"])
    chat.visit("/products/tin-cup")
    expect(chips).to_have_text(["Is it warm?"])
    chips.click()
    expect(chat.questions).to_have_text("Is it warm?")


def test_a_picture_that_cannot_be_had_is_replaced_by_ours(chat: Chat) -> None:
    chat.visit()
    for address in ("/cdn/nothing.svg", "http://shop.example/anna.png", "javascript:alert(1)"):
        remake(chat.page, avatar=address)
        chat.launcher.click()
        expect(chat.page.locator("shop-chat .avatar svg")).to_be_visible()
        expect(chat.page.locator("shop-chat .avatar img")).to_have_count(0)
        chat.launcher.click()


def test_it_keeps_away_from_pages(chat: Chat) -> None:
    chat.visit()
    for rules, root, type_, path, stands in (
        ("cart, product", "/", "product", "/products/tin-cup", False),
        ("cart, product", "/", "page", "/pages/product", True),
        ("cart\n/pages/about\n", "/", "page", "/pages/about", False),
        ("/pages/about", "/fr", "page", "/fr/pages/about", False),
        ("/pages/about", "/", "page", "/pages/about-us", True),
        ("/account*", "/", "customers/login", "/account/login", False),
        ("/", "/", "index", "/", False),
        ("/", "/", "cart", "/cart", True),
        ("/", "/fr/", "index", "/fr", False),
        ("*", "/", "index", "/", False),
        ("", "/", "", "/", True),
        ("cart, ", "/", "", "/", True),
        ("/", "/", "constructor", "/x", True),
    ):
        remake(chat.page, path, hidePages=rules, root=root, pageType=type_)
        expect(chat.launcher).to_be_visible(visible=stands)


def test_an_open_chat_is_not_lost_on_a_page_that_it_keeps_away_from(chat: Chat) -> None:
    settings(chat.page, chat.live, hide_pages="cart")
    chat.open()
    chat.ask("Do you have mittens?")
    chat.visit("/cart")
    expect(chat.launcher).to_be_attached()
    expect(chat.panel).to_be_hidden()
    chat.visit()
    expect(chat.questions).to_have_text("Do you have mittens?")


def test_it_keeps_away_from_a_device_and_comes_back_as_it_was(chat: Chat) -> None:
    settings(chat.page, chat.live, hide_on="phones")
    chat.open()
    chat.ask("Do you have mittens?")
    resize(chat, PHONE)
    expect(chat.launcher).to_be_hidden()
    expect(chat.panel).to_be_hidden()
    assert chat.page.evaluate("document.documentElement.style.overflow") == ""
    resize(chat, DESKTOP)
    expect(chat.panel).to_be_visible()
    expect(chat.questions).to_have_text("Do you have mittens?")


def test_it_keeps_away_from_desktops(chat: Chat) -> None:
    chat.visit()
    remake(chat.page, hideOn="desktops")
    expect(chat.launcher).to_be_hidden()
    resize(chat, PHONE)
    expect(chat.launcher).to_be_visible()


def test_what_one_agrees_to_stands_there_before_the_first_message(chat: Chat) -> None:
    settings(
        chat.page,
        chat.live,
        consent="By writing you agree to our [privacy policy].",
        consent_link="/policies/privacy-policy",
    )
    chat.open()
    line = chat.page.locator("shop-chat .consent")
    expect(line).to_have_text("By writing you agree to our privacy policy.")
    link = line.get_by_role("link", name="privacy policy")
    assert link.evaluate("link => link.href") == f"{chat.live.url}/policies/privacy-policy"
    chat.ask("Do you have mittens?")
    expect(line).to_be_hidden()
    chat.choose("New conversation")
    expect(line).to_be_visible()


def test_without_a_link_it_is_a_plain_line(chat: Chat) -> None:
    settings(chat.page, chat.live, consent="Chats are [kept] for 30 days.", consent_link="javascript:alert(1)")
    chat.open()
    expect(chat.page.locator("shop-chat .consent")).to_have_text("Chats are kept for 30 days.")
    expect(chat.page.locator("shop-chat .consent a")).to_have_count(0)
