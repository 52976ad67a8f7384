"""The step loop: one model call, its tool calls, and again, until the model has nothing more to ask of the shop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, cast

from widget_api.llm.base import (
    Assistant,
    Call,
    Entry,
    Extra,
    Model,
    Request,
    Result,
    Sink,
    Step,
    Tool,
    Usage,
)
from widget_api.models import ToolCall, Turn
from widget_api.problems import EmptyAnswer, ModelCut, ModelFiltered
from widget_api.shopify.schema import without_limits
from widget_api.shopify.sizes import INPUT_CHARACTERS, SHOWN_INPUT_CHARACTERS, fit_outcome
from widget_api.shopify.tools import PRODUCTS, TOOLS, Outcome, Spec, tidy
from widget_api.turns import extras, prompt
from widget_api.turns.cart_changes import keep_changes
from widget_api.turns.context import Context
from widget_api.turns.events import CUTS
from widget_api.turns.journal import Journal
from widget_api.turns.recovery import Lease, Progress, hold
from widget_api.turns.repeats import (
    CUT_CALL,
    REPEATED,
    Repeats,
    WordsOnly,
    is_one_of,
    lacks_an_answer,
    must_answer,
    reminded,
    without_calls,
)
from widget_api.turns.window import stream_within
from widget_api.turns.writer import Writer

log = logging.getLogger(__name__)

MAX_STEPS = 6
# Of the tools, that are made. What is asked for beyond is answered with a sentence, for every call needs a result.
CALLS_A_STEP = 4
CALLS_A_TURN = 8

SPECS: dict[str, Spec] = {spec.name: spec for spec in TOOLS}
MODEL_TOOLS = tuple(Tool(spec.name, spec.description, without_limits(spec.parameters)) for spec in TOOLS)
NO_OBJECT = "The arguments were not a JSON object."
TOO_LONG = "The arguments were too long."
# Behind what is shown of arguments that were too long.
CUT_MARK = "… (cut)"
TOO_MANY_AT_ONCE = f"Not done: at most {CALLS_A_STEP} calls are made at once. Call again if it is still needed."
TOO_MANY_IN_ALL = f"Not done: an answer may make {CALLS_A_TURN} calls, and they are made. Answer with what you have."
# The answers to calls that were not made.
REFUSALS = frozenset({TOO_MANY_AT_ONCE, TOO_MANY_IN_ALL, REPEATED, CUT_CALL})


class Tools(Protocol):
    """What runs a tool call. `shopify.tools.Toolbox` is one."""

    def run(self, name: str, input: dict[str, Any]) -> Outcome: ...

    def settle(self, name: str, input: dict[str, Any]) -> Outcome: ...


@dataclass(slots=True)
class Tally:
    """What a turn has used so far, filled in as its steps end."""

    asked: str = ""  # the name of the model, before one has answered
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    kept_bytes: int = 0  # of the opaque state of its steps
    last: tuple[int, Extra] | None = None  # the number and the state of its last step, which asked for nothing

    def add(self, step: Step) -> None:
        self.model = step.model or self.model
        self.finish_reason = step.finish_reason
        self.usage += step.usage

    def keep(self, extra: Extra | None) -> Extra | None:
        """Return the state of the turn's next step; None where the turn has no room for it."""
        size = extras.size_of(extra) if extra else 0
        if self.kept_bytes + size > extras.TURN_BYTES:
            log.warning("a turn's opaque state has more than %d bytes: a step's is not kept", extras.TURN_BYTES)
            return None
        self.kept_bytes += size
        return extra


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
        running = prompt.said(progress.parts, progress.extras)
        self.tally.kept_bytes = sum(map(extras.size_of, progress.extras.values()))
        first = progress.steps + 1
        if progress.calls:
            running += self._call(progress.calls, progress.extras.get(first))
            first += 1
        for number in range(first, MAX_STEPS + 1):
            if self.writer.stopped:
                return
            made = _made(running)
            # The last step must end in words.
            is_last = number == MAX_STEPS or made >= CALLS_A_TURN or must_answer(running)
            choice: Literal["auto", "none"] = "none" if is_last else "auto"
            step = self._step(Request(system, context.entries(running), MODEL_TOOLS, self.model.max_tokens, choice))
            if self.writer.stopped:
                return
            if not step.calls:
                self._require_words(step)
                self._keep_last(number, step.extra)
                return
            repeats, extra = Repeats(running, REFUSALS), self.tally.keep(step.extra)
            running += self._call(self._asked(number, step, CALLS_A_TURN - made, repeats, extra), extra)

    def _require_words(self, step: Step) -> None:
        """Raise the problem of an answer without a word: a provider's filter, or thoughts alone, can leave it so."""
        if self.writer.step_text().strip():
            return
        if step.finish_reason == "content-filter":
            raise ModelFiltered("Please ask in other words.")
        raise EmptyAnswer("Please try again.")

    def _keep_last(self, number: int, extra: Extra | None) -> None:
        """Have the last step's state written with the turn's end."""
        is_wanted = number > 1 or (extra is not None and extras.size_of(extra) <= extras.WORDS_BYTES)
        kept = self.tally.keep(extra) if is_wanted else None
        self.tally.last = (number, kept) if kept else None

    def _step(self, request: Request) -> Step:
        self.writer.start_step()
        step, has_called = self._ask(request)
        if self._must_ask_again(step, has_called=has_called):
            # Once: what was said is taken back.
            self.writer.reset_step()
            step, _ = self._ask(reminded(request) if request.tool_choice == "none" else request)
        if not step.calls and not self.writer.stopped:
            self.writer.show_found()
            self.writer.finish_step(CUTS.get(step.finish_reason, ""))
        return step

    def _must_ask_again(self, step: Step, *, has_called: bool) -> bool:
        if step.calls or self.writer.stopped or step.empty:  # an empty one was asked for twice already
            return False
        return lacks_an_answer(step, self.writer.step_text(), has_called=has_called)

    def _ask(self, request: Request) -> tuple[Step, bool]:
        """Ask the model once. Returns the step, and whether it has made calls that it may not make."""
        words = WordsOnly(self.writer)
        into = cast("Sink", words) if request.tool_choice == "none" else self.writer
        try:
            step = stream_within(self.model, request, into)
        except ModelCut:
            if self.writer.stopped:
                return Step("other"), False
            # Once: what was said is taken back, and the step is run again.
            self.writer.reset_step()
            step = stream_within(self.model, request, into)
        has_called = request.tool_choice == "none" and (words.has_called or bool(step.calls))
        if request.tool_choice == "none":
            step = without_calls(step)
        self.tally.add(step)
        return step, has_called

    def _asked(self, number: int, step: Step, left: int, repeats: Repeats, extra: Extra | None) -> list[ToolCall]:
        """Write down what the model has asked for: from now on the step is not asked again, but gone on with.

        `left` is how many calls may still be made; those beyond are written down as refused, and so are those that
        were made before.
        """
        self.writer.step_text()
        cut = step.finish_reason == "length"
        wanted = [
            {
                "turn": self.turn.id,
                "attempt": self.turn.attempt,
                "step": number,
                "call_id": call.id,
                "name": call.name,
                "input": call.raw if call.input is None else call.input,
                **verdict,
            }
            for call, verdict in _judged(map(_prepared, step.calls), left, repeats, cut=cut)
        ]

        def write() -> list[ToolCall]:
            hold(self.turn)
            extras.add(self.turn.id, number, extra)
            ToolCall.insert_many(wanted).on_conflict_ignore().execute()
            mine = (ToolCall.turn == self.turn.id) & (ToolCall.step == number)
            return list(ToolCall.select().where(mine & (ToolCall.attempt == self.turn.attempt)).order_by(ToolCall.id))

        return self.journal.commit(write, patient=True)

    def _call(self, rows: Sequence[ToolCall], extra: Extra | None) -> list[Entry]:
        """Run the step's calls in their order. Returns the entries that the next step adds to its question."""
        text = self.writer.step_text()
        calls = tuple(_called(row) for row in rows)
        results = [self._run(row, call) for row, call in zip(rows, calls, strict=True) if not self.writer.stopped]
        if not self.writer.stopped:
            self.writer.finish_step()
        return [Assistant(text, calls, extra), *results]

    def _run(self, row: ToolCall, call: Call) -> Result:
        if call.input is None:
            known = _outcome(row)
            reason = _words(known.output) if known else TOO_LONG if call.raw.endswith(CUT_MARK) else NO_OBJECT
            self.writer.tool_input_error(call.id, call.name, call.raw, reason)
            return Result(call.id, call.name, prompt.failure(reason), error=True)
        self.writer.tool_input(call.id, call.name, call.input)
        if call.name in SPECS:
            self.writer.status(SPECS[call.name].status, call.name)
        outcome = _outcome(row) or self._made(row, call.name, call.input)
        self._show(call, outcome)
        output = prompt.failure(_words(outcome.output)) if outcome.error else outcome.output
        return Result(call.id, call.name, output, outcome.error)

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
        keep_changes(self.turn, outcome.events)

    def _show(self, call: Call, outcome: Outcome) -> None:
        if outcome.error:
            self.writer.tool_error(call.id, _words(outcome.output))
        else:
            self.writer.tool_output(call.id, outcome.kept)
        self.writer.cards.find(outcome.cards)
        for kind, data in outcome.events:
            if kind != PRODUCTS:  # the answer will say which of them to show
                self.writer.data(kind, data)


