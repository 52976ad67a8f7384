"""A web page cut into passages under their headings: what its main part says, without the theme around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from widget_api.shopify.words import decode_references, words

# Of the main part; what stands before it in a theme may be longer.
MAX_HTML: Final = 400_000
MAX_BLOCKS: Final = 800
# A passage is what a shopper would be read out; a block is a paragraph.
PASSAGE: Final = 700
BLOCK: Final = 1500
HEADING: Final = 120

_TAGS = re.compile(r"(<[^<>]*>)")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)", re.IGNORECASE)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _HEADINGS | {"p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "dt", "dd", "blockquote"}
_CELLS: Final = frozenset({"td", "th"})
_BOLD: Final = frozenset({"strong", "b"})
_SILENT: Final = frozenset(
    {"script", "style", "template", "noscript", "svg", "nav", "form", "button", "select", "footer"}
)
# What Shopify puts around a policy in every theme; then what HTML has for a page's main part.
_MAIN: Final = (
    re.compile(r"<[a-z][a-z0-9]*\s[^<>]*shopify-policy__container", re.IGNORECASE),
    re.compile(r"<main\b", re.IGNORECASE),
    re.compile(r"<body\b", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page: `heading` is empty when the page has none above it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read; without passages there is no such page."""

    url: str
    title: str = ""
    passages: tuple[Passage, ...] = ()

    def size(self) -> int:
        """Return how many characters the page has."""
        return len(self.title) + sum(len(each.heading) + len(each.text) for each in self.passages)


def read_page(url: str, html: str) -> Page:
    """Return the page's main part in passages of about `PASSAGE` characters, made fit to be shown."""
    title, heading, lines = "", "", list[str]()
    passages: list[Passage] = []

    def end_passage() -> None:
        if lines:
            passages.append(Passage(heading, "\n".join(lines)))
            lines.clear()

    for is_heading, text in _blocks(html):
        if is_heading:
            end_passage()
            title, heading = title or text, text
        else:
            if lines and sum(map(len, lines)) + len(text) > PASSAGE:
                end_passage()
            lines.append(text)
    end_passage()
    return Page(url, title, tuple(passages))


def _blocks(html: str) -> Iterator[tuple[bool, str]]:
    """Yield each paragraph, list item, row and heading of the main part: whether it is a heading, and its text."""
    block = _Block()
    count = 0
    for name, ends, text in _spoken(_main_part(_without_comments(html))):
        if name not in _BLOCKS:
            block.add(name, text, ends=ends)
            continue
        if said := block.read_text():
            yield block.is_heading and len(said) <= HEADING, said
            count += 1
            if count >= MAX_BLOCKS:
                return
        block = _Block(in_heading=name in _HEADINGS and not ends, in_item=name == "li" and not ends)
    if said := block.read_text():
        yield block.is_heading and len(said) <= HEADING, said


class _Block:
    """The text of a block while it is read. Bold from end to end it is a heading: merchants write them so."""

    def __init__(self, *, in_heading: bool = False, in_item: bool = False) -> None:
        self._in_heading = in_heading
        self._in_item = in_item
        self._pieces: list[str] = []
        self._bold = 0
        self._has_plain = False

    def add(self, name: str, text: str, *, ends: bool) -> None:
        if name in _BOLD:
            self._bold += -1 if ends else 1
        elif name in _CELLS and ends:
            self._pieces.append(" | ")
        elif text:
            self._pieces.append(text)
            self._has_plain = self._has_plain or (self._bold <= 0 and bool(text.strip()))

    def read_text(self) -> str:
        """Return the text of the block so far, with a dash before that of a list's item."""
        said = words("".join(self._pieces), BLOCK).strip(" |")
        return f"- {said}" if said and self._in_item else said

    @property
    def is_heading(self) -> bool:
        return self._in_heading or not (self._has_plain or self._in_item)


def _spoken(tokens: list[str]) -> Iterator[tuple[str, bool, str]]:
    """Yield each tag's name and whether it ends something, or a text with an empty name; no silent parts."""
    silent, depth = "", 0
    for token in tokens:
        tag = _TAG.match(token)
        name = tag["name"].lower() if tag else ""
        ends = bool(tag and tag["end"])
        if silent:
            depth += 0 if name != silent else -1 if ends else 1
            silent = silent if depth > 0 else ""
        elif name in _SILENT and not ends:
            silent, depth = name, 1
        elif tag:
            yield name, ends, ""
        elif not _TAGS.fullmatch(token):
            yield "", False, decode_references(token)


def _main_part(html: str) -> list[str]:
    """Return the tags and texts from the start of the main part to its end."""
    start = next((found.start() for pattern in _MAIN if (found := pattern.search(html))), 0)
    tokens = _TAGS.split(html[start : start + MAX_HTML])
    name, depth = next(filter(None, map(_name, tokens)), ""), 0
    for position, token in enumerate(tokens):
        if name and _name(token) == name:
            depth += -1 if token.startswith("</") else 1
            if depth == 0 and start:
                return tokens[:position]
    return tokens


def _name(token: str) -> str:
    tag = _TAG.match(token)
    return tag["name"].lower() if tag else ""


def _without_comments(html: str) -> str:
    kept, end = [], 0
    while (start := html.find("<!--", end)) >= 0:
        kept.append(html[end:start])
        end = html.find("-->", start + 4) + 3
        if end < 3:
            return "".join(kept)
    return "".join([*kept, html[end:]])
