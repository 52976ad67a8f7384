"""The theme around the chat: other websites than the shop's, other systems' tags, other apps' built-ins, older
browsers. It works or keeps away, and the console stays empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, chromium, tab, until
from tests.live import SHOP, Live, free_port
from tests.theme import Theme, call_shop, opened, shown, theme
from tests.widget import Chat

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-theme")]

MITTENS = "Do you have mittens?"
BUTTON = '<button name="q" value="In stock?">In stock?</button>'
BLOCK = f'<shop-chat-ask class="shop-chat-ask"><form action="/search">{BUTTON}</form></shop-chat-ask>'


@pytest.fixture(scope="module")
def shop(live: Live) -> Iterator[Theme]:
    with theme(live) as made:
        yield made


@pytest.fixture
def site(shop: Theme, live: Live) -> Theme:
    """The shop's website, with nothing said on its console yet. What a test changes in it, its pages show."""
    for name, value in vars(Theme(live, shop.url)).items():
        setattr(shop, name, value)
    return shop


def quiet(chat: Chat, site: Theme) -> None:
    """All that was asked has been answered, and the console is empty."""
    chat.page.wait_for_load_state("networkidle")
    assert site.faults == []


def test_on_a_website_of_no_shop_there_is_nothing_to_see_and_nothing_to_read(chromium: Browser, live: Live) -> None:
    with theme(live, registered=False) as preview:
        preview.head = "<style>.shop-chat-ask:not(:defined) { visibility: hidden }</style>"
        with shown(chromium, preview) as chat:
            quiet(chat, preview)
            expect(chat.launcher).to_have_count(0)
            assert chat.page.evaluate("customElements.get('shop-chat') === undefined")
            assert chat.page.evaluate("Object.keys(localStorage)") == []


def test_in_the_theme_editor_it_is_shown_on_any_website(chromium: Browser, live: Live) -> None:
    with theme(live, registered=False) as editor:
        editor.attributes = "data-design-mode"
        with shown(chromium, editor) as chat:
            opened(chat)
            quiet(chat, editor)


def test_a_shop_that_was_removed_leaves_a_silent_page(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site) as chat:
        opened(chat)
        chat.ask(MITTENS)
        call_shop(site.live, "remove", SHOP)
        try:
            chat.page.reload()  # the browser still has the script
            expect(chat.page.locator("shop-chat")).to_have_count(0)
            quiet(chat, site)
        finally:
            call_shop(site.live, "add", SHOP, "--origin", site.url, "--mcp-url", f"{site.live.url}/api/ucp/mcp")


def test_a_shop_that_is_removed_while_its_page_is_open_is_asked_no_more(chromium: Browser, site: Theme) -> None:
    with shown(chromium, site) as chat:
        opened(chat)
        chat.ask(MITTENS)
        call_shop(site.live, "remove", SHOP)
        try:
            chat.type("Do you have enamel mugs?")
            expect(chat.page.locator("shop-chat")).to_have_count(0)
            asked: list[str] = []
            chat.page.on("request", lambda request: asked.append(request.url))
            chat.page.wait_for_timeout(1500)  # two of the waits between attempts
            assert asked == []
        finally:
            call_shop(site.live, "add", SHOP, "--origin", site.url, "--mcp-url", f"{site.live.url}/api/ucp/mcp")


@pytest.mark.parametrize("unknown", ["nowhere.myshopify.com", "{{ shop.permanent_domain }}"])
def test_a_shop_that_nobody_knows_has_a_chat_that_goes_away(chromium: Browser, site: Theme, unknown: str) -> None:
    site.shop = unknown
    with shown(chromium, site) as chat:
        chat.launcher.click()
        expect(chat.page.locator("shop-chat")).to_have_count(0)
        quiet(chat, site)


def test_a_server_that_is_away_leaves_a_page_that_works(chromium: Browser, site: Theme) -> None:
    site.live = replace(site.live, port=free_port())
    site.head = "<script>window.works = true</script>"
    with shown(chromium, site) as chat:
        chat.page.wait_for_load_state("networkidle")
        assert chat.page.evaluate("works")
        expect(chat.launcher).to_have_count(0)
        assert all("chat.js" in fault or "ERR_" in fault for fault in site.faults)


def test_on_the_password_page_it_keeps_away(chromium: Browser, site: Theme) -> None:
    site.attributes = 'data-page-type="password"'
    with shown(chromium, site) as chat:
        expect(chat.page.locator("shop-chat")).to_have_count(1)
        quiet(chat, site)
        expect(chat.launcher).to_be_hidden()


TAGS = [
    "en_US",
    "zh-Hans-CN",
    "x-default",
    "",
    "C",
    "{{ request.locale.iso_code }}",
    "pt_BR.UTF-8",
    "en-US-u-nu-arab",
]


