"""What a model writes becomes a few elements, at a cost that its length decides."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.renderer import renderer, source
from tests.watched import Watched

__all__ = ["chromium", "renderer", "source"]

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("widget-markdown")]


@pytest.fixture
def page(renderer: Watched) -> Page:
    return renderer.page


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
def test_markdown_becomes_elements(page: Page, text: str, expected: str) -> None:
    assert html(page, text) == expected
    assert html(page, *text) == expected


def test_links_lead_to_the_shop_and_nowhere_else(page: Page) -> None:
    text = "[**the** hat](/products/hat) [x](https://evil.example/) https://tarn.example/a. https://evil.example/b"
    rel = 'rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
    assert html(page, text) == (
        f'<p><a href="https://tarn.example/products/hat" {rel}>the hat</a> x '
        f'<a href="https://tarn.example/a" {rel}>https://tarn.example/a</a>. https://evil.example/b</p>'
    )


@pytest.mark.parametrize(
    "address", ["//tarn.example/", r"/\tarn.example/", r"https:\\tarn.example/", "https://tarn.example/\x01"]
)
def test_an_address_that_can_be_read_in_two_ways_is_no_link(page: Page, address: str) -> None:
    assert html(page, f"[hat]({address})") == "<p>hat</p>"


def test_the_cost_grows_with_the_length_and_not_faster(page: Page) -> None:
    worst = ["[a](" + "(" * 4000, "*a " * 4000, "- " * 4000, "[" * 9000, "`" * 9000, "https://" * 900, "|" * 9000]
    counts = page.evaluate(
        """(texts) => {
            let steps = 0;
            const append = Element.prototype.append;
            Element.prototype.append = function (...nodes) { steps++; return append.apply(this, nodes); };
            return texts.map((text) => { steps = 0; render([...text]); return steps / text.length; });
        }""",
        worst,
    )
    assert max(counts) < 3
