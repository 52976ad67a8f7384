"""For everyone: keyboard, focus, what a screen reader hears, and axe-core in every state."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import HEARD, LISTEN, focused, violations
from tests.browser import DESKTOP, PHONE, chromium, page, phone, tab, until
from tests.live import Live
from tests.widget import Chat, break_it, slowly

__all__ = ["chromium", "page", "phone"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-access")]


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def test_it_can_be_used_with_the_keyboard_alone(chat: Chat) -> None:
    chat.visit()
    chat.launcher.focus()
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_be_focused()
    chat.page.keyboard.type("Do you have mittens?")
    chat.page.keyboard.press("Enter")
    chat.wait()
    seen = []
    for _ in range(13):
        chat.page.keyboard.press("Shift+Tab")
        seen.append(focused(chat.page))
    tools, (size, colour, card, *rest) = seen[:5], seen[5:]
    assert tools == ["Answer again", "Bad answer", "Good answer", "Copy", "Choose Colour, Drift Mittens"]
    assert (size, colour) == ("Size, Drift Mittens", "Colour, Drift Mittens")
    assert card.startswith("Drift Mittens")
    assert rest == ["Edit", "Conversation", "Close", "More", "Chat with us"]


def test_escape_closes_and_gives_the_focus_back(chat: Chat) -> None:
    chat.open()
    expect(chat.launcher).to_have_attribute("aria-expanded", "true")
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()
    expect(chat.launcher).to_have_attribute("aria-expanded", "false")


def test_an_escape_of_an_input_method_does_not_close(chat: Chat) -> None:
    chat.open()
    chat.box.dispatch_event("keydown", {"key": "Escape", "isComposing": True, "bubbles": True, "composed": True})
    expect(chat.panel).to_be_visible()


def test_the_page_beside_the_panel_stays_in_reach(chat: Chat) -> None:
    chat.open()
    chat.page.keyboard.press("Shift+Tab")
    chat.page.get_by_role("link", name="Knitwear").first.focus()
    expect(chat.page.get_by_role("link", name="Knitwear").first).to_be_focused()
    expect(chat.panel).to_be_visible()


def test_a_restored_panel_leaves_the_focus_where_it_is(chat: Chat) -> None:
    chat.open()
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    assert chat.page.evaluate("document.activeElement === document.body")


def test_a_phones_restored_panel_chooses_no_button(phone: Page, live: Live) -> None:
    chat = Chat(phone, live)
    chat.open()
    phone.reload()
    expect(chat.panel).to_be_visible()
    expect(phone.get_by_role("dialog")).to_be_focused()


def test_the_menu_is_a_menu(chat: Chat) -> None:
    chat.open()
    button = chat.page.get_by_role("button", name="More", exact=True)
    button.press("Enter")
    expect(chat.page.get_by_role("menuitem", name="New conversation")).to_be_focused()
    chat.page.keyboard.press("ArrowDown")
    expect(chat.page.get_by_role("menuitem", name="Past conversations")).to_be_focused()
    chat.page.keyboard.press("ArrowUp")
    chat.page.keyboard.press("ArrowUp")
    expect(chat.page.get_by_role("menuitem", name="Forget me")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(chat.panel).to_be_visible()


def test_escape_leaves_a_page_before_the_panel(chat: Chat) -> None:
    chat.open()
    chat.choose("Past conversations")
    expect(chat.page.get_by_role("button", name="Back")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.box).to_be_visible()
    expect(chat.panel).to_be_visible()


def test_a_phone_keeps_its_keyboard_down_until_it_is_wanted(phone: Page, live: Live) -> None:
    chat = Chat(phone, live)
    chat.open()
    expect(phone.get_by_role("button", name="Close", exact=True)).to_be_focused()


def test_a_screen_reader_hears_that_it_is_answered_and_then_the_answer_once(chat: Chat) -> None:
    chat.page.add_init_script(LISTEN)
    chat.open()
    chat.page.evaluate(HEARD)
    chat.ask("Do you have mittens?")
    until(chat.page, "heard.length > 1")
    first, answer = chat.page.evaluate("heard")
    assert first == "Ask Tarn is answering"
    assert "Drift Mittens, €39.00." in answer
    words, _, cards = answer.partition("Shall I put one in your cart?")
    assert "Drift Mittens, €39.00." in words
    assert cards.strip().startswith("Drift Mittens"), "the cards come after the words that name them"
    expect(chat.page.get_by_role("log")).to_have_attribute("aria-live", "off")


SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE},
    "200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "forced colours": {"viewport": DESKTOP, "forced_colors": "active"},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_in_any_state(chromium: Browser, live: Live, screen: str) -> None:
    with tab(chromium, reduced_motion="reduce", **SCREENS[screen]) as page:
        chat = Chat(page, live)
        chat.visit()
        page.evaluate("document.querySelector('shop-chat').dataset.scheme = 'auto'")
        expect(chat.launcher).to_be_visible()
        assert violations(page) == []
        chat.open()
        assert violations(page) == []
        with slowly(live):
            chat.type("Do you have enamel mugs?")
            expect(chat.answer).to_contain_text("Here is")
            assert violations(page) == []
        chat.wait()
        chat.ask("Add the Drift Mittens in S/M to my cart")
        break_it(live, "kill-answer")
        chat.ask("What is your return policy?")
        assert violations(page) == []
        chat.box.fill("x" * 2001)
        assert violations(page) == []
        page.get_by_role("button", name="More", exact=True).click()
        assert violations(page) == []
        page.get_by_role("menuitem", name="Past conversations").click()
        expect(page.locator(".entries li")).to_have_count(1)
        assert violations(page) == []
        page.get_by_role("button", name="Back").click()
        chat.choose("Forget me")
        assert violations(page) == []


def test_at_200_percent_everything_can_be_read_and_reached(chromium: Browser, live: Live) -> None:
    with tab(chromium, **SCREENS["200 %"]) as page:
        chat = Chat(page, live)
        chat.open()
        chat.ask("Do you have mittens?")
        width = "box => [box.scrollWidth <= box.clientWidth, box.getBoundingClientRect().right <= innerWidth]"
        assert chat.panel.evaluate(width) == [True, True]
        assert page.get_by_role("log").evaluate("log => log.clientHeight") > 150
        for control in (chat.box, chat.send, page.get_by_role("button", name="Close", exact=True)):
            expect(control).to_be_in_viewport(ratio=1)


def test_who_wants_less_motion_gets_none(chromium: Browser, live: Live) -> None:
    with tab(chromium, viewport=DESKTOP, reduced_motion="reduce") as page:
        chat = Chat(page, live)
        chat.open()
        with slowly(live):
            chat.type("Do you have mittens?")
            expect(chat.answer).to_contain_text("This is")
            moving = "panel => panel.getRootNode().getAnimations().map((each) => each.animationName)"
            assert chat.panel.evaluate(moving) == []
        chat.wait()


def test_every_control_is_large_enough_for_a_finger(phone: Page, live: Live) -> None:
    chat = Chat(phone, live)
    chat.open()
    chat.ask("Do you have mittens?")
    small = """panel => [...panel.querySelectorAll('button, select, a, input, textarea')]
        .filter((each) => each.checkVisibility())
        .map((each) => [each.ariaLabel || each.textContent.trim(), each.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24).map(([name]) => name)"""
    assert chat.panel.evaluate(small) == []
    assert "user-scalable" not in (phone.locator("meta[name=viewport]").get_attribute("content") or "")
