"""One step's answer as it is put together from a provider's bytes: shown as it comes, kept to the end. No I/O."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from widget_api.llm import sse
from widget_api.llm.base import FinishReason, Request, Sink, Step, Usage
from widget_api.llm.calls import Calls, new_call_id
from widget_api.llm.extras import with_extra
from widget_api.llm.prose import Plain
from widget_api.llm.repetition import Repetition
from widget_api.llm.spelled import Tools
from widget_api.llm.spoken import Spoken, Tags

# As much as one event may have: the whole answer when `stream` was ignored.
MAX_BODY_BYTES = sse.MAX_EVENT_BYTES
# Of an answer with all that is not text: thoughts in fields of their own, names, ids.
MAX_ANSWER_BYTES = 32 * 1024 * 1024
# What does not fit a database's integer is no count of tokens.
MAX_TOKENS = 2**31 - 1

# Of an answer's text. A token has fewer; whoever sends more does not keep to the limit that was asked for.
CHARACTERS_A_TOKEN: Final = 8
LEAST_CHARACTERS: Final = 64 * 1024
# Text that is not shown, be it thoughts or calls, may have so many times more.
HIDDEN: Final = 4

T = TypeVar("T")

_BEFORE_ANYTHING = sse.BOM + b" \t\r\n"


class Broken(Exception):
    """The provider's answer failed or cannot be understood.

    `status` is as of HTTP, 0 when there is none; `retry_after` is in seconds, 0 when nothing was said.
    """

    def __init__(self, reason: str, status: int = 0, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Reading:
    """How the text of an answer is read: which tools a call in it may mean, which further tags enclose thoughts, how
    many characters may be shown, and whether earlier answers began in thoughts."""

    tools: Tools = field(default_factory=dict)
    thought_tags: Tags = ()
    characters: int = LEAST_CHARACTERS
    begins_in_thoughts: bool = False

    @classmethod
    def of(cls, request: Request, thought_tags: Tags = (), *, begins_in_thoughts: bool = False) -> Reading:
        """Return how the answer to `request` is read."""
        return cls(
            {tool.name: tool.parameters for tool in request.tools},
            thought_tags,
            max(LEAST_CHARACTERS, request.max_tokens * CHARACTERS_A_TOKEN),
            begins_in_thoughts,
        )


class Answer:
    """Pushes what the shopper may see into the sink and remembers what the step needs at its end."""

    def __init__(
        self, into: Sink, taken: Iterable[str], new_id: Callable[[], str], reading: Reading | None = None
    ) -> None:
        self._into = into
        self._reading = reading or Reading()
        self._plain = Plain()
        self._spoken = Spoken(
            self._reading.tools,
            self._reading.thought_tags,
            begins_in_thoughts=self._reading.begins_in_thoughts,
        )
        self._repetition = Repetition()
        self._room = self._reading.characters
        self._hidden_room = HIDDEN * self._reading.characters
        self._is_full = False
        self._usage = Usage()
        self.calls = Calls(into, taken, new_id)
        self.spoke = False
        self.is_endless = False  # with all that is not text it is longer than any answer
        self.finish_reason: FinishReason | None = None

    @property
    def begun(self) -> bool:
        """Whether the sink has been given anything: from then on the step cannot be asked again unnoticed."""
        return self.spoke or any(call.name for call in self.calls.pending)

    @property
    def begins_in_thoughts(self) -> bool:
        """Whether the next answer is read as one that begins in thoughts: this one did so, or has said nothing."""
        if not self.spoke and not self._spoken.has_begun_in_thoughts:
            return self._reading.begins_in_thoughts
        return self._spoken.has_begun_in_thoughts

    @property
    def is_full(self) -> bool:
        """Whether the answer is as long as one may be: what follows is not heard, and its end is that of a limit."""
        return self._is_full or self.calls.is_full or self.is_endless

    def text(self, delta: str) -> None:
        """A piece of the answer, or of thoughts and calls in it."""
        piece = self._plain.feed(delta)[: self._hidden_room]
        self._hidden_room -= len(piece)
        self._say(self._spoken.feed(piece))
        self._is_full = self._is_full or not self._hidden_room

    def count(self, input: int, output: int, cached: int = 0) -> None:
        """The tokens so far. Providers repeat the counts in later chunks, sometimes as zeros: the most counts."""
        so_far = self._usage
        self._usage = Usage(max(so_far.input, input), max(so_far.output, output), max(so_far.cached, cached))

    def finish(self, reason: FinishReason) -> None:
        """Why the step ends. A plain `stop` after another reason adds nothing."""
        if self.finish_reason in {None, "stop"}:
            self.finish_reason = reason

    def step(self, model: str) -> Step:
        """The step, once no more will come."""
        cut = self.is_full or self.finish_reason == "length"
        if not self.is_full:
            self._say(self._spoken.feed(self._plain.end()))
        self._say(self._spoken.end(cut=cut))
        self._add_spelled_calls()
        calls = self.calls.done(cut=cut)
        if self.is_full:
            self.finish_reason = "length"
        return Step(self._reason(bool(calls)), calls, self._usage, model)

    def _add_spelled_calls(self) -> None:
        """Have the calls that were written as text be calls like others, unless they are the same."""
        for name, given in self._spoken.calls:
            if not self.calls.has(name, given):
                call = self.calls.begin("")
                self.calls.name(call, name)
                self.calls.add(call, json.dumps(given, ensure_ascii=False))

    def _reason(self, calls: bool) -> FinishReason:
        reason = self.finish_reason or "stop"
        if calls and reason in {"stop", "other"}:
            return "tool-calls"
        return "other" if reason == "tool-calls" and not calls else reason

    def _say(self, text: str) -> None:
        if self._spoken.took_back():
            self._into.reset_step()
            self.calls.announce_again()
            self._repetition = Repetition()
            self._room = self._reading.characters
        if self._is_full:
            return
        room = min(self._room, self._repetition.room(text))
        self._room -= room
        self._is_full = self._repetition.is_found or room < len(text)
        if text := text[:room]:
            self.spoke = True
            self._into.text(text)


class Decoder(ABC):
    """Reads one answer: bytes in, deltas out to the sink. A dialect says what a chunk means."""

    def __init__(
        self,
        into: Sink,
        *,
        taken: Iterable[str] = (),
        new_id: Callable[[], str] = new_call_id,
        reading: Reading | None = None,
    ) -> None:
        """`taken` are the ids of the conversation's earlier calls, `new_id` makes one for a call without."""
        self.answer = Answer(into, taken, new_id, reading)
        self.done = False  # the provider has said that nothing more will come
        self._events = sse.Decoder()
        self._size = 0  # bytes so far
        self._body: bytearray | None = None  # the answer in one piece, when `stream` was ignored
        self._begun = False

    @property
    def finished(self) -> bool:
        """Whether the answer is complete, whatever may still come (token counts, `[DONE]`)."""
        return self.done or self.answer.finish_reason is not None

    def feed(self, data: bytes) -> None:
        """Push what `data` completes. Raises `Broken`; what came before the fault has been pushed."""
        self._size += len(data)
        alone = self._events.alone(data)
        piece = self._piece(alone) if alone and not self.done else None
        if piece is None:
            self._feed(data)
        else:
            self.answer.text(piece)
        self.answer.is_endless = self._size > MAX_ANSWER_BYTES
        self.done = self.done or self.answer.is_full

    def _feed(self, data: bytes) -> None:
        if not self._begun:
            data = data.lstrip(_BEFORE_ANYTHING)
            if not data:
                return
            self._begun = True
            self._body = bytearray() if data[:1] in b"{[" else None
        if self._body is None:
            self._take(self._events.feed(data))
        else:
            self._body += data
            if len(self._body) > MAX_BODY_BYTES:
                raise Broken(f"the answer has more than {MAX_BODY_BYTES} bytes")

    def end(self, model: str = "") -> Step:
        """The step of `model`, when the bytes have ended. Raises `Broken` when the answer is not complete."""
        if self._body is not None:
            self._chunk(_object(bytes(self._body)))
            self._end_of_stream()
        else:
            self._take(self._events.end())
        if not self.finished:
            raise Broken("the answer ended before it was finished")
        step = self.answer.step(model)
        return with_extra(step, self._extra())

    def _take(self, events: Iterator[sse.Event]) -> None:
        try:
            for event in events:
                self._event(event)
        except sse.EventTooLarge as exc:
            raise Broken(str(exc)) from exc

    def _event(self, event: sse.Event) -> None:
        data = event.data.strip()
        if self.done or self.answer.is_full or not data:
            return
        if data == "[DONE]":
            self._end_of_stream()
            return
        chunk = _object(data)
        self._chunk({"error": chunk} if event.name == "error" and "error" not in chunk else chunk)

    def _end_of_stream(self) -> None:
        if not (self.finished or self.answer.begun):
            raise Broken("the answer is empty")
        self.done = True

    def _chunk(self, chunk: dict[str, Any]) -> None:
        error = chunk if chunk.get("object") == "error" else chunk.get("error")  # vLLM's is not wrapped
        if error:
            raise Broken(f"the provider reports {json.dumps(error, ensure_ascii=False)}", _status(error))
        self._part(chunk)

    @abstractmethod
    def _extra(self) -> dict[str, Any] | None:
        """Return what the provider wants back with the step, or None where there is nothing."""

    @abstractmethod
    def _piece(self, data: bytes) -> str | None:
        """The text in a chunk that says nothing else, as nearly all do; None for all others. For speed: `_part`
        would come to the same."""

    @abstractmethod
    def _part(self, chunk: dict[str, Any]) -> None:
        """Push what one chunk, or the answer in one piece, says."""


