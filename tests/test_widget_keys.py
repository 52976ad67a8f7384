"""Keys that are pressed in the chat are the chat's: no shortcut of the theme hears them, however it listens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.live import Live
from tests.theme import Theme, opened, shown, theme
from tests.widget import Chat

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-keys")]

TEXT = "Is there a size S/M? 12"
# What themes and search apps do: a field is spared by what the event's target is, and that is `<shop-chat>` for them.
SPARES = """
const spares = ({ target: t }) => /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) || t.isContentEditable;
const hear = (event) => {
  if (spares(event)) return;
  window.heard = [...(window.heard ?? []), `${event.type} ${event.key}`];
  if (/^[/s]$/.test(event.key)) { event.preventDefault(); document.getElementById('search').focus(); }
  if (event.key === ' ') event.preventDefault();
};
"""
LISTENERS = {
    "the document": "document.addEventListener('keydown', hear)",
    "the window": "window.addEventListener('keydown', hear)",
    "key up": "document.addEventListener('keyup', hear)",
    "key press": "document.addEventListener('keypress', hear)",
    "the document before all": "document.addEventListener('keydown', hear, true)",
    "the window before all": "window.addEventListener('keydown', hear, true)",
    "the body": "addEventListener('DOMContentLoaded', () => document.body.addEventListener('keydown', hear))",
    "a library that looks for fields only": "document.addEventListener('keydown', hear, true); window.onkeyup = hear",
}


@pytest.fixture(scope="module")
def site(live: Live) -> Iterator[Theme]:
    with theme(live) as made:
        yield made


def heard(chat: Chat) -> list[str]:
    return list(chat.page.evaluate("window.heard ?? []"))


@pytest.mark.parametrize("listener", LISTENERS)
def test_what_is_typed_stays_in_the_chat(chromium: Browser, site: Theme, listener: str) -> None:
    with shown(chromium, site, SPARES + LISTENERS[listener]) as chat:
        opened(chat)
        chat.box.click()
        chat.page.keyboard.type(TEXT)
        expect(chat.box).to_have_value(TEXT)
        assert heard(chat) == []
        chat.page.keyboard.press("Enter")
        expect(chat.questions).to_have_text([TEXT])
        chat.wait()
        chat.page.locator("#search").evaluate("field => field.blur()")
        chat.page.locator("h1").click()
        chat.page.keyboard.press("x")  # the theme's own shortcuts go on
        assert any("x" in each for each in heard(chat))


def test_neither_does_what_is_typed_into_the_pages_over_it(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site, SPARES + LISTENERS["the document"]) as chat:
        opened(chat)
        chat.ask("Do you have mittens?")
        chat.choose("Past conversations")
        field = chat.page.get_by_role("searchbox")
        field.click()
        chat.page.keyboard.type("mittens / s")
        expect(field).to_have_value("mittens / s")
        chat.page.get_by_role("button", name="Clear the search").click()
        chat.page.get_by_role("button", name="Options for").click()
        chat.page.get_by_role("button", name="Rename").click()
        name = chat.page.get_by_role("textbox", name="New title")
        name.fill("")
        chat.page.keyboard.type("s / m")
        expect(name).to_have_value("s / m")
        chat.page.keyboard.press("Escape")
        expect(name).to_have_count(0)
        expect(chat.page.locator(".history")).to_be_visible()
        assert heard(chat) == []


def test_escape_and_tab_and_the_slash_go_on_working(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site, SPARES + LISTENERS["the document before all"]) as chat:
        opened(chat)
        expect(chat.box).to_be_focused()
        chat.page.keyboard.press("Shift+Tab")
        expect(chat.box).not_to_be_focused()
        chat.page.keyboard.press("/")
        expect(chat.box).to_be_focused()
        chat.page.get_by_role("button", name="More", exact=True).click()
        chat.page.keyboard.press("ArrowDown")
        chat.page.keyboard.press("Escape")
        expect(chat.page.get_by_role("menu")).to_be_hidden()
        expect(chat.panel).to_be_visible()
        chat.box.focus()
        chat.page.keyboard.press("Escape")
        expect(chat.panel).to_be_hidden()
        assert [each for each in heard(chat) if "Tab" not in each] == []


def test_a_button_of_the_chat_is_pressed_by_space_whatever_the_theme_does_with_it(
    chromium: Browser, site: Theme
) -> None:
    with shown(chromium, site, SPARES + LISTENERS["the document"]) as chat:
        opened(chat)
        close = chat.page.get_by_role("button", name="Close", exact=True)
        close.focus()
        chat.page.keyboard.press("Space")
        expect(chat.panel).to_be_hidden()


def test_the_launcher_is_pressed_by_space_before_the_panel_is_there(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site, SPARES + LISTENERS["the document"]) as chat:
        chat.launcher.focus()
        chat.page.keyboard.press("Space")
        expect(chat.panel).to_be_visible()
        assert heard(chat) == []


def test_the_end_of_the_escape_that_closed_it_closes_nothing_else(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site, "window.ends = []; addEventListener('keyup', ({ key }) => ends.push(key));") as chat:
        opened(chat)
        chat.page.keyboard.press("Escape")
        expect(chat.panel).to_be_hidden()
        assert chat.page.evaluate("ends") == []
        chat.page.keyboard.press("Escape")  # the chat has no use for this one
        assert chat.page.evaluate("ends") == ["Escape"]


def test_an_app_that_forbids_to_copy_and_to_scroll_does_not_reach_the_chat(chromium: Browser, site: Theme) -> None:
    forbid = "for (const type of ['copy', 'cut', 'paste', 'beforeinput', 'contextmenu', 'selectstart', 'wheel'])"
    forbid += "addEventListener(type, (event) => event.preventDefault(), { passive: false });"
    with shown(chromium, site, forbid) as chat:
        opened(chat)
        chat.box.fill("once")
        chat.page.keyboard.press("Control+a")
        chat.page.keyboard.press("Control+x")
        expect(chat.box).to_have_value("")
        chat.page.keyboard.press("Control+v")
        chat.page.keyboard.press("Control+v")
        expect(chat.box).to_have_value("onceonce")


def test_an_input_method_ends_its_word_with_enter_and_nothing_is_sent(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site, SPARES + LISTENERS["the document"]) as chat:
        opened(chat)
        devtools = chat.page.context.new_cdp_session(chat.page)
        devtools.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
        pressed = {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 229}
        devtools.send("Input.dispatchKeyEvent", pressed)
        devtools.send("Input.insertText", {"text": "日本"})
        expect(chat.box).to_have_value("日本")
        expect(chat.questions).to_have_count(0)
        assert heard(chat) == []
