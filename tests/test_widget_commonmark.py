"""The widget reads Markdown as markdown-it does. Where it does not, the reason stands here."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Page

from tests.answers import COUNT, WRITTEN, answers
from tests.browser import chromium
from tests.node_tools import require_node
from tests.renderer import renderer, source
from tests.watched import Watched

__all__ = ["chromium", "renderer", "source"]

pytestmark = [pytest.mark.browser, pytest.mark.node, pytest.mark.xdist_group("widget-markdown")]

# Parts a sign from what follows for markdown-it; gone from what is compared.
GAP: Final = " \ue000"
CJK: Final = "\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef"


class Difference(NamedTuple):
    """What the widget reads otherwise, why, and how the same is written for markdown-it."""

    why: str
    pattern: str
    instead: str


SOURCE: Final = [
    Difference(
        "an asterisk beside a digit within a word multiplies: 30*40 cm, 2*XL",
        r"(?<=\d)\*(?=\w)|(?<=\w)\*(?=\d)",
        r"\\*",
    ),
    Difference(
        "CJK text has no spaces, so punctuation beside emphasis says nothing about where a word ends",
        rf"(\*\*)([^*\n]*[。」\uff1a])\1(?=[{CJK}*])",
        rf"\1\2\1{GAP}",
    ),
    Difference("an address ends where CJK text begins", r"(?<=[a-z])(?=[\u3040-\u309f])", GAP),
    Difference("the scheme of a bare address is in small letters", "HTTPS://", "HTTPS:&#47;/"),
    Difference("a bullet is a bullet", "^•", "-"),
    Difference("a table's lines begin with a bar", r"^--- \|", r"\\--- |"),
    Difference(
        "a line that begins with a bar is a table's, as nobody can know what follows", r"\A(\|[^\n]*\|)\Z", r"\1\n|-|"
    ),
    Difference("a table ends with its last bar", r"^(text below it)$", r"\n\1"),
    Difference(
        "a row has the cells that it is written with", r"\A(\| Size \| EU \|)(\n[^\n]*)(?=\n.*sold out)", r"\1 |\2-|"
    ),
    Difference("a line below a text does not change what the text was", r"(?<=\w)\n(=+)$", r"\n\\\1"),
    Difference("dashes below a text are a rule", r"(?<=\w)\n(---)$", r"\n\n\1"),
    Difference("signs at the end of a heading are text", r"(?<=Sizes) ##", r" \\##"),
    Difference("within a quote is text alone", r"^>( ?)([->])", r">\1\\\2"),
    Difference("an indented text is no code: models indent by accident", r"\A {4}", ""),
    Difference("an address in brackets at a line's start is text: nothing may vanish", r"^\[1\]:", r"\\[1]:"),
]

# What the two write otherwise while it means the same.
HTML: Final = [
    Difference("a line break is one, where markdown-it reads no HTML at all", "&lt;br&gt;", "<br>"),
    Difference("a heading is a bold line", r"(</?)h\d>", r"\1p>"),
    Difference("an item's first text needs no paragraph", r"<li>\s*<p>(.*?)</p>", r"<li>\1"),
    Difference("a table needs no body", r"</?t(head|body)>", ""),
    Difference("a cell that is not there is empty", r"<t([hd])></t\1>", ""),
    Difference(
        "code has no language and columns have no sides", r' (?:class|style|rel|referrerpolicy|title)="[^"]*"', ""
    ),
    Difference("a quotation mark", "&quot;", '"'),
    Difference("a space that does not break", "&nbsp;", "\u00a0"),
    Difference("code ends with its last line", r"\n(?=</code></pre>)", ""),
    Difference("parted for markdown-it alone", f" ?{GAP[1]} ?", ""),
    Difference(
        "spaces around blocks",
        r"[ \n]*(</?(?:p|ul|ol|li|blockquote|pre|table|tr|th|td|hr|br)\b[^>]*>)[ \n]*",
        r"\1",
    ),
]


def rewritten(text: str, differences: Iterable[Difference]) -> str:
    for _, pattern, instead in differences:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE | re.DOTALL)
    return text


def markdown_it(texts: list[str]) -> list[str]:
    """Return what markdown-it makes of each of the texts."""
    done = subprocess.run(
        ["node", "markdown-it.mjs"],
        cwd=require_node(),
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def widget(page: Page, texts: list[str]) -> list[str]:
    """Return what the widget makes of each, where every address may be a link."""
    found: list[str] = page.evaluate(
        """(texts) => texts.map((text) => {
            const root = render([text], (address) => address);
            root.remove();
            return root.innerHTML;
        })""",
        texts,
    )
    return found


@pytest.fixture(scope="module")
def shown(renderer: Watched) -> dict[str, str]:
    """What the widget makes of each of the answers."""
    texts = answers()
    return dict(zip(texts, widget(renderer.page, texts), strict=True))


def unlike(shown: dict[str, str], source: list[Difference], html: list[Difference]) -> dict[str, tuple[str, str]]:
    """Return the answers that the two read differently although these differences are taken out."""
    others = markdown_it([rewritten(text, source) for text in shown])
    pairs = [
        (rewritten(ours, html), rewritten(other, html)) for ours, other in zip(shown.values(), others, strict=True)
    ]
    return {text: pair for text, pair in zip(shown, pairs, strict=True) if pair[0] != pair[1]}


def test_five_hundred_answers_in_ten_languages_are_all_different() -> None:
    assert len(set(answers())) == COUNT
    assert answers() == answers()
    assert len(WRITTEN) > 150


def test_the_widget_reads_every_answer_as_markdown_it_does(shown: dict[str, str]) -> None:
    assert unlike(shown, SOURCE, HTML) == {}


@pytest.mark.parametrize("difference", SOURCE + HTML, ids=lambda difference: difference.why[:40])
def test_each_difference_is_one(shown: dict[str, str], difference: Difference) -> None:
    left = [[each for each in table if each is not difference] for table in (SOURCE, HTML)]
    assert unlike(shown, *left)


# What is written and not shown: where links lead, the languages of code, the numbers of a list's items.
UNSHOWN: Final = r"&#?\w+;|<br>|\]\([^)]*\)+|^ *(```|~~~)\w+$|^ *\d+[.)]"


def test_no_answer_loses_a_word(shown: dict[str, str]) -> None:
    said = {text: re.sub(r"<[^>]*>", "", html) for text, html in shown.items()}
    words = {text: re.findall(r"[^\W_]+", re.sub(UNSHOWN, " ", text, flags=re.MULTILINE)) for text in shown}
    assert {word: text for text in shown for word in words[text] if word not in said[text]} == {}
