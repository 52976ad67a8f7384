"""What keeps a turn from going round in circles: calls that were made already, and a last step that ends in words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from widget_api.llm.base import Assistant, Call, Entry, Request, Result, Sink, Step
from widget_api.shopify.tools import TOOLS

REPEATED: Final = "You have this answer already; answer the shopper now."
CUT_CALL: Final = (
    "Your answer was cut off in the middle of this call, so it was not made. Answer the shopper now, or call again "
    "with shorter arguments."
)
_REMINDER: Final = "Answer the shopper's newest message now, in words. No tool can be called any more."
# A call that has failed may be made so often.
_TRIES: Final = 2
# After so many calls that were cut off the answer must do without.
_CUT_CALLS: Final = 2

# What a change of the cart makes worth asking again.
_OF_THE_CART: Final = frozenset({"get_cart", *(spec.name for spec in TOOLS if spec.writes)})
_WRITES: Final = frozenset(spec.name for spec in TOOLS if spec.writes)
_GID = re.compile(r"gid://shopify/(?:product|productvariant)/(?=[0-9])")

Key = tuple[str, str]


class Repeats:
    """The calls that a turn has made so far, by what they ask for."""

    def __init__(self, running: Iterable[Entry], refusals: Iterable[str]) -> None:
        """`running` are the turn's steps so far; `refusals` are the answers to calls that were not made."""
        self._times: Counter[Key] = Counter()
        refused = tuple(refusals)
        for call, result in _pairs(running):
            if not is_one_of(result.output, refused):
                self.add(call, 1 if result.error else _TRIES)

    def has(self, call: Call) -> bool:
        """Return whether the turn has this call's answer already."""
        return call.input is not None and self._times[_key(call)] >= _TRIES

    def add(self, call: Call, times: int = _TRIES) -> None:
        """Count the call as made."""
        if call.name in _WRITES:
            for key in [key for key in self._times if key[0] in _OF_THE_CART and key != _key(call)]:
                del self._times[key]
        self._times[_key(call)] += times


def must_answer(running: Sequence[Entry]) -> bool:
    """Return whether the turn has asked enough: in its last step the same again, or in several what was cut off."""
    steps = [number for number, entry in enumerate(running) if isinstance(entry, Assistant)]
    newest = [entry for entry in running[steps[-1] if steps else 0 :] if isinstance(entry, Result)]
    cut = [entry for entry in running if isinstance(entry, Result) and is_one_of(entry.output, (CUT_CALL,))]
    return any(is_one_of(entry.output, (REPEATED,)) for entry in newest) or len(cut) >= _CUT_CALLS


def is_one_of(output: Any, sentences: Iterable[str]) -> bool:
    """Return whether a tool's answer is one of our sentences, be it an error, a note, or told in a line of text."""
    text = str(output.get("error", output.get("note", ""))) if isinstance(output, dict) else str(output)
    return any(sentence in text for sentence in sentences)


def reminded(request: Request) -> Request:
    """Return the request with the reminder that it is words which are wanted."""
    return replace(request, system=f"{request.system}\n\n{_REMINDER}".lstrip())


def without_calls(step: Step) -> Step:
    """Return a step that could make no calls without those that it has made."""
    reason = "stop" if step.finish_reason == "tool-calls" else step.finish_reason
    return replace(step, calls=(), finish_reason=reason)


def lacks_an_answer(step: Step, text: str, *, has_called: bool) -> bool:
    """Return whether a step that should have ended in words has none, or only those that announce a call. An answer
    that a limit or a filter has cut would be cut again."""
    return step.finish_reason not in {"length", "content-filter"} and (has_called or not text.strip())


class WordsOnly:
    """A sink that lets words through and no calls: where none may be made, none is shown."""

    def __init__(self, into: Sink) -> None:
        self._into = into
        self.has_called = False

    def tool_input_start(self, _call_id: str, _name: str) -> None:
        """Remember that a call was tried."""
        self.has_called = True

    def tool_input_delta(self, _call_id: str, _delta: str) -> None:
        """Pass over a call's arguments."""

    def __getattr__(self, name: str) -> Any:
        """Return what the sink itself has."""
        return getattr(self._into, name)


def _pairs(entries: Iterable[Entry]) -> Iterator[tuple[Call, Result]]:
    """Every call that was answered, with its result. An id names a call within its step."""
    calls: dict[str, Call] = {}
    for entry in entries:
        if isinstance(entry, Assistant):
            calls = {call.id: call for call in entry.calls}
        elif isinstance(entry, Result) and entry.call_id in calls:
            call = calls[entry.call_id]
            if call.input is not None:
                yield call, entry


def _key(call: Call) -> Key:
    return call.name, json.dumps(_canonical(call.input), sort_keys=True)


def _canonical(value: Any) -> Any:
    """Return the value as one that asks for the same: without what is left open, and texts without their case."""
    if isinstance(value, str):
        return _GID.sub("", " ".join(value.split()).casefold())
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, dict):
        return {
            name: _canonical(each)
            for name, each in value.items()
            if each is not None and each is not False and each != ""
        }
    return value
