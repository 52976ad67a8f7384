"""Events of the AI SDK's UI message stream v1: their bytes, the message they add up to, and back. No I/O.

Source: npm package `ai` 7, `src/ui-message-stream/ui-message-chunks.ts` and `src/ui/process-ui-message-stream.ts`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Final

import msgspec

from widget_api.problems import AnswerInterrupted
from widget_api.streams.base import Position

Event = dict[str, Any]
Part = dict[str, Any]

# The first byte, before anybody has said a word; native EventSource comes back after a second.
OPEN: Final = b": open\nretry: 1000\n\n"
HEARTBEAT: Final = b": keep-alive\n\n"
DONE: Final = b"data: [DONE]\n\n"
# The last word of a stream that is cut here and goes on elsewhere: native EventSource is back in no time.
RETRY: Final = b"retry: 250\n\n"

# The last word of a stream that makes room for newer ones of the same answer: come back when somebody looks.
SENT_AWAY: Final = b'data: {"type":"data-crowded","data":{},"transient":true}\n\nretry: 30000\n\n'

# What a finish reason cuts an answer short by, in the metadata of the message.
CUTS: Final = {"length": "length", "content-filter": "filter"}
_REASONS: Final = {cut: reason for reason, cut in CUTS.items()}

_encoder = msgspec.json.Encoder()


def encode(event: Event) -> bytes:
    """The event as one line of JSON."""
    return _encoder.encode(event)


def encode_text(id: str, delta: str) -> bytes:
    """A `text-delta`, as `encode` has it."""
    return b'{"type":"text-delta","id":%b,"delta":%b}' % (_encoder.encode(id), _encoder.encode(delta))


def frame(payload: bytes, at: Position | None = None) -> bytes:
    """The encoded event as a server-sent event, with its position as the event's id."""
    number = b"id: %d-%d\n" % at if at else b""
    return b"%bdata: %b\n\n" % (number, payload)


def framed(events: Iterable[Event], at: Position | None = None) -> bytes:
    """These events as server-sent events, the last of them with the position that they lead to."""
    *said, last = map(encode, events)
    return b"".join([*map(frame, said), frame(last, at)])


def decode_lines(lines: bytes) -> Iterator[Event]:
    """The events of JSON lines. An empty line holds the place of an event that was not kept."""
    for line in lines.split(b"\n"):
        if line:
            yield msgspec.json.decode(line)


class Fold:
    """The parts of the message that a run of events adds up to, as the AI SDK's client builds them."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._open: dict[str, list[str]] = {}  # text part id → its pieces; one string grown would be quadratic
        self._texts: dict[str, Part] = {}
        self._tools: dict[str, Part] = {}
        self._inputs: dict[str, list[str]] = {}  # call id → the pieces of its arguments, until they are whole
        self.in_step = False
        self.cut = ""  # what cut the answer short, as in `CUTS`
        self._apply = {
            "start-step": self._start_step,
            "finish-step": self._finish_step,
            "reset-step": self._reset_step,
            "message-metadata": self._metadata,
            "text-start": self._text_start,
            "text-delta": self._text_delta,
            "text-end": self._text_end,
            "tool-input-start": self._tool_start,
            "tool-input-delta": self._tool_delta,
            "tool-input-available": self._tool_input,
            "tool-input-error": self._tool_error,
            "tool-output-available": self._tool_output,
            "tool-output-error": self._tool_error,
        }

    def apply(self, event: Event) -> None:
        """Take one event in. Events that leave no trace in the message are passed over."""
        kind = event["type"]
        if kind.startswith("data-"):
            self._data(event)
        elif kind in self._apply:
            self._apply[kind](event)

    @property
    def parts(self) -> list[Part]:
        """The message's parts so far; the pieces of open texts are joined now."""
        for text, pieces in self._open.items():
            self._texts[text]["text"] = "".join(pieces)
            pieces[:] = [self._texts[text]["text"]]
        return self._parts

    @property
    def step_text(self) -> str:
        """The words of the step that is being written."""
        words: list[str] = []
        for part in reversed(self.parts):
            if part["type"] == "step-start":
                break
            if part["type"] == "text":
                words.insert(0, part["text"])
        return "\n\n".join(words)

    def closing(self) -> Iterator[Event]:
        """The events that end what is open, so that the parts are final."""
        for text in self._open:
            yield {"type": "text-end", "id": text}
        for call, part in self._tools.items():
            if part["state"].startswith("input"):
                error = "The call was interrupted."
                yield {"type": "tool-output-error", "toolCallId": call, "errorText": error, "providerExecuted": True}
        if self.in_step:
            yield {"type": "finish-step"}

    def rebuilding(self) -> Iterator[Event]:
        """The shortest run of events that builds the same: what is open stays open, under its own id."""
        names = {id(part): text for text, part in self._texts.items()}
        yield from _building(self.parts, lambda part: names[id(part)], self._open, self._inputs)
        if self.cut:
            yield cut_event(self.cut)
        if not self.in_step and any(part["type"] == "step-start" for part in self._parts):
            yield {"type": "finish-step"}

    def _start_step(self, _event: Event) -> None:
        self._parts.append({"type": "step-start"})
        self.in_step = True

    def _finish_step(self, _event: Event) -> None:
        self.in_step = False

    def _reset_step(self, _event: Event) -> None:
        while self._parts and self._parts[-1]["type"] != "step-start":
            dropped = self._parts.pop()
            self._tools.pop(dropped.get("toolCallId", ""), None)
        self._open.clear()
        self._inputs.clear()

    def _metadata(self, event: Event) -> None:
        self.cut = event["messageMetadata"].get("cut", self.cut)

    def _text_start(self, event: Event) -> None:
        part = {"type": "text", "text": "", "state": "streaming"}
        self._parts.append(part)
        self._texts[event["id"]] = part
        self._open[event["id"]] = []

    def add_text(self, id: str, delta: str) -> None:
        """As `apply` for a `text-delta`."""
        self._open[id].append(delta)

    def _text_delta(self, event: Event) -> None:
        self.add_text(event["id"], event["delta"])

    def _text_end(self, event: Event) -> None:
        part = self._texts[event["id"]]
        part["text"] = "".join(self._open.pop(event["id"]))
        part["state"] = "done"

    def _tool(self, event: Event) -> Part:
        part = self._tools.get(event["toolCallId"])
        if part is None:
            part = {"type": f"tool-{event['toolName']}", "toolCallId": event["toolCallId"]}
            part |= {"state": "input-streaming", "providerExecuted": True}
            self._parts.append(part)
            self._tools[event["toolCallId"]] = part
        return part

    def _tool_start(self, event: Event) -> None:
        self._tool(event)
        self._inputs[event["toolCallId"]] = []

    def _tool_delta(self, event: Event) -> None:
        self._inputs[event["toolCallId"]].append(event["inputTextDelta"])

    def _tool_input(self, event: Event) -> None:
        self._inputs.pop(event["toolCallId"], None)
        self._tool(event).update(state="input-available", input=event["input"])

    def _tool_output(self, event: Event) -> None:
        self._tool(event).update(state="output-available", output=event["output"])

    def _tool_error(self, event: Event) -> None:
        part = self._tool(event)
        if "input" in event:
            part["input"] = event["input"]
        part.update(state="output-error", errorText=event["errorText"])

    def _data(self, event: Event) -> None:
        if event.get("transient"):
            return
        part: Part = {key: event[key] for key in ("type", "id", "data") if key in event}
        for known in self._parts:
            if "id" in part and known.get("id") == part["id"] and known["type"] == part["type"]:
                known["data"] = part["data"]
                return
        self._parts.append(part)