def _prepared(call: Call) -> Call:
    """Return the call as its tool takes it; without its arguments where they are too long to be kept, for it will be
    refused."""
    if len(call.raw) > INPUT_CHARACTERS:
        return replace(call, input=None, raw=call.raw[:SHOWN_INPUT_CHARACTERS] + CUT_MARK)
    tidied = tidy(call.name, call.input)
    return replace(call, input=tidied) if isinstance(tidied, dict) else call


def _judged(
    calls: Iterable[Call], left: int, repeats: Repeats, *, cut: bool
) -> Iterator[tuple[Call, dict[str, Any]]]:
    """Yield how each call of a step begins in the journal: intended, refused for being one too many, or answered
    already."""
    made = 0
    for place, call in enumerate(calls):
        if cut and call.input is None:
            yield call, _settled(Outcome({"error": CUT_CALL}, error=True))
        elif repeats.has(call):
            yield call, _settled(Outcome({"note": REPEATED}))
        elif made < min(left, CALLS_A_STEP):
            made += 1
            repeats.add(call)
            yield call, {"state": "intended", "output": None}
        else:
            reason = TOO_MANY_IN_ALL if place >= left else TOO_MANY_AT_ONCE
            yield call, _settled(Outcome({"error": reason}, error=True))


def _settled(outcome: Outcome) -> dict[str, Any]:
    return {"state": "failed" if outcome.error else "done", "output": outcome.to_dict()}


def _made(entries: Iterable[Entry]) -> int:
    """Return how many calls were made."""
    return sum(not is_one_of(entry.output, REFUSALS) for entry in entries if isinstance(entry, Result))


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
