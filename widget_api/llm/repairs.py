"""Repairs of a request body after a provider has said what it wants otherwise. No I/O.

What a model of another maker has said lacks what this one insists on, and some servers refuse what they have sent
themselves. Where a name tells, the body is right at once; elsewhere the refusal tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from widget_api.llm.ids import Ids

Json = dict[str, Any]

# The statuses of refusals that a repair may mend; some servers say 500 of their own checks.
_REFUSED: Final = frozenset({400, 409, 422, 500})

# Google's own word for calls that another model has made (ai.google.dev/gemini-api/docs/thought-signatures).
NO_SIGNATURE: Final = "skip_thought_signature_validator"
# DeepSeek takes no empty thoughts for those of another model.
NO_THOUGHTS: Final = "(not kept)"

_SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}")
_MISTRAL = re.compile(r"(?:mi|mini|magi|code|dev)stral|mixtral|pixtral|voxtral", re.IGNORECASE)
# Gemini from 3 on; the versions before did not insist.
_SIGNS = re.compile(r"(?:^|/)gemini-(?![12][.-])", re.IGNORECASE)

_ID_REFUSED = re.compile(r"\bid\b.{1,120}(?:length of 9|9 characters)", re.IGNORECASE)
_UNWANTED = re.compile(
    r"unsupported|not supported|not permitted|not allowed|forbidden|unexpected|unknown|unrecogni[sz]ed|additional"
    r"|extra (?:input|field)|should not|remove",
    re.IGNORECASE,
)
_WANTED = re.compile(r"missing|passed back|required|must|provide", re.IGNORECASE)
_BROKEN_SIGNATURE = re.compile(r"(?:invalid|corrupted)\W{0,3}(?:thought)?[\W_]{0,3}signature", re.IGNORECASE)
_THOUGHTS_WANTED = re.compile(r"expected\W{1,3}thinking", re.IGNORECASE)
_WORD = re.compile(r"\w+")

_OF_MESSAGE: Final = frozenset({"role", "content", "tool_calls"})
_OF_CALL: Final = frozenset({"id", "type", "function"})
_OF_FUNCTION: Final = frozenset({"name", "arguments"})
_OF_BLOCK: Final = frozenset({"type", "text", "id", "name", "input", "cache_control"})


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of bodies. It is remembered where it helps every request, and not where one history was at fault."""

    change: Callable[..., None]
    fields: frozenset[str] = frozenset()
    is_lasting: bool = True

    def mend(self, body: Json) -> None:
        """Change the body in place."""
        if self.fields:
            self.change(body, self.fields)
        else:
            self.change(body)


class Repairs:
    """What a model has refused so far. Safe for any number of threads."""

    def __init__(self) -> None:
        self._known: tuple[Repair, ...] = ()

    def begin(self, make: Callable[[], Json]) -> Mending:
        """Return one step's body: `make` makes it anew for each attempt."""
        return Mending(self, make, self._known)

    def remember(self, made: Iterable[Repair]) -> None:
        """Repair all later bodies so, too."""
        self._known = (*self._known, *(each for each in made if each.is_lasting and each not in self._known))


class Mending:
    """One step's body, and how it was repaired. Each repair is tried once."""

    def __init__(self, owner: Repairs, make: Callable[[], Json], known: tuple[Repair, ...]) -> None:
        self._owner = owner
        self._make = make
        self._made = known

    @property
    def body(self) -> Json:
        """Return the body as it is to be sent now."""
        body = self._make()
        for repair in self._made:
            repair.mend(body)
        return body

    def learn(self, status: int, reason: str) -> bool:
        """Repair the body that was refused, and return whether it is worth sending again."""
        repair = repair_for(reason, self.body) if status in _REFUSED else None
        if repair is None or repair in self._made:
            return False
        self._made = (*self._made, repair)
        return True

    def succeed(self) -> None:
        """Remember what has helped."""
        self._owner.remember(self._made)


