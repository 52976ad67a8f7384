"""A conversation as a file for the shopper. Carts are secrets of the shop, so no link to one is in it."""

from __future__ import annotations

import re
from typing import Any, Final

# What opens a cart to whoever has it: the key of its id, in any spelling of an address.
_CART_KEY = re.compile(r"([?&](?:key|cart)=)[^\s\"'<>)&]+", re.IGNORECASE)
# What is said below an answer that was cut short.
CUTS: Final = {
    "length": "The answer reached its length limit.",
    "filter": "The model's filter ended this answer.",
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


def as_markdown(conversation: dict[str, Any]) -> str:
    """The conversation as Markdown: title, date, then who said what."""
    lines = [f"# {conversation['title']}", "", conversation["created_at"], ""]
    for message in conversation["messages"]:
        lines += [f"## {_SPEAKERS[message['role']]}", ""]
        for part in message["parts"]:
            lines += _part(part)
        if cut := CUTS.get(message["metadata"].get("cut", "")):
            lines += [f"*{cut}*", ""]
    return "\n".join(lines)


def _part(part: dict[str, Any]) -> list[str]:
    if part["type"] == "text":
        return [part["text"], ""]
    if part["type"] == "data-products":
        return [*(f"- [{item['title']}]({item['url']})" for item in part["data"]["products"]), ""]
    return []