@pytest.mark.parametrize("tag", TAGS)
def test_whatever_language_a_page_says_it_is_in_the_chat_speaks_one(chromium: Browser, site: Theme, tag: str) -> None:
    site.lang, site.attributes = f'lang="{tag}"', f'data-locale="{tag}" data-currency="{tag}" data-country="{tag}"'
    with shown(chromium, site) as chat:
        opened(chat)
        box = chat.page.locator("shop-chat textarea")
        box.fill(MITTENS)
        box.press("Enter")
        expect(chat.page.locator("shop-chat .card")).to_have_count(1)
        chat.page.locator("shop-chat [aria-haspopup=menu]").first.click()
        chat.page.locator("shop-chat [role=menuitem]").nth(1).click()
        expect(chat.page.locator("shop-chat .entries time")).to_have_count(1)
        quiet(chat, site)


# What Prototype 1.6 and 1.7, MooTools, old polyfills and analytics have been seen to do.
PATCHED = {
    "toJSON": """
        Array.prototype.toJSON = function () { return '[' + this.join(', ') + ']'; };
        String.prototype.toJSON = function () { return '"' + this + '"'; };
        Date.prototype.toJSON = function () { return '"' + this.toISOString() + '"'; };""",
    "JSON.stringify": "JSON.stringify = (value) => String(value);",
    "enumerable additions": """
        for (const name of ['each', 'extend', 'first', 'contains', 'include', 'clone', 'title', 'part', 'page', 'q'])
          for (const { prototype } of [Object, Array, String, Function, Element, Number])
            if (!(name in prototype)) prototype[name] = function () { return this; };""",
    "Element.prototype": """
        for (const name of ['show', 'hide', 'toggle', 'update', 'insert', 'select', 'match', 'up', 'next', 'fire'])
          Element.prototype[name] ??= function () { return this; };
        Element.prototype.remove = function () { this.parentNode?.removeChild(this); return this; };
        Element.prototype.scrollTo = function () { return this; };
        Element.prototype.getElementsByClassName = function () { return []; };""",
    "Array.from": "Array.from = (value) => (Array.isArray(value) ? value : [value]);",
    "entries and the like": """
        Array.prototype.entries = function () { return this.slice(); };
        Array.prototype.toArray = Array.prototype.entries;
        String.prototype.startsWith = function (start) { return this.lastIndexOf(start, 0) === 0; };
        String.prototype.trim = function () { return this.replace(/^\\s+|\\s+$/g, ''); };
        Function.prototype.bind = function (to, ...given) {
          const own = this;
          return (...more) => own.apply(to, [...given, ...more]);
        };""",
    "fetch": """
        const real = window.fetch;
        window.fetch = async function (input, init) {
          const copy = { ...init, headers: new Headers(init?.headers) };
          return real.call(window, new Request(input, copy));
        };""",
    "no randomUUID": "delete Crypto.prototype.randomUUID;",
    "no locks": "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });",
    "a frozen Object": "Object.freeze(Object.prototype); Object.freeze(Array.prototype);",
}


@pytest.mark.parametrize("patch", PATCHED)
def test_what_other_scripts_have_done_to_the_builtins_does_not_break_it(
    chromium: Browser, site: Theme, patch: str
) -> None:
    with shown(chromium, site, PATCHED[patch]) as chat:
        whole_story(chat)
        quiet(chat, site)


# The oldest browsers that are served: Safari 16.4, Firefox 115, Chrome 109. None of them has these.
NEWER = """
delete URL.canParse; delete URL.parse; delete Promise.withResolvers; delete Promise.try; delete Object.groupBy;
delete Map.groupBy; delete Array.fromAsync; delete AbortSignal.any; delete Intl.Segmenter; delete Intl.DurationFormat;
for (const name of ['toReversed', 'toSorted', 'toSpliced', 'with']) delete Array.prototype[name];
for (const name of ['isWellFormed', 'toWellFormed']) delete String.prototype[name];
for (const name of ['union', 'intersection', 'difference', 'isSubsetOf']) delete Set.prototype[name];
for (const name of ['map', 'filter', 'take', 'toArray']) delete Iterator.prototype[name];
for (const name of ['checkVisibility', 'ariaNotify', 'setHTMLUnsafe', 'setHTML', 'moveBefore', 'computedStyleMap'])
  { delete Element.prototype[name]; delete Node.prototype[name]; }
for (const name of ['showPopover', 'hidePopover', 'togglePopover']) delete HTMLElement.prototype[name];
delete HTMLDialogElement.prototype.requestClose;
delete Document.prototype.startViewTransition; delete window.scheduler; delete window.requestIdleCallback;
delete window.navigation; delete window.structuredClone; delete IDBFactory.prototype.databases;
delete ReadableStream.prototype[Symbol.asyncIterator]; delete ReadableStream.from;
delete Element.prototype.ariaBusy; delete HTMLScriptElement.supports;
const RealFormData = window.FormData;
window.FormData = function (form) { return new RealFormData(form); };
const realSupports = CSS.supports;
CSS.supports = (...given) => !/field-sizing|light-dark|anchor/.test(given.join()) && realSupports.apply(CSS, given);
"""
SETTINGS = 'data-consent="You agree to our [privacy policy]." data-consent-link="/policies/p" data-avatar="data:,"'


