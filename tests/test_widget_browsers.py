"""Habits of other browsers, played in this one: what Safari does not focus, where Firefox sends keys, plain http."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.widget import Chat

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-browsers")]

MITTENS = "Do you have mittens?"
# Safari focuses no clicked button or link unless its `tabindex` is set: the focus goes to what lies around it.
SAFARI = """
document.addEventListener('mousedown', (event) => {
  const pressed = event.composedPath().find(({ localName }) => localName === 'button' || localName === 'a');
  if (!pressed || pressed.hasAttribute('tabindex')) return;
  event.preventDefault();
  const around = pressed.parentElement?.closest('[tabindex]');
  if (around) return around.focus({ preventScroll: true });
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  focused?.blur();
}, true);
"""
# Firefox lets every key event that a script makes out of a shadow tree.
FIREFOX = """
const Real = window.KeyboardEvent;
window.KeyboardEvent = class KeyboardEvent extends Real {
  constructor(type, init) { super(type, { ...init, composed: true }); }
};
"""
UNFOCUSABLE = """() => [...document.querySelector('shop-chat').shadowRoot.querySelectorAll('button')]
    .filter((button) => !button.hasAttribute('tabindex')).map((button) => button.outerHTML)"""


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def test_in_safari_the_menus_button_closes_its_menu(chat: Chat) -> None:
    chat.page.add_init_script(SAFARI)
    chat.open()
    more = chat.page.get_by_role("button", name="More", exact=True)
    for is_open in (True, False, True):
        more.click()
        expect(chat.page.get_by_role("menu")).to_be_visible(visible=is_open)
    chat.page.get_by_role("menuitem", name="Past conversations").click()
    expect(chat.page.get_by_role("heading", name="Past conversations")).to_be_visible()


def test_in_safari_the_focus_comes_back_to_what_was_clicked(chat: Chat) -> None:
    chat.page.add_init_script(SAFARI)
    chat.visit("/products/tin-cup")
    question = chat.page.locator("shop-chat-ask").get_by_role("button", name="What is your return policy?")
    question.click()
    expect(chat.answers).to_have_count(1)
    chat.wait()
    down = chat.page.get_by_role("button", name="Bad answer", exact=True)
    down.click()
    chat.page.get_by_role("textbox", name="What was it?").fill("Too long.")
    chat.page.get_by_role("button", name="Tell us").click()
    expect(down).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(question).to_be_focused()


def test_no_button_is_one_that_safari_does_not_focus(chat: Chat) -> None:
    chat.open()
    chat.ask(MITTENS)
    chat.page.get_by_role("button", name="Bad answer", exact=True).click()
    expect(chat.page.get_by_role("button", name="Tell us")).to_be_visible()
    assert chat.page.evaluate(UNFOCUSABLE) == []
    chat.choose("Past conversations")
    chat.page.get_by_role("button", name="Options for").click()
    chat.page.get_by_role("button", name="Delete", exact=True).click()
    expect(chat.page.get_by_role("button", name="Keep")).to_be_focused()
    assert chat.page.evaluate(UNFOCUSABLE) == []


def test_in_firefox_keys_do_not_come_back_to_who_has_told_them(chat: Chat) -> None:
    chat.page.add_init_script(FIREFOX)
    chat.open()
    chat.box.click()
    chat.page.keyboard.type(MITTENS)
    chat.page.keyboard.press("Enter")
    expect(chat.questions).to_have_text(MITTENS)
    chat.wait()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()


def test_a_page_without_tls_has_all_but_the_copying(chat: Chat) -> None:
    """A theme on a developer's machine, seen from a phone: not a secure context, so many interfaces are missing."""

    site, server = "http://shop.test", chat.live.url

    def pass_on(route: Route) -> None:
        headers = {**route.request.headers, "origin": server}
        answer = route.fetch(url=route.request.url.replace(site, server), headers=headers)
        told = {name: value.replace(server, site) for name, value in answer.headers.items()}
        route.fulfill(status=answer.status, headers=told, body=answer.body().replace(server.encode(), site.encode()))

    chat.page.route(f"{site}/**", pass_on)
    chat.page.goto(site)
    assert chat.page.evaluate("[isSecureContext, typeof crypto.randomUUID, typeof navigator.locks]") == [
        False,
        "undefined",
        "undefined",
    ]
    chat.launcher.click()
    chat.ask(MITTENS)
    chat.ask("thanks")
    expect(chat.page.get_by_role("button", name="Copy", exact=True)).to_have_count(0)
    chat.page.reload()
    expect(chat.questions).to_have_text([MITTENS, "thanks"])
    chat.choose("Past conversations")
    chat.page.get_by_role("button", name="Options for").click()
    chat.page.get_by_role("button", name="Share a link").click()
    chat.page.get_by_role("button", name="7 days").click()
    chat.page.get_by_role("button", name="Copy", exact=True).click()
    expect(chat.page.get_by_text("The link is selected")).to_be_visible()
    chat.page.get_by_role("button", name="Back", exact=True).click()
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=True).click()
    expect(chat.page.locator("shop-chat .page")).to_have_count(0)
    expect(chat.questions).to_have_count(0)
