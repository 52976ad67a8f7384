"""What was said and done in a conversation: the judge's view of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool, with its answer or, where it failed, the reason."""

    name: str
    input: Any
    output: Any = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the shopper got it. `ending` is the last event's type, `problem` the code of what went wrong."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    cards: tuple[dict[str, Any], ...] = ()  # products, as the widget shows them
    ending: str = "finish"
    finish_reason: str = "stop"
    problem: str = ""
    cut: str = ""
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, its answer, and the cart afterwards as lines by title; None where it could not be read."""

    says: str
    answer: Answer
    cart: Mapping[str, int] | None = field(default_factory=dict)
    page: Mapping[str, str] = field(default_factory=dict)


def outputs(exchanges: Sequence[Exchange]) -> Iterator[Any]:
    """Yield all that tools have answered and cards have shown."""
    for exchange in exchanges:
        for call in exchange.answer.calls:
            yield call.output
        yield list(exchange.answer.cards)


def texts(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def products(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every product of a tool's answer or a card: what has a title, a price and variants."""
    if isinstance(value, dict):
        if isinstance(value.get("title"), str) and "price" in value and "variants" in value:
            yield value
        else:
            for each in value.values():
                yield from products(each)
    elif isinstance(value, list):
        for each in value:
            yield from products(each)
