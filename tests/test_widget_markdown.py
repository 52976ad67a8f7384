"""What a model writes becomes a few harmless elements, however it is cut and whatever it tries."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser import chromium

__all__ = ["chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-markdown")]

SOURCE = Path(__file__).parents[1] / "static" / "widget" / "src"
HOSTILE = json.loads((Path(__file__).parent / "hostile_markdown.json").read_text())
ALLOWED = {
    *("P", "STRONG", "EM", "S", "CODE", "PRE", "A", "BR", "HR", "UL", "OL", "LI", "BLOCKQUOTE"),
    *("TABLE", "THEAD", "TBODY", "TR", "TH", "TD"),
}

RENDERER = """
import { Markdown } from '/markdown.js';
import { Addresses } from '/links.js';
const addresses = new Addresses('https://tarn.example/products/hat', 'tarn.myshopify.com', 'https://chat.example');
window.render = (pieces) => {
  const root = document.body.appendChild(document.createElement('div'));
  const markdown = new Markdown(root, (address) => addresses.link(address));
  for (const piece of pieces) markdown.write(piece);
  markdown.end();
  return root;
};
window.html = (pieces) => {
  const root = render(pieces);
  root.remove();
  return root.innerHTML;
};
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """The widget's sources, served as they are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SOURCE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def renderer(chromium: Browser, source: str) -> Iterator[Page]:
    """A page with `render(pieces)` and `html(pieces)`."""
    page = chromium.new_page()
    page.route(f"{source}/", lambda route: route.fulfill(content_type="text/html", body="<!doctype html><body>"))
    page.goto(f"{source}/")
    page.add_script_tag(type="module", content=RENDERER)
    page.wait_for_function("() => Boolean(window.html)")
    yield page
    page.context.close()


def html(page: Page, *pieces: str) -> str:
    return str(page.evaluate("html", list(pieces)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One\ntwo\n\nthree", "<p>One<br>two</p><p>three</p>"),
        ("# Sizes #1", '<p class="heading">Sizes #1</p>'),
        ("**bold** and *thin*, ~~gone~~", "<p><strong>bold</strong> and <em>thin</em>, <s>gone</s></p>"),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("snake_case_name and _thin_", "<p>snake_case_name and <em>thin</em></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("`a*b*`", "<p><code>a*b*</code></p>"),
        ("\\*plain\\*", "<p>*plain*</p>"),
        ("- a\n- b\n  - c\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("* **Hat**: warm", "<ul><li><strong>Hat</strong>: warm</li></ul>"),
        ("1. a\n\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("3. c", '<ol start="3"><li>c</li></ol>'),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("- a\n\n  more\n\nout", "<ul><li>a<p>more</p></li></ul><p>out</p>"),
        ("2024 was cold", "<p>2024 was cold</p>"),
        ("3.5 kg", "<p>3.5 kg</p>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("> wise\n> words", "<blockquote><p>wise<br>words</p></blockquote>"),
        ("```js\na < b\n\n  *c*\n```\nd", "<pre><code>a &lt; b\n\n  *c*</code></pre><p>d</p>"),
        (
            "| A | B |\n|---|:-:|\n| 1 | **2** |\n\nend",
            "<table><thead><tr><th>A </th><th>B </th></tr></thead>"
            "<tbody><tr><td>1 </td><td><strong>2</strong> </td></tr></tbody></table><p>end</p>",
        ),
        ("a | b", "<p>a | b</p>"),
        ("**never closed", "<p><strong>never closed</strong></p>"),
        ("[not a link] (x)", "<p>[not a link] (x)</p>"),
        ("<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp;</p>"),
        ("h https http:// hello", "<p>h https http:// hello</p>"),
    ],
)
def test_markdown_becomes_elements(renderer: Page, text: str, expected: str) -> None:
    assert html(renderer, text) == expected
    assert html(renderer, *text) == expected


def test_links_lead_to_the_shop_and_nowhere_else(renderer: Page) -> None:
    text = "[**the** hat](/products/hat) [x](https://evil.example/) https://tarn.example/a. https://evil.example/b"
    rel = 'rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
    assert html(renderer, text) == (
        f'<p><a href="https://tarn.example/products/hat" {rel}>the hat</a> x '
        f'<a href="https://tarn.example/a" {rel}>https://tarn.example/a</a>. https://evil.example/b</p>'
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_hostile_text_stays_text(renderer: Page, text: str) -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    renderer.on("request", note)
    for pieces in ([text], list(text), [text[:7], text[7:]]):
        found = renderer.evaluate(
            """(pieces) => {
                const root = render(pieces);
                const all = [...root.querySelectorAll('*')];
                return {
                    tags: [...new Set(all.map((element) => element.tagName))],
                    attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))],
                    hosts: [...new Set(all.filter((element) => element.href).map((element) => element.host))],
                    ran: 'ran' in window,
                };
            }""",
            pieces,
        )
        assert set(found["tags"]) <= ALLOWED
        assert set(found["attributes"]) <= {"href", "rel", "referrerpolicy", "class", "start"}
        assert set(found["hosts"]) <= {"tarn.example", "tarn.myshopify.com"}
        assert not found["ran"]
    renderer.remove_listener("request", note)
    assert not asked


def test_rendering_in_pieces_equals_rendering_whole(renderer: Page) -> None:
    differing = renderer.evaluate(
        """(hostile) => {
            const words = ['a', 'B ', ' ', '  ', '\\n', '\\n\\n', '*', '**', '***', '_', '~~', '`', '```', '- ',
                '1. ', '# ', '> ', '|', '|-|', '---', '[',
                ']', '(', ')', '](', '!', '![', '\\\\', '<', '>', '\\r\\n', 'h',
                'https://tarn.example/x', 'https://evil.example', '🥾', 'é', '.', ',', '"', ...hostile];
            let seed = 7;
            const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
            for (let round = 0; round < 3000; round++) {
                const text = Array.from({ length: 1 + random(24) }, () => words[random(words.length)]).join('');
                const pieces = [];
                for (let at = 0; at < text.length; ) pieces.push(text.slice(at, (at += 1 + random(9))));
                const whole = html([text]);
                if (html(pieces) !== whole || html([...text]) !== whole) return { text, pieces };
            }
            return null;
        }""",
        HOSTILE,
    )
    assert differing is None


def test_the_cost_grows_with_the_length_and_not_faster(renderer: Page) -> None:
    worst = ["[a](" + "(" * 4000, "*a " * 4000, "- " * 4000, "[" * 9000, "`" * 9000, "https://" * 900, "|" * 9000]
    counts = renderer.evaluate(
        """(texts) => {
            let steps = 0;
            const append = Element.prototype.append;
            Element.prototype.append = function (...nodes) { steps++; return append.apply(this, nodes); };
            return texts.map((text) => { steps = 0; render([...text]); return steps / text.length; });
        }""",
        worst,
    )
    assert max(counts) < 3
