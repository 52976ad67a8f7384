"""A model, a shop and a shopper that all mean ill, and the whole product between: nothing runs, nothing leaves."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, expect

from tests.browser import DESKTOP, chromium
from tests.column import ROOT
from tests.hostile import ADDRESSES, FOREIGN, HANDLERS, HOSTILE, PICTURES
from tests.live import SHOP, Live, serving
from tests.model_server import JSON, ModelServer, Say
from tests.model_wire import CALLS, DONE, STOP, call
from tests.puppet import provider, speech
from tests.shop_server import Json, ShopServer, shop_server, ucp_product, ucp_result
from tests.watched import Watched, watched
from tests.widget import Chat
from widget_api.text import visible

__all__ = ["chromium", "provider"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-poisoned")]

CUT = 61  # bytes at which the provider cuts its answers: within characters, escapes and lines
SEARCH = call('{"query": "hats", "limit": 6}', name="search_catalog", index=0, id="call-1") + CALLS + DONE
NOT_SAID = "<img src=not-said onerror=window.ran=1>"
LONGEST_QUESTION = 2000
# What words may be made of on the page of a shared conversation.
SHARED = {
    *("P", "EM", "STRONG", "S", "A", "BDI", "CODE", "PRE", "BLOCKQUOTE", "UL", "OL", "LI", "HR", "BR", "SPAN"),
    *("H1", "H2", "H3", "H4", "H5", "H6", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD"),
}


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopServer]:
    with shop_server() as server:
        yield server


@pytest.fixture(scope="module")
def live(provider: ModelServer, shop: ShopServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product with that model, and the demo shop with that shop's tools instead of its own."""
    settings = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{provider.url}/v1", "MODEL_NAME": "m"}
    with serving(tmp_path_factory.mktemp("live"), **settings) as server:
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "set", SHOP, "--mcp-url", shop.url],
            env={"PATH": "", "INSTANCE": str(server.folder), **server.settings},
            cwd=ROOT,
            check=True,
        )
        yield server


def streamed(text: str) -> Say:
    """An answer in small deltas, as bytes that are cut anywhere. Half a character is written as an escape."""
    lengths = random.Random(len(text))
    body, at = b"", 0
    while at < len(text):
        delta = text[at : (at := at + lengths.randint(1, 20))]
        line = json.dumps({"choices": [{"index": 0, "delta": {"content": delta}}]}, ensure_ascii=False)
        body += b"data: " + line.encode("utf-8", "backslashreplace") + b"\n\n"
    return Say.cut_into(body + STOP + DONE, CUT)


def poisoned(texts: list[str], addresses: Iterator[str]) -> list[Json]:
    """Products that say what they must not, and lead and look like where they must not."""
    return [
        ucp_product(
            id=f"gid://shopify/Product/{number}",
            title=text,
            description={"html": text},
            url=next(addresses),
            media=[{"type": "image", "url": next(addresses), "alt_text": text}],
            variants=[{**variant, "title": text} for variant in ucp_product()["variants"]],
        )
        for number, text in enumerate(texts)
    ]


class Story(Chat):
    """One conversation in which everybody has said the worst."""

    def __init__(self, tab: Watched, live: Live) -> None:
        super().__init__(tab.page, live)
        self.tab = tab
        self.hosts = [live.url.removeprefix("http://"), SHOP]
        self.words: list[str] = []  # what became of each answer

    def aim(self, text: str) -> str:
        """The text, aimed at the shop that there is."""
        return text.replace("tarn.example", self.hosts[0]).replace("tarn.myshopify.com", self.hosts[1])

    def tell(self, provider: ModelServer, shop: ShopServer) -> None:
        addresses = cycle(map(self.aim, ADDRESSES))
        for texts in HOSTILE.values():
            products = poisoned(texts[:6], addresses)
            shop.script = {"search_catalog": ucp_result({"products": products})}
            provider.says(Say([SEARCH]), streamed(self.aim("\n\n".join(texts))))
            self.ask(self.aim("\n".join(texts).replace("\0", ""))[:LONGEST_QUESTION])
            self.words.append(self.answer.inner_html())

    def begin(self, title: str) -> None:
        """Another conversation of this shopper, of that title."""
        name = uuid.uuid4().hex
        message = {"id": name, "role": "user", "parts": [{"type": "text", "text": "Hello"}]}
        self.server("POST", "/api/chat", json={"id": name, "message": message})
        self.server("PATCH", f"/api/conversations/{name}", json={"title": title})

    def strangers(self, within: Locator) -> list[str]:
        """What stands in these places that no words may become."""
        found: list[str] = within.evaluate_all(
            "(all, hosts) => all.flatMap((each) => (provoke(each), strangers(each, hosts)))", self.hosts
        )
        return found

    def server(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.kept('session')['token']}"}
        answer = requests.request(method, self.live.url + path, headers=headers, timeout=60, **options)
        answer.raise_for_status()
        return answer


