"""Every provider edge case that is known to break proxies, each cut at many places, decoded and over real sockets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.model_server import EVENTS, JSON, ModelServer, Say, model_server
from tests.model_wire import (
    CALLS,
    DIALECTS,
    DONE,
    QUESTION,
    STOP,
    Ear,
    block,
    call,
    chunk,
    event,
    message,
    read,
    say,
    text_block,
    tool_block,
)
from widget_api.llm.answer import LEAST_CHARACTERS, Broken
from widget_api.llm.base import Call, FinishReason, Usage
from widget_api.llm.provider import Provider
from widget_api.problems import ModelCut, ModelRefused, ModelUnavailable, Problem

BOOTS = {"query": "boots"}
ARGUMENTS = json.dumps(BOOTS)
HALF = len(ARGUMENTS) // 2


@dataclass(frozen=True)
class Case:
    """What a provider sends, and what must come of it."""

    wire: bytes
    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | None], ...] = ()  # name and input
    finish: FinishReason = "stop"
    usage: Usage | None = None
    ids: tuple[str, ...] | None = None
    dialect: str = "openai"
    headers: dict[str, str] | None = None


def boots(**fields: Any) -> bytes:
    """A whole call."""
    return call(ARGUMENTS, name="search_catalog", **fields)


SEARCH = ("search_catalog", BOOTS)
NUMBERS = " ".join(map(str, range(35_000)))
WHOLE = {"choices": [{"message": {"role": "assistant", "content": "Good boots"}, "finish_reason": "stop"}]}
USAGE = {"prompt_tokens": 12, "completion_tokens": 3}

CASES = {
    # 1
    "UTF-8 of two, three and four bytes": Case(
        say("Größe ", "ありがとう ", "🥾🏔️") + STOP + DONE, "Größe ありがとう 🥾🏔️"
    ),
    # 2, 3
    "line separators within a text": Case(
        say("a\u2028b\u2029c\u0085d", "e\x0bf\x0cg\x1ch\x1ei") + STOP + DONE, "a\nb\nc\ndefghi"
    ),
    "raw line separators within a text": Case(
        event('{"choices":[{"delta":{"content":"a\u2028b\u0085c"}}]}') + STOP + DONE, "a\nb\nc"
    ),
    # 4
    "UTF-8 without a charset": Case(
        event('{"choices":[{"delta":{"content":"Crème brûlée"}}]}') + STOP + DONE,
        "Crème brûlée",
        headers={"Content-Type": "text/plain"},
    ),
    # 5
    "CRLF line ends": Case((say("Good", " boots") + STOP + DONE).replace(b"\n", b"\r\n"), "Good boots"),
    "CR line ends": Case((say("Good", " boots") + STOP + DONE).replace(b"\n", b"\r"), "Good boots"),
    "no space after the colon": Case(
        (say("Good", " boots") + STOP + DONE).replace(b"data: ", b"data:"), "Good boots"
    ),
    "a byte order mark": Case(b"\xef\xbb\xbf" + say("Good boots") + STOP + DONE, "Good boots"),
    # 6
    "comments and empty data": Case(
        b": OPENROUTER PROCESSING\n\n:\n\ndata:\n\n"
        + say("Good")
        + b": ping\n\ndata: \n\n"
        + say(" boots")
        + STOP
        + DONE,
        "Good boots",
    ),
    "fields that mean nothing": Case(
        b"id: 1\nretry: 10\nfoo\nbar: x\n" + say("Good boots") + STOP + DONE, "Good boots"
    ),
    # 7
    "no choices": Case(
        event({"choices": [], "prompt_filter_results": [{}]})
        + say("Good boots")
        + STOP
        + event({"choices": [], "usage": USAGE})
        + DONE,
        "Good boots",
        usage=Usage(12, 3),
    ),
    "choices missing or null": Case(
        event({}) + event({"choices": None}) + say("Good boots") + STOP + DONE, "Good boots"
    ),
    # 8
    "delta missing or null": Case(
        event({"choices": [{"index": 0}]}) + chunk(None) + say("Good boots") + STOP + DONE, "Good boots"
    ),
    "content null or empty and role odd": Case(
        chunk({"role": "", "content": None})
        + chunk({"role": "assistant", "content": ""})
        + chunk({"role": "assistant", "content": "Good boots", "tool_calls": None})
        + STOP
        + DONE,
        "Good boots",
    ),
    # 9
    "finish together with content": Case(chunk({"content": "Good boots"}, finish="stop") + DONE, "Good boots"),
    "finish never, but [DONE]": Case(say("Good boots") + DONE, "Good boots"),
    "finish empty instead of null": Case(chunk({"content": "Good boots"}, finish="") + STOP + DONE, "Good boots"),
    "several finishes": Case(
        say("Good boots") + chunk({}, finish="length") + STOP + STOP + DONE, "Good boots", finish="length"
    ),
    "usage after the finish": Case(
        say("Good boots") + STOP + event({"choices": [], "usage": USAGE}), "Good boots", usage=Usage(12, 3)
    ),
    "an unknown finish": Case(say("Good boots") + chunk({}, finish="whim") + DONE, "Good boots", finish="other"),
    "a finish in capitals": Case(
        say("Good boots") + chunk({}, finish="MAX_TOKENS") + DONE, "Good boots", finish="length"
    ),
    # 10
    "no [DONE]": Case(say("Good boots") + STOP, "Good boots"),
    "bytes after [DONE]": Case(say("Good boots") + STOP + DONE + say(" not this") + b"junk", "Good boots"),
    "no blank line at the end": Case((say("Good boots") + STOP).removesuffix(b"\n\n"), "Good boots"),
    # 11
    "index missing": Case(boots(id="a") + CALLS + DONE, "", (SEARCH,), "tool-calls", ids=("a",)),
    "index null, two calls": Case(
        boots(id="a", index=None) + call("{}", name="get_cart", id="b", index=None) + CALLS + DONE,
        "",
        (SEARCH, ("get_cart", {})),
        "tool-calls",
        ids=("a", "b"),
    ),
    "index missing, arguments in pieces without an id": Case(
        call("", name="search_catalog", id="a") + call(ARGUMENTS[:HALF]) + call(ARGUMENTS[HALF:]) + CALLS + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "index 0 for parallel calls": Case(
        boots(id="a", index=0) + call('{"query": "hats"}', name="search_catalog", id="b", index=0) + CALLS + DONE,
        "",
        (SEARCH, ("search_catalog", {"query": "hats"})),
        "tool-calls",
        ids=("a", "b"),
    ),
    "index 0 for parallel calls, each in pieces": Case(
        call("", name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[:HALF], index=0)
        + call(ARGUMENTS[HALF:], index=0)
        + call("", name="get_cart", id="b", index=0)
        + call("{}", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH, ("get_cart", {})),
        "tool-calls",
    ),
    "index 0 for parallel calls of one tool, each in pieces": Case(
        call("", name="search_catalog", id="a", index=0)
        + call(ARGUMENTS, index=0)
        + call("", name="search_catalog", id="b", index=0)
        + call('{"query": "hats"}', index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH, ("search_catalog", {"query": "hats"})),
        "tool-calls",
        ids=("a", "b"),
    ),
    "index used again without ids": Case(
        boots(index=0) + call('{"query": "hats"}', name="search_catalog", index=0) + CALLS + DONE,
        "",
        (SEARCH, ("search_catalog", {"query": "hats"})),
        "tool-calls",
        ids=("own_1", "own_2"),
    ),
    "id repeated in every piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[HALF:], id="a", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
        ids=("a",),
    ),
    "id, index and name repeated in every piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[HALF:], name="search_catalog", id="a", index=0)
        + call("", name="search_catalog", id="a", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "a nested object begins a piece that repeats the name": Case(
        call('{"a": ', name="search_catalog", id="a", index=0)
        + call('{"b": 1}}', name="search_catalog", id="a", index=0)
        + CALLS
        + DONE,
        "",
        (("search_catalog", {"a": {"b": 1}}),),
        "tool-calls",
    ),
    "id changing in every piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[HALF:], id="b", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
        ids=("a",),
    ),
    "id changing and name repeated in every piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[HALF:], name="search_catalog", id="b", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
        ids=("a",),
    ),
    "id empty": Case(boots(id="", index=0) + CALLS + DONE, "", (SEARCH,), "tool-calls", ids=("own_1",)),
    "one id for two calls": Case(
        boots(id="a", index=0) + call("{}", name="get_cart", id="a", index=1) + CALLS + DONE,
        "",
        (SEARCH, ("get_cart", {})),
        "tool-calls",
        ids=("a", "own_1"),
    ),
    "an id that no provider would take back": Case(
        boots(id="no such\nid", index=0) + CALLS + DONE, "", (SEARCH,), "tool-calls", ids=("own_1",)
    ),
    "no ids, no indexes, name only in the first piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog") + call(ARGUMENTS[HALF:]) + CALLS + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "no ids, no indexes, name in every piece": Case(
        call(ARGUMENTS[:HALF], name="search_catalog") + call(ARGUMENTS[HALF:], name="search_catalog") + CALLS + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "name blank on continuations": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call(ARGUMENTS[HALF:], name=" ", index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "name after the id": Case(
        call(id="a", index=0) + call(name="search_catalog", index=0) + call(ARGUMENTS, index=0) + CALLS + DONE,
        "",
        (SEARCH,),
        "tool-calls",
        ids=("a",),
    ),
    "name after the arguments": Case(
        call(ARGUMENTS[:HALF], id="a", index=0)
        + call(name="search_catalog", index=0)
        + call(ARGUMENTS[HALF:], index=0)
        + CALLS
        + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "name never": Case(say("Hm") + call(ARGUMENTS, id="a", index=0) + CALLS + DONE, "Hm", (), "other"),
    "a name with foreign signs": Case(
        call("{}", name="functions.get_cart<|x|>", id="a", index=0) + CALLS + DONE,
        "",
        (("functions_get_cart__x__", {}),),
        "tool-calls",
    ),
    "the call of old": Case(
        chunk({"function_call": {"name": "search_catalog", "arguments": ARGUMENTS[:HALF]}})
        + chunk({"function_call": {"arguments": ARGUMENTS[HALF:]}})
        + chunk({}, finish="function_call"),
        "",
        (SEARCH,),
        "tool-calls",
    ),
    # 12
    "arguments empty or null": Case(
        call("", name="get_cart", id="a", index=0)
        + chunk({"tool_calls": [{"index": 0, "function": {"arguments": None}}]})
        + CALLS,
        "",
        (("get_cart", {}),),
        "tool-calls",
    ),
    "arguments as an object": Case(
        call(BOOTS, name="search_catalog", id="a", index=0) + CALLS + DONE, "", (SEARCH,), "tool-calls"
    ),
    "an empty object before the real one": Case(
        call("{}", name="search_catalog", id="a", index=0) + call(ARGUMENTS, index=0) + CALLS + DONE,
        "",
        (SEARCH,),
        "tool-calls",
    ),
    "finish says stop though there are calls": Case(
        boots(id="a", index=0) + STOP + DONE, "", (SEARCH,), "tool-calls"
    ),
    # 13
    "interleaved calls": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0)
        + call("{", name="get_cart", id="b", index=1)
        + call(ARGUMENTS[HALF:], index=0)
        + call("}", index=1)
        + CALLS
        + DONE,
        "",
        (SEARCH, ("get_cart", {})),
        "tool-calls",
        ids=("a", "b"),
    ),
    "text after calls, and in one chunk with them": Case(
        chunk(
            {
                "content": "Let me ",
                "tool_calls": [
                    {"index": 0, "id": "a", "function": {"name": "search_catalog", "arguments": ARGUMENTS}}
                ],
            }
        )
        + say("look.")
        + CALLS
        + DONE,
        "Let me look.",
        (SEARCH,),
        "tool-calls",
    ),
    # 14
    "arguments that are no JSON": Case(
        call('{"query": boots}', name="search_catalog", id="a", index=0) + CALLS + DONE,
        "",
        (("search_catalog", None),),
        "tool-calls",
    ),
    "arguments cut by the length": Case(
        call(ARGUMENTS[:HALF], name="search_catalog", id="a", index=0) + chunk({}, finish="length") + DONE,
        "",
        (("search_catalog", None),),
        "length",
    ),
    "arguments that are a list": Case(
        call("[1]", name="search_catalog", id="a", index=0) + CALLS + DONE,
        "",
        (("search_catalog", None),),
        "tool-calls",
    ),
    # 16
    "stream ignored": Case(
        json.dumps({**WHOLE, "usage": USAGE}).encode(), "Good boots", usage=Usage(12, 3), headers=JSON
    ),
    "stream ignored, with a call": Case(
        json.dumps(
            {
                "choices": [
                    {
                        "message": {
                            "content": None,
                            "tool_calls": [
                                {"id": "a", "function": {"name": "search_catalog", "arguments": ARGUMENTS}},
                                {"id": "b", "function": {"name": "get_cart", "arguments": "{}"}},
                            ],
                        },
                        "finish_reason": "tool_calls",
                    }
                ]
            }
        ).encode(),
        "",
        (SEARCH, ("get_cart", {})),
        "tool-calls",
    ),
    "stream ignored, indented, as an event stream": Case(
        b"\n" + json.dumps(WHOLE, indent=2).encode(), "Good boots", headers=EVENTS
    ),
    # 17
    "a refusal": Case(chunk({"refusal": "I cannot help."}) + STOP + DONE, "I cannot help.", finish="content-filter"),
    "a filter without content": Case(chunk({}, finish="content_filter") + DONE, "", finish="content-filter"),
    # 18
    "reasoning beside the text": Case(
        chunk({"reasoning_content": "Hm."})
        + chunk({"reasoning": "Hm.", "content": ""})
        + say("Good boots")
        + STOP
        + DONE,
        "Good boots",
    ),
    "thoughts in tags over many chunks": Case(
        say("\n", "<th", "ink", ">The shop", "per <b>wants</b> </th", "</thi", "nk>", "\n\n", "Good", " boots")
        + STOP
        + DONE,
        "Good boots",
    ),
    "thoughts without an end": Case(say("<think>Hm", " hm") + chunk({}, finish="length") + DONE, "", finish="length"),
    "a tag that is none, and one in the middle": Case(
        say("<thin", "gs> like <think>this</think>") + STOP + DONE, "<things> like "
    ),
    "an answer that is the beginning of a tag": Case(say("<", "th") + STOP + DONE, "<th"),
    "content in parts": Case(
        chunk(
            {"content": [{"type": "thinking", "thinking": [{"text": "Hm."}]}, {"type": "text", "text": "Good boots"}]}
        )
        + STOP
        + DONE,
        "Good boots",
    ),
    # 21
    "another choice": Case(
        event({"choices": [{"index": 1, "delta": {"content": "Bad"}, "finish_reason": "length"}]})
        + say("Good boots")
        + STOP
        + DONE,
        "Good boots",
    ),
    # 22
    "emoji halves in two chunks": Case(
        rb'data: {"choices":[{"delta":{"content":"\ud83e"}}]}' + b"\n\n"
        rb'data: {"choices":[{"delta":{"content":"\udd7e good"}}]}' + b"\n\n" + STOP + DONE,
        "🥾 good",
    ),
    "halves that never meet": Case(
        rb'data: {"choices":[{"delta":{"content":"a\ud83e"}}]}' + b"\n\n"
        rb'data: {"choices":[{"delta":{"content":"b\udd7ec\ud83e"}}]}' + b"\n\n" + STOP + DONE,
        "abc",
    ),
    "NUL and what nobody can see": Case(
        say("Go\x00od\u200b b\u202eoo", "\U000e0041ts\ufeff") + STOP + DONE, "Good boots"
    ),
    "a line end in two chunks": Case(say("Good\r", "\nboots\r", "!") + STOP + DONE, "Good\nboots\n!"),
    "a letter and its accent in two chunks": Case(say("Caf", "e", "\u0301") + STOP + DONE, "Cafe\u0301"),
    "empty chunks": Case(event({}) + chunk({}) + say("", "Good boots", "") + STOP + DONE, "Good boots"),
    "one chunk of 200 kB": Case(say(NUMBERS) + STOP + DONE, NUMBERS[:LEAST_CHARACTERS], finish="length"),
    # 24
    "usage in every chunk": Case(
        chunk({"content": "Good"}, usage={"prompt_tokens": 12, "completion_tokens": 1})
        + chunk({"content": " boots"}, usage={"prompt_tokens": 12, "completion_tokens": 2})
        + chunk({}, finish="stop", usage={"prompt_tokens": 0, "completion_tokens": 0})
        + DONE,
        "Good boots",
        usage=Usage(12, 2),
    ),
    "usage in Groq's place": Case(
        say("Good boots") + chunk({}, finish="stop", x_groq={"usage": USAGE}) + DONE, "Good boots", usage=Usage(12, 3)
    ),
    "usage beyond reason": Case(
        say("Good boots")
        + event('{"choices":[],"usage":{"prompt_tokens":NaN,"completion_tokens":9007199254740993}}')
        + event('{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1e400}}')
        + event('{"choices":[],"usage":{"prompt_tokens":"12","completion_tokens":true}}')
        + event({"choices": [], "usage": "none"})
        + STOP
        + DONE,
        "Good boots",
        usage=Usage(0, 0),
    ),
    # Anthropic
    "Anthropic: text": Case(
        message(*text_block("Größe ", "44 🥾")), "Größe 44 🥾", usage=Usage(9, 7), dialect="anthropic"
    ),
    "Anthropic: pings and unknown events": Case(
        message({"type": "ping"}, *text_block("Good", " boots"), {"type": "news", "delta": {"text": "x"}}),
        "Good boots",
        dialect="anthropic",
    ),
    "Anthropic: thinking, signatures, citations": Case(
        message(
            *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "Hm."}),
            *block(1, {"type": "redacted_thinking", "data": "x"}, {"type": "signature_delta", "signature": "y"}),
            *block(2, {"type": "text", "text": "Good"}, {"type": "citations_delta", "citation": {}}),
            *text_block(" boots", index=3),
        ),
        "Good boots",
        dialect="anthropic",
    ),
    "Anthropic: text and a call in pieces": Case(
        message(*text_block("Let me look."), *tool_block("", ARGUMENTS[:HALF], ARGUMENTS[HALF:]), stop="tool_use"),
        "Let me look.",
        (SEARCH,),
        "tool-calls",
        ids=("toolu_1",),
        dialect="anthropic",
    ),
    "Anthropic: a call without arguments": Case(
        message(*tool_block("", name="get_cart"), stop="tool_use"),
        "",
        (("get_cart", {}),),
        "tool-calls",
        dialect="anthropic",
    ),
    "Anthropic: interleaved calls and a tool of the provider": Case(
        message(
            *block(
                0,
                {"type": "server_tool_use", "id": "s", "name": "web"},
                {"type": "input_json_delta", "partial_json": "{"},
            ),
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "tool_use", "id": "a", "name": "get_cart"},
            },
            *tool_block(ARGUMENTS[:HALF], index=2, id="b"),
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
            {
                "type": "content_block_delta",
                "index": 2,
                "delta": {"type": "input_json_delta", "partial_json": ARGUMENTS[HALF:]},
            },
            stop="tool_use",
        ),
        "",
        (("get_cart", {}), SEARCH),
        "tool-calls",
        ids=("a", "b"),
        dialect="anthropic",
    ),
    "Anthropic: arguments cut by the length": Case(
        message(*tool_block(ARGUMENTS[:HALF]), stop="max_tokens"),
        "",
        (("search_catalog", None),),
        "length",
        dialect="anthropic",
    ),
    "Anthropic: a refusal": Case(
        message(*text_block("I cannot."), stop="refusal"), "I cannot.", finish="content-filter", dialect="anthropic"
    ),
    "Anthropic: the context is full": Case(
        message(*text_block("Good"), stop="model_context_window_exceeded"),
        "Good",
        finish="length",
        dialect="anthropic",
    ),
    "Anthropic: a pause": Case(
        message(*text_block("Good"), stop="pause_turn"), "Good", finish="other", dialect="anthropic"
    ),
    "Anthropic: cached tokens count": Case(
        message(
            *text_block("Good"),
            usage={
                "input_tokens": 10,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 5,
                "output_tokens": 3,
            },
        ),
        "Good",
        usage=Usage(115, 3, 100),
        dialect="anthropic",
    ),
    "Anthropic: no message_stop": Case(
        message(*text_block("Good boots")).partition(b"event: message_stop")[0], "Good boots", dialect="anthropic"
    ),
    "Anthropic: [DONE] of a gateway": Case(
        message(*text_block("Good boots")) + DONE, "Good boots", dialect="anthropic"
    ),
    "Anthropic: stream ignored": Case(
        json.dumps(
            {
                "type": "message",
                "content": [
                    {"type": "text", "text": "Good boots"},
                    {"type": "tool_use", "id": "a", "name": "search_catalog", "input": BOOTS},
                ],
                "stop_reason": "tool_use",
                "usage": {"input_tokens": 4, "output_tokens": 2},
            }
        ).encode(),
        "Good boots",
        (SEARCH,),
        "tool-calls",
        usage=Usage(4, 2),
        dialect="anthropic",
        headers=JSON,
    ),
    "Anthropic: emoji halves in two deltas": Case(
        message(*text_block("\ud83e", "\udd7e good")), "🥾 good", dialect="anthropic"
    ),
}

# What is no answer: the reason's beginning, the status it stands for, and the text that came before.
FAULTS: dict[str, tuple[Case, str, int]] = {
    # 10
    "the end without a finish": (Case(say("Good boots"), "Good boots"), "the answer ended", 0),
    "the end before anything": (Case(b": hello\n\n"), "the answer ended", 0),
    "[DONE] and nothing else": (Case(DONE), "the answer is empty", 0),
    "the end within a chunk": (Case(say("Good") + say(" boots")[:-9], "Good"), "a chunk is not JSON", 0),
    # 15
    "an error object": (Case(event({"error": {"message": "overloaded", "code": 503}})), "the provider reports", 503),
    "an error object after text": (
        Case(say("Good") + event({"error": {"message": "no"}}), "Good"),
        "the provider reports",
        500,
    ),
    "an error as a string": (Case(event({"error": "no"})), "the provider reports", 500),
    "vLLM's error": (Case(event({"object": "error", "message": "no", "code": 400})), "the provider reports", 400),
    "an error JSON as an event stream": (
        Case(b'{"error": {"message": "no", "type": "server_error"}}'),
        "the provider reports",
        500,
    ),
    "Gemini's error": (Case(b'[{"error": {"code": 429, "message": "no"}}]'), "the provider reports", 429),
    "an error finish": (Case(say("Good") + chunk({}, finish="error"), "Good"), "the provider ends with", 500),
    "an error event without a type": (Case(event({"message": "no"}, name="error")), "the provider reports", 500),
    "a request that is wrong": (
        Case(event({"error": {"type": "invalid_request_error"}})),
        "the provider reports",
        400,
    ),
    "Anthropic: overloaded before anything": (
        Case(event({"type": "error", "error": {"type": "overloaded_error"}}, name="error"), dialect="anthropic"),
        "the provider reports",
        500,
    ),
    "Anthropic: overloaded after text": (
        Case(
            message(*text_block("Good"), {"type": "error", "error": {"type": "overloaded_error"}}, stop=None),
            "Good",
            dialect="anthropic",
        ),
        "the provider reports",
        500,
    ),
    "Anthropic: the key is wrong": (
        Case(event({"type": "error", "error": {"type": "authentication_error"}}, name="error"), dialect="anthropic"),
        "the provider reports",
        401,
    ),
    "Anthropic: the end without a stop": (
        Case(message(*text_block("Good"), stop=None), "Good", dialect="anthropic"),
        "the answer ended",
        0,
    ),
    # 16
    "an HTML page": (Case(b"<html><body>Bad gateway</body></html>"), "the answer ended", 0),
    "another JSON object": (Case(b'{"detail": "Not Found"}'), "the answer is empty", 0),
    # 22
    "data that is no JSON": (Case(say("Good") + event("oops"), "Good"), "a chunk is not JSON", 0),
    "data that is a number": (Case(event("7")), "a chunk is not a JSON object", 0),
    "JSON of great depth": (Case(event("[" * 100_000)), "a chunk is not JSON", 0),
    "a number of great length": (Case(event('{"usage": ' + "9" * 5000 + "}")), "a chunk is not JSON", 0),
    "an event without an end": (
        Case(say("Good") + b"data: " + b"x" * 5_000_000, "Good"),
        "an event has more than",
        0,
    ),
    "a body without an end": (Case(b"{" + b" " * 5_000_000), "the answer has more than", 0),
}


def check(case: Case, ear: Ear, step: Any) -> None:
    assert ear.words == case.text
    assert [(call.name, call.input) for call in step.calls] == list(case.calls)
    assert step.finish_reason == case.finish
    assert case.usage in {None, step.usage}
    assert case.ids in {None, tuple(call.id for call in step.calls)}


def sizes(wire: bytes) -> list[int]:
    """Small pieces for what is small; for the large a few that fall everywhere."""
    return [0, *range(1, 12), 16, 64, 1000] if len(wire) < 20_000 else [0, 997, 65_536]


@pytest.mark.parametrize("name", CASES)
def test_a_provider_is_understood_however_its_bytes_are_cut(name: str) -> None:
    case = CASES[name]
    whole, step = read(case.wire, dialect=case.dialect)
    check(case, whole, step)
    for size in sizes(case.wire):
        ear, again = read(case.wire, size, dialect=case.dialect)
        assert (ear.heard, again) == (whole.heard, step)


@pytest.mark.parametrize("name", CASES)
def test_what_is_pushed_can_be_stored(name: str) -> None:
    ear, step = read(CASES[name].wire, dialect=CASES[name].dialect)
    pushed = "".join(part for delta in ear.heard for part in delta[1:])
    assert "\x00" not in pushed
    stored = pushed + json.dumps([call.input for call in step.calls], allow_nan=False, ensure_ascii=False)
    assert stored.encode().decode() == stored


@pytest.mark.parametrize("name", CASES)
def test_the_shown_arguments_are_those_of_the_call(name: str) -> None:
    ear, step = read(CASES[name].wire, dialect=CASES[name].dialect)
    for made in step.calls:
        shown = [part[2] for part in ear.heard if part[:2] == ("input", made.id)]
        assert "".join(shown) == made.raw


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed_after_what_came_before_it(name: str) -> None:
    case, reason, status = FAULTS[name]
    for size in sizes(case.wire):
        ear = Ear()
        reader = DIALECTS[case.dialect].Decoder(ear)
        with pytest.raises(Broken, match=reason) as caught:
            for at in range(0, len(case.wire), size or len(case.wire)):
                reader.feed(case.wire[at : at + (size or len(case.wire))])
            reader.end()
        assert (ear.words, caught.value.status) == (case.text, status)


def test_an_id_of_an_earlier_step_is_not_used_again() -> None:
    _, step = read(boots(id="a", index=0) + CALLS + DONE, taken={"a"})
    assert step.calls == (Call("own_1", "search_catalog", BOOTS, ARGUMENTS),)


# Over sockets


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def provider(server: ModelServer, dialect: str) -> Provider:
    return Provider(DIALECTS[dialect], name="m", base_url=server.url, pause=lambda *_: None)


@pytest.mark.parametrize("name", CASES)
def test_a_provider_is_understood_over_a_socket(server: ModelServer, name: str) -> None:
    case = CASES[name]
    for size in (3, 50, 10**6) if len(case.wire) < 20_000 else (10_007, 10**6):
        ear = Ear()
        server.says(Say.cut_into(case.wire, size, headers=case.headers or EVENTS))
        check(replace(case, ids=None), ear, provider(server, case.dialect).stream(QUESTION, ear))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_over_a_socket_is_a_problem(server: ModelServer, name: str) -> None:
    case, _, status = FAULTS[name]
    server.says(Say.cut_into(case.wire, 10_000))
    expected: type[Problem] = ModelCut if case.text else ModelRefused if 400 <= status < 429 else ModelUnavailable
    ear = Ear()
    with pytest.raises(expected):
        provider(server, case.dialect).stream(QUESTION, ear)
    assert ear.words == case.text
    assert len(server.asked) == (3 if expected is ModelUnavailable else 1)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_framing_of_http_is_read(server: ModelServer, framing: Any, dialect: str) -> None:
    wire = {"openai": say("Größe ", "44") + STOP + DONE, "anthropic": message(*text_block("Größe ", "44"))}
    server.says(Say.cut_into(wire[dialect], 11, framing=framing))
    ear = Ear()
    provider(server, dialect).stream(QUESTION, ear)
    assert ear.words == "Größe 44"


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_a_compressed_stream_is_read(server: ModelServer, size: int) -> None:
    zipped = gzip.compress(say("Good", " boots") + STOP + DONE)
    server.says(Say.cut_into(zipped, size, headers={**EVENTS, "Content-Encoding": "gzip"}))
    ear = Ear()
    provider(server, "openai").stream(QUESTION, ear)
    assert ear.words == "Good boots"


def test_no_compression_is_asked_for(server: ModelServer) -> None:
    server.says(Say([say("Good") + STOP + DONE]))
    provider(server, "openai").stream(QUESTION, Ear())
    assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("end", ["cut", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_an_answer_that_breaks_off_keeps_what_was_said(server: ModelServer, end: Any, framing: Any) -> None:
    ear = Ear()
    server.says(Say([say("Good"), ear.spoken], end=end, framing=framing))
    with pytest.raises(ModelCut):
        provider(server, "openai").stream(QUESTION, ear)
    assert ear.words == "Good"


@pytest.mark.parametrize("end", ["cut", "reset"])
def test_an_end_that_is_missing_after_the_finish_is_not_missed(server: ModelServer, end: Any) -> None:
    server.says(Say([say("Good boots") + STOP], end=end))
    ear = Ear()
    assert provider(server, "openai").stream(QUESTION, ear).finish_reason == "stop"
    assert ear.words == "Good boots"