def repairs_of(model: str) -> list[Repair]:
    """Return what bodies for a model of this name need in any case."""
    by_name = ((_MISTRAL, Repair(shorten_ids)), (_SIGNS, Repair(sign_calls)))
    return [repair for pattern, repair in by_name if pattern.search(model)]


def repair_for(reason: str, body: Json) -> Repair | None:
    """Return what may mend the body that was refused for that reason, or None where nothing of it is known."""
    named = frozenset(_unknown_fields(body)) & frozenset(_WORD.findall(reason))
    if named and _UNWANTED.search(reason):
        return Repair(drop_fields, named)
    if _BROKEN_SIGNATURE.search(reason):
        return Repair(drop_state, is_lasting=False)
    if _THOUGHTS_WANTED.search(reason):
        return Repair(stop_thinking, is_lasting=False)
    if _ID_REFUSED.search(reason):
        return Repair(shorten_ids)
    return _missing(reason) or (Repair(drop_fields, named) if named else None)


def _missing(reason: str) -> Repair | None:
    """Return what puts something in the place of state that is wanted."""
    if _UNWANTED.search(reason) or not _WANTED.search(reason):
        return None
    if "thought_signature" in reason:
        return Repair(sign_calls)
    return Repair(fill_thoughts) if "reasoning_content" in reason else None


def shorten_ids(body: Json) -> None:
    """Give each call an id of nine letters and digits, as Mistral wants them."""
    ids = Ids(_SHORT_ID)
    for message in body["messages"]:
        for call in message.get("tool_calls") or ():
            call["id"] = ids.of_call(call["id"])
        if "tool_call_id" in message:
            message["tool_call_id"] = ids.of_result(message["tool_call_id"])


def sign_calls(body: Json) -> None:
    """Say of steps without a signature that another model made them."""
    for message in body["messages"]:
        calls = message.get("tool_calls") or ()
        if calls and not any("extra_content" in call for call in calls):
            calls[0]["extra_content"] = {"google": {"thought_signature": NO_SIGNATURE}}


def fill_thoughts(body: Json) -> None:
    """Say of steps without thoughts that they were not kept."""
    for message in _assistants(body):
        message["reasoning_content"] = message.get("reasoning_content") or NO_THOUGHTS


def stop_thinking(body: Json) -> None:
    """Ask for no thoughts: a step of this turn has none, as of another model, and Anthropic wants all or none."""
    body.pop("thinking", None)


def drop_fields(body: Json, names: frozenset[str]) -> None:
    """Leave out these fields beside messages, calls and functions."""
    for each in _carriers(body):
        for name in names & each.keys():
            del each[name]


def drop_state(body: Json) -> None:
    """Leave out all opaque state."""
    drop_fields(body, frozenset(_unknown_fields(body)))
    for message in _assistants(body):
        if isinstance(message.get("content"), list):
            message["content"] = [each for each in message["content"] if each.get("type") in {"text", "tool_use"}]


def _assistants(body: Json) -> Iterator[Json]:
    return (message for message in body["messages"] if message["role"] == "assistant")


def _carriers(body: Json) -> Iterator[Json]:
    """Yield all objects that opaque state may stand in."""
    for carrier, _ in _known_fields(body):
        yield carrier


def _unknown_fields(body: Json) -> Iterator[str]:
    for carrier, known in _known_fields(body):
        yield from carrier.keys() - known


def _known_fields(body: Json) -> Iterator[tuple[Json, frozenset[str]]]:
    for message in _assistants(body):
        yield message, _OF_MESSAGE
        for call in message.get("tool_calls") or ():
            yield call, _OF_CALL
            yield call["function"], _OF_FUNCTION
        for block in message["content"] if isinstance(message.get("content"), list) else ():
            if block.get("type") in {"text", "tool_use"}:
                yield block, _OF_BLOCK
