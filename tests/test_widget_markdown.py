"""What a model writes becomes a few elements, at a cost that its length decides."""

from __future__ import annotations

import re
from html import escape

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
        ("***both***", "<p><em><strong>both</strong></em></p>"),
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
        ("**never closed", "<p>**never closed</p>"),
        ("[not a link] (x)", "<p>[not a link] (x)</p>"),
        ("<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;</p>"),
        ("h https http:// hello", "<p>h https http:// hello</p>"),
    ],
)
def test_markdown_becomes_elements(page: Page, text: str, expected: str) -> None:
    assert html(page, text) == expected
    assert html(page, *text) == expected


REL = 'rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'


def test_links_lead_to_the_shop_and_nowhere_else(page: Page) -> None:
    text = "[**the** hat](/products/hat) [x](https://evil.example/) https://tarn.example/a. https://evil.example/b"
    assert html(page, text) == (
        f'<p><a href="https://tarn.example/products/hat" {REL}><strong>the</strong> hat</a> '
        f'x (<bdi dir="ltr">https://evil.example/</bdi>) '
        f'<a href="https://tarn.example/a" {REL}>https://tarn.example/a</a>. https://evil.example/b</p>'
    )


# Signs that nothing closes, and signs that mean themselves. Each is left alone by CommonMark, too.
LITERAL = [
    *(
        "30*40 cm",
        "30cm*40cm*50cm",
        "30厘米*40厘米*2",
        "30*40 cm and 50*70 cm",
        "49 €* and 59 €*",
        "*incl. VAT",
        "****1234",
        "the Levi`s 501",
        "4.8/5 ~~ good",
    ),
    *(
        "_this",
        "**bold",
        "__bold",
        "~~gone",
        "***both",
        "a ** b",
        "a_b_c",
        "*a **b",
        "**a *b",
        "`a",
        "``a`",
        "`` a ` b",
    ),
    *("[a", "[a]", "[a](", "[a](/x", "[a](see below)", "![a", "![a](", "![", "!", "[[a]", "[a](b c)", "a]", "](/x)"),
    *("<", "<b", "<br", "< br>", "<b>x</b>", "a < b > c", "<a@b", "<https://", "<script>", "<!-- a -->"),
    *(
        "&",
        "&amp",
        "& co",
        "R&D;",
        "&nothing;",
        "&#;",
        "&#x;",
        "&#12345678;",
        "\\",
        "a\\b",
        "5'11\"",
        "~1 cm",
    ),
    *(
        "*a [b *c",
        "**a `b **c",
        "*a\nb",
        "**a\nb\n*c",
        "(*a",
        "«*a",
        "*\u00a0a*",
        "_\u3000a_",
        "5* or 4*",
        "2*XL, 3*XL",
    ),
    *("a\u0301*b", "🥾*", "*🥾", "**🥾 *", "\\**", "\\`a", "\\[a](/x", "h", "https", "https://", "http:// a"),
]


@pytest.mark.parametrize("text", LITERAL)
def test_signs_that_nothing_closes_are_text(page: Page, text: str) -> None:
    lines = re.sub(r"\\([*`\[\\])", r"\1", text).split("\n")
    assert html(page, text) == f"<p>{'<br>'.join(escape(line, quote=False) for line in lines)}</p>".replace(
        "\u00a0", "&nbsp;"
    )
    assert html(page, *text) == html(page, text)


