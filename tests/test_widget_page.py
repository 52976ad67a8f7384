"""What the widget costs the page it is on, and what the page cannot do to it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import chromium, page
from tests.live import Live
from tests.widget import Chat, slowly

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-page")]

STRICT = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.fixture
def chat(page: Page, live: Live) -> Chat:
    return Chat(page, live)


def own(chat: Chat, body: str) -> None:
    """Answer the shop's first page with `body` under the strictest policy."""
    tag = (
        f'<shop-chat data-shop="demo-store.myshopify.com" data-api="{chat.live.url}"></shop-chat>'
        f'<script type="module" src="{chat.live.url}/widget/chat.js"></script>'
    )

    def answer(route: Route) -> None:
        route.fulfill(
            content_type="text/html",
            headers={"Content-Security-Policy": STRICT},
            body=f'<!doctype html><html lang="en"><title>Shop</title><body>{body}{tag}</body></html>',
        )

    chat.page.route(f"{chat.live.url}/", answer)


def test_nothing_but_the_entry_is_loaded_before_the_shopper_shows_interest(chat: Chat) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url.removeprefix(chat.live.url)))
    chat.visit()
    expect(chat.launcher).to_be_visible()
    chat.page.wait_for_load_state("networkidle")
    assert [url for url in asked if url.startswith(("/api", "/widget"))] == ["/widget/chat.js"]
    with chat.page.expect_request("**/widget/panel-*.js"):
        chat.launcher.hover()
    chat.page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.startswith("/api")]
    assert chat.page.evaluate("Object.keys(localStorage)") == []


def test_no_session_is_begun_before_the_first_message(chat: Chat) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url.removeprefix(chat.live.url)))
    chat.open("/")
    chat.page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.startswith("/api")]


