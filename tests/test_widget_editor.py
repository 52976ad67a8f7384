"""In the theme editor the chat shows what a setting does, at once, and speaks to no server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.merchant import settings
from tests.widget import Chat

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-editor")]

# Shopify wraps each block, and sends its events from the wrapper.
WRAP = """() => {
    const block = document.createElement('div');
    const chat = document.querySelector('shop-chat');
    chat.before(block);
    block.id = 'shopify-block-chat';
    block.append(chat);
}"""
SAY = """([name, id]) =>
    document.getElementById(id).dispatchEvent(new CustomEvent(`shopify:${name}`, { bubbles: true, detail: {} }))"""
# A block that is drawn anew comes as markup, in which no script runs.
REDRAW = """values => {
    const chat = document.querySelector('shop-chat');
    const anew = chat.cloneNode();
    Object.assign(anew.dataset, values);
    chat.parentElement.innerHTML = anew.outerHTML;
}"""


@pytest.fixture
def chat(page: Page, live: Live) -> Iterator[Chat]:
    """The chat as the theme editor shows it. Asking the server for anything fails the test."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    settings(page, live, design_mode="", greeting="Well met.", consent="You agree.", hint="Need help?")
    chat = Chat(page, live)
    chat.visit()
    page.evaluate(WRAP)
    page.wait_for_load_state("networkidle")
    yield chat
    page.wait_for_load_state("networkidle")
    assert asked == []


def say(chat: Chat, name: str, id: str = "shopify-block-chat") -> None:
    chat.page.evaluate(SAY, [name, id])


def change(chat: Chat, **values: str) -> None:
    chat.page.evaluate("values => Object.assign(document.querySelector('shop-chat').dataset, values)", values)


def greeting(chat: Chat) -> Locator:
    return chat.page.locator("shop-chat .greeting")


def test_selecting_the_block_opens_the_chat_and_leaving_it_closes_it(chat: Chat) -> None:
    say(chat, "block:select")
    expect(greeting(chat)).to_have_text("Well met.")
    expect(chat.page.locator("shop-chat .consent")).to_have_text("You agree.")
    expect(chat.page.locator("shop-chat .chip")).to_have_count(3)
    say(chat, "block:deselect")
    expect(chat.panel).to_be_hidden()


def test_another_block_is_none_of_its_business(chat: Chat) -> None:
    chat.page.evaluate("document.querySelector('main').id = 'other'")
    say(chat, "block:select", "other")
    expect(chat.panel).to_have_count(0)


def test_a_section_that_it_stands_in_counts_too(chat: Chat) -> None:
    say(chat, "section:select")
    expect(chat.panel).to_be_visible()
    say(chat, "section:deselect")
    expect(chat.panel).to_be_hidden()


def test_a_changed_setting_shows_at_once(chat: Chat) -> None:
    say(chat, "block:select")
    expect(chat.panel).to_be_visible()
    change(chat, greeting="Hello there.", radius="0", position="left")
    expect(greeting(chat)).to_have_text("Hello there.")
    assert chat.panel.evaluate("panel => getComputedStyle(panel).borderRadius") == "0px"
    box = chat.launcher.bounding_box()
    assert box
    assert box["x"] == 20
    change(chat, greeting="And again.")
    expect(greeting(chat)).to_have_text("And again.")
    expect(chat.launcher).to_have_count(1)


def test_a_block_that_is_drawn_anew_stays_open(chat: Chat) -> None:
    say(chat, "block:select")
    expect(greeting(chat)).to_have_text("Well met.")
    chat.page.evaluate(REDRAW, {"greeting": "Drawn anew."})
    expect(greeting(chat)).to_have_text("Drawn anew.")
    say(chat, "block:deselect")
    expect(chat.panel).to_be_hidden()


def test_a_chat_that_the_merchant_has_opened_stays_open(chat: Chat) -> None:
    chat.launcher.click()
    expect(chat.panel).to_be_visible()
    change(chat, greeting="Hello there.")
    expect(greeting(chat)).to_have_text("Hello there.")
    chat.page.get_by_role("button", name="Close", exact=True).click()
    change(chat, greeting="Another.")
    expect(chat.panel).to_have_count(0)


def test_the_hint_is_shown_without_delay_and_however_often(chat: Chat) -> None:
    hint = chat.page.get_by_role("button", name="Need help?")
    expect(hint).to_be_visible()
    change(chat, hint="Any questions?")
    expect(chat.page.get_by_role("button", name="Any questions?")).to_be_visible()
    chat.page.get_by_role("button", name="Dismiss").click()
    chat.page.reload()
    expect(hint).to_be_visible()
    assert chat.page.evaluate("Object.keys(localStorage)") == []


def test_settings_that_cannot_be_used_are_told_to_the_developer_once(chat: Chat) -> None:
    said: list[str] = []
    chat.page.on("console", lambda message: said.append(message.text) if message.type == "warning" else None)
    change(chat, color="tomato", side="2em", avatar="http://a.example/b.png", radius="7", scheme="theme")
    change(chat, greeting="Hello there.")
    say(chat, "block:select")
    expect(greeting(chat)).to_have_text("Hello there.")
    assert said == ['shop-chat cannot use color="tomato", side="2em", avatar="http://a.example/b.png"']


def test_there_is_nobody_to_talk_to(chat: Chat) -> None:
    say(chat, "block:select")
    expect(chat.panel).to_be_visible()
    assert chat.page.evaluate("document.querySelector('shop-chat').ask('Do you have mittens?')") is False
    assert chat.page.evaluate("document.querySelector('shop-chat').shadowRoot.querySelector('.body').inert")
    chat.page.evaluate("document.querySelector('shop-chat').reset()")
    chat.page.evaluate("dispatchEvent(new Event('online')), document.dispatchEvent(new Event('visibilitychange'))")
    expect(chat.questions).to_have_count(0)


def test_the_block_for_products_is_to_be_seen_even_while_the_chat_is_switched_off(chat: Chat) -> None:
    chat.page.route("**/widget/chat.js", lambda route: route.abort())
    chat.visit("/products/tin-cup")
    ask = chat.page.locator("shop-chat-ask")
    expect(ask).to_be_hidden()
    ask.evaluate("ask => ask.toggleAttribute('data-design-mode')")  # as the snippet has it there
    expect(ask).to_be_visible()
