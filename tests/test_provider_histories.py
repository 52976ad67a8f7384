"""Every provider accepts every history: whatever was stopped, failed, filtered or said by another model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model_wire import CALLS, DIALECTS, DONE, SEARCH, STOP, Ear, block, chunk, message, text_block, tool_block
from tests.provider_rules import RULES
from widget_api.llm.base import Assistant, Extra, Request, Result, Step, User
from widget_api.llm.extras import renamed_request
from widget_api.models import Message
from widget_api.turns import prompt
from widget_api.turns.events import Fold
from widget_api.turns.run import NO_OBJECT

WORDS = st.sampled_from(["", "", " \n", "Let me look.", "Größe 44?\n\nYes."])
ARGUMENTS = st.sampled_from(['{"query": "hat"}', "{}", '{"query": "ha', "[1]", "null", '{"a": {"b": [1, null]}}'])
NAMES = st.sampled_from(["search_catalog", "get_cart", "no such tool", "übersicht"])
OUTCOMES = st.sampled_from(["done", "failed", "interrupted"])


@dataclass(frozen=True)
class Ask:
    """A call of a step, and what came of it."""

    name: str
    arguments: str
    outcome: str


@dataclass(frozen=True)
class Said:
    """A step of a turn: who made it, and what."""

    maker: str
    words: str
    calls: tuple[Ask, ...]


@dataclass(frozen=True)
class Asked:
    """A turn: its question, its steps with calls, who ends it in which words, and how it ended."""

    question: str
    steps: tuple[Said, ...]
    end: str
    state: str


STEPS = st.builds(
    Said,
    st.sampled_from([*RULES]),
    WORDS,
    st.lists(st.builds(Ask, NAMES, ARGUMENTS, OUTCOMES), max_size=3).map(tuple),
)
TURNS = st.builds(
    Asked,
    st.text("aäß\u200d👍 ", min_size=1, max_size=8).map(lambda text: text.strip() or "?"),
    st.lists(STEPS, max_size=3).map(tuple),
    st.sampled_from(["", "", "Here."]),
    st.sampled_from(["complete", "stopped", "failed", "refused", "filtered", "interrupted"]),
)
ERRORS = {"failed": "model-unavailable", "refused": "answer-refused", "interrupted": "answer-interrupted"}


@dataclass
class Story:
    """A conversation as the database has it: messages, and the opaque state of their steps."""

    messages: list[Message] = field(default_factory=list)
    extras: dict[int, dict[int, Extra]] = field(default_factory=dict)
    made: int = 0  # calls so far

    def ask(self, text: str) -> None:
        self._add("user", [{"type": "text", "text": text}])

    def _add(self, role: str, parts: list[dict[str, Any]], **more: Any) -> Message:
        self.messages.append(Message(role=role, parts=parts, **more))
        self.messages[-1].pk = len(self.messages)
        return self.messages[-1]

    def answer(self, turn: Asked, extras: dict[int, Extra]) -> list[dict[str, Any]]:
        """Play the turn's steps and return the parts of its answer; `extras` gets their state."""
        fold = Fold()
        for number, said in enumerate(turn.steps, 1):
            step = self._step(said, fold.parts)
            if step.extra:
                extras[number] = step.extra
            fold.apply({"type": "start-step"})
            _say(fold, said.words, f"t{number}")
            for call, asked in zip(step.calls, said.calls, strict=True):
                _run(fold, call.id, call.name, call.raw if call.input is None else call.input, asked.outcome)
            fold.apply({"type": "finish-step"})
        if turn.end:
            fold.apply({"type": "start-step"})
            _say(fold, turn.end, "end")
        for event in list(fold.closing()):
            fold.apply(event)
        return fold.parts

    def play(self, turn: Asked) -> None:
        self.ask(turn.question)
        extras: dict[int, Extra] = {}
        parts = self.answer(turn, extras)
        cut = "filter" if turn.state == "filtered" else ""
        error = {"code": ERRORS[turn.state]} if turn.state in ERRORS else None
        self.extras[self._add("assistant", parts, cut=cut, error=error).pk] = extras

    def _step(self, said: Said, begun: list[dict[str, Any]]) -> Step:
        dialect, name, _ = RULES[said.maker]
        wire = _anthropic(said, self) if dialect == "anthropic" else _openai(said, self)
        parts = [*begun, *(part for each in self.messages for part in each.parts)]
        taken = [part["toolCallId"] for part in parts if "toolCallId" in part]
        decoder = DIALECTS[dialect].Decoder(Ear(), taken=taken, new_id=lambda: f"own_{self.number()}")
        decoder.feed(wire)
        return decoder.end(name)

    def number(self) -> int:
        self.made += 1
        return self.made


def _say(fold: Fold, words: str, id: str) -> None:
    if words:
        fold.apply({"type": "text-start", "id": id})
        fold.apply({"type": "text-delta", "id": id, "delta": words})
        fold.apply({"type": "text-end", "id": id})


