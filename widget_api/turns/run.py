"""The step loop: one model call, its tool calls, and again, until the model has nothing more to ask of the shop."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from widget_api.llm.base import Assistant, Call, Entry, Model, Request, Result, Step, Tool, Usage
from widget_api.models import ToolCall
from widget_api.problems import EmptyAnswer, ModelCut
from widget_api.shopify.tools import TOOLS, Outcome, Spec
from widget_api.turns.journal import Journal
from widget_api.turns.writer import Writer

MAX_STEPS = 6
MAX_TOKENS = 1024

SPECS: dict[str, Spec] = {spec.name: spec for spec in TOOLS}
MODEL_TOOLS = tuple(Tool(spec.name, spec.description, spec.parameters) for spec in TOOLS)


class Tools(Protocol):
    """What runs a tool call. `shopify.tools.Toolbox` is one."""

    def run(self, name: str, input: dict[str, Any]) -> Outcome: ...


@dataclass(slots=True)
class Tally:
    """What a turn has used so far, filled in as its steps end."""

    model: str = ""
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"

    def add(self, step: Step) -> None:
        self.model = step.model or self.model
        self.finish_reason = step.finish_reason
        self.usage = Usage(self.usage.input + step.usage.input, self.usage.output + step.usage.output)


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a turn."""

    turn: str
    attempt: int
    model: Model
    tools: Tools
    cart: AbstractContextManager[Any]  # held while the session's cart is changed
    writer: Writer
    journal: Journal
    tally: Tally = field(default_factory=Tally)

    def answer(self, system: str, messages: Iterable[Entry]) -> None:
        """Answer the newest of `messages`. Raises the problem that the answer failed with."""
        request = Request(system, tuple(messages), MODEL_TOOLS, MAX_TOKENS)
        for number in range(1, MAX_STEPS + 1):
            if number == MAX_STEPS:
                request = replace(request, tools=())  # the last step must end in words
            step = self._step(request)
            if self.writer.stopped:
                return
            if not step.calls:
                self._require_words()
                return
            request = replace(request, messages=(*request.messages, *self._call(number, step)))

    def _require_words(self) -> None:
        """A provider's filter, or thoughts alone, can leave an answer without a word."""
        if not self.writer.fold.step_text.strip():
            raise EmptyAnswer("Please ask in other words.")

    def _step(self, request: Request) -> Step:
        self.writer.start_step()
        try:
            step = self.model.stream(request, self.writer)
        except ModelCut:
            if self.writer.stopped:
                return Step("other")
            # Once: what was said is taken back, and the step is run again.
            self.writer.reset_step()
            step = self.model.stream(request, self.writer)
        self.tally.add(step)
        if not step.calls and not self.writer.stopped:
            self.writer.finish_step()
        return step

    def _call(self, number: int, step: Step) -> list[Entry]:
        """Run the step's calls in their order. Returns the entries that the next step adds to its question."""
        text = self.writer.step_text()
        results = [self._run(number, call) for call in step.calls if not self.writer.stopped]
        if not self.writer.stopped:
            self.writer.finish_step()
        return [Assistant(text, step.calls), *results]

    def _run(self, number: int, call: Call) -> Result:
        if call.input is None:
            error = "The arguments were not a JSON object."
            self.writer.tool_input_error(call.id, call.name, call.raw, error)
            return Result(call.id, call.name, {"error": error}, error=True)
        self.writer.tool_input(call.id, call.name, call.input)
        if call.name in SPECS:
            self.writer.status(SPECS[call.name].status)
        outcome = self._journaled(number, call, call.input)
        self._show(call, outcome)
        return Result(call.id, call.name, outcome.output, outcome.error)

    def _journaled(self, number: int, call: Call, input: dict[str, Any]) -> Outcome:
        """Write down that the call is intended, make it, write down what came of it."""
        key = (self.turn, self.attempt, number, call.id)
        row = ToolCall(turn=key[0], attempt=key[1], step=key[2], call_id=key[3], name=call.name, input=input)
        self.journal.commit(lambda: row.save(force_insert=True))
        changes_cart = call.name in SPECS and SPECS[call.name].writes
        with self.cart if changes_cart else nullcontext():
            outcome = self.tools.run(call.name, input)
        row.output = outcome.output
        row.state = "failed" if outcome.error else "done"
        self.journal.commit(row.save)
        return outcome

    def _show(self, call: Call, outcome: Outcome) -> None:
        if outcome.error:
            self.writer.tool_error(call.id, _words(outcome.output))
        else:
            self.writer.tool_output(call.id, outcome.output)
        for kind, data in outcome.events:
            self.writer.data(kind, data)


def _words(output: Any) -> str:
    """An error outcome as a sentence."""
    return str(output.get("error", output)) if isinstance(output, dict) else str(output)
