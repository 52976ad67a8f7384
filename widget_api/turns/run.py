"""The step loop: one model call, its tool calls, and again, until the model has nothing more to ask of the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from widget_api.llm.base import Assistant, Call, Entry, Model, Request, Result, Step, Tool, Usage
from widget_api.models import ToolCall, Turn
from widget_api.problems import EmptyAnswer, ModelCut
from widget_api.shopify.sizes import INPUT_CHARACTERS, SHOWN_INPUT_CHARACTERS, fit_outcome
from widget_api.shopify.tools import PRODUCTS, TOOLS, Outcome, Spec
from widget_api.turns import prompt
from widget_api.turns.context import Context
from widget_api.turns.events import CUTS
from widget_api.turns.journal import Journal
from widget_api.turns.recovery import Lease, Progress, hold
from widget_api.turns.writer import Writer

MAX_STEPS = 6
MAX_TOKENS = 1024
# Of the tools, that are made. What is asked for beyond is answered with a sentence, for every call needs a result.
CALLS_A_STEP = 4
CALLS_A_TURN = 8

SPECS: dict[str, Spec] = {spec.name: spec for spec in TOOLS}
MODEL_TOOLS = tuple(Tool(spec.name, spec.description, spec.parameters) for spec in TOOLS)
NO_OBJECT = "The arguments were not a JSON object."
TOO_LONG = "The arguments were too long."
# Behind what is shown of arguments that were too long.
CUT_MARK = "… (cut)"
TOO_MANY_AT_ONCE = f"Not done: at most {CALLS_A_STEP} calls are made at once. Call again if it is still needed."
TOO_MANY_IN_ALL = f"Not done: an answer may make {CALLS_A_TURN} calls, and they are made. Answer with what you have."


class Tools(Protocol):
    """What runs a tool call. `shopify.tools.Toolbox` is one."""

    def run(self, name: str, input: dict[str, Any]) -> Outcome: ...

    def settle(self, name: str, input: dict[str, Any]) -> Outcome: ...


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
    """One attempt at a turn. Everything it writes raises `Superseded` once another attempt has the turn."""

    turn: Turn
    model: Model
    tools: Tools
    writing: Callable[[], AbstractContextManager[Any]]  # alone with the session's cart
    writer: Writer
    journal: Journal
    lease: Lease = field(default_factory=Lease)
    tally: Tally = field(default_factory=Tally)

    def answer(self, system: str, context: Context, progress: Progress) -> None:
        """Answer the question of the context, after what earlier attempts have finished. Raises the problem that the
        answer failed with."""
        if progress.complete:
            return
        running = prompt.said(progress.parts)
        first = progress.steps + 1
        if progress.calls:
            running += self._call(progress.calls)
            first += 1
        for number in range(first, MAX_STEPS + 1):
            if self.writer.stopped:
                return
            made = _made(running)
            # The last step must end in words.
            tools = MODEL_TOOLS if number < MAX_STEPS and made < CALLS_A_TURN else ()
            step = self._step(Request(system, context.entries(running), tools, MAX_TOKENS))
            if self.writer.stopped:
                return
            if not step.calls:
                self._require_words()
                return
            running += self._call(self._asked(number, step.calls, CALLS_A_TURN - made))

    def _require_words(self) -> None:
        """A provider's filter, or thoughts alone, can leave an answer without a word."""
        if not self.writer.step_text().strip():
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
            self.writer.show_found()
            self.writer.finish_step(CUTS.get(step.finish_reason, ""))
        return step

    def _asked(self, number: int, calls: Sequence[Call], left: int) -> list[ToolCall]:
        """Write down what the model has asked for: from now on the step is not asked again, but gone on with.

        `left` is how many calls may still be made; those beyond are written down as refused.
        """
        self.writer.step_text()
        wanted = [
            {
                "turn": self.turn.id,
                "attempt": self.turn.attempt,
                "step": number,
                "call_id": call.id,
                "name": call.name,
                "input": call.raw if call.input is None else call.input,
                **_verdict(place, left),
            }
            for place, call in enumerate(map(_bounded, calls))
        ]

        def write() -> list[ToolCall]:
            hold(self.turn)
            ToolCall.insert_many(wanted).on_conflict_ignore().execute()
            mine = (ToolCall.turn == self.turn.id) & (ToolCall.step == number)
            return list(ToolCall.select().where(mine & (ToolCall.attempt == self.turn.attempt)).order_by(ToolCall.id))

        return self.journal.commit(write, patient=True)

    def _call(self, rows: Sequence[ToolCall]) -> list[Entry]:
        """Run the step's calls in their order. Returns the entries that the next step adds to its question."""
        text = self.writer.step_text()
        calls = tuple(_called(row) for row in rows)
        results = [self._run(row, call) for row, call in zip(rows, calls, strict=True) if not self.writer.stopped]
        if not self.writer.stopped:
            self.writer.finish_step()
        return [Assistant(text, calls), *results]

    def _run(self, row: ToolCall, call: Call) -> Result:
        if call.input is None:
            reason = TOO_LONG if call.raw.endswith(CUT_MARK) else NO_OBJECT
            self.writer.tool_input_error(call.id, call.name, call.raw, reason)
            return Result(call.id, call.name, {"error": reason}, error=True)
        self.writer.tool_input(call.id, call.name, call.input)
        if call.name in SPECS:
            self.writer.status(SPECS[call.name].status, call.name)
        outcome = _outcome(row) or self._made(row, call.name, call.input)
        self._show(call, outcome)
        return Result(call.id, call.name, outcome.output, outcome.error)

    def _made(self, row: ToolCall, name: str, input: dict[str, Any]) -> Outcome:
        """Make the call, or find out what became of it, and write that down."""
        if name in SPECS and SPECS[name].writes:
            with self.writing():
                outcome = self._written(row, name, input)
        else:
            outcome = self.tools.run(name, input)
        outcome = fit_outcome(outcome, self.writer.room())
        self.journal.commit(lambda: self._note(row, outcome), patient=True)
        return outcome

    def _written(self, row: ToolCall, name: str, input: dict[str, Any]) -> Outcome:
        """Change the cart, once. A change that an earlier attempt has begun is never made again, only looked for."""
        if row.state == "begun":
            return self.tools.settle(name, input)
        self.lease.renew()
        self.journal.commit(lambda: self._begin(row), patient=True)
        return self.tools.run(name, input)

    def _begin(self, row: ToolCall) -> None:
        hold(self.turn)
        ToolCall.update(state="begun").where(ToolCall.id == row.id).execute()

    def _note(self, row: ToolCall, outcome: Outcome) -> None:
        hold(self.turn)
        state = "failed" if outcome.error else "done"
        ToolCall.update(state=state, output=outcome.to_dict()).where(ToolCall.id == row.id).execute()

    def _show(self, call: Call, outcome: Outcome) -> None:
        if outcome.error:
            self.writer.tool_error(call.id, _words(outcome.output))
        else:
            self.writer.tool_output(call.id, outcome.kept)
        self.writer.cards.find(outcome.cards)
        for kind, data in outcome.events:
            if kind != PRODUCTS:  # the answer will say which of them to show
                self.writer.data(kind, data)