@pytest.mark.parametrize("attributes", ["", SETTINGS, SETTINGS + ' data-hint="Ask" data-hint-delay="1"'])
def test_it_needs_nothing_that_the_oldest_browsers_do_not_have(
    chromium: Browser, site: Theme, attributes: str
) -> None:
    site.attributes = attributes
    with shown(chromium, site, NEWER) as chat:
        whole_story(chat)
        assert not [fault for fault in site.faults if "avatar" not in fault]


def test_a_tapped_question_of_the_block_is_asked_where_forms_know_no_submitter(
    chromium: Browser, site: Theme
) -> None:
    site.head = BLOCK
    with shown(chromium, site, NEWER) as chat:
        chat.page.get_by_role("button", name="In stock?").click()
        expect(chat.questions).to_have_text(["In stock?"])


def test_without_constructed_style_sheets_there_is_no_chat_and_the_block_leads_to_the_search(
    chromium: Browser, site: Theme
) -> None:
    site.head = BLOCK
    with shown(chromium, site, "delete Document.prototype.adoptedStyleSheets; delete window.CSSStyleSheet;") as chat:
        chat.page.wait_for_load_state("networkidle")
        expect(chat.launcher).to_have_count(0)
        chat.page.get_by_role("button", name="In stock?").click()
        expect(chat.page).to_have_url(re.compile(r"/search\?q=In\+stock"))
        quiet(chat, site)


def whole_story(chat: Chat) -> None:
    """Ask, reload in the middle of it, look for it, rename it, forget it."""
    opened(chat)
    chat.ask(MITTENS)
    assert chat.stored()[-1] == chat.read()
    chat.page.reload()
    expect(chat.questions).to_have_text([MITTENS])
    chat.ask("Do you have enamel mugs?")
    chat.choose("Past conversations")
    chat.page.get_by_role("searchbox").fill("MITTENS")
    expect(chat.page.locator(".entries li")).to_have_count(1)
    chat.page.get_by_role("button", name="Options for").click()
    chat.page.get_by_role("button", name="Rename").click()
    chat.page.get_by_role("textbox", name="New title").fill("Warm hands")
    chat.page.get_by_role("button", name="Save").click()
    expect(chat.page.locator(".entries .name")).to_have_text(["Warm hands"])
    chat.page.get_by_role("button", name="Back").click()
    chat.choose("Forget me")
    chat.page.get_by_role("button", name="Erase", exact=True).click()
    expect(chat.questions).to_have_count(0)


def test_a_market_has_its_own_cart_its_own_links_and_the_same_hidden_pages(chromium: Browser, site: Theme) -> None:
    site.attributes = 'data-root="/en-gb" data-hide-pages="/pages/contact"'
    with shown(chromium, site, path="/en-gb/collections/all") as chat:
        opened(chat)
        with chat.page.expect_request(f"{site.url}/en-gb/cart.js"):
            chat.ask(MITTENS)
        chat.page.goto(f"{site.url}/en-gb/pages/contact")
        chat.page.wait_for_load_state("networkidle")
        expect(chat.launcher).to_be_hidden()
        chat.page.goto(f"{site.url}/en-gbx/pages/contact")
        expect(chat.launcher).to_be_visible()
        quiet(chat, site)


NAMES = st.sampled_from(
    [
        *("locale", "root", "page-type", "product-id", "variant-id", "collection", "currency", "country", "title"),
        *("greeting", "questions", "avatar", "consent", "consent-link", "color", "radius", "position", "hint"),
    ]
)
# What HTML takes as it stands, and names that every object of a script has.
TEXTS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=60)
VALUES = st.sampled_from(["", "constructor", "toString", "__proto__"]) | TEXTS


@pytest.fixture(scope="module")
def opened_tab(chromium: Browser) -> Iterator[Page]:
    with tab(chromium, viewport=DESKTOP) as page:
        yield page


@hypothesis_settings(max_examples=12)
@given(st.dictionaries(NAMES, VALUES), VALUES)
@example({"page-type": "constructor", "scheme": "constructor"}, "")
@example(dict.fromkeys(("page-type", "hide-pages", "scheme", "root"), ""), "")
def test_whatever_stands_in_its_attributes_a_question_is_answered(
    opened_tab: Page, site: Theme, attributes: dict[str, str], title: str
) -> None:
    site.attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in attributes.items())
    site.title = escape(title)
    opened_tab.goto(f"{site.url}/cart.js")  # a page without the chat
    opened_tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    opened_tab.goto(f"{site.url}/products/x?variant=%F0%9F")
    chat = Chat(opened_tab, site.live)
    until(opened_tab, "!!customElements.get('shop-chat')")
    with opened_tab.expect_response("**/api/chat") as answer:
        opened_tab.evaluate("document.querySelector('shop-chat').ask('Do you have mittens?')")
    assert answer.value.status == 200
    expect(chat.page.locator("shop-chat .card")).to_have_count(1)
