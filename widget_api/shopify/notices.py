"""Notices: the warnings and infos that a shop puts beside its products and carts (UCP `messages`).

A warning must be shown to the shopper; one with the presentation `disclosure` (allergens, safety) must be shown next
to what its `path` names. Sources: UCP `message_warning.json` and `message_info.json`, 2026-04-08 and 2026-08-25.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.words import has_secret, prose, words

# A legal notice fills a few paragraphs; what is longer is cut, never dropped.
TEXT_CHARACTERS = 4000
PATH_CHARACTERS = 500
# Ten products with a few disclosures each are far from it.
MAX_NOTICES = 200
# Errors stand among them.
MAX_MESSAGES = 2 * MAX_NOTICES

# RFC 9535 as it is usually spelled, and JSON pointers: `$.products[0]`, `products.0`, `$['products'][0]`,
# `/products/0`, `$.products[?(@.id == 'gid://…')]`. Several entries (`[0,1]`, `[0:2]`) count as all of them.
_TOKEN = re.compile(
    r"""\?[^=]{0,60}\bid\b['"\]\s]*==\s*(?P<quote>['"])(?P<id>.*?)(?P=quote)|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"""
    r"""|(?P<several>\[[-0-9:,\s]{0,200}[:,][-0-9:,\s]{0,200}\])|(?P<index>-?[0-9]{1,6})"""
)

# A position, an entry's id, or None for all entries.
Index = int | str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `image` and `url` are absolute addresses or empty."""

    type: Literal["warning", "info"]
    code: str
    text: str
    presentation: Literal["notice", "disclosure"] = "notice"
    image: str = ""
    url: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the notice as the widget reads it."""
        return {
            "type": self.type,
            "code": self.code,
            "text": self.text,
            "presentation": self.presentation,
            "image": self.image,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True)
class Placed:
    """A notice and the steps of its path, such as `(("products", 0), ("variants", 1))`."""

    notice: Notice
    path: tuple[tuple[str, Index], ...] = ()

    def indexes(self, name: str, ids: Sequence[object]) -> list[int]:
        """Return which of the entries with these ids the path names; empty where it names none of them."""
        for step, index in self.path:
            if step == name:
                return _resolved(index, ids)
        return []


def read_notices(payload: Mapping[str, Any], endpoint: Endpoint) -> list[Placed]:
    """Return the warnings and infos of a tool's answer in their order, each once. Errors are no notices."""
    messages = payload.get("messages")
    placed = (
        _read(message, payload, endpoint)
        for message in (messages if isinstance(messages, list) else [])[:MAX_MESSAGES]
        if isinstance(message, dict)
    )
    return list(dict.fromkeys(each for each in placed if each))[:MAX_NOTICES]


def unique(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return the notices in their order, each once."""
    return tuple(dict.fromkeys(notices))


def _read(message: Mapping[str, Any], payload: Mapping[str, Any], endpoint: Endpoint) -> Placed | None:
    kind = str(message.get("type", "")).lower()
    text = prose(message.get("content"), TEXT_CHARACTERS)
    if kind not in {"warning", "info"} or not text:
        return None
    disclosed = str(message.get("presentation", "")).lower() == "disclosure"
    addresses = [message.get("url"), message.get("continue_url")]
    if disclosed:
        addresses.append(payload.get("continue_url"))  # where the shop itself shows what a platform cannot show
    notice = Notice(
        type="warning" if kind == "warning" else "info",
        code=words(message.get("code"), 60),
        text=text,
        presentation="disclosure" if disclosed else "notice",
        image=_public_link(message.get("image_url"), endpoint),
        url=next(filter(None, (_public_link(address, endpoint) for address in addresses)), ""),
    )
    return Placed(notice, tuple(_steps(message.get("path"))))


def _public_link(address: object, endpoint: Endpoint) -> str:
    """Return an address that may be kept and shared: none with a cart's key in it."""
    link = endpoint.link(address)
    return "" if has_secret(link) else link


def _steps(path: object) -> Iterator[tuple[str, Index]]:
    """Yield the names of a path with the index behind each."""
    name = ""
    for token in _TOKEN.finditer(path[:PATH_CHARACTERS] if isinstance(path, str) else ""):
        if token["name"]:
            if name:
                yield name, None
            name = token["name"].lower()
        elif name:
            yield name, _index(token)
            name = ""
    if name:
        yield name, None


def _index(token: re.Match[str]) -> Index:
    if token["several"]:
        return None
    return token["id"] if token["index"] is None else int(token["index"])


def _resolved(index: Index, ids: Sequence[object]) -> list[int]:
    if index is None:
        return list(range(len(ids)))
    if isinstance(index, str):
        return [number for number, each in enumerate(ids) if each == index]
    return [index % len(ids)] if -len(ids) <= index < len(ids) else []
