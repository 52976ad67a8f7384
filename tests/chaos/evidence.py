"""What the ledgers and the database say of a scenario, sorted by question."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.chaos.following import contents
from tests.chaos.ledger import Entry
from tests.chaos.questions import Question


@dataclass(frozen=True, slots=True)
class Fault:
    """A promise that was broken: `kind` is the name of the figure that counts it."""

    kind: str
    question: str
    what: str


@dataclass
class Sent:
    """A question, and where it was sent."""

    question: Question
    shopper: int
    conversation: str


@dataclass
class View:
    """What one reader was shown of an answer since it was last told to start over."""

    steps: list[str] = field(default_factory=list)
    tools: dict[str, str] = field(default_factory=dict)


@dataclass
class Stored:
    """An answer as the product has it. `parts` are the whole message's."""

    status: str
    steps: list[str]
    tools: dict[str, str]
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Evidence:
    """`told` is the shoppers' ledger, `asked` the model's, `shop` the shop's, `turns` the database's table."""

    told: list[Entry]
    asked: list[Entry]
    shop: list[Entry]
    turns: list[Entry]

    def of(self, kind: str) -> Iterator[Entry]:
        """The shoppers' entries of that kind."""
        return (entry for entry in self.told if entry["kind"] == kind)

    @cached_property
    def sent(self) -> dict[str, Sent]:
        return {
            entry["question"]: Sent(Question.parse(entry["text"]), entry["shopper"], entry["conversation"])
            for entry in self.of("sent")
        }

    @cached_property
    def accepted(self) -> dict[str, float]:
        """When the first byte of the answer came."""
        return _first(self.of("accepted"))

    @cached_property
    def ended(self) -> dict[str, float]:
        """When the shopper knew the end of the answer."""
        return _first(self.of("end"))

    @cached_property
    def ends(self) -> dict[tuple[str, int], str]:
        """How each reader saw the answer end."""
        return {(entry["question"], entry["reader"]): entry["status"] for entry in self.of("end")}

    @cached_property
    def refused(self) -> dict[str, tuple[int, str]]:
        """Questions that were never accepted because the product said no."""
        found = {entry["question"]: (entry["status"], entry["code"]) for entry in self.of("refused")}
        return {question: why for question, why in found.items() if question not in self.accepted}

    @cached_property
    def histories(self) -> dict[str, list[dict[str, Any]]]:
        """Each conversation's messages in the end."""
        return {entry["conversation"]: entry["messages"] for entry in self.of("history")}

    @cached_property
    def answers(self) -> dict[str, list[Stored]]:
        """The answers that follow each question in the history."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for messages in self.histories.values():
            question = ""
            for message in messages:
                if message["role"] == "user":
                    question = message["id"]
                else:
                    parts = message["parts"]
                    found[question].append(Stored(message["metadata"]["status"], **contents(parts), parts=parts))
        return found

    @cached_property
    def views(self) -> dict[tuple[str, int], list[View]]:
        """What each reader was shown: the last is what stayed, those before were taken back."""
        found: dict[tuple[str, int], list[View]] = defaultdict(list)
        for entry in self.told:
            if "reader" in entry:
                _show(found[entry["question"], entry["reader"]], entry)
        return found

    @cached_property
    def hit(self) -> list[Entry]:
        """The turns that lost a worker: taken over, or not ended as they should."""
        return [turn for turn in self.turns if turn.get("takeovers") or turn["state"] not in {"complete", "stopped"}]

    @cached_property
    def halted(self) -> list[Entry]:
        """The turns whose worker stood still meanwhile, whether or not another has taken them over: what a shop was
        asked for may have come too late."""
        pauses = list(zip(self.of("halted"), self.of("resumed"), strict=False))
        sent = _first(self.of("sent"))

        def stood_still(turn: Entry) -> bool:
            begun, ended = sent.get(turn["question"], 0.0), self.ended.get(turn["question"], math.inf)
            return any(
                f":{halt['pid']}:" in turn["worker"] and begun < resume["t"] and ended > halt["t"]
                for halt, resume in pauses
            )

        return list(filter(stood_still, self.turns))


def _first(entries: Iterable[Entry]) -> dict[str, float]:
    found: dict[str, float] = {}
    for entry in entries:
        found.setdefault(entry["question"], entry["t"])
    return found


def _show(views: list[View], entry: Entry) -> None:
    """Let a reader see what an entry says."""
    kind = entry["kind"]
    if kind == "again" or not views:
        views.append(View())
    view = views[-1]
    if kind == "loaded":
        views.append(View(list(entry["steps"]), dict(entry["tools"])))
    elif kind == "start-step":
        view.steps.append("")
    elif kind == "shown":
        view.steps[-1:] = ["".join(view.steps[-1:]) + entry["text"]]
    elif kind == "reset-step":
        view.steps[-1:] = [""]
    elif kind == "tool":
        view.tools[entry["call"]] = entry["state"]