def test_while_an_answer_comes_in_an_open_sign_is_taken_at_its_word(page: Page) -> None:
    written = page.evaluate(
        """() => {
            const root = document.createElement('div');
            const markdown = new Markdown(root, () => null);
            const said = ['**bo', 'ld *and', ' `co', '\\n\\nnext'].map((text) => {
                markdown.write(text);
                return root.innerHTML;
            });
            markdown.end();
            return said;
        }"""
    )
    assert written == [
        "<p><strong>bo</strong></p>",
        "<p><strong>bold <em>and</em></strong></p>",
        "<p><strong>bold <em>and <code>co</code></em></strong></p>",
        "<p>**bold *and `co</p><p>next</p>",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**a *b**", "*<em>a <em>b</em></em>"),
        ("*a **b*", "*a *<em>b</em>"),
        ("*a `b*`", "*a <code>b*</code>"),
        ("**a\nb**", "<strong>a<br>b</strong>"),
        ("`` a`b ``", "<code>a`b</code>"),
        (
            "**「ニット帽」**は**送料無料。**ただし",
            "<strong>「ニット帽」</strong>は<strong>送料無料。</strong>ただし",
        ),
        ("控制:**重要** です", "控制:<strong>重要</strong> です"),
        ("*(a)*.", "<em>(a)</em>."),
        ("a**(b)**c", "a**(b)**c"),
        ("_(a)_b", "_(a)_b"),
        ("90 cm<br>35 in<BR/>x<br />", "90 cm<br>35 in<br>x"),
        ("a<br><br>b<br>\nc", "a<br><br>b<br>c"),
        ('a<br/ >b</br>c<br clear="all">d', "a<br>b<br>c<br>d"),
        ("7&frac34; &le; 10&Prime; &iquest;S&iacute;?&ensp;&AMP;", "7¾ ≤ 10″ ¿Sí?\u2002&amp;"),
        ("a\\\nb", "a<br>b"),
        ("Salt &amp; pepper, 5&nbsp;cm &#39;&#x20ac;&eacute;&Ccedil;&hellip;", "Salt &amp; pepper, 5&nbsp;cm '€éÇ…"),
        ("&lt;b&gt; &#42;a&#42; `&amp;`", "&lt;b&gt; *a* <code>&amp;amp;</code>"),
        ("&#0; &#xd800; &#1114112;", "\ufffd \ufffd \ufffd"),
        ("**Strap** \\| *buckle*", "<strong>Strap</strong> | <em>buckle</em>"),
        ("```x``` is", "<code>x</code> is"),
        ("![a *b*](https://evil.example/x.png)", "a <em>b</em>"),
    ],
)
def test_text_is_read_as_commonmark_reads_it(page: Page, text: str, expected: str) -> None:
    assert html(page, text) == f"<p>{expected}</p>"
    assert html(page, *text) == f"<p>{expected}</p>"


def test_a_table_keeps_every_cell_and_its_breaks(page: Page) -> None:
    sizes = [str(size) for size in range(35, 51)]
    shown = html(page, f"| {' | '.join(sizes)} |\n|{'---|' * 16}\n| a \\| b<br>c |")
    assert re.findall(r"<th>(\d+) </th>", shown) == sizes
    assert "<td>a | b<br>c </td>" in shown


def test_code_ends_with_a_fence_of_its_own_kind(page: Page) -> None:
    text = "````\n```\na\n```\n````\n- x\n  ```\n  b\n    c\n  ```\n~~~ js\n```\n~~~"
    assert html(page, text) == (
        "<pre><code>```\na\n```</code></pre><ul><li>x<pre><code>b\n  c</code></pre></li></ul>"
        "<pre><code>```</code></pre>"
    )


ENDS = (
    "\u3001\u3002\uff0c\uff01\uff1f\uff09\u3011\u300d\u300f\uff1b\uff1a\uff0e\uff61\uff64"  # CJK and full width
    "\u061f\u060c\u061b\u06d4\u0964\u0965\u05be"  # Arabic, Urdu, Devanagari, Hebrew
    "\u2026\u00bb\u201d\u2019\u201c\u201e\u00b7\u2014\u2013\u00a0\u3000 |<"
)


