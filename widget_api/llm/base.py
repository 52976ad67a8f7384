"""What a model is asked, what it says back, and the two interfaces between: `Model` and `Sink`. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

# Why a step ended, in the AI SDK's words.
FinishReason = Literal["stop", "length", "content-filter", "tool-calls", "other"]


# The window of a model of which nothing else is known, and the most tokens of one of its answers.
CONTEXT_TOKENS: Final = 32_768
MAX_TOKENS: Final = 1024

# Line ends that JSON leaves as they are, and what the tags of chat templates are made of, as in `<|im_start|>`.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>\x7f\x85\u2028\u2029"}


def as_data(value: Any) -> str:
    """Return the value as JSON on one line, in which no text can look like anything else than a text."""
    return escape_tags(json.dumps(value, ensure_ascii=False))


def escape_tags(text: str) -> str:
    """Return the text with those characters as JSON escapes them."""
    return text.translate(_ESCAPES)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call. `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `input` is None when the model's arguments were no JSON object: such a call is never run."""

    id: str
    name: str
    input: dict[str, Any] | None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """The shopper's words, and facts about the page that they were written on."""

    text: str
    page: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """Return the message as the model reads it. The page is data on one line; what is new stands last."""
        if not self.page:
            return self.text
        return f"(The page that the shopper is on, as data: {as_data(self.page)})\n\n{self.text}"


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the model said in one step: text, tool calls or both."""

    text: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered to the call `call_id`. `output` is any JSON value, `text` the same in words for the model.

    Both forms tell the same, so `text` is no part of a comparison. It is empty until the request is fitted.
    """

    call_id: str
    name: str
    output: Any
    error: bool = False
    text: str = field(default="", compare=False)

    @property
    def content(self) -> str:
        """Return the result as the model reads it: as its text, or else as data on one line."""
        if self.text or isinstance(self.output, str):
            return escape_tags(self.text or self.output)
        return as_data(self.output)


Entry = User | Assistant | Result


@dataclass(frozen=True, slots=True)
class Request:
    """One step's question. Every `Result` follows the `Assistant` entry that made its call."""

    system: str
    messages: tuple[Entry, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the provider counted; 0 where it did not say."""

    input: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How a step ended. `model` is the name of the model that answered."""

    finish_reason: FinishReason
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)
    model: str = ""


class ContextExceeded(Exception):
    """The provider says that the request is longer than the model's window, of `context_tokens`; 0 is unknown."""

    def __init__(self, context_tokens: int = 0) -> None:
        super().__init__(context_tokens)
        self.context_tokens = context_tokens


class Sink(Protocol):
    """Where a step's deltas go as they arrive. The turn's writer is one; tests have another."""

    def text(self, delta: str) -> None:
        """Append `delta` to the answer's text. Never called with an empty string."""

    def tool_input_start(self, call_id: str, name: str) -> None:
        """A tool call begins."""

    def tool_input_delta(self, call_id: str, delta: str) -> None:
        """A piece of the call's JSON arguments, for display only."""

    def flush(self) -> None:
        """All that has arrived together has been pushed: number it and send it on."""

    def on_stop(self, close: Callable[[], None]) -> None:
        """Have `close` called, from another thread, when the turn is stopped; at once if it already is."""

    @property
    def stopped(self) -> bool:
        """Whether the turn has been stopped: return as soon as possible; what is returned is not used."""


class Model(Protocol):
    """A language model, or what stands in for one."""

    name: str

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together, as far as that is known now."""

    @property
    def max_tokens(self) -> int:
        """Return how many tokens an answer may have at most, thoughts included."""

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step: push its deltas into `into` and return when the step has ended.

        Raises `problems.ModelUnavailable`, `problems.ModelRefused` or `ContextExceeded` before the first delta
        (retries are already spent), `problems.ModelCut` when the answer broke off after it.
        """