def piece_reader(kind: type[T]) -> Callable[[bytes], T | None]:
    """What reads chunks of exactly that shape; None is for all others."""
    decode = msgspec.json.Decoder(kind).decode

    def read(data: bytes) -> T | None:
        try:
            return decode(data)
        except (msgspec.DecodeError, ValueError, RecursionError):  # also for halves of characters
            return None

    return read


def dicts(values: object) -> list[dict[str, Any]]:
    """The objects in what should be a list of objects."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def mapping(value: object) -> dict[str, Any]:
    """What should be an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: object) -> str:
    """What should be a string, or the text parts of a list of parts, or nothing."""
    if isinstance(value, str):
        return value
    return "".join(part["text"] for part in dicts(value) if isinstance(part.get("text"), str))


def _object(data: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(data if isinstance(data, str) else data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as exc:
        raise Broken("a chunk is not JSON") from exc
    if isinstance(value, list) and len(value) == 1:  # Gemini wraps its errors so
        value = value[0]
    if not isinstance(value, dict):
        raise Broken("a chunk is not a JSON object")
    return value


# Faults that asking again would not mend, as of HTTP. All others count as passing.
_LASTING = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
}


def _status(error: object) -> int:
    """The HTTP status that an error object in a 200 stream stands for."""
    code = mapping(error).get("code")
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return _LASTING.get(str(mapping(error).get("type")), 500)


def tokens(value: object) -> int:
    """A count of tokens; 0 for what cannot be one, be it NaN, negative or beyond all reason."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value <= MAX_TOKENS else 0
