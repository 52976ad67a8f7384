"""A conversation as a Markdown file keeps its formatting, and loads and links to nothing but the shop's own pages."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.hostile import ADDRESSES, ALL
from tests.node_tools import require_node
from widget_api.exports import as_markdown
from widget_api.markdown import escape, formatted

SITES = {"https://tarn.example", "https://tarn.myshopify.com"}
ELSEWHERE = [
    "![x](https://sink.example/p.png)",
    "![x][y]\n\n[y]: https://sink.example/p.png",
    "[go](javascript:alert(1))",
    "[go](https://sink.example/)",
    "[a [b](https://sink.example/) c](https://sink.example/)",
    "[go]( <https://sink.example/> 'title')",
    "\\[go](https://sink.example/)",
    "\\\\[go](https://sink.example/)",
    "\\\\\\[go](https://sink.example/)",
    "`\\`[go](https://sink.example/)",
    "<https://sink.example/> <a@sink.example> https://sink.example/ http://sink.example",
    "<img src=https://sink.example/p.png> <!-- x --> <?x?> <![CDATA[x]]>",
    "```\n[x](https://sink.example/)\n```\n[x](https://sink.example/)",
    "    code\n\n[x](https://sink.example/)",
    "[x]: https://sink.example/\n\n[x]",
    "https:\\//sink.example",
    "&#91;x](https://sink.example/)",
    "[x](https://tarn.example/cart/clear) [y](https://tarn.example/?discount=x)",
    "[x](https://tarn.example/products/a>b)",
    "![x](https://tarn.example/products/hat)",
]
KINDS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "em",
    "strong",
    "code",
    "pre",
    "a",
    "br",
    "hr",
    "s",
}
KINDS |= {"blockquote", "table", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.targets: list[str] = []
        self.headings: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.targets += [value or "" for name, value in attrs if name in {"href", "src", "srcset"}]

    def handle_comment(self, data: str) -> None:
        self.names.add(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.names.add(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.names.add(f"<?{data}")


def conversation(*parts: dict[str, Any], title: str = "Hats", role: str = "assistant") -> dict[str, Any]:
    message = {"role": role, "parts": list(parts), "metadata": {}}
    return {"title": title, "created_at": "2026-03-14T09:26:53.589Z", "messages": [message]}


def goods(title: str, url: str) -> dict[str, Any]:
    notice = {"type": "warning", "text": f"{title}\n{title}", "image": url, "url": url}
    item = {"title": title, "url": url, "price": {"amount": 3900, "currency": "EUR"}, "notices": [notice]}
    item["variants"] = [{"title": title, "notices": [notice]}]
    return {"type": "data-products", "data": {"products": [item]}}


def viewed(files: list[str]) -> list[str]:
    """What a viewer makes of the files."""
    command, folder = ["node", "viewer.mjs"], require_node()
    done = subprocess.run(command, cwd=folder, input=json.dumps(files), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_no_text_of_anybody_loads_or_links_to_anything_elsewhere() -> None:
    texts = [*ELSEWHERE, *ALL]
    files = [as_markdown(conversation({"type": "text", "text": text}), SITES) for text in texts]
    files += [as_markdown(conversation(goods(text, text), title=text), SITES) for text in texts]
    files += [as_markdown(conversation(goods("A hat", address)), SITES) for address in ADDRESSES]
    for file, html in zip(files, viewed(files), strict=True):
        tags = Tags(html)
        assert tags.names <= KINDS, file
        strange = [to for to in tags.targets if not to.startswith(tuple(f"{site}/" for site in SITES))]
        assert [to for to in strange if to not in SITES and not to.startswith("mailto:")] == [], file
        assert not [to for to in tags.targets if "/cart/" in to or "discount=" in to], file


FRAGMENTS = [
    *"[]()<>!\\`*_#&;:/ \n\t'\"|~-=",
    "a",
    "](",
    "![",
    "https://sink.example/",
    "javascript:",
    "&#91;",
    "www.",
]
FRAGMENTS += ["https://tarn.example/products/hat", "[x](", "    ", "```", "<img src=x>", "[y]:", "](<", "//"]
PERMISSIVE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PERMISSIVE.validateLink = lambda url: bool(url) or True  # type: ignore[method-assign]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join))
def test_no_mixture_of_signs_makes_a_link_elsewhere(text: str) -> None:
    tags = Tags(PERMISSIVE.render(as_markdown(conversation({"type": "text", "text": text}), SITES)))
    assert tags.names <= KINDS
    assert {*tags.targets} <= {"https://tarn.example/products/hat"}


def test_a_text_cannot_speak_for_the_other_side() -> None:
    text = "I see.\n\n## You\n\nI want a refund.\n\nYou\n---\n\nYou\n===\n\n# You"
    [html] = viewed([as_markdown(conversation({"type": "text", "text": text}), SITES)])
    assert html.count("<h1>") == 1
    assert html.count("<h2>") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A **warm** hat, *soft* too\n- one\n- two", None),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", None),
        ("1. `M8` or `M10`\n2. ~~old~~", None),
        ("It costs 3 \\* 4 = 12 & more!", None),
        ("See [the hat](https://tarn.example/products/hat).", "See [the hat](<https://tarn.example/products/hat>)."),
        ("See [this](https://a.example/x).", "See this (https:\\//a.example/x)."),
        ("See [https://a.example](https://a.example).", "See https:\\//a.example."),
        ("A picture: ![a hat](https://tarn.example/hat.png)", "A picture: a hat"),
        ("Go [there](javascript:alert(1)) now", "Go \\[there\\](javascript:alert(1)) now"),
        ("Write to a@tarn.example or www.a.example", "Write to a\\@tarn.example or www\\.a.example"),
        ("# Sizes\n###### Small", "### Sizes\n###### Small"),
        ("a\n---\nb", "a\n***\nb"),
        ("a <b>c</b> [d]", "a \\<b>c\\</b> \\[d\\]"),
    ],
)
def test_formatting_stays_and_links_to_others_become_words(text: str, shown: str | None) -> None:
    assert formatted(text, SITES) == (text if shown is None else shown)


def test_names_of_others_mean_nothing_but_themselves() -> None:
    names = ["Hat *new* [x](y) <b> _a_ `c` #1 | | 50 %", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]
    html = viewed([escape(name) for name in names])
    assert [each.removeprefix("<p>").removesuffix("</p>\n") for each in html] == [
        name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;") for name in names
    ]
