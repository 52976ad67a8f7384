"""The Model Context Protocol as far as a shop needs it: JSON-RPC, one POST a call.

A call is sent bare, as Shopify's own client sends it: no handshake, no session, no header of MCP. A server that
insists on more gets it: `initialize` and its session, as MCP had them until 2025-11-25, or, where there is no
`initialize`, the headers and `_meta` of 2026-07-28. What it wanted is remembered.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from widget_api.problems import Problem, ShopRefused, ShopUnavailable
from widget_api.shopify.calls import time_left
from widget_api.shopify.endpoint import CLIENT_NAME
from widget_api.shopify.http import Http, Reply
from widget_api.shopify.moves import log_move
from widget_api.shopify.pauses import SHORT_PAUSE, busy_problem, is_to_be_repeated, pause_of, too_many
from widget_api.shopify.refusals import (
    AUTHENTICATION,
    AgentRefused,
    Refusal,
    refusal_in_error,
    refusal_in_result,
)
from widget_api.shopify.words import words

# The version that has neither handshake nor session.
VERSION: Final = "2026-07-28"
# The newest version that still begins with a handshake.
HANDSHAKE_VERSION: Final = "2025-11-25"
CLIENT: Final = {"name": "shop-chat", "version": "1"}
_META: Final = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}

MAX_PAGES = 5
# Of a list of tools. Shopify has some twenty with names of about thirty characters.
MAX_TOOLS: Final = 500
NAME_CHARACTERS: Final = 100
CURSOR_CHARACTERS: Final = 2000

_WANTS_MORE = re.compile(r"session|initiali[sz]e|protocol.?version|mcp-|_meta", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,500}")
# Tools that change nothing may be called again when nobody knows what became of the first call.
_READS = re.compile(r"(get|search|ask)_")
_TOOL = re.compile(r"(\bunknown tool)|\btool\b", re.IGNORECASE)
_NOT_FOUND = re.compile(r"\bnot found", re.IGNORECASE)

METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32601, -32602, -32603


class NotOffered(ShopRefused):
    """The shop does not offer this."""


class InvalidArguments(ShopRefused):
    """The shop refused the request."""

    def __init__(self, reason: str) -> None:
        """`reason` is the shop's text, which is written for programs and so is not the problem's detail."""
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered. It may hold a cart's key, so it is not shown."""

    structured: Any = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)

    def payloads(self) -> Iterator[Any]:
        """Every JSON value of the answer: the structured one, then each text that is JSON by itself.

        Texts are never joined: a second one may be a notice to people.
        """
        if self.structured is not None:
            yield self.structured
        yield from (value for text in self.texts if (value := _parsed(text)) is not None)

    def sayings(self) -> list[str]:
        """The texts that are no JSON but words."""
        return [words(text) for text in self.texts if _parsed(text) is None]


