"""A conversation as a file for the shopper. Carts are secrets of the shop, so no link to one is in it.

A file is written piece by piece: what begins it, then each message by itself, then what ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from widget_api.markdown import address, escape, formatted, link
from widget_api.shopify.money import range_as_text, with_exponents

# What opens a cart to whoever has it: the key of its id, in any spelling of an address.
_CART_KEY = re.compile(r"([?&](?:key|cart)=)[^\s\"'<>)&]+", re.IGNORECASE)
# What is said below an answer that was cut short.
CUTS: Final = {
    "length": "The answer reached its length limit.",
    "filter": "A content filter cut this answer short.",
}
_SPEAKERS = {"user": "You", "assistant": "Assistant"}


def without_secrets(value: Any) -> Any:
    """The same JSON value with the keys of carts blotted out."""
    if isinstance(value, str):
        return _CART_KEY.sub(r"\1…", value)
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {name: without_secrets(item) for name, item in value.items()}
    return value


def for_readers(value: Any) -> Any:
    """Return the same JSON value as others may read it: without the keys of carts, with an exponent in each price."""
    return without_secrets(with_exponents(value))


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. The pieces stand one after the other; `between` parts the messages. Messages may link to the
    origins that they are written for, and to nothing else."""

    mimetype: str
    ending: str
    between: bytes
    begin: Callable[[dict[str, Any]], bytes]
    message: Callable[[dict[str, Any], Container[str]], bytes]
    end: bytes


def as_markdown(conversation: dict[str, Any], sites: Container[str] = ()) -> str:
    """Return the conversation as Markdown: title, date, then who said what. It links to `sites`, the shop's origins,
    and to nothing else."""
    said = (_message(message, sites) for message in conversation["messages"])
    return "\n".join([_begin(conversation), *said])


def _begin(conversation: dict[str, Any]) -> str:
    return "\n".join([f"# {escape(conversation['title'])}", "", conversation["created_at"], ""])


def _message(message: dict[str, Any], sites: Container[str]) -> str:
    lines = [f"## {_SPEAKERS[message['role']]}", ""]
    for part in message["parts"]:
        lines += _part(part, sites)
    if cut := CUTS.get(message["metadata"].get("cut", "")):
        lines += [f"*{cut}*", ""]
    return "\n".join(lines)


def _part(part: dict[str, Any], sites: Container[str]) -> list[str]:
    if part["type"] == "text":
        return [formatted(part["text"], sites), ""]
    if part["type"] == "data-products":
        return [line for item in part["data"]["products"] for line in _product(item, sites)] + [""]
    if part["type"] == "data-cart":
        return _cart(part["data"].get("cart") or {}, sites)
    return []


def _product(item: dict[str, Any], sites: Container[str]) -> list[str]:
    variants = [(variant["title"], notice) for variant in item["variants"] for notice in _notices(variant)]
    return [
        f"- {link(item['title'], item['url'], sites)}, {range_as_text(item)}",
        *(f"  - {_said(notice, sites)}" for notice in _notices(item)),
        *(f"  - {escape(title)}: {_said(notice, sites)}" for title, notice in variants),
    ]


def _cart(cart: dict[str, Any], sites: Container[str]) -> list[str]:
    """Return what the shop says of a cart; its lines stand in the words around it."""
    lines = [(line["title"], notice) for line in cart.get("lines", ()) for notice in _notices(line)]
    said = [f"- {_said(notice, sites)}" for notice in _notices(cart)]
    said += [f"- {escape(title)}: {_said(notice, sites)}" for title, notice in lines]
    return [*said, ""] if said else []


def _notices(owner: dict[str, Any]) -> list[dict[str, Any]]:
    """The notices of something; what was kept before there were any has none."""
    return list(owner.get("notices") or ())


def _said(notice: dict[str, Any], sites: Container[str]) -> str:
    kind = "**Warning:**" if notice["type"] == "warning" else "**Note:**"
    text = "  \n    ".join(map(escape, notice["text"].splitlines()))
    return " ".join(filter(None, [kind, text, address(notice["image"], sites), address(notice["url"], sites)]))


FORMATS: Final = {
    "markdown": Format(
        mimetype="text/markdown",
        ending="md",
        between=b"\n",
        begin=lambda conversation: f"{_begin(without_secrets(conversation))}\n".encode(),
        message=lambda message, sites: _message(without_secrets(message), sites).encode(),
        end=b"",
    ),
    "json": Format(
        mimetype="application/json",
        ending="json",
        between=b",",
        begin=lambda conversation: msgspec.json.encode(without_secrets(conversation))[:-1] + b',"messages":[',
        message=lambda message, _: msgspec.json.encode(without_secrets(message)),
        end=b"]}",
    ),
}