def _bounded(call: Call) -> Call:
    """Return the call, without its arguments where they are too long to be kept: it will be refused."""
    if len(call.raw) <= INPUT_CHARACTERS:
        return call
    return replace(call, input=None, raw=call.raw[:SHOWN_INPUT_CHARACTERS] + CUT_MARK)


def _verdict(place: int, left: int) -> dict[str, Any]:
    """How the call at this place of a step begins in the journal: intended, or refused for being one too many."""
    if place < min(left, CALLS_A_STEP):
        return {"state": "intended", "output": None}
    reason = TOO_MANY_IN_ALL if place >= left else TOO_MANY_AT_ONCE
    return {"state": "failed", "output": Outcome({"error": reason}, error=True).to_dict()}


def _made(entries: Iterable[Entry]) -> int:
    """Return how many calls were made."""
    results = [_words(entry.output) for entry in entries if isinstance(entry, Result)]
    return sum(said not in {TOO_MANY_AT_ONCE, TOO_MANY_IN_ALL} for said in results)


def _called(row: ToolCall) -> Call:
    """The call as the model made it."""
    if isinstance(row.input, dict):
        return Call(row.call_id, row.name, row.input)
    return Call(row.call_id, row.name, None, str(row.input))


def _outcome(row: ToolCall) -> Outcome | None:
    """What came of the call, if that is known."""
    return None if row.output is None else Outcome.of(row.output)


def _words(output: Any) -> str:
    """An error outcome as a sentence."""
    return str(output.get("error", output)) if isinstance(output, dict) else str(output)
