"""`make screenshots`: every state of the widget on the demo shop, as a shopper sees it, in three sizes."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import DESKTOP, FLAGS, PHONE, find
from tests.live import ROOT, Live, serving
from tests.widget import Chat, break_it, slowly

FOLDER = ROOT / "docs" / "screenshots"
SIZES: dict[str, dict[str, Any]] = {
    "1280": {"viewport": DESKTOP},
    "768": {"viewport": {"width": 768, "height": 1024}, "has_touch": True},
    "390": {
        "viewport": PHONE,
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}
PRODUCT = "/products/ridge-beanie"

State = Callable[[Chat], None]
STATES: dict[str, State] = {}
SETTINGS: dict[str, dict[str, Any]] = {"dark": {"color_scheme": "dark"}, "dark-cards": {"color_scheme": "dark"}}


def state(drive: State) -> State:
    """A state is what its function leaves on the screen; its name is the picture's."""
    STATES[drive.__name__.replace("_", "-")] = drive
    return drive


@state
def closed(chat: Chat) -> None:
    chat.visit("/")


@state
def greeting(chat: Chat) -> None:
    chat.open("/")


@state
def block(chat: Chat) -> None:
    chat.visit(PRODUCT)
    chat.page.locator("shop-chat-ask").scroll_into_view_if_needed()


@state
def hint(chat: Chat) -> None:
    rewrite(chat, hint="Not sure about your size? Ask me.", hintDelay="1")
    chat.visit(PRODUCT)
    expect(chat.page.get_by_text("Not sure about your size?")).to_be_visible()


@state
def merchants_hand(chat: Chat) -> None:
    questions = "Which sleeping mat is warmest?\nWhat fits into a small pack?"
    consent = "By writing you agree to our [privacy policy]."
    rewrite(
        chat,
        color="#7a3341",
        radius="4",
        position="left",
        title="Mountain desk",
        questions=questions,
        consent=consent,
        consentLink="/policies/privacy-policy",
    )
    chat.open("/")


@state
def on_a_product(chat: Chat) -> None:
    chat.open(PRODUCT)


@state
def cards(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Something warm for my head?")


@state
def words(chat: Chat) -> None:
    chat.open("/")
    chat.ask("What is your return policy?")


@state
def answering(chat: Chat) -> None:
    chat.open("/")
    with slowly(chat.live):
        chat.type("Do you have enamel mugs?")
        expect(chat.answer).to_contain_text("Here is")
        hold(chat)


@state
def after_a_tap(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Something warm for my head?")
    chat.cards.first.click()
    chat.page.wait_for_url("**/products/**")
    expect(chat.answer).to_be_visible()


@state
def cart(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Add the Drift Mittens in S/M to my cart")
    expect(chat.cart).to_be_visible()


@state
def broken_off(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Do you have mittens?")
    break_it(chat.live, "kill-answer")
    chat.ask("What is your return policy?")


@state
def offline(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Do you have mittens?")
    chat.page.context.set_offline(True)
    chat.type("And how long does delivery take?")
    expect(chat.page.get_by_text("No connection.")).to_be_visible()


@state
def rewording(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Do you have mittens?")
    chat.box.press("ArrowUp")
    chat.box.fill("Do you have enamel mugs?")


@state
def too_long(chat: Chat) -> None:
    chat.open("/")
    chat.box.fill("It is for a very long walk. " * 72)


@state
def menu(chat: Chat) -> None:
    chat.open("/")
    chat.page.get_by_role("button", name="More", exact=True).click()


@state
def history(chat: Chat) -> None:
    several(chat)
    chat.choose("Past conversations")
    expect(chat.page.locator(".entries li")).to_have_count(3)


@state
def history_options(chat: Chat) -> None:
    history(chat)
    chat.page.get_by_role("button", name="Options for").first.click()


@state
def sharing(chat: Chat) -> None:
    history_options(chat)
    chat.page.get_by_role("button", name="Share a link").click()
    chat.page.get_by_role("button", name="7 days").click()
    expect(chat.page.get_by_role("textbox", name="Link to this conversation")).to_be_visible()


@state
def nothing_past(chat: Chat) -> None:
    chat.open("/")
    chat.choose("Past conversations")


@state
def forget_me(chat: Chat) -> None:
    chat.open("/")
    chat.choose("Forget me")


@state
def dark(chat: Chat) -> None:
    follow_the_system(chat)
    chat.open("/")


@state
def dark_cards(chat: Chat) -> None:
    follow_the_system(chat)
    chat.open("/")
    chat.ask("Something warm for my head?")


@state
def arabic(chat: Chat) -> None:
    speak(chat, "ar")
    chat.visit("/")
    chat.launcher.click()
    expect(chat.panel).to_be_visible()


@state
def arabic_cards(chat: Chat) -> None:
    arabic(chat)
    box = chat.page.locator("shop-chat textarea")
    box.fill("Something warm for my head?")
    box.press("Enter")
    expect(chat.cards.first).to_be_visible()
    expect(chat.page.locator("shop-chat .busy")).to_have_count(0)


def several(chat: Chat) -> None:
    """Three conversations in the history."""
    chat.open("/")
    for question in ("Something warm for my head?", "What is your return policy?", "Do you have enamel mugs?"):
        chat.ask(question)
        chat.choose("New conversation")
        expect(chat.questions).to_have_count(0)


def hold(chat: Chat) -> None:
    """Let nothing more be drawn, so that the picture is of the middle of an answer."""
    chat.page.evaluate("window.requestAnimationFrame = () => 0")


def speak(chat: Chat, locale: str) -> None:
    rewrite(chat, locale=locale)


def follow_the_system(chat: Chat) -> None:
    rewrite(chat, scheme="auto")


def rewrite(chat: Chat, **settings: str) -> None:
    """Have the shop's pages give the element other settings."""
    script = """(settings) => new MutationObserver(() => {
        const element = document.querySelector('shop-chat:not([data-told])');
        if (element) Object.assign(element.dataset, settings, { told: '' });
    }).observe(document, { childList: true, subtree: true })"""
    chat.page.add_init_script(f"({script})({json.dumps(settings)})")


@contextmanager
def shopper(browser: Browser, size: str, name: str) -> Iterator[Page]:
    """A tab of a fresh profile, in the shop's own time."""
    context = browser.new_context(**SIZES[size], **SETTINGS.get(name, {}), reduced_motion="reduce", locale="en-IE")
    yield context.new_page()
    context.close()


def shoot(browser: Browser, live: Live, size: str, name: str) -> None:
    with shopper(browser, size, name) as page:
        chat = Chat(page, live)
        STATES[name](chat)
        page.wait_for_load_state("networkidle") if name != "answering" else None
        page.screenshot(path=FOLDER / f"{name}-{size}.png")
    break_it(live, "mend")


def main() -> None:
    """Take all pictures, or those whose names are given."""
    wanted = sys.argv[1:] or list(STATES)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as live, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        for name in wanted:
            for size in SIZES:
                shoot(browser, live, size, name)
            sys.stdout.write(f"{name}\n")
    sys.stdout.write(f"{len(wanted) * len(SIZES)} pictures in {FOLDER.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
