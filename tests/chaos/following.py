"""What a shopper has been shown of one answer, built from events as the widget builds it, and told to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tests.chaos.ledger import Ledger
from tests.chaos.questions import Question

ENDS = {"finish": "complete", "abort": "stopped", "error": "failed"}

Event = dict[str, Any]
Position = tuple[int, int]


class Frames:
    """Server-sent events out of bytes that come in any pieces. A frame counts when it has come whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[str, str]]:
        """The `(id, data)` of each event that is whole now."""
        *frames, self._rest = (self._rest + data).split(b"\n\n")
        for frame in frames:
            lines = (line.partition(": ") for line in frame.decode().split("\n"))
            fields = {name: value for name, _, value in lines}
            if "data" in fields:
                yield fields.get("id", ""), fields["data"]


class Odd(Exception):
    """The stream said something that no stream may say."""


class Answer:
    """One reader's view of the answer to one question. `at` is the position of the last event that was applied."""

    def __init__(self, question: Question, reader: int, ledger: Ledger) -> None:
        self.question = question
        self.at: Position | None = None
        self.end = ""  # how it ended, when it has
        self.words = 0
        self._reader = reader
        self._ledger = ledger
        self._fresh = True  # nothing has come in this response
        self._numbered = True

    @property
    def near_end(self) -> bool:
        """Whether all words have been shown."""
        return self.words >= sum(step.words for step in self.question.steps)

    @property
    def cursor(self) -> str:
        return "{}-{}".format(*self.at) if self.at else ""

    def tell(self, kind: str, **fields: Any) -> None:
        """Write an entry about this answer."""
        self._ledger.write(kind, question=self.question.id, reader=self._reader, **fields)

    def connected(self) -> None:
        """Another response begins."""
        self._fresh = True

    def take(self, id: str, data: str) -> None:
        """Apply an event. Raises `Odd` when it does not follow from what came before."""
        event = msgspec.json.decode(data)
        if self.end:
            raise Odd(f"{event['type']} after the end")
        self._follow(id, event["type"])
        self._fresh = False
        self._show(event)

    def load(self, parts: list[dict[str, Any]], at: str) -> None:
        """Begin with what the history has of it, as a page does that has just been loaded."""
        attempt, _, seq = at.partition("-")
        self.at = (int(attempt), int(seq)) if seq else None
        self._numbered = True
        told = contents(parts)
        self.words = sum(step.count(" ") for step in told["steps"])
        self.tell("loaded", **told)

    def ended(self, status: str) -> None:
        self.end = status
        self.tell("end", status=status)

    def _follow(self, id: str, kind: str) -> None:
        """Whether an event of that position may come now, and what it means for ours."""
        if kind == "start" and (self._fresh or _attempt(id) > (self.at or (0, 0))[0]):
            self._numbered = bool(id)
            self.at = _position(id)
            self.words = 0
            self.tell("again", at=id)
        elif not self._numbered:
            if id or self._fresh:
                raise Odd(f"{kind} at {id!r} in a stream without positions")
        else:
            at = _position(id)
            if at is None or self.at is None or at[0] != self.at[0] or at[1] <= self.at[1]:
                raise Odd(f"{kind} at {id!r} after {self.cursor!r}")
            self.at = at

    def _show(self, event: Event) -> None:
        kind = event["type"]
        if kind == "text-delta":
            self.words += event["delta"].count(" ")
            self.tell("shown", text=event["delta"])
        elif kind in {"start-step", "reset-step"}:
            self.tell(kind)
        elif kind in {"tool-output-available", "tool-output-error"}:
            self.tell("tool", call=event["toolCallId"], state=kind.removeprefix("tool-"))
        elif kind in ENDS:
            self.ended(_status(event))


def _status(event: Event) -> str:
    """The state that a terminal event stands for."""
    if event["type"] == "error" and '"answer-interrupted"' in event["errorText"]:
        return "interrupted"
    return ENDS[event["type"]]


def _position(id: str) -> Position | None:
    attempt, _, seq = id.partition("-")
    return (int(attempt), int(seq)) if seq else None


def _attempt(id: str) -> int:
    return (_position(id) or (0, 0))[0]


def contents(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What a stored message says: its text step by step, and what became of its tool calls."""
    steps: list[str] = []
    tools: dict[str, str] = {}
    for part in parts:
        if part["type"] == "step-start" or not steps:
            steps.append("")
        if part["type"] == "text":
            steps[-1] += part["text"]
        elif part["type"].startswith("tool-") and part["state"].startswith("output"):
            tools[part["toolCallId"]] = part["state"]
    return {"steps": steps, "tools": tools}