@pytest.mark.parametrize("end", ENDS)
def test_an_address_ends_at_the_punctuation_of_every_script(page: Page, end: str) -> None:
    shown = html(page, f"https://tarn.example/a{end}b")
    assert f'<a href="https://tarn.example/a" {REL}>https://tarn.example/a</a>' in shown
    assert shown.endswith("b</p>")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("\uff08https://tarn.example/a\uff09をどうぞ", "a"),
        ("はhttps://tarn.example/aをご覧", "a"),
        ("https://tarn.example/a에서", "a"),
        ("https://tarn.example/帽子。", "%E5%B8%BD%E5%AD%90"),
        ("https://tarn.example/tシャツ", "t%E3%82%B7%E3%83%A3%E3%83%84"),
        ("**https://tarn.example/a_b**", "a_b"),
        ("_https://tarn.example/a_", "a"),
        ("https://tarn.example/?a=1&amp;b=2", "?a=1&amp;b=2"),
        ("<https://tarn.example/a>", "a"),
        (r"[x](https://tarn.example/a\_b)", "a_b"),
        ("[x](<https://tarn.example/a> 'title')", "a"),
        ("[x](https://tarn.example/a&#98;)", "ab"),
        ("[x [y] z](https://tarn.example/a)", "a"),
        ("[![x](https://evil.example/)](https://tarn.example/a)", "a"),
        ("[x\ny](https://tarn.example/a(b))", "a(b)"),
        ("(https://tarn.example/a_(b)), see", "a_(b)"),
        ("(https://tarn.example/a)", "a"),
        ("https://tarn.example/a(", "a"),
        ("https://tarn.example/をご覧ください", ""),
        ("https://tarn.example/aดู", "a"),
        ("[x](</a b>)", "a%20b"),
        ("[x](tarn.example/a)", "a"),
        ("[x](www.tarn.example)", ""),
        ("[x](products/hat)", "products/hat"),
        ("[x](size-guide.html)", "size-guide.html"),
    ],
)
def test_an_address_is_found_whole_and_nothing_beyond(page: Page, text: str, path: str) -> None:
    found = re.findall('href="([^"]*)"', html(page, text).replace("//www.", "//"))
    assert found == [f"https://tarn.example/{path}"]
    assert html(page, *text) == html(page, text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[our team](mailto:help@shop.example?subject=x)", "our team (help@shop.example)"),
        ("[care](tel:+358401234567)", "care (+358401234567)"),
        ("[care](tel:+358%2040%20123)", "care (+358 40 123)"),
        ("[+358 40 (123)](tel:+35840123)", "+358 40 (123)"),
        ("[here](https://returns.carrier.example/start)", "here (https://returns.carrier.example/start)"),
        ("[Returns.carrier.example](https://www.returns.carrier.example/)", "Returns.carrier.example"),
        ("[https://tarn.example](https://evil.example/)", "https://tarn.example (https://evil.example/)"),
        ("[tarn](https://t\u0430rn.example/)", "tarn (https://xn--trn-6cd.example/)"),
        ("[x](https://a.example/\u202egnp.exe)", "x (https://a.example/%E2%80%AEgnp.exe)"),
        (f"[x](https://a.example/{'y' * 300})", "x (https://a.example/…)"),
        ("<help@shop.example>", "help@shop.example"),
        ("<https://evil.example/>", "https://evil.example/"),
        ("[x](help@shop.example)", "x (help@shop.example)"),
        ("[x](www.evil.example/a)", "x (https://www.evil.example/a)"),
        ("[x](<https://evil.example/a b>)", "x (https://evil.example/a%20b)"),
        ("[x](mailto:a@shop.example,b@shop.example)", "x (a@shop.example)"),
        ("[care](tel:0800-GO-FEDEX)", "care (0800-GO-FEDEX)"),
        ("[care](tel:+358401;ext=12)", "care (+358401;ext=12)"),
        ("[chat](whatsapp://send?phone=358401)", "chat (whatsapp://send?phone=358401)"),
        *(
            (f"[x]({address})", "x")
            for address in ("javascript:alert(1)", "data:text/html,x", "blob:https://a.example/x")
        ),
        *(
            (f"[x]({address})", "x")
            for address in ("https://tarn.example@evil.example/", "vbscript:x", "/cart/clear")
        ),
        *((f"[x]({address})", "x") for address in ("mailto:", "mailto:a", "mailto:<b>@c", "tel:", "tel:call-me", "")),
    ],
)
def test_an_address_that_is_no_link_is_told_behind_its_label(page: Page, text: str, shown: str) -> None:
    found = html(page, text)
    assert "<a " not in found
    assert re.sub("<[^>]*>", "", found) == shown