@pytest.fixture(scope="module")
def story(chromium: Browser, live: Live, provider: ModelServer, shop: ShopServer) -> Iterator[Story]:
    hosts = (live.url.removeprefix("http://"), SHOP, "cdn.shopify.com")
    with watched(chromium, *hosts, viewport=DESKTOP, bypass_csp=True) as tab:
        story = Story(tab, live)
        story.open()
        story.tell(provider, shop)
        yield story


def test_answers_and_questions_are_words(story: Story) -> None:
    expect(story.answers).to_have_count(len(HOSTILE))
    assert story.strangers(story.page.locator("shop-chat .text")) == []
    assert story.strangers(story.questions) == []
    assert all(visible(words) == words for words in story.words)
    assert story.tab.found() == []


def test_cards_lead_to_the_shop_and_show_its_pictures(story: Story) -> None:
    products = story.page.locator("shop-chat .products")
    # An answer shows what it names; a few titles have no letter by which it could.
    expect(products.locator("li").nth(5 * len(HOSTILE))).to_be_attached()
    links = products.locator("a").evaluate_all("all => all.map(({ host }) => host)")
    images = products.locator("img").evaluate_all("all => all.map(({ src }) => new URL(src).host)")
    assert {story.hosts[0]} <= set(links) <= set(story.hosts)
    assert set(images) <= {*story.hosts, "cdn.shopify.com"}
    assert story.tab.found() == []


def test_a_page_that_reads_the_answers_whole_shows_what_the_stream_became(story: Story) -> None:
    story.page.reload()
    story.scroll_up(len(HOSTILE))
    expect(story.answers).to_have_count(len(HOSTILE))
    assert [each.inner_html() for each in story.page.locator("shop-chat .text").all()] == story.words
    assert story.tab.found() == []


def test_titles_and_searches_are_words(story: Story, provider: ModelServer) -> None:
    titles = [story.aim(text).replace("\0", "")[:100] for texts in HOSTILE.values() for text in texts[-1:]]
    provider.says(speech("Hello."))
    for title in titles:
        story.begin(title)
    story.choose("Past conversations")
    past = story.page.locator("shop-chat .history")
    past.locator("button.wide").click()
    entries = past.locator(".name")
    expect(entries).to_have_count(len(titles) + 1)
    assert story.strangers(entries) == []
    past.locator("input").fill(NOT_SAID)
    expect(past).to_contain_text(f"“{NOT_SAID}”")
    assert story.tab.found() == []


def test_what_the_provider_says_of_a_failure_is_not_shown(story: Story, provider: ModelServer) -> None:
    story.visit()
    for text in (HANDLERS[0], PICTURES[0], FOREIGN[0]):
        body = {"error": {"message": text, "type": text, "code": text}}
        provider.says(Say([json.dumps(body).encode()], status=400, headers=JSON))
        story.ask("Hello")
        assert "sink" not in story.answers.last.inner_text()
        assert story.strangers(story.answers.last.locator(".foot span")) == []
    assert story.tab.found() == []


def test_who_opens_a_shared_link_sees_words(story: Story) -> None:
    shared = story.server("POST", f"/api/conversations/{story.kept('conversation')}/share", json={})
    story.page.goto(shared.json()["url"])
    made = story.page.locator(".words *, .products *").evaluate_all("all => all.map((each) => each.tagName)")
    links = story.page.locator("a[href]").evaluate_all("all => all.map(({ host }) => host)")
    assert set(made) <= SHARED
    assert {story.hosts[0]} <= set(links) <= set(story.hosts)
    assert story.tab.found() == []
