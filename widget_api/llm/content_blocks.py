"""The content blocks of an answer of Anthropic's, kept in their order where any of them is opaque. No I/O.

Thoughts are signed: they come back word for word, before, between and behind the words and calls that they stood
with, or the request is refused.

https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from widget_api.llm.extras import Bag, storable

Json = dict[str, Any]

_OF_CALL: Final = frozenset({"type", "id", "name", "input", "cache_control"})


@dataclass(slots=True)
class _Block:
    """A block: words in pieces, a call by its id, or an opaque one that the bag has under its number."""

    kind: str
    pieces: list[str] = field(default_factory=list)
    call: str = ""
    fields: Json = field(default_factory=dict)
    number: int = -1
    is_whole: bool = False


class Blocks:
    """The blocks of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self._bag = Bag()
        self._blocks: list[_Block] = []
        self._open: dict[object, _Block] = {}  # opaque ones, by the provider's index

    def say(self, text: str) -> None:
        """Append words to the newest block, or begin one."""
        if not (self._blocks and self._blocks[-1].kind == "text"):
            self._blocks.append(_Block("text"))
        self._blocks[-1].pieces.append(text)

    def begin_call(self, id: str, block: Json) -> None:
        """Note the place of a call, and what came beside it."""
        fields = {name: value for name, value in block.items() if name not in _OF_CALL and value is not None}
        self._blocks.append(_Block("tool_use", call=id, fields=fields))

    def begin(self, block: Json, index: object, *, is_whole: bool = False) -> None:
        """Keep a block that is neither words nor a call."""
        opaque = _Block("opaque", number=len(self._blocks), is_whole=is_whole)
        self._blocks.append(opaque)
        self._open[str(index)] = opaque
        self._bag.add({"content": [{**block, "index": opaque.number}]})

    def grow(self, delta: Json, index: object) -> None:
        """Join a delta to its opaque block; nothing where its block is another."""
        if opaque := self._open.get(str(index)):
            fields = {name: value for name, value in delta.items() if name != "type"}
            self._bag.add({"content": [{**fields, "index": opaque.number}]})

    def end(self, index: object) -> None:
        """Note that the opaque block at that index is whole. Half a signature is none."""
        if opaque := self._open.get(str(index)):
            opaque.is_whole = True

    def data(self) -> Json | None:
        """Return the blocks as they can be stored, or None where words and calls say all."""
        kept = {each.pop("index"): each for each in (self._bag.data() or {}).get("content", ())}
        content = [told for block in self._blocks if (told := _told(block, kept))]
        is_opaque = any(set(told) - {"type", "text", "call"} for told in content)
        return storable({"content": content}) if is_opaque else None


def _told(block: _Block, kept: Mapping[int, Json]) -> Json | None:
    if block.kind == "text":
        return {"type": "text", "text": "".join(block.pieces)}
    if block.kind == "tool_use":
        return {"type": "tool_use", "call": block.call, **block.fields}
    found = kept.get(block.number)
    return _parsed(found) if found and block.is_whole else None


def _parsed(block: Json) -> Json:
    """Return the block with the input that came in pieces, as of a tool that the provider runs itself."""
    if "partial_json" not in block:
        return block
    try:
        asked = json.loads(block["partial_json"])
    except (ValueError, RecursionError):
        asked = {}
    return {name: value for name, value in block.items() if name != "partial_json"} | {"input": asked}


def place_blocks(kept: object, words: list[Json], calls: Mapping[str, Json]) -> list[Json]:
    """Return the blocks of a step: its `words` and `calls`, among what was `kept` of its answer if anything was."""
    if not (words or calls):
        return []
    left = dict(calls)
    placed = [block for each in kept if (block := _placed(each, left))] if isinstance(kept, list) else []
    if not any(block["type"] == "text" for block in placed):
        at = next((number for number, block in enumerate(placed) if block["type"] == "tool_use"), len(placed))
        placed[at:at] = words
    return [*placed, *left.values()]


def _placed(block: Json, left: dict[str, Json]) -> Json | None:
    """Return a kept block as it is sent, and take its call from those that are `left`."""
    if block["type"] == "text":
        return block if block["text"].strip() else None
    if block["type"] != "tool_use":
        return block
    call = left.pop(block["call"], None)
    return {**call, **{name: value for name, value in block.items() if name != "call"}} if call else None
