"""Where a call may begin in an answer's text: at a tool's name, an object, a list, or a fence of code. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from widget_api.llm.blocks import Block, Brackets, Fenced
from widget_api.llm.markup import PARTIAL, Kind, Mark, Partial, mark_at
from widget_api.llm.spelled import Tools

# So much behind a tool's name decides whether arguments follow.
_BEHIND_A_NAME: Final = 100

# What models write before a tool's name.
_LEADS: Final = ("print", "functions", "default_api", "Action")
_LEAD = re.compile(r"(?:print\(|functions\.|default_api\.|Action:\s{0,3}){0,3}")
_WORD = re.compile(r"\w{1,80}")
_LAST_WORD = re.compile(r"(?<!\w)[A-Za-z]\w{0,80}\Z")
_ARGUMENTS = re.compile(
    r"[\"'`\]>:,✿\s]{0,20}(?:(?:action[ _]input|arguments|args|parameters|params|with|json)\b[\"'`\]>:=✿\s]{0,20})?"
    r"(?:`{3}(?:json)?\s{0,20})?(\{|(?<=\w)\(|\((?=\s{0,20}(?:\)|[A-Za-z_]\w{0,40}\s{0,5}=|[\"'{\[])))",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"\{\s{0,20}[\"']")
_OBJECT_BEGUN = re.compile(r"\{\s{0,20}\Z")
_LIST = re.compile(r"\[\s{0,20}\{\s{0,20}[\"']")
_LIST_BEGUN = re.compile(r"\[\s{0,20}(?:\{\s{0,20})?\Z")
_LIST_OF_NAMES = re.compile(r"\[\s{0,20}(?=[A-Za-z])")
_TICKS = re.compile(r"`+")
_FENCE = re.compile(r"`{3,}[ \t]{0,5}(?:(\w[\w+-]{0,20})(?=\s))?\s{0,40}")
_FENCE_BEGUN = re.compile(r"`{3,}[ \t]{0,5}(?:\w[\w+-]{0,20})?\s{0,40}\Z")
# Languages of fenced code that are none: nothing in such code is shown.
_HIDDEN: Final = frozenset(
    ("tool_code", "tool_call", "tool_calls", "function_call", "think", "thinking", "thought", "thoughts", "reasoning")
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A block that begins, and where in the text it is read on from."""

    block: Block
    end: int


# The text up to here is no call.
Found = Opening | Partial | int


def _prefixes(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:end] for word in words for end in range(1, len(word) + 1))


class Openings:
    """Finds where calls of `tools` may begin."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._prefixes = _prefixes([*tools, *_LEADS])

    def is_certain(self, piece: str) -> bool:
        """Return whether the last word of the piece is no beginning of a tool's name."""
        word = _LAST_WORD.search(piece, max(0, len(piece) - 80))
        return not word or word[0] not in self._prefixes

    def at(self, text: str, at: int, *, ended: bool) -> Found:
        """Return what begins at `at`, or up to where nothing does; `PARTIAL` where more of the text decides. `ended`
        says that no more will come."""
        match text[at]:
            case "`":
                return self._ticks(text, at, ended=ended)
            case "{":
                return self._object(text, at, ended=ended)
            case "[":
                return self._list(text, at, ended=ended)
            case sign if sign.isalnum() or sign == "_":
                return self._word(text, at, ended=ended)
        return at + 1

    def _name(self, text: str, at: int, *, ended: bool) -> tuple[str, int] | Partial:
        """Return the tool's name that stands at `at`, perhaps behind `print(`, or "", and where it ends."""
        lead = _LEAD.match(text, at)
        begin = lead.end() if lead else at
        word = _WORD.match(text, begin)
        name, end = (word[0], word.end()) if word else ("", begin)
        if end == len(text) and not ended and (not name or name in self._prefixes):
            return PARTIAL
        return (name if name in self._tools else ""), end

    def _word(self, text: str, at: int, *, ended: bool) -> Found:
        found = self._name(text, at, ended=ended)
        if isinstance(found, Partial):
            return found
        name, end = found
        if not name:
            return self._fence_behind(text, at, end, ended=ended)
        if opener := _ARGUMENTS.match(text, end):
            return Opening(Brackets(text[at : opener.start(1)], self._tools), opener.start(1))
        return PARTIAL if not ended and len(text) - end < _BEHIND_A_NAME else end

    def _fence_behind(self, text: str, at: int, end: int, *, ended: bool) -> Found:
        """Cohere's `Action:` stands before a fence."""
        if text.startswith("Action:", at) and text.startswith("`", end):
            found = self._ticks(text, end, ended=ended, begin=at)
            return found if isinstance(found, Opening | Partial) else end
        return max(end, at + 1)

    def _object(self, text: str, at: int, *, ended: bool) -> Found:
        if _OBJECT.match(text, at):
            return Opening(Brackets("", self._tools), at)
        return PARTIAL if not ended and _OBJECT_BEGUN.match(text, at) else at + 1

    def _list(self, text: str, at: int, *, ended: bool) -> Found:
        """A list of objects, or of calls as Python writes them."""
        if _LIST.match(text, at):
            return Opening(Brackets("", self._tools), at)
        if not ended and _LIST_BEGUN.match(text, at):
            return PARTIAL
        if listed := _LIST_OF_NAMES.match(text, at):
            found = self._name(text, listed.end(), ended=ended)
            if isinstance(found, Partial):
                return found
            if found[0]:
                return Opening(Brackets("", self._tools), at)
        return at + 1

    def _ticks(self, text: str, at: int, *, ended: bool, begin: int | None = None) -> Found:
        """A fence may hold a call; all other ticks are text. `begin` is where what belongs to the fence begins."""
        ticks = _TICKS.match(text, at)
        end = ticks.end() if ticks else at + 1
        if end == len(text) and not ended:
            return PARTIAL
        fence = _FENCE.match(text, at)
        if not fence:
            return end
        if not ended and _FENCE_BEGUN.match(text, at):
            return PARTIAL
        is_call = (fence[1] or "").lower() in _HIDDEN
        if is_call or (may_be := self._may_be_call(text, fence.end(), ended=ended)) is True:
            head = text[at if begin is None else begin : fence.end()]
            block = Fenced(head, self._tools, frame=len(head), is_call=is_call)
            return Opening(block, fence.end())
        return may_be or end

    def _may_be_call(self, text: str, at: int, *, ended: bool) -> bool | Partial:
        """Return whether the code that begins at `at` may be a call."""
        match text[at : at + 1]:
            case "{" | "[":
                return True
            case "<":
                mark = mark_at(text, at, self._tools, ended=ended)
                return mark if isinstance(mark, Partial) else isinstance(mark, Mark) and mark.kind is Kind.CALL
        found = self._name(text, at, ended=ended)
        return found if isinstance(found, Partial) else bool(found[0])