def test_the_launcher_moves_nothing_on_the_page(chat: Chat) -> None:
    chat.page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifts += value; })
            .observe({ type: 'layout-shift', buffered: true });"""
    )
    own(chat, "<main><h1>Shop</h1></main>")
    chat.open("/")
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    assert chat.page.evaluate("[shifts, document.body.scrollHeight <= innerHeight]") == [0, True]


def test_it_works_under_a_strict_policy_with_trusted_types(chat: Chat) -> None:
    own(chat, "<main><h1>Shop</h1></main>")
    chat.open("/")
    chat.ask("Do you have mittens?")
    assert chat.stored()[-1] == chat.read()
    chat.choose("Past conversations")
    chat.page.get_by_role("button", name="Options for").click()
    with chat.page.expect_download():
        chat.page.get_by_role("button", name="Download as JSON").click()


def test_a_theme_cannot_reach_into_it(chat: Chat) -> None:
    own(chat, '<link rel="stylesheet" href="/rough.css"><main><h1>Shop</h1></main>')
    rough = """
        html { font-size: 62.5% } body { font: italic 40px/3 monospace; color: red; text-align: right }
        * { box-sizing: content-box; letter-spacing: 9px; text-transform: uppercase; visibility: inherit }
        button, textarea, dialog, p, ul { display: block; background: lime; padding: 99px; transform: rotate(9deg) }
        div:empty, section:empty, shop-chat:empty { opacity: .2 }
    """
    chat.page.route("**/rough.css", lambda route: route.fulfill(content_type="text/css", body=rough))
    chat.open("/")
    seen = chat.box.evaluate(
        "box => { const s = getComputedStyle(box);"
        "return [s.fontSize, s.letterSpacing, s.textTransform, s.transform, s.textAlign, s.fontFamily] }"
    )
    assert seen == ["15px", "normal", "none", "none", "start", "monospace"]


def test_what_themes_do_to_empty_elements_does_not_hide_it(chat: Chat) -> None:
    own(chat, '<link rel="stylesheet" href="/dawn.css"><main><h1>Shop</h1></main>')
    dawn = ", ".join(
        f"{tag}:empty" for tag in ("a", "ul", "dl", "div", "section", "article", "p", "h1", "h2", "dialog")
    )
    rule = f"{dawn} {{ display: none }} @media print, screen {{ .hidden {{ display: none !important }} }}"
    chat.page.route("**/dawn.css", lambda route: route.fulfill(content_type="text/css", body=rule))
    chat.open("/")
    chat.ask("Do you have mittens?")
    expect(chat.answer).to_be_visible()


def test_a_themes_modal_drawer_lies_over_it_and_its_layer_can_be_set(chat: Chat) -> None:
    own(
        chat,
        '<link rel="stylesheet" href="/z.css"><main><h1>Shop</h1></main><dialog><button>Filter</button></dialog>',
    )
    rule = "dialog { inset: 0 0 0 auto; margin: 0; width: 400px; height: 100% } .low { --shop-chat-z: 7 }"
    chat.page.route("**/z.css", lambda route: route.fulfill(content_type="text/css", body=rule))
    chat.open("/")
    chat.page.evaluate("document.querySelector('dialog').showModal()")
    on_top = "([x, y]) => document.elementFromPoint(x, y).localName"
    assert chat.page.evaluate(on_top, [1200, 400]) == "dialog"
    chat.page.evaluate("document.querySelector('shop-chat').classList.add('low')")
    assert chat.launcher.evaluate("launcher => getComputedStyle(launcher).zIndex") == "7"


SWAPS = {
    "turbo": "swap()",
    "view transition": "document.startViewTransition(swap).finished",
    "morph": "document.querySelector('shop-chat').replaceWith(document.querySelector('shop-chat').cloneNode(true))",
}


@pytest.mark.parametrize("how", SWAPS)
def test_a_page_whose_body_is_exchanged_goes_on_with_the_answer(chat: Chat, live: Live, how: str) -> None:
    with slowly(live):
        chat.open("/")
        chat.type("Do you have mittens?")
        expect(chat.answer).to_contain_text("This is")
        chat.page.evaluate(
            f"""async () => {{
                const swap = () => document.body.replaceWith(document.body.cloneNode(true));
                await {SWAPS[how]};
            }}"""
        )
        expect(chat.panel).to_be_visible()
        expect(chat.stop).to_be_visible()
    chat.wait()
    assert chat.read() == chat.stored()[-1]
    expect(chat.questions).to_have_count(1)
    expect(chat.launcher).to_have_count(1)


def test_the_snippet_twice_on_a_page_is_one_chat(chat: Chat) -> None:
    own(chat, f'<shop-chat data-shop="demo-store.myshopify.com" data-api="{chat.live.url}"></shop-chat>')
    chat.visit()
    expect(chat.launcher).to_have_count(1)


def test_an_element_that_is_moved_keeps_its_conversation(chat: Chat) -> None:
    chat.open("/")
    chat.ask("Do you have mittens?")
    chat.page.evaluate("document.querySelector('main').append(document.querySelector('shop-chat'))")
    expect(chat.panel).to_be_visible()
    expect(chat.questions).to_have_text("Do you have mittens?")
    chat.ask("thanks")
    expect(chat.questions).to_have_count(2)


def test_a_panel_that_cannot_be_loaded_is_told_and_tried_again(chat: Chat) -> None:
    chat.visit()
    chat.page.route("**/widget/panel-*.js", lambda route: route.abort())
    chat.launcher.click()
    expect(chat.page.get_by_text("The chat could not be loaded.")).to_be_visible()
    chat.page.unroute_all()
    chat.launcher.click()
    expect(chat.panel).to_be_visible()


def test_an_entry_of_the_release_before_opens_the_panel_of_this_one(chat: Chat) -> None:
    def older(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=re.sub(r"panel-\w{10}", "panel-0123456789", response.text()))

    chat.page.route("**/widget/chat.js", older)
    chat.open("/")
    chat.ask("Do you have mittens?")
    assert chat.stored()[-1] == chat.read()


def test_it_follows_the_stores_font_colour_scheme_and_the_merchants_colour(chat: Chat) -> None:
    own(chat, '<link rel="stylesheet" href="/dark.css"><main><h1>Shop</h1></main>')
    dark = ":root { color-scheme: dark } body { font-family: fantasy } shop-chat { --shop-chat-accent: rgb(1, 2, 3) }"
    chat.page.route("**/dark.css", lambda route: route.fulfill(content_type="text/css", body=dark))
    chat.open("/")
    style = chat.panel.evaluate("p => { const s = getComputedStyle(p); return [s.backgroundColor, s.fontFamily] }")
    assert style == ["rgb(27, 28, 31)", "fantasy"]
    assert chat.launcher.evaluate("l => getComputedStyle(l).backgroundColor") == "rgb(1, 2, 3)"
