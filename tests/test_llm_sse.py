"""Server-sent events are decoded as WHATWG HTML section 9.2.6 says, however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.sse import Decoder, Event, EventTooLarge

# The first five are the examples of the specification itself.
WIRES: dict[str, tuple[str, list[Event]]] = {
    "stocks": ("data: YHOO\ndata: +2\ndata: 10\n\n", [Event("message", "YHOO\n+2\n10")]),
    "comment, ids and a leading space": (
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [Event("message", "first event"), Event("message", "second event"), Event("message", " third event")],
    ),
    "empty data": (
        "data\n\ndata\ndata\n\ndata:",
        [Event("message", ""), Event("message", "\n"), Event("message", "")],
    ),
    "optional space": ("data:test\n\ndata: test\n\n", [Event("message", "test")] * 2),
    "named": ("event: add\ndata: 7\n\nevent: remove\ndata: 2\n\n", [Event("add", "7"), Event("remove", "2")]),
    "a name without data": ("event: add\n\ndata: 7\n\n", [Event("message", "7")]),
    "a byte order mark": ("\ufeffdata: 1\n\n", [Event("message", "1")]),
    "a byte order mark later on": ("data: 1\n\n\ufeffdata: 2\n\n", [Event("message", "1")]),
    "an end without a blank line": ("data: 1\n\ndata: 2", [Event("message", "1"), Event("message", "2")]),
    "other separators": ("data: a\u2028b\u0085c\x0bd\x1ee\n\n", [Event("message", "a\u2028b\u0085c\x0bd\x1ee")]),
}


def decode(data: bytes, cuts: list[int]) -> list[Event]:
    decoder = Decoder()
    events: list[Event] = []
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        events += decoder.feed(data[begin:end])
    return [*events, *decoder.end()]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", WIRES)
def test_a_stream_is_decoded_wherever_it_is_cut(name: str, line_end: str) -> None:
    text, expected = WIRES[name]
    data = text.replace("\n", line_end).encode()
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            assert decode(data, [first, second]) == expected


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.data())
def test_any_text_comes_through_any_cuts(lines: list[str], data: st.DataObject) -> None:
    wire = "".join(f"data: {line}\r\n\r\n" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)))))
    assert decode(wire, cuts) == [Event("message", line) for line in lines]


@given(st.binary(), st.data())
def test_no_bytes_at_all_are_a_fault_and_no_cut_changes_the_events(wire: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)))))
    assert decode(wire, cuts) == decode(wire, [])


def test_bytes_that_are_no_utf_8_become_replacement_characters() -> None:
    assert decode(b"data: a\xffb\n\n", []) == [Event("message", "a\ufffdb")]


def test_a_long_line_in_small_pieces_is_looked_at_once() -> None:
    decoder = Decoder()
    line = b"data: " + b"x" * 1_000_000 + b"\n\n"
    events = [event for at in range(0, len(line), 10) for event in decoder.feed(line[at : at + 10])]
    assert [len(event.data) for event in events] == [1_000_000]


@pytest.mark.parametrize("wire", [b"data: 12345678", b"data: 1234\ndata: 5678\n", b"12345678901"])
def test_an_event_has_a_largest_size(wire: bytes) -> None:
    decoder = Decoder(limit=10)
    with pytest.raises(EventTooLarge, match="more than 10 bytes"):
        list(decoder.feed(wire + b"\ndata: 12"))


def test_events_before_one_that_is_too_large_are_given_out() -> None:
    events = Decoder(limit=10).feed(b"data: 1\n\ndata: 1234567890")
    assert next(events) == Event("message", "1")
    with pytest.raises(EventTooLarge):
        next(events)
