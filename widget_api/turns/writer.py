"""The turn's pen: what the model and the tools produce becomes numbered events in the log and the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from widget_api.problems import Problem
from widget_api.shopify.sizes import room_after, room_for_cards, size_of
from widget_api.shopify.tools import PRODUCTS
from widget_api.streams.base import Position, StreamLog
from widget_api.turns.cards import Card, Cards
from widget_api.turns.events import Event, Fold, cut_event, encode, encode_text, frame, framed
from widget_api.turns.journal import Journal
from widget_api.turns.silence import Silence

# From so many events on a replay from the beginning is worth making shorter.
LONG_EVENTS = 500


def queue_text(ahead: int) -> str:
    """Return a short line that says how many shoppers come first."""
    return f"{'One shopper is' if ahead == 1 else f'{ahead} shoppers are'} before you"


class Stopper:
    """Ends a turn from any thread: closes what the turn waits for, and says why."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []
        self.reason: Problem | None = None  # None for the shopper's own wish
        self.stopped = False

    def stop(self, reason: Problem | None = None) -> None:
        """Stop the turn, once; later calls change nothing."""
        with self._lock:
            if self.stopped:
                return
            self.stopped, self.reason = True, reason
            closers, self._closers = self._closers, []
        for close in closers:
            close()

    def on_stop(self, close: Callable[[], None]) -> None:
        """Call `close` when the turn is stopped; at once if it already is."""
        with self._lock:
            if not self.stopped:
                self._closers.append(close)
                return
        close()


