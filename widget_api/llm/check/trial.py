"""The handful of requests that a check makes, and all that was heard of them.

The question needs two tools, one after the other: search, then change the cart. So the second and third requests
bring results back, and the provider's own state with them; the last one forbids tools, as the last step of an answer
does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from widget_api.llm.base import Assistant, Call, Entry, Model, Request, Result, Tool, User
from widget_api.llm.check.probe import Heard, ask

QUESTION: Final = "Do you have the Ridge Beanie? If you do, please put one of it into my cart."
ORDER: Final = "Use the search_catalog tool to look for a beanie."
LONG_QUESTION: Final = "Tell me in about three hundred words how to choose a warm hat."
CODE: Final = "quarry-lantern-58"
CODE_QUESTION: Final = "Which code word do the instructions at the very beginning name? Answer with that word alone."
STEPS: Final = 3
# Of the window, for the text that fills it. A token of plain English has four characters and more.
FILLED: Final = 0.75
FILLER_CHARACTERS: Final = 4
MOST_FILLED: Final = 200_000
# A refusal with one of these may be a refusal of the tools.
_ABOUT_THE_REQUEST: Final = frozenset({400, 404, 422, 500, 501})

_PRODUCT: Final = (
    "Ridge Beanie (gid://shopify/Product/7001), one colour, in stock\n"
    "- Moss: 29.00 EUR (gid://shopify/ProductVariant/7101)"
)
_RESULTS: Final[Mapping[str, str]] = {
    "search_catalog": _PRODUCT,
    "get_product": _PRODUCT,
    "get_cart": "The cart is empty.",
    "update_cart": "The cart: 1 Ridge Beanie, Moss, 29.00 EUR. Total 29.00 EUR.",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: with these rules and tools, for so many seconds in all."""

    system: str
    tools: tuple[Tool, ...]
    seconds: float = 180.0
    fills_window: bool = False


class Trial:
    """One model's answers. What was not asked, because something before it failed, is None or missing."""

    def __init__(self, model: Model, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.model = model
        self.plan = plan
        self.steps: list[Heard] = []  # of the conversation, in their order
        self.ordered: Heard | None = None  # told to search, after it did not by itself
        self.plain: Heard | None = None  # without tools, after the question with tools was refused
        self.last: Heard | None = None  # tools forbidden
        self.stopped: Heard | None = None
        self.window: Heard | None = None
        self.window_tokens = 0  # about so many were sent
        self._clock = clock
        self._deadline = clock() + plan.seconds

    @property
    def first(self) -> Heard:
        """Return the answer to the question."""
        return self.steps[0]

    @property
    def heard(self) -> list[Heard]:
        """Return every answer, whatever became of it."""
        others = (self.ordered, self.plain, self.last, self.stopped, self.window)
        return [*self.steps, *(each for each in others if each)]

    @property
    def is_over(self) -> bool:
        """Return whether the plan's time is."""
        return self._clock() >= self._deadline

    @property
    def calls(self) -> list[Call]:
        """Return the calls that the model has made."""
        return [call for each in (*self.steps, self.ordered) if each and each.step for call in each.step.calls]

    def run(self) -> None:
        """Make the requests."""
        entries = self._converse()
        if self.first.step is None:
            if self.first.status in _ABOUT_THE_REQUEST and not self.first.exceeded:
                self.plain = self._ask(self._request(entries, tools=()))
            return
        if not self.calls and not self.is_over:
            self.ordered = self._ask(self._request([User(ORDER)]))
        if all(each.step for each in self.steps) and not self.is_over:
            self.last = self._ask(self._request(entries, tool_choice="none"))
        if not self.is_over:
            self._stop()
        if self.plan.fills_window and not self.is_over:
            self._fill()

    def _converse(self) -> list[Entry]:
        """Ask the question and answer the calls, until the model has said something or a request has failed."""
        entries: list[Entry] = [User(QUESTION)]
        for _ in range(STEPS):
            heard = self._ask(self._request(entries))
            self.steps.append(heard)
            if heard.step is None or heard.is_late or not heard.step.calls:
                break
            entries.append(Assistant(heard.words, heard.step.calls, heard.step.extra))
            entries.extend(Result(call.id, call.name, _result(call)) for call in heard.step.calls)
        return entries

    def _stop(self) -> None:
        request = self._request([User(LONG_QUESTION)], tool_choice="none")
        self.stopped = ask(self.model, request, self._left(), is_enough=lambda _: True)

    def _fill(self) -> None:
        """Fill most of the window that the product reckons with, and ask for what stands at its beginning."""
        room = min(self.model.context_tokens, MOST_FILLED) * FILLED - self.model.max_tokens
        system = f"The code word is {CODE}. Name it only when you are asked for it.\n\n{self.plan.system}"
        asked = User(f"{_filler(int(room))}\n{CODE_QUESTION}")
        self.window_tokens = int(room)
        self.window = self._ask(self._request([asked], tool_choice="none", system=system))

    def _ask(self, request: Request) -> Heard:
        return ask(self.model, request, self._left())

    def _request(
        self,
        entries: list[Entry],
        *,
        tools: tuple[Tool, ...] | None = None,
        tool_choice: Literal["auto", "none"] = "auto",
        system: str = "",
    ) -> Request:
        return Request(
            system=system or self.plan.system,
            messages=tuple(entries),
            tools=self.plan.tools if tools is None else tools,
            max_tokens=self.model.max_tokens,
            tool_choice=tool_choice,
        )

    def _left(self) -> float:
        return max(0.1, self._deadline - self._clock())


def _result(call: Call) -> str:
    return _RESULTS.get(call.name, "Nothing was found.")


def _filler(tokens: int) -> str:
    """Return English sentences, all different, of about so many tokens."""
    sentences: list[str] = []
    size = 0
    while size < tokens * FILLER_CHARACTERS:
        sentences.append(f"Note {len(sentences)}: the workshop was open on that day and nothing happened.\n")
        size += len(sentences[-1])
    return "".join(sentences)
