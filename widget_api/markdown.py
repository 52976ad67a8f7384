"""Text of others as Markdown for a file: it is formatted, and loads and links to nothing but the shop's own pages."""

from __future__ import annotations

import re
from collections.abc import Container

from widget_api.links import page_of

# A link or a picture in one line; the address is the shop's own or none, so it has no blanks and brackets.
_LINK = re.compile(r"(!?)\[([^\[\]\n]{0,300})\]\((?:<([^<>\n]{0,2000})>|([^()<>\s]{0,2000}))\)")
# What could begin a link, a picture, a tag or an address that viewers make a link of; an escape stays one.
_ACTIVE = re.compile(r"\\[!-/:-@\[-`{-~]|[\\\[\]<]|/(?=/)|(?<=\bwww)\.|@", re.IGNORECASE)
# Addresses that people can use without a link.
_TOLD = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_ANY_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_RULE = re.compile(r" {0,3}(?:(=+)|-+)\s*")


def escape(text: str) -> str:
    """Return words that mean nothing but themselves, in one line."""
    return _ANY_SIGN.sub(r"\\\g<0>", " ".join(text.split()))


def link(label: str, address: str, sites: Container[str]) -> str:
    """Return a link with plain words for its label; the words alone unless the address is a page of `sites`."""
    shown = page_of(address, sites)
    return f"[{escape(label)}](<{shown}>)" if shown and not set(shown) & {"<", ">"} else escape(label)


def address(text: str, sites: Container[str]) -> str:
    """Return an address as a link if it is a page of `sites`, else as words."""
    return link(text, text, sites) if text else ""


def formatted(text: str, sites: Container[str]) -> str:
    """Return Markdown of a model or a shopper: emphasis, lists and tables stay, and links to `sites`.

    Headings rank below those of the file, pictures and other links become their words.
    """
    return "\n".join(_line(line, sites) for line in text.split("\n"))


def _line(line: str, sites: Container[str]) -> str:
    if heading := _HEADING.match(line):
        return f"{'#' * min(6, len(heading[1]) + 2)}{_inline(line[heading.end() :], sites)}"
    if rule := _RULE.fullmatch(line):  # below a paragraph it would make a heading of it
        return f"\\{line.strip()}" if rule[1] or len(line.strip()) < 3 else "***"
    return _inline(line, sites)


def _inline(line: str, sites: Container[str]) -> str:
    pieces, end = [], 0
    for found in _LINK.finditer(line):
        if _is_escaped(line, found.start()):
            continue
        target = found[3] or found[4] or ""
        pieces += [_passive(line[end : found.start()]), _shown(found[1], found[2], target, sites)]
        end = found.end()
    return "".join([*pieces, _passive(line[end:])])


def _shown(bang: str, label: str, target: str, sites: Container[str]) -> str:
    """Return a link of the line, or what it says. A picture is its description."""
    if not bang and page_of(target, sites):
        return f"[{_passive(label)}](<{target}>)"
    is_told = not bang and _TOLD.match(target) and target not in label
    return _passive(label) + (f" ({_passive(target)})" if is_told else "")


def _is_escaped(line: str, at: int) -> bool:
    start = at
    while start and line[start - 1] == "\\":
        start -= 1
    return (at - start) % 2 == 1


def _passive(text: str) -> str:
    """Return the text with nothing in it that loads or leads anywhere."""
    return _ACTIVE.sub(lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", text)
