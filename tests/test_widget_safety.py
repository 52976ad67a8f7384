"""Whatever a model, a shop or a shopper writes: no script runs, no request leaves, and no cut makes a difference."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.hostile import ADDRESSES, ALL, HOSTILE
from tests.renderer import renderer, source
from tests.watched import Watched, reporting, watched

__all__ = ["chromium", "renderer", "source"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-safety")]

STRUCTURE = [
    *("a", "B ", "h", "é", "🥾", " ", "  ", "\n", "\n\n", "\r\n", "\t", ".", ",", '"', "\x00", "\u202e", "\ud83e"),
    *("*", "**", "***", "_", "__", "~~", "`", "```", "~~~", "- ", "  - ", "1. ", "# ", "> ", "---", "|", "|-|", "\\"),
    *("[", "]", "(", ")", "](", "!", "![", "[r]: ", "<", ">", "</", "<!--", "-->", "<script>", "<img src=x onerror="),
    *("https://tarn.example/x", "https://sink.example/", "//", "@", "javascript:", "data:", "&amp;", "&#"),
]


def wrong(renderer: Watched, texts: list[str], faults: str = "faults") -> dict[str, list[str]]:
    """Which of the texts become something that they must not, and what."""
    found: list[list[str]] = renderer.page.evaluate(f"texts => texts.map((text) => {faults}(text))", texts)
    return {text: each for text, each in zip(texts, found, strict=True) if each}


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    assert len(ALL) == len(set(ALL))
    assert len(ALL) >= 300


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_words_stay_words_wherever_they_are_cut(renderer: Watched, kind: str) -> None:
    assert wrong(renderer, HOSTILE[kind]) == {}
    assert renderer.found() == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_words_stay_words_wherever_the_chat_shows_any(renderer: Watched, kind: str) -> None:
    assert wrong(renderer, HOSTILE[kind], "faultsElsewhere") == {}
    assert renderer.found() == []


def test_only_the_shops_own_addresses_are_linked_and_pictured(renderer: Watched) -> None:
    assert wrong(renderer, ADDRESSES, "faultsElsewhere") == {}
    assert renderer.found() == []


def pieces(text: str, cuts: set[int]) -> list[str]:
    """The text cut at these places."""
    at = [0, *sorted(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(at)]


# Whole payloads, parts of them, and what markdown and HTML are made of.
HOSTILES = st.sampled_from(ALL)
PARTS = st.builds(lambda text, start, length: text[start : start + length], HOSTILES, *2 * [st.integers(0, 30)])
TEXTS = st.lists(st.sampled_from(STRUCTURE) | PARTS | HOSTILES, min_size=1, max_size=16).map("".join)


@settings(max_examples=300)
@example(text="| a | b\\c |\n|-|-|\n| d |\\e | f\\", cuts={6, 22})
@given(text=TEXTS, cuts=st.sets(st.integers(1, 400), max_size=12))
def test_rendering_in_pieces_equals_rendering_whole(renderer: Watched, text: str, cuts: set[int]) -> None:
    assert renderer.page.evaluate("([text, pieces]) => faults(text, pieces)", [text, pieces(text, cuts)]) == []
    assert renderer.faults == []


def test_a_renderer_that_trusts_would_fall_for_most_of_it(renderer: Watched) -> None:
    naive = MarkdownIt("commonmark", {"html": True})
    naive.validateLink = lambda url: url != ""  # type: ignore[method-assign]
    found = renderer.page.evaluate(
        """(pages) => pages.map((html) => {
            const page = new DOMParser().parseFromString(html, 'text/html');
            return strangers(page, ['tarn.example', 'tarn.myshopify.com']).length > 3; // html, head and body
        })""",
        [naive.render(text) for text in ALL],
    )
    renderer.found()  # which heard of the parser
    assert found.count(True) > len(ALL) * 0.7


# What must not happen, done on purpose.
DONE = {
    "<img src=https://sink.example/i>": "asked for https://sink.example/i",
    "<img src=http://sink.example/i>": "GET http://sink.example/i HTTP/1.1",
    "<p style='background:url(https://sink.example/b)'>x</p>": "against the policy: style-src-attr inline ",
    "<img src=data:x onerror=window.ran=1>": "against the policy: script-src-attr inline ",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>": "a script ran",
    "<img src=data:x onerror=alert(1)>": "said 1 in a dialog",
    "<a href=#x ping=https://sink.example/p>x</a>": "asked for https://sink.example/p",
    "<p>x</p>": "against the policy: require-trusted-types-for trusted-types-sink Element innerHTML|<p>x</p>",
    "<a href=https://sink.example/ target=_blank>x</a>": "CONNECT sink.example:443 HTTP/1.1",
    "<form action=https://sink.example/><button>x</button></form>": "asked for https://sink.example/?",
}


def test_what_must_not_happen_would_be_seen(chromium: Browser) -> None:
    with watched(chromium, "127.0.0.1") as tab:
        tab.page.route("http://127.0.0.1/", lambda route: route.fulfill(headers=reporting(), body="<body>"))
        tab.page.goto("http://127.0.0.1/")
        for html in DONE:
            tab.page.evaluate(
                """(html) => {
                    const place = document.body.appendChild(document.createElement('div'));
                    place.innerHTML = html;
                    place.querySelector('a, button')?.click();
                }""",
                html,
            )
        missing = set(DONE.values())
        while missing:
            missing -= set(tab.found())
