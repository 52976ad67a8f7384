"""No language model: rules that answer from the shop's own tools, and say so when asked.

The product runs and can be judged with it on any machine, without a key. `heard` reads what the shopper wants,
`known` what the tools have answered, `wits` decides what to do next and `said` has the words.
"""

from __future__ import annotations

import json
import re
import threading

from widget_api.llm.base import CONTEXT_TOKENS, MAX_TOKENS, Call, Request, Sink, Step
from widget_api.llm.demo.known import Known
from widget_api.llm.demo.wits import Reply, reply
from widget_api.problems import ModelCut

# As fast as a quick reader reads: the answer is seen to be written and nobody waits for it.
PACE_SECONDS = 0.03
# After so many words an answer breaks off that was told to: enough to be seen, too few to be an answer.
WORDS_BEFORE_CUT = 5

_WORD = re.compile(r"\S+\s*|\s+")


class Demo:
    """A model without a model. Deterministic: the same conversation gets the same answer."""

    name = "demo"
    context_tokens = CONTEXT_TOKENS
    max_tokens = MAX_TOKENS

    def __init__(self, pace: float = PACE_SECONDS) -> None:
        """`pace` is the time between two words in seconds; it may be changed at any time."""
        self.pace = pace
        self.fail_next = 0  # so many of the next spoken steps break off
        self.pause_next = 0.0  # seconds of silence before the next step
        self._lock = threading.Lock()

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step, word by word, or call one of the request's tools."""
        stopped = threading.Event()
        into.on_stop(stopped.set)
        stopped.wait(self._take_pause())
        answer = reply(Known.of(request))
        self._speak(answer.text, into, stopped)
        if answer.tool:
            return _call(answer, request, into)
        return Step("stop", model=self.name)

    def _speak(self, text: str, into: Sink, stopped: threading.Event) -> None:
        words = _WORD.findall(text)
        cut = bool(words) and self._take_failure()
        for word in words[:WORDS_BEFORE_CUT] if cut else words:
            if stopped.is_set():
                return
            into.text(word)
            into.flush()
            if self.pace:
                stopped.wait(self.pace)
        if cut and not stopped.is_set():
            raise ModelCut("Please ask again.")

    def _take_pause(self) -> float:
        with self._lock:
            seconds, self.pause_next = self.pause_next, 0.0
        return seconds

    def _take_failure(self) -> bool:
        with self._lock:
            failing = self.fail_next > 0
            self.fail_next -= failing
        return failing


def _call(answer: Reply, request: Request, into: Sink) -> Step:
    earlier = sum(len(getattr(entry, "calls", ())) for entry in request.messages)
    raw = json.dumps(answer.input, ensure_ascii=False)
    call = Call(f"demo-{earlier + 1}", answer.tool, answer.input, raw)
    into.tool_input_start(call.id, call.name)
    into.tool_input_delta(call.id, raw)
    into.flush()
    return Step("tool-calls", (call,), model=Demo.name)
