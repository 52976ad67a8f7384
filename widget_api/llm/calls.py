"""Tool calls as a model's deltas build them up, and their arguments as an object or nothing. No I/O."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from widget_api.llm.base import Call, Sink
from widget_api.llm.prose import Plain
from widget_api.text import clean

# Longer ids and others than these are refused by one provider or another when they come back as history.
_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_NOT_A_NAME = re.compile(r"[^\w-]", re.ASCII)
_BLANKS = re.compile(r"\s*")
# What the tools take has a few hundred characters; a change of twenty lines of a cart has ten thousand.
MAX_ARGUMENTS = 64 * 1024
# In one step. Nobody means more, and each delta is compared with all of them.
MAX_CALLS = 128


def new_call_id() -> str:
    """An id for a call that came without a usable one."""
    return f"call_{secrets.token_hex(8)}"


def arguments(raw: str) -> dict[str, Any] | None:
    """Return the object that a call's arguments are, cleaned; None when they are none or too long, and must not run.

    Nothing at all is the empty object. Some gateways send `{}` before the real object, others send the
    object twice: objects that follow one another count as one when all that are not empty are the same. Others
    encode the object twice, as a text that is JSON.
    """
    if len(raw) > MAX_ARGUMENTS:
        return None
    try:
        values = _values(raw.strip() or "{}")
        if len(values) == 1 and isinstance(values[0], str):
            values = _values(values[0].strip() or "{}")
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, dict) for value in values):
        return None
    filled = [value for value in values if value] or [{}]
    return filled[0] if all(value == filled[0] for value in filled) else None


def read_value(text: str) -> Any:
    """Return the JSON value that the text is, cleaned, or None where it is none."""
    try:
        return _cleaned(_JSON.decode(text))
    except (ValueError, RecursionError):
        return None


def _values(text: str) -> list[Any]:
    values, at = [], 0
    while at < len(text):
        value, at = _JSON.raw_decode(text, at)
        values.append(_cleaned(value))
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it always matches
    return values


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value


def _number(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError("a number that no database can hold")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Not strict about line ends within strings: models forget to escape them.
_JSON = json.JSONDecoder(strict=False, parse_float=_number, parse_constant=_no_constant)


@dataclass(slots=True, eq=False)
class Pending:
    """A call that is still being written. It has no name, and is not shown, until one has arrived."""

    id: str
    name: str = ""
    own_id: str = ""  # the provider's, where it is not usable by others: it may carry a signature
    index: int | None = None
    wire_ids: set[str] = field(default_factory=set)
    pieces: list[str] = field(default_factory=list)
    size: int = 0  # their characters
    last: str = ""  # the last of them that is no blank
    plain: Plain = field(default_factory=Plain)

    @property
    def raw(self) -> str:
        """The arguments so far."""
        return "".join(self.pieces)

    @property
    def whole(self) -> bool:
        """Whether the arguments are a complete object already."""
        return self.last == "}" and self.size <= MAX_ARGUMENTS and arguments(self.raw) is not None


class Calls:
    """The calls of one step, in the order in which they began."""

    def __init__(self, into: Sink, taken: Iterable[str], new_id: Callable[[], str]) -> None:
        """`taken` are the ids of the conversation's earlier calls, `new_id` makes one for a call without."""
        self._into = into
        self._taken = set(taken)
        self._new_id = new_id
        self.pending: list[Pending] = []
        self.is_full = False  # there are more calls, or longer ones, than any that are run

    def begin(self, wire_id: str, index: int | None = None) -> Pending:
        """A new call. The provider's id is kept where it is usable and names no other call."""
        is_free = wire_id not in self._taken
        call = Pending(wire_id if is_free and _ID.fullmatch(wire_id) else self._new_id(), index=index)
        if wire_id and is_free and call.id != wire_id:
            call.own_id = wire_id
        self._taken |= {call.id, wire_id}
        self.pending.append(call)
        self.is_full = self.is_full or len(self.pending) > MAX_CALLS
        return call

    def name(self, call: Pending, name: str) -> None:
        """Say which tool is called; what has arrived of the arguments is shown with it."""
        call.name = _NOT_A_NAME.sub("_", name)[:64]
        self._announce(call)

    def add(self, call: Pending, piece: str) -> None:
        """Append a piece of the arguments."""
        self._append(call, call.plain.feed(piece))

    def announce_again(self) -> None:
        """Say anew which tools are called, for the sink has been told to forget it."""
        for call in self.pending:
            if call.name:
                self._announce(call)

    def has(self, name: str, given: dict[str, Any]) -> bool:
        """Return whether one of the calls is of that tool, with the same arguments."""
        return any(call.name == name and arguments(call.raw) == given for call in self.pending)

    def done(self, *, cut: bool = False) -> tuple[Call, ...]:
        """Return the calls, once no more will come. Where the answer was `cut`, a call that has no arguments yet is
        none to run."""
        for call in self.pending:
            self._append(call, call.plain.end())
        named = [(call, call.raw) for call in self.pending if call.name]
        return tuple(
            Call(call.id, call.name, None if cut and not raw.strip() else arguments(raw), raw) for call, raw in named
        )

    def _announce(self, call: Pending) -> None:
        self._into.tool_input_start(call.id, call.name)
        if raw := call.raw:
            self._into.tool_input_delta(call.id, raw)

    def _append(self, call: Pending, piece: str) -> None:
        if not piece or call.size > MAX_ARGUMENTS:
            return
        call.pieces.append(piece)
        call.size += len(piece)
        self.is_full = self.is_full or call.size > MAX_ARGUMENTS
        call.last = piece.rstrip()[-1:] or call.last
        if call.name:
            self._into.tool_input_delta(call.id, piece)
