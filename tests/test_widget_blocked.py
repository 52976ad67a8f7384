"""A browser that blocks all site data by its own setting: the chat works, and remembers nothing on the next page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import FLAGS, WHOLE, find
from tests.live import Live
from tests.widget import Chat, slowly

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-blocked")]

MITTENS = "Do you have mittens?"
BLOCKED = 2  # Chromium's number for a content setting that blocks
STATE = """async () => {
  const tell = async (use) => { try { await use(); return 'works'; } catch (error) { return error.name; } };
  const opened = () => new Promise((resolve, reject) => {
    const opening = indexedDB.open('x');
    Object.assign(opening, { onsuccess: resolve, onerror: () => reject(opening.error) });
  });
  return [await tell(() => localStorage.length), await tell(() => sessionStorage.length), await tell(opened),
          await tell(() => navigator.locks.request('x', () => 1))];
}"""


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile whose owner has chosen to block all cookies."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "Default").mkdir()
    settings = {"profile": {"default_content_setting_values": {"cookies": BLOCKED}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def page(profile: Path) -> Iterator[Page]:
    """The one tab of all tests in this file: it forgets everything with each page."""
    path = find(WHOLE)  # the one without a window has no settings
    if path is None:
        missing = "chromium is not installed: blocked site data was not tested"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=path, args=FLAGS, reduced_motion="reduce"
        )
        page = context.pages[0]
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        context.close()
        assert not faults


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    opened = Chat(page, live)
    opened.open()
    return opened


def test_the_browser_really_blocks_it(chat: Chat) -> None:
    assert chat.page.evaluate(STATE) == ["SecurityError", "SecurityError", "UnknownError", "SecurityError"]


def test_messages_are_sent_one_after_the_other(chat: Chat) -> None:
    chat.ask(MITTENS)
    expect(chat.answer).to_contain_text("Drift Mittens")
    with slowly(chat.live):
        chat.type("Do you have enamel mugs?")
        expect(chat.answer).to_contain_text("Here is")
        chat.type("thanks")
    expect(chat.answers).to_have_count(3)
    chat.wait()
    expect(chat.questions).to_have_text([MITTENS, "Do you have enamel mugs?", "thanks"])


def test_a_new_page_begins_anew(chat: Chat) -> None:
    chat.ask(MITTENS)
    chat.open("/collections/all")
    expect(chat.questions).to_have_count(0)
    chat.ask("thanks")


def test_past_conversations_are_listed_and_opened(chat: Chat) -> None:
    chat.ask(MITTENS)
    chat.choose("New conversation")
    expect(chat.questions).to_have_count(0)
    chat.ask("thanks")
    chat.choose("Past conversations")
    expect(chat.page.locator(".entries li .name")).to_have_text(["thanks", MITTENS])
    chat.page.locator(".entries .open").last.click()
    expect(chat.questions).to_have_text([MITTENS])


def test_forget_me_erases_and_does_not_speak_of_a_copy(chat: Chat) -> None:
    chat.ask(MITTENS)
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=True).click()
    expect(chat.page.locator("shop-chat .page")).to_have_count(0)
    expect(chat.questions).to_have_count(0)
    chat.ask("thanks")


def test_the_cart_is_filled_by_asking(chat: Chat) -> None:
    chat.ask("Put the Tin Cup in my cart")
    expect(chat.cart).to_contain_text("1 item")
    expect(chat.cart.get_by_role("link", name="Check out")).to_be_visible()


def test_the_block_asks_its_question(chat: Chat) -> None:
    chat.visit("/products/tin-cup")
    chat.page.locator("shop-chat-ask button").first.click()
    expect(chat.questions).to_have_count(1)
    expect(chat.answers).to_have_count(1)
    chat.wait()
