"""The markup that models leave in their text: thoughts, calls, channels, and the tokens of chat templates. No I/O.

Each vendor has a spelling of its own: `<think>`, `[THINK]`, `◁think▷`, `<seed:think>`, `<|begin_of_thought|>`,
`<|START_THINKING|>`, `<|channel>` … `<channel|>`, `<tool_call>`, `<|tool_calls_section_begin|>`, `[TOOL_CALLS]`. So a
mark is known by its words, without their case, namespace, bars and underscores, and not by a list of tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a mark does to the text behind it."""

    OPEN = auto()  # thoughts begin
    CLOSE = auto()  # thoughts end
    CALL = auto()  # a call begins
    RESULT = auto()  # what a tool is said to have answered begins
    END = auto()  # a call or a result ends
    HEADER = auto()  # the header of a message in OpenAI's harmony format begins
    MESSAGE = auto()  # it ends
    STOP = auto()  # a message, or a turn, ends
    NOTHING = auto()  # nothing is meant for a reader


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of markup. `base` is what the beginning and the end of a block share; `end` is where it ends."""

    kind: Kind
    end: int
    base: str = ""


class Partial:
    """The text may be the beginning of a mark: more of it decides."""


PARTIAL: Final = Partial()

# The longest name and the longest attributes of a tag that is still taken for one.
_TAG = re.compile(r"<(/?)\s?([A-Za-z][\w:.-]{0,40})([\s=/][^<>]{0,300})?>")
_TAG_BEGUN = re.compile(r"<(/?)\s?(?:([A-Za-z][\w:.-]{0,40})([\s=/][^<>]{0,300})?)?\Z")
# DeepSeek's `<|DSML|invoke name="…">`. Its bars are wide ones.
_DSML = re.compile(r"<(/?)[|\uff5c]DSML[|\uff5c]([A-Za-z_]{1,40})(\s[^<>]{0,300})?>")
_DSML_BEGUN = re.compile(r"</?[|\uff5c]DSML[|\uff5c][A-Za-z_]{1,40}\s[^<>]{0,300}\Z")
# `<|end|>`, `<|tool_sep|>`, `<|/tool_call|>`, and Gemma's `<|channel>` and `<channel|>`.
_TOKEN = re.compile(r"<[|\uff5c](/?)([^\s<>|\uff5c\"'/]{1,40})([|\uff5c]?)>")
_TOKEN_BEGUN = re.compile(r"</?[|\uff5c][^\s<>]{0,60}\Z")
_TOKEN_CUT_OFF = re.compile(r"</?[|\uff5c]/?[A-Za-z][^\s<>]{0,60}\Z")
_RIGHT_TOKEN = re.compile(r"<([A-Za-z_]{1,30})[|\uff5c]>")
_RIGHT_TOKEN_BEGUN = re.compile(r"<[A-Za-z_]{1,30}[|\uff5c]\Z")
_BRACKETS = re.compile(r"\[(/?)([A-Za-z_]{3,24})\]([(\[]?)")
_BRACKETS_BEGUN = re.compile(r"\[/?[A-Za-z_]{0,24}\]?\Z")
_TRIANGLES = re.compile(r"◁(/?)\s?([A-Za-z_ ]{1,30})▷")
_TRIANGLES_BEGUN = re.compile(r"◁/?\s?[A-Za-z_ ]{0,30}\Z")

_SEPARATORS = re.compile(r"[\W_▁]+")
_BEGIN: Final = r"(?:begin|start)?(?:of)?"
_THOUGHT: Final = (
    r"[a-z]{0,12}(?:think|thinking|thoughts?|reasoning|reason|reflections?|reflect|scratchpad|analysis|monologue"
    r"|deliberation|rationale|planning|cot|chainofthoughts?)(?:process|content|steps?|trace|block)?"
)
_OPENS = re.compile(rf"{_BEGIN}{_THOUGHT}(?:begin|start)?|innerprefix|unused94")
_CLOSES = re.compile(rf"end(?:of)?{_THOUGHT}|{_THOUGHT}end|innersuffix|unused95")
_CALLS: Final = r"(?:[a-z]{0,8}(?:toolcalls?(?:section)?|tooluses?|functioncalls?|toolcode|toolrequest)|action)"
_CALL = re.compile(rf"{_BEGIN}({_CALLS})(?:begin|start)?|(python)(?:tag|start)")
_CALL_END = re.compile(rf"end(?:of)?({_CALLS})|({_CALLS})end|(python)end")
_RESULTS: Final = r"(?:tool|function)(?:responses?|results?|outputs?)|observation"
_RESULT = re.compile(rf"{_BEGIN}({_RESULTS})(?:begin|start)?")
_RESULT_END = re.compile(rf"end(?:of)?({_RESULTS})|({_RESULTS})end")
# Around an answer by some models that think.
_WRAPPERS: Final = frozenset({"answer", "response", "final", "finalanswer", "finalresponse", "output", "solution"})
# The end of a turn in chat templates. As tags they have a form of their own.
_STOPS: Final = frozenset(
    {
        "end",
        "return",
        "call",
        "imend",
        "eotid",
        "eomid",
        "eos",
        "endoftext",
        "endofturn",
        "endofsentence",
        "endofmessage",
    }
)
_STOP_TAGS: Final = frozenset({"eos", "bos", "endofturn", "startofturn"})
_STARTS: Final = frozenset({"toolcall", "channel"})


def base_of(name: str) -> str:
    """Return the name of a mark without its namespace, its case and its separators."""
    return _SEPARATORS.sub("", name.rpartition(":")[2]).lower()


def mark_at(text: str, at: int, tools: Iterable[str] = (), *, ended: bool) -> Mark | Partial | None:
    """Return the mark that begins at `at`, `PARTIAL` where more of the text decides, or None.

    `tools` are names that are tags of calls, too. `ended` says that no more will come.
    """
    match text[at]:
        case "<":
            whole = _tag(text, at, tools) or _token(text, at)
            return whole or (_cut_off(text, at, tools) if ended else _begun(text, at, tools))
        case "[":
            return _bracketed(text, at, ended=ended)
        case "◁":
            found = _TRIANGLES.match(text, at)
            if found:
                return _thought(base_of(found[2]), found[1], found.end())
            return PARTIAL if not ended and _TRIANGLES_BEGUN.match(text, at) else None
    return None


def _tag(text: str, at: int, tools: Iterable[str]) -> Mark | None:
    found = _TAG.match(text, at) or _DSML.match(text, at)
    if not found:
        return None
    closing, name, attributes = found[1], found[2], found[3] or ""
    return _named(name, closing, attributes, found.end(), tools)


def _named(name: str, closing: str, attributes: str, end: int, tools: Iterable[str]) -> Mark | None:
    base = base_of(name)
    if base in _WRAPPERS or base in _STOP_TAGS:
        return Mark(Kind.NOTHING, end)
    if thought := _thought(base, closing, end):
        return Mark(Kind.NOTHING, end) if attributes.rstrip().endswith("/") else thought
    if name in tools or base == "tools" or (base in {"function", "invoke", "tool"} and (attributes or closing)):
        return Mark(Kind.END if closing else Kind.CALL, end, base)
    return _block(base, closing, end)


def _token(text: str, at: int) -> Mark | None:
    if found := _RIGHT_TOKEN.match(text, at):
        base = base_of(found[1])
        return Mark(Kind.CLOSE if base == "channel" else Kind.END, found.end(), base) if base in _STARTS else None
    found = _TOKEN.match(text, at)
    if not found:
        return None
    base, end = base_of(found[2]), found.end()
    if not found[3] and base == "channel":
        return Mark(Kind.OPEN, end)
    if base in {"channel", "start"}:
        return Mark(Kind.HEADER, end)
    if base == "message":
        return Mark(Kind.MESSAGE, end)
    if base in _STOPS:
        return Mark(Kind.STOP, end)
    return _thought(base, found[1], end) or _block(base, found[1], end) or Mark(Kind.NOTHING, end)


def _thought(base: str, closing: str, end: int) -> Mark | None:
    if _CLOSES.fullmatch(base):
        return Mark(Kind.CLOSE, end)
    if _OPENS.fullmatch(base):
        return Mark(Kind.CLOSE if closing else Kind.OPEN, end)
    return None


def _block(base: str, closing: str, end: int) -> Mark | None:
    for kind, begins, ends in ((Kind.CALL, _CALL, _CALL_END), (Kind.RESULT, _RESULT, _RESULT_END)):
        if found := ends.fullmatch(base):
            return Mark(Kind.END, end, next(filter(None, found.groups())))
        if found := begins.fullmatch(base):
            return Mark(Kind.END if closing else kind, end, next(filter(None, found.groups())))
    return None


def _bracketed(text: str, at: int, *, ended: bool) -> Mark | Partial | None:
    """`[THINK]`, `[TOOL_CALLS]` and their like. A link `[Think](…)` is none."""
    if not ended and _BRACKETS_BEGUN.match(text, at):
        return PARTIAL
    found = _BRACKETS.match(text, at)
    if not found:
        return None
    base, end = base_of(found[2]), found.end(2) + 1
    if base in {"args", "callid", "inst", "availabletools"}:
        return Mark(Kind.NOTHING, end)
    if base in {"think", "thinking", "reasoning"}:
        return None if found[3] else _thought(base, found[1], end)
    return _thought(base, found[1], end) or _block(base, found[1], end) if "_" in found[2] else None


def _begun(text: str, at: int, tools: Iterable[str]) -> Partial | None:
    """Return whether the text ends in the middle of what may become a mark."""
    if _TOKEN_BEGUN.match(text, at) or _RIGHT_TOKEN_BEGUN.match(text, at) or _DSML_BEGUN.match(text, at):
        return PARTIAL
    tag = _TAG_BEGUN.match(text, at)
    if tag and (tag[3] is None or _named(tag[2], tag[1], tag[3], 0, tools)):
        return PARTIAL
    return None


def _cut_off(text: str, at: int, tools: Iterable[str]) -> Mark | None:
    """Return a mark in the middle of which the text ends for good, as one that means nothing."""
    tag = _TAG_BEGUN.match(text, at)
    is_mark = bool(tag and tag[2] and _named(tag[2], tag[1], tag[3] or "", 0, tools))
    return Mark(Kind.NOTHING, len(text)) if is_mark or _TOKEN_CUT_OFF.match(text, at) else None
