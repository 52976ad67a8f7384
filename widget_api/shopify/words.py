"""Text from a shop, made fit for shoppers, models and logs: visible, bounded, and without a cart's secrets."""

from __future__ import annotations

import re
from html import unescape

from widget_api.text import clean

# Of a text that shall have so many characters at most four times as many are read: cleaning shortens it.
READ_FACTOR = 4
# Of a piece of HTML: tags take room.
MAX_READ = 20_000

# Who has a cart's token and key has the cart. They stand in its id, in its lines' ids and in its checkout address.
_SECRETS = re.compile(
    r"gid://shopify/Cart/\S+|(?:https?://[^\s/]*)?/cart/c/\S+|[?&](?:cart|key)=[^\s&\"']+|\bkey=[0-9a-f]{16,}",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_TAGS = re.compile(r"(<[^<>]*>)")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)", re.IGNORECASE)
_SILENT = frozenset({"script", "style", "template"})
_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
# Python reads no number of more digits, and no character has one so long.
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")


def words(text: object, limit: int = 300) -> str:
    """`text` in one line of at most `limit` characters; empty when it is no text."""
    return _cut(_SPACE.sub(" ", _safe(text, limit)).strip(), limit)


def prose(text: object, limit: int = 1500) -> str:
    """`text` with its lines and paragraphs, at most `limit` characters; empty when it is no text."""
    return _cut(_join_paragraphs(_safe(text, limit)), limit)


def plain(html: object, limit: int = 1500) -> str:
    """The text of a piece of HTML, as `prose` gives it: for reading, not made safe to be put into a page."""
    if not isinstance(html, str):
        return ""
    pieces, silent = [], False
    for piece in _TAGS.split(html[:MAX_READ]):
        tag = _TAG.match(piece)
        if tag and tag["name"].lower() in _SILENT:
            silent = not tag["end"]
        elif tag and tag["name"].lower() in _BLOCKS:
            pieces.append("\n")
        elif not silent and not _TAGS.fullmatch(piece):
            pieces.append(decode_references(piece))
    return prose("".join(pieces), limit)


def decode_references(html: str) -> str:
    """Return a text of HTML with its character references decoded; those that can name nothing become U+FFFD."""
    return unescape(_LONG_REFERENCE.sub("\ufffd", html))


def has_secret(text: str) -> bool:
    """Return whether a cart's id, key or checkout address stands in `text`."""
    return bool(_SECRETS.search(text))


def _safe(text: object, limit: int) -> str:
    return _SECRETS.sub("…", clean(text[: READ_FACTOR * limit])) if isinstance(text, str) else ""


def _join_paragraphs(text: str) -> str:
    """Return the paragraphs with an empty line between them, and no blanks around them."""
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join("\n".join(lines).strip() for lines in paragraphs if lines)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
