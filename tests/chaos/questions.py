"""Questions that carry their own answers: the model says and does what the question tells it to.

So the text that must come out is known, and each word of it says where it comes from.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# It asks for the changes, in numbers: else the product would only propose them.
_MARK = "Please change my cart to this: "
# A word names its question, the request that the model answered, the step, and its place in the step.
WORD = re.compile(r"(?P<question>[\w-]+)\.(?P<request>\d+)\.(?P<step>\d+)\.(?P<place>\d+) ")

VARIANT = "gid://shopify/ProductVariant/"
VARIANTS = 5
MOST = 20  # pieces of one variant; more the product refuses


def word(question: str, request: int, step: int, place: int) -> str:
    return f"{question}.{request}.{step}.{place} "


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the model makes."""

    name: str
    input: dict[str, Any]

    @property
    def changes(self) -> dict[str, int]:
        """What it makes of the cart: variant → pieces."""
        return {line["variant_id"]: line["quantity"] for line in self.input.get("lines", ())}


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model: so many words, then calls."""

    words: int
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `pace` is the milliseconds between two words of the answer."""

    id: str
    pace: int
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """The message as the shopper sends it."""
        steps = [[step.words, *([call.name, call.input] for call in step.calls)] for step in self.steps]
        return _MARK + json.dumps([self.id, self.pace, steps], separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Question:
        """The newest question in `text`. Raises `ValueError`."""
        raw = text[text.rindex(_MARK) + len(_MARK) :]
        (name, pace, steps), _ = json.JSONDecoder().raw_decode(raw)
        return cls(name, pace, tuple(Step(words, tuple(Call(*call) for call in calls)) for words, *calls in steps))

    @property
    def seconds(self) -> float:
        """How long the model takes for it."""
        return sum(step.words for step in self.steps) * self.pace / 1000

    @property
    def writes(self) -> Iterator[tuple[str, dict[str, int]]]:
        """The calls that change the cart, by name, with what they make of it."""
        for number, step in enumerate(self.steps):
            for place, call in enumerate(step.calls):
                if call.changes:
                    yield f"{self.id}.{number}.{place}", call.changes


class Asker:
    """Makes up one shopper's questions. A variant is never twice set to the same number of pieces, so that every
    change of the cart can be told from every other."""

    def __init__(self, shopper: int, rng: random.Random) -> None:
        self._shopper = shopper
        self._rng = rng
        self._asked = 0
        self._unused = {self._variant(number): self._quantities() for number in range(VARIANTS)}

    def talk(self, words: int = 12, pace: int = 25) -> Question:
        """Words alone."""
        return self._question(pace, Step(words))

    def look(self, words: int = 8, pace: int = 20) -> Question:
        """A search, then words."""
        return self._question(pace, Step(2, (self._search(),)), Step(words))

    def buy(self, words: int = 6, pace: int = 20) -> Question:
        """A search, a change of the cart, two changes in one step, then words; as long as there is something new
        to change, else a search."""
        changes = [self._change() for _ in range(3)]
        if not all(changes):
            return self.look(words, pace)
        one, two, three = (Call("update_cart", {"lines": change}) for change in changes)
        search = Step(2, (self._search(),))
        return self._question(pace, search, Step(2, (one,)), Step(0, (two, three)), Step(words))

    def report(self, words: int = 80, pace: int = 100) -> Question:
        """Words and a search, twice, and then words."""
        return self._question(pace, *(Step(words, (self._search(),)) for _ in range(2)), Step(words))

    def anything(self, words: int = 8, pace: int = 20) -> Question:
        """One of these."""
        return self._rng.choice((self.talk, self.look, self.buy))(words, pace)

    def _question(self, pace: int, *steps: Step) -> Question:
        self._asked += 1
        return Question(f"s{self._shopper}-{self._asked}", pace, steps)

    def _search(self) -> Call:
        return Call("search_catalog", {"query": f"for {self._shopper}"})

    def _change(self) -> list[dict[str, Any]]:
        """One or two lines that no call had before; none when all has been used up."""
        left = [variant for variant, quantities in self._unused.items() if quantities]
        chosen = self._rng.sample(left, min(len(left), self._rng.choice((1, 1, 2))))
        return [{"variant_id": variant, "quantity": self._unused[variant].pop()} for variant in chosen]

    def _variant(self, number: int) -> str:
        return f"{VARIANT}{variant_number(self._shopper, number)}"

    def _quantities(self) -> list[int]:
        quantities = self._rng.sample(range(1, MOST + 1), MOST)
        quantities.insert(self._rng.randrange(MOST - 1), 0)  # not the first that is taken: it takes a line out
        return quantities


def variant_number(shopper: int, number: int) -> int:
    return shopper * 10 + number + 1