def _run(fold: Fold, id: str, name: str, input: Any, outcome: str) -> None:
    call = {"toolCallId": id, "toolName": name}
    if not isinstance(input, dict):
        fold.apply({"type": "tool-input-error", **call, "input": input, "errorText": NO_OBJECT})
        return
    fold.apply({"type": "tool-input-available", **call, "input": input})
    if outcome == "done":
        fold.apply({"type": "tool-output-available", "toolCallId": id, "output": {"products": []}})
    elif outcome == "failed":
        fold.apply({"type": "tool-output-error", "toolCallId": id, "errorText": "The shop is closed."})


def _openai(said: Said, story: Story) -> bytes:
    """The bytes of a step as that maker sends them: its ids, and what it wants back."""
    thoughts = {"deepseek": {"reasoning_content": "deepseek-thinks"}, "openai": {}, "mistral": {}, "gemini": {}}
    wire = chunk({"role": "assistant", "content": said.words, **thoughts[said.maker]})
    for index, call in enumerate(said.calls):
        number = story.number()
        ids = {"openai": f"call_{number:036}x" + "y" * (number % 20), "mistral": f"mistra{number:03}", "gemini": ""}
        signature = {"extra_content": {"google": {"thought_signature": "gemini-signs"}}}
        signed = signature if said.maker == "gemini" and index == 0 else {}
        function = {"name": call.name, "arguments": call.arguments}
        named = ids.get(said.maker, f"{said.maker}-{number % 3}")
        wire += chunk({"tool_calls": [{"index": index, "id": named, "function": function, **signed}]})
    return wire + (CALLS if said.calls else STOP) + DONE


def _anthropic(said: Said, story: Story) -> bytes:
    signed = {"type": "signature_delta", "signature": "anthropic-signs"}
    parts = block(0, {"type": "thinking", "thinking": "", "signature": ""}, signed)
    parts += text_block(said.words, index=1) if said.words else []
    for index, call in enumerate(said.calls, 2):
        parts += tool_block(call.arguments, index=index, id=f"toolu_{story.number() % 4}", name=call.name)
    return message(*parts, stop="tool_use" if said.calls else "end_turn")


def request(story: Story, running: Mapping[int, Extra], parts: list[dict[str, Any]], *, last: bool) -> Request:
    told = prompt.context(story.messages, 300, story.extras).entries(prompt.said(parts, running))
    return Request("You sell hats.", told, (SEARCH,), tool_choice="none" if last else "auto")


def body_for(maker: str, request: Request) -> dict[str, Any]:
    dialect, name, _ = RULES[maker]
    body = DIALECTS[dialect].body(renamed_request(request, name, name), name)
    found: dict[str, Any] = json.loads(json.dumps(body))
    return found


@settings(max_examples=100)
@given(st.lists(TURNS, max_size=4), TURNS, st.booleans())
def test_every_provider_accepts_every_history(earlier: list[Asked], newest: Asked, last: bool) -> None:
    story = Story()
    for turn in earlier:
        story.play(turn)
    story.ask(newest.question)
    extras: dict[int, Extra] = {}
    steps = tuple(step for step in newest.steps if step.calls)  # a step without calls ends its turn
    parts = story.answer(replace(newest, steps=steps, end=""), extras)
    asked = request(story, extras, parts, last=last)
    for maker, (_, _, check) in RULES.items():
        body = body_for(maker, asked)
        check(body)
        sent = json.dumps(body)
        assert not [other for other in RULES if other != maker and f"{other}-signs" in sent], "another's state"
        assert maker == "deepseek" or "deepseek-thinks" not in sent
        assert body.get("tool_choice") == ({"type": "none"} if maker == "anthropic" else "none") if last else True


def test_a_stopped_answer_after_results_is_followed_by_words() -> None:
    story = Story()
    story.play(Asked("Hats?", (Said("mistral", "", (Ask("get_cart", "{}", "done"),)),), "", "stopped"))
    story.ask("And socks?")
    *_, result, words, question = prompt.history(story.messages)
    assert isinstance(result, Result)
    assert (words, question) == (Assistant(prompt.NO_ANSWER), User("And socks?"))


@pytest.mark.parametrize("state", ["refused", "filtered"])
def test_a_question_that_was_refused_is_not_carried_on(state: str) -> None:
    story = Story()
    story.play(Asked("Hats?", (), "Here.", "complete"))
    story.play(Asked("BADWORD", (Said("openai", "Well", (Ask("get_cart", "{}", "done"),)),), "I", state))
    story.ask("Sorry. Socks?")
    assert prompt.history(story.messages) == (User("Hats?"), Assistant("Here."), User("Sorry. Socks?"))


def test_a_failed_call_reads_the_same_in_its_turn_and_in_later_ones() -> None:
    story = Story()
    failed = Said("openai", "", (Ask("get_cart", "{}", "failed"), Ask("get_cart", '{"a', "done")))
    story.play(Asked("Hats?", (failed,), "Sorry.", "complete"))
    results = [entry for entry in prompt.said(story.messages[-1].parts) if isinstance(entry, Result)]
    assert [(each.output, each.error) for each in results] == [
        ({"error": "The shop is closed."}, True),
        ({"error": NO_OBJECT}, True),
    ]