def folded(chunks: Iterable[bytes]) -> Fold:
    """What stored chunks of JSON lines add up to."""
    fold = Fold()
    for chunk in chunks:
        for event in decode_lines(chunk):
            fold.apply(event)
    return fold


def error_event(problem: dict[str, Any]) -> Event:
    """The last word of a failed stream: the problem object as the error's text."""
    return {"type": "error", "errorText": encode(problem).decode()}


def cut_event(cut: str) -> Event:
    """Return the event that says what cut the answer short."""
    return {"type": "message-metadata", "messageMetadata": {"cut": cut}}


def terminal(state: str, finish_reason: str, problem: dict[str, Any] | None, cut: str = "") -> Event:
    """The event that ends a turn of that state. What cut the answer short is the reason of its end."""
    if state == "complete":
        return {"type": "finish", "finishReason": _REASONS.get(cut, finish_reason)}
    if state == "stopped":
        return {"type": "abort"}
    return error_event(problem or AnswerInterrupted().to_dict())


def replay(message: dict[str, Any]) -> Iterator[Event]:
    """A stored answer (a UIMessage) as the shortest stream that rebuilds it."""
    yield from beginning(message["id"], message["parts"])
    metadata = message["metadata"]
    cut = metadata.get("cut", "")
    if cut:
        yield cut_event(cut)
    if any(part["type"] == "step-start" for part in message["parts"]):
        yield {"type": "finish-step"}
    yield terminal(metadata["status"], "stop", metadata.get("error"), cut)


def beginning(message: str, parts: Iterable[Part]) -> Iterator[Event]:
    """The first part of a stream that rebuilds these parts of a message, all of them final but the last step."""
    texts = count(1)
    yield {"type": "start", "messageId": message}
    yield from _building(parts, lambda _: f"text-{next(texts)}", (), {})


def _building(
    parts: Iterable[Part],
    name: Callable[[Part], str],
    open_texts: Container[str],
    open_inputs: Mapping[str, list[str]],
) -> Iterator[Event]:
    in_step = False
    for part in parts:
        kind = part["type"]
        if kind == "step-start":
            if in_step:
                yield {"type": "finish-step"}
            in_step = True
            yield {"type": "start-step"}
        elif kind == "text":
            yield from _building_text(part, name(part), open_texts)
        elif kind.startswith("data-"):
            yield part
        elif kind.startswith("tool-"):
            yield from _building_tool(part, open_inputs)


def _building_text(part: Part, id: str, open_texts: Container[str]) -> Iterator[Event]:
    yield {"type": "text-start", "id": id}
    yield {"type": "text-delta", "id": id, "delta": part["text"]}
    if id not in open_texts:
        yield {"type": "text-end", "id": id}


def _building_tool(part: Part, open_inputs: Mapping[str, list[str]]) -> Iterator[Event]:
    call = {"toolCallId": part["toolCallId"], "providerExecuted": True}
    name = part["type"].removeprefix("tool-")
    if part["state"] == "input-streaming":
        yield {"type": "tool-input-start", "toolName": name, **call}
        if pieces := open_inputs.get(part["toolCallId"]):
            delta = "".join(pieces)
            yield {"type": "tool-input-delta", "toolCallId": part["toolCallId"], "inputTextDelta": delta}
        return
    yield {"type": "tool-input-available", "toolName": name, "input": part.get("input", {}), **call}
    if part["state"] == "output-available":
        yield {"type": "tool-output-available", "output": part["output"], **call}
    elif part["state"] == "output-error":
        yield {"type": "tool-output-error", "errorText": part["errorText"], **call}