def _parsed(text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None


def parse(text: str | bytes) -> Any:
    """The JSON value in `text`. Raises `ValueError`, also for NaN and for what nests too deep."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


class Mcp:
    """One MCP endpoint."""

    def __init__(self, url: str, http: Http, user_agent: str = CLIENT_NAME, shop: str = "") -> None:
        """`shop` is the name of the shop in the log."""
        self.url = url
        self._shop = shop
        self._http = http
        self._user_agent = user_agent
        self._ids = itertools.count(1)

    def tools(self, arguments: dict[str, Any]) -> frozenset[str]:
        """The names of the tools on offer, remembered for an hour; empty when there is no such endpoint.

        `arguments` go along, because Shopify wants to know who asks: the list depends on the agent's profile.
        Raises `ShopUnavailable`, `ShopRefused`.
        """
        key = self._key(arguments)
        known = self._http.tools.get(key)
        if known is not None:
            return known
        try:
            listed = frozenset(itertools.islice(self._list(arguments), MAX_TOOLS))
        except NotOffered:
            return frozenset()  # not remembered: what was away for a moment must not be away for an hour
        self._http.tools.put(key, listed)
        return listed

    def forget(self, arguments: dict[str, Any]) -> None:
        """Ask for the list of tools that goes with `arguments` anew next time."""
        self._http.tools.drop(self._key(arguments))

    def _key(self, arguments: dict[str, Any]) -> str:
        return f"{self.url} {json.dumps(arguments, sort_keys=True)}"

    def call(self, name: str, arguments: dict[str, Any]) -> Result:
        """Call a tool. What the tool says of its own failure is a result too.

        Raises `NotOffered` when there is no such tool, `ShopRefused` and `ShopUnavailable`.
        """
        result = self._request("tools/call", {"name": name, "arguments": arguments}, name)
        answer = _answer(result)
        if result.get("isError") and any(_says_no_such_tool(text[:200]) for text in answer.texts):
            raise NotOffered
        return answer

    def _list(self, arguments: dict[str, Any]) -> Iterator[str]:
        params: dict[str, Any] = {"arguments": arguments} if arguments else {}
        for _ in range(MAX_PAGES):
            result = self._request("tools/list", params)
            tools = result.get("tools")
            if not isinstance(tools, list):
                _raise_refusal(result)
            for tool in (tools if isinstance(tools, list) else [])[:MAX_TOOLS]:
                name = tool.get("name") if isinstance(tool, dict) else None
                if isinstance(name, str) and len(name) <= NAME_CHARACTERS:
                    yield name
            cursor = result.get("nextCursor")
            if not isinstance(cursor, str) or not 0 < len(cursor) <= CURSOR_CHARACTERS:
                return
            params = {**params, "cursor": cursor}

    def _request(self, method: str, params: dict[str, Any], name: str = "") -> dict[str, Any]:
        """Send one request, again at most once after a short pause that the shop asked for, and once more as the
        server wants it. It was not carried out before."""
        changes = bool(name and not _READS.match(name))
        waited = adapted = False
        while True:
            reply, message = self._exchange(method, params, name, changes=changes)
            if not waited and is_to_be_repeated(reply, message, changes=changes):
                waited = True
                self._wait(pause_of(reply, message))
            elif not adapted and self._wants_more(reply):
                adapted = True
                self._adapt(params)
            else:
                log_move(self._http.reported, self._shop, self.url, reply)
                return _result(reply, message)

    def _wait(self, pause: float) -> None:
        if pause > SHORT_PAUSE or pause >= time_left(math.inf):
            raise too_many(pause)
        self._http.pause(pause)

    def _exchange(
        self, method: str, params: dict[str, Any], name: str, *, changes: bool
    ) -> tuple[Reply, dict[str, Any]]:
        """The HTTP answer and the JSON-RPC message in it, which is empty when there is none."""
        number = next(self._ids)
        headers = self._http.sessions.get(self.url) or {}
        if headers.get("MCP-Protocol-Version") == VERSION:
            headers = {**headers, "Mcp-Method": method, **({"Mcp-Name": name} if name else {})}
            params = {**params, "_meta": _META}
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        reply = self._post(message, headers, changes=changes)
        return reply, _message(reply, number)

    def _post(self, message: dict[str, Any], headers: dict[str, str], *, changes: bool = False) -> Reply:
        return self._http.post(
            self.url,
            json.dumps(message, separators=(",", ":")).encode(),
            {
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
                "User-Agent": self._user_agent,
                **headers,
            },
            changes=changes,
        )

    def _wants_more(self, reply: Reply) -> bool:
        """Return whether the server wants a session or headers, or has forgotten the session it gave."""
        if reply.status == 404 and self._http.sessions.get(self.url):
            self._http.sessions.drop(self.url)
            return True
        return reply.status == 400 and bool(_WANTS_MORE.search(reply.body[:2000].decode(errors="replace")))

    def _adapt(self, params: dict[str, Any]) -> None:
        """Open a session as MCP had it until 2025-11-25, or, where there is none, take the headers of 2026-07-28."""
        self._http.sessions.drop(self.url)
        try:
            headers = self._shake_hands(params.get("arguments"))
        except NotOffered:
            headers = {"MCP-Protocol-Version": VERSION}
        self._http.sessions.put(self.url, headers)

    def _shake_hands(self, arguments: object) -> dict[str, str]:
        """Return the headers of a new session. A UCP server wants to know of `initialize`, too, who asks."""
        params: dict[str, Any] = {"protocolVersion": HANDSHAKE_VERSION, "capabilities": {}, "clientInfo": CLIENT}
        if isinstance(arguments, dict) and "meta" in arguments:
            params["arguments"] = {"meta": arguments["meta"]}
        number = next(self._ids)
        reply = self._post({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params}, {})
        version = str(_result(reply, _message(reply, number)).get("protocolVersion"))
        headers = {"MCP-Protocol-Version": version if _DATE.fullmatch(version) else HANDSHAKE_VERSION}
        if _VISIBLE.fullmatch(reply.header("Mcp-Session-Id")):
            headers["Mcp-Session-Id"] = reply.header("Mcp-Session-Id")
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"}, headers)
        return headers


def _says_no_such_tool(said: str) -> bool:
    """Return whether the words are "unknown tool", or "tool" and "not found" behind it."""
    tool = _TOOL.search(said)
    return bool(tool and (tool[1] or _NOT_FOUND.search(said, tool.end()) or "unknown tool" in said.lower()))


def _answer(result: dict[str, Any]) -> Result:
    content = result.get("content")
    texts = tuple(
        block["text"]
        for block in (content if isinstance(content, list) else ())
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    )
    return Result(result.get("structuredContent"), texts)


def _raise_refusal(result: dict[str, Any]) -> None:
    """Raise `AgentRefused` when the result, which is no list of tools, says that the shop refuses us."""
    for payload in (result, *_answer(result).payloads()):
        if refusal := refusal_in_result(payload):
            raise AgentRefused(refusal)


def _message(reply: Reply, number: int) -> dict[str, Any]:
    """The JSON-RPC answer to request `number`; empty when the body holds none."""
    for text in _texts(reply):
        try:
            message = parse(text)
        except ValueError:
            continue
        # An error may come before the server has read the request's id.
        if isinstance(message, dict) and message.get("id") in (number, None) and message.keys() & {"result", "error"}:
            return message
    return {}


def _texts(reply: Reply) -> Iterator[str]:
    """The body, or the data of each of its server-sent events."""
    body = reply.body.decode(errors="replace")
    if not reply.header("Content-Type").startswith("text/event-stream"):
        yield body
        return
    for event in body.replace("\r\n", "\n").split("\n\n"):
        lines = (line.removeprefix("data:") for line in event.split("\n") if line.startswith("data:"))
        yield "\n".join(lines)


def _result(reply: Reply, message: dict[str, Any]) -> dict[str, Any]:
    """The result of the call. Raises what its error or its status stands for."""
    error, result = message.get("error"), message.get("result")
    if isinstance(error, dict):
        raise _fault(reply, message, error)
    if not isinstance(result, dict) or reply.status >= 300:
        raise _status_fault(reply, message)
    return result


def _fault(reply: Reply, message: dict[str, Any], error: dict[str, Any]) -> Problem:
    """Return the problem that a JSON-RPC error is. Its words are written for programs, so they go no further."""
    if problem := busy_problem(reply, message):
        return problem
    code, said = error.get("code"), words(error.get("message"))
    if code == METHOD_NOT_FOUND or _says_no_such_tool(said):
        return NotOffered()
    if refusal := refusal_in_error(error):
        return AgentRefused(refusal)
    if code == INVALID_PARAMS:
        return InvalidArguments(said)
    if code == INTERNAL_ERROR or reply.status >= 500:
        return ShopUnavailable()
    return ShopRefused()


def _status_fault(reply: Reply, message: dict[str, Any]) -> Problem:
    if problem := busy_problem(reply, message):
        return problem
    if reply.status in {404, 405, 410}:
        return NotOffered()
    if reply.status in {401, 403}:
        return AgentRefused(Refusal(AUTHENTICATION, f"HTTP {reply.status}"))
    if 300 <= reply.status < 400:
        return ShopUnavailable("The shop's storefront is closed or has moved.")
    if 400 <= reply.status < 500:
        return ShopRefused()
    return ShopUnavailable("The shop's answer could not be understood." if reply.status < 300 else "")
