"""A model that answers from a script, and pauses where the test wants to look."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from widget_api.llm.base import CONTEXT_TOKENS, MAX_TOKENS, Call, FinishReason, Request, Sink, Step, Usage


@dataclass(frozen=True)
class Ends:
    """Why a step ends, where it does not end by itself."""

    reason: FinishReason


Line = str | Call | Exception | threading.Event | Ends


class Scripted:
    """Each step takes the next script: words are pushed, an event is waited for, an exception is raised,
    calls end the step. Without a script it repeats the question."""

    name = "scripted"
    context_tokens = CONTEXT_TOKENS
    max_tokens = MAX_TOKENS

    def __init__(self) -> None:
        self.scripts: deque[list[Line]] = deque()
        self.requests: list[Request] = []
        self.streaming = threading.Event()  # set when the model reaches a pause
        self._pauses: list[threading.Event] = []

    def will(self, *lines: Line) -> None:
        """Add the script of one step."""
        self.scripts.append(list(lines))

    def let_go(self) -> None:
        """Let every answer go on, as at the end of a test."""
        for pause in self._pauses:
            pause.set()

    def stream(self, request: Request, into: Sink) -> Step:
        self.requests.append(request)
        question = next((entry.text for entry in reversed(request.messages) if hasattr(entry, "text")), "")
        lines = self.scripts.popleft() if self.scripts else [f"You said: {question}"]
        calls: list[Call] = []
        reason: FinishReason | None = None
        for line in lines:
            if into.stopped:
                break
            if isinstance(line, Exception):
                raise line
            if isinstance(line, threading.Event):
                self._pause(line, into)
            elif isinstance(line, Ends):
                reason = line.reason
            elif isinstance(line, Call):
                calls.append(line)
                into.tool_input_start(line.id, line.name)
            else:
                into.text(line)
                into.flush()
        return Step(reason or ("tool-calls" if calls else "stop"), tuple(calls), Usage(7, 5), "scripted-1")

    def _pause(self, until: threading.Event, into: Sink) -> None:
        self._pauses.append(until)
        into.on_stop(until.set)
        self.streaming.set()
        assert until.wait(30), "the test never let the model go on"


def call(name: str, input: dict[str, Any] | None, id: str = "call-1") -> Call:
    return Call(id, name, input)
