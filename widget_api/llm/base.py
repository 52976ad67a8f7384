"""What a model is asked, what it says back, and the two interfaces between: `Model` and `Sink`. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

# Why a step ended, in the AI SDK's words.
FinishReason = Literal["stop", "length", "content-filter", "tool-calls", "other"]

# The context window of a model of which nothing is known, in tokens.
CONTEXT_TOKENS = 32_768
# The most tokens of an answer, and of an answer with the thoughts before it.
ANSWER_TOKENS = 1024
THINKING_TOKENS = 4096


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
class Extra:
    """What a provider sent beside a step's words and calls, and wants back with them. Only its dialect reads it.

    `model` is the model that made it. No other gets it: signatures of one are faults in the request of another.
    """

    model: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `input` is None when the model's arguments were no JSON object: such a call is never run.

    `extra` is that of its whole step.
    """

    id: str
    name: str
    input: dict[str, Any] | None
    raw: str = ""
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class User:
    """The shopper's words, and facts about the page that they were written on.

    `day` is when, as in `Monday, 2026-11-30`. Two messages that differ in nothing else are the same.
    """

    text: str
    page: Mapping[str, str] = field(default_factory=dict)
    day: str = field(default="", compare=False)

    @property
    def content(self) -> str:
        """Return the message as the model reads it: the day and the page as data on lines of their own, then words.

        The words of a client that tells no page are not touched.
        """
        if not self.page:
            return self.text
        day = f"(Written on {self.day}.)\n" if self.day else ""
        return f"{day}(The page that the shopper is on, as data: {as_data(self.page)})\n\n{self.text}"


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the model said in one step: text, tool calls or both."""

    text: str
    calls: tuple[Call, ...] = ()
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A tool's answer to the call `call_id`. `output` is any JSON value, `text` what the model is told of it.

    `text` is made of `output`, so it is no part of a comparison. It is empty until the request is fitted.
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
    """One step's question. Every `Result` follows the `Assistant` entry that made its call.

    With `tool_choice="none"` the model has to answer in words. The tools are sent all the same: some gateways refuse
    calls in the history without them, and caches of prompts begin with them.
    """

    system: str
    messages: tuple[Entry, ...]
    tools: tuple[Tool, ...] = ()
    max_tokens: int = 1024
    tool_choice: Literal["auto", "none"] = "auto"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the provider counted; 0 where it did not say. `cached` are those of `input` that it had kept."""

    input: int = 0
    output: int = 0
    cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return both together."""
        return Usage(self.input + other.input, self.output + other.output, self.cached + other.cached)


@dataclass(frozen=True, slots=True)
class Step:
    """How a step ended. `model` is the name of the model that answered, `extra` what it wants back with the step;
    `empty` says that it sent neither words nor calls."""

    finish_reason: FinishReason
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    extra: Extra | None = None
    empty: bool = False


class ContextExceeded(Exception):
    """The provider says that the request is too long for the model.

    `context_tokens` is the size of the context window that the provider names, 0 when it names none.
    """

    def __init__(self, context_tokens: int = 0) -> None:
        super().__init__(f"the request exceeds the context window of {context_tokens or 'unknown'} tokens")
        self.context_tokens = context_tokens


class Sink(Protocol):
    """Where a step's deltas go as they arrive. The turn's writer is one; tests have another."""

    def text(self, delta: str) -> None:
        """Append `delta` to the answer's text. Never called with an empty string."""

    def tool_input_start(self, call_id: str, name: str) -> None:
        """A tool call begins."""

    def tool_input_delta(self, call_id: str, delta: str) -> None:
        """A piece of the call's JSON arguments, for display only."""

    def reset_step(self) -> None:
        """Take back what the step has said so far, text and calls: it was not meant for the shopper."""

    def flush(self) -> None:
        """All that has arrived together has been pushed: number it and send it on."""

    def waiting(self, ahead: int) -> None:
        """Say that the step waits for its turn and how many are before it; 0 when the waiting is over."""

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
        """The size of the context window as it is known now: request and answer must fit into it together."""

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer, thoughts included."""

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step: push its deltas into `into` and return when the step has ended.

        Raises `problems.ModelUnavailable`, `problems.ModelRefused` or `ContextExceeded` before the first delta
        (retries are already spent), `problems.ModelCut` when the answer broke off after it, and
        `problems.ModelFiltered` when a filter refuses what was said, be it before or after it.
        """