class Writer:
    """The `Sink` of one attempt. Deltas that arrive together become one event, numbered and encoded once."""

    def __init__(
        self,
        turn: str,
        attempt: int,
        log: StreamLog,
        journal: Journal,
        stopper: Stopper,
        kept: Iterable[Event] = (),
    ) -> None:
        """`kept` are the events of earlier attempts that this one begins with; they are written already."""
        self._turn = turn
        self._attempt = attempt
        self._log = log
        self._journal = journal
        self._stopper = stopper
        self._seq = 0
        self._pen = threading.Lock()  # who ends a turn for its thread must not write into its lines
        self._final = False  # nothing more may be said
        self._ended = False
        self._pieces: list[str] = []  # text that has arrived since the last flush
        self._text = ""  # the id of the open text part
        self._texts = 0
        self._steps = 0
        self.silence = Silence()
        self._first_used: dict[str, int] = {}  # call id → the step that used it first
        self._start: list[Event] = []
        self.fold = Fold()
        self.cards = Cards()
        for event in kept:
            self._keep(event)

    def _keep(self, event: Event) -> None:
        self.fold.apply(event)
        self._show(encode(event))
        if event["type"] == "start":
            self._start = [event]
        self._steps += event["type"] == "start-step"
        self._texts += event["type"] == "text-start"
        if "toolCallId" in event:
            self._first_used.setdefault(event["toolCallId"], self._steps)

    def compacted(self) -> tuple[bytes, Position] | None:
        """A long answer so far in the fewest events that rebuild it, the last of which has the position that they
        lead to. None where what has been shown is short, or at its end."""
        with self._pen:
            if self._ended or self._seq < LONG_EVENTS:
                return None
            at = Position(self._attempt, self._seq)
            return framed([*self._start, *self.fold.rebuilding()], at), at

    def emit(self, event: Event) -> None:
        """Number the event, show it to followers and have it written. Nothing comes after a stop."""
        self.silence.end()
        self._emit(event)

    def _emit(self, event: Event) -> None:
        with self._pen:
            if not (self._stopper.stopped or self._final):
                self._append(event)

    def _append(self, event: Event) -> None:
        payload = encode(event)
        self.fold.apply(event)
        self._journal.record(self._turn, self._show(payload), b"" if event.get("transient") else payload)

    def _show(self, payload: bytes) -> Position:
        self._seq += 1
        at = Position(self._attempt, self._seq)
        self._log.append(self._turn, at, frame(payload, at))
        return at

    # what the model says

    def text(self, delta: str) -> None:
        """Append to the answer's text."""
        self._pieces.append(delta)

    def flush(self) -> None:
        """Send on what has arrived."""
        if not self._pieces:
            return
        delta = "".join(self._pieces)
        self._pieces.clear()
        self.silence.end()
        if not self._text:
            self._texts += 1
            self._text = f"text-{self._texts}"
            self.emit({"type": "text-start", "id": self._text})
        with self._pen:
            if not (self._stopper.stopped or self._final):
                # As `_append`; nearly all events are of this kind.
                self.fold.add_text(self._text, delta)
                payload = encode_text(self._text, delta)
                self._journal.record(self._turn, self._show(payload), payload)
        self._show_cards(self.cards.read(delta))

    def tool_input_start(self, call_id: str, name: str) -> None:
        """A tool call begins."""
        self._end_text()
        self._tool("tool-input-start", call_id, toolName=name)

    def tool_input_delta(self, call_id: str, delta: str) -> None:
        """A piece of the call's arguments."""
        self.emit({"type": "tool-input-delta", "toolCallId": self._unique(call_id), "inputTextDelta": delta})

    def waiting(self, ahead: int) -> None:
        """The model answers others first: tell the shopper how many. 0 ends the waiting."""
        self.silence.queue(waits=ahead > 0)
        if ahead:
            self.status(queue_text(ahead), "queued", ahead=ahead)
        else:
            self.status("")

    def on_stop(self, close: Callable[[], None]) -> None:
        """Have `close` called when the turn is stopped."""
        self._stopper.on_stop(close)

    @property
    def stopped(self) -> bool:
        """Whether the turn has been stopped."""
        return self._stopper.stopped

    # what the step loop says

    def start(self, message: str) -> None:
        """The first event: which message is being written. Nothing where an earlier attempt has begun it."""
        if not self._start:
            self._start = [{"type": "start", "messageId": message}]
            self.emit(self._start[0])

    def start_step(self) -> None:
        self.silence.ask()
        self.emit({"type": "start-step"})
        self._steps += 1
        self.cards.start_step()

    def step_text(self) -> str:
        """What the step has said in words."""
        self._end_text()
        with self._pen:
            return self.fold.step_text

    def room(self) -> int:
        """Return how many bytes the next result of a tool may have."""
        with self._pen:
            return room_after(self.fold.parts)

    def finish_step(self, cut: str = "") -> None:
        """End the step, and say what cut the answer short, if anything did."""
        self._end_text()
        self.silence.act()
        if cut:
            self.emit(cut_event(cut))
        self.emit({"type": "finish-step"})

    def reset_step(self) -> None:
        """Take back what the step has said so far: it is run again."""
        self._pieces.clear()
        self._text = ""
        self.cards.reset_step()
        self.emit({"type": "reset-step"})

    def tool_input(self, call_id: str, name: str, input: Any) -> None:
        self.silence.act()
        self._tool("tool-input-available", call_id, toolName=name, input=input)

    def tool_input_error(self, call_id: str, name: str, input: Any, text: str) -> None:
        self._tool("tool-input-error", call_id, toolName=name, input=input, errorText=text)

    def tool_output(self, call_id: str, output: Any) -> None:
        self._tool("tool-output-available", call_id, output=output)

    def tool_error(self, call_id: str, text: str) -> None:
        self._tool("tool-output-error", call_id, errorText=text)

    def _tool(self, kind: str, call_id: str, **fields: Any) -> None:
        self.emit({"type": kind, "toolCallId": self._unique(call_id), **fields, "providerExecuted": True})

    def _unique(self, call_id: str) -> str:
        """Some providers count calls from 0 in each step; within a message an id must name one call."""
        first = self._first_used.setdefault(call_id, self._steps)
        return call_id if first == self._steps else f"{call_id}.{self._steps}"

    def data(self, kind: str, data: Any) -> None:
        """A `data-*` part of the message."""
        self.emit({"type": kind, "data": data})

    def show_found(self) -> None:
        """Show what the turn has found, where the answer presents it and has named none of it."""
        self._show_cards(self.cards.end_answer(self.step_text()))

    def _show_cards(self, cards: list[Card]) -> None:
        """Show the cards, as far as there is room for them."""
        if not cards:
            return
        with self._pen:
            room = room_for_cards(self.fold.parts)
        fitting = []
        for card in cards:
            room -= size_of(card)
            if room > 0:
                fitting.append(card)
        if fitting:
            self.data(PRODUCTS, {"products": fitting})

    def status(self, text: str, code: str = "", **more: Any) -> None:
        """Say in a short line what is being done. `code` names it for clients that have words of their own; it is not
        kept."""
        named = {"code": code} if code else {}
        self.emit({"type": "data-status", "data": {"text": text, **named, **more}, "transient": True})

    def tell_of_silence(self) -> None:
        """Tell the shopper that the model still works, if it has been silent for a while. From any thread."""
        if self.silence.is_to_be_told():
            data = {"text": "Still thinking", "code": "thinking"}
            self._emit({"type": "data-status", "data": data, "transient": True})

    # the end

    def close_parts(self) -> int:
        """End what is open, so that the parts are final; nothing more is said. Returns the number of the event
        that will end the stream."""
        if not self._stopper.stopped:
            self.flush()
        with self._pen:
            if not self._final:
                for event in list(self.fold.closing()):
                    self._append(event)
            self._final = True
            return self._seq + 1

    def end(self, last: Event) -> None:
        """Show the event that ends the stream, once. It and the message must be in the database by now."""
        self.close_parts()
        with self._pen:
            if self._ended:
                return
            self._ended = True
            self._show(encode(last))
        self._log.close(self._turn)

    def abandon(self) -> None:
        """Say nothing more: somebody else goes on with the turn."""
        with self._pen:
            self._final = self._ended = True

    def _end_text(self) -> None:
        self.flush()
        if self._text:
            self.emit({"type": "text-end", "id": self._text})
            self._text = ""
            self._show_cards(self.cards.end_text())