def test_the_shops_own_contacts_are_links(page: Page) -> None:
    page.evaluate(
        """() => ['tel:+358%2040-123', 'mailto:shop@mail.example'].forEach((href) => {
            const anchor = document.body.appendChild(document.createElement('a'));
            anchor.href = href;
        })"""
    )
    for written, leads in {
        "mailto:Help@tarn.example?bcc=x@evil.example": "mailto:Help@tarn.example",
        "mailto:a@www.tarn.example": None,
        "mailto:a@evil.example": None,
        "mailto:a@eviltarn.example": None,
        "mailto:a@example": None,
        "mailto:shop@mail.example": "mailto:shop@mail.example",
        "tel:+35840123": "tel:+35840123",
        "tel:+35840124": None,
    }.items():
        assert re.findall('href="([^"]*)"', html(page, f"[us]({written})")) == ([leads] if leads else []), written
    assert 'href="mailto:help@tarn.example"' in html(page, "<help@tarn.example>")


@pytest.mark.parametrize(
    "address", ["//tarn.example/", r"/\tarn.example/", r"https:\\tarn.example/", "https://tarn.example/\x01"]
)
def test_an_address_that_can_be_read_in_two_ways_is_no_link(page: Page, address: str) -> None:
    assert html(page, f"[hat]({address})") == "<p>hat</p>"


GROWING = [
    *(
        "[a](",
        "[",
        "[[a]",
        "![",
        "*a ",
        "**a_b ",
        "*_~~**",
        "`a",
        "|",
        "> ",
        "- ",
        "\\",
        "h ",
        "http://",
        "<",
        "<a",
        "<https://x",
    ),
    *(
        "&a",
        "&amp;",
        "[a](b ",
        "*a* ",
        "***a** b* ",
        "<br>",
        "*",
        "*a\n",
        "``a` ",
        "]",
        "](",
        "(",
        "~~a",
        "_a ",
        "| a ",
        "![",
    ),
    *(
        "[" * 150 + "]" * 150,
        "[" + "\\" * 299,
        "https://" + "." * 1990 + " ",
        "[a](x" + " " * 1900 + "y)",
        "[" + "![](" * 70,
    ),
    *(
        "".join("`" * ticks + "a" for ticks in range(1, 60)),
        "[" + "(" * 298,
        "[a](" + "(" * 1990,
        "[a" + "](x) " * 50,
        *("` " + "a" * 5000 + "`", "https://" + "." * 1990 + "x ", "&" + "a" * 40, "<a@" + "a." * 900 + "!>"),
    ),
]


def test_the_cost_grows_with_the_length_and_not_faster(page: Page) -> None:
    counts = page.evaluate(
        """(texts) => {
            let steps = 0;
            const counted = (owner, names) => names.forEach((name) => {
                const { value } = Object.getOwnPropertyDescriptor(owner, name);
                owner[name] = function (...given) {
                    steps++;
                    return value.apply(this, given);
                };
            });
            counted(Element.prototype, ['append', 'before', 'replaceWith', 'remove']);
            counted(CharacterData.prototype, ['appendData']);
            counted(RegExp.prototype, ['exec', 'test']);
            return texts.map((text) => { steps = 0; render([...text]).remove(); return steps / text.length; });
        }""",
        [text * (20_000 // len(text)) for text in GROWING],
    )
    assert {text[:20]: count for text, count in zip(GROWING, counts, strict=True) if count > 40} == {}
