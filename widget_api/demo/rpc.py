"""JSON-RPC 2.0 as Shopify's two MCP endpoints speak it: envelopes, and the words in which they refuse."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request

from widget_api.demo.faults import FAULTS

Json = dict[str, Any]

_NOT_FOUND = "<!doctype html><html lang=en><title>404 Not Found</title><h1>Page not found</h1></html>"


class RpcError(Exception):
    """The call ends in an error of the protocol, not in one of a tool."""

    def __init__(self, code: int, message: str, data: object = None, *, status: int = 200) -> None:
        """`status` is the HTTP status."""
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data is not None else {})}
        self.status = status


class ToolError(Exception):
    """The tool says no: `result` says why."""

    def __init__(self, result: Json) -> None:
        super().__init__()
        self.result = {"isError": True, **result}

    @classmethod
    def saying(cls, said: str) -> ToolError:
        """The plain text with which both endpoints refuse arguments."""
        return cls({"content": [{"type": "text", "text": said}]})


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with the JSON schema of its arguments and the function that runs it."""

    name: str
    description: str
    schema: Json
    run: Callable[[Json], Json]

    def to_dict(self) -> Json:
        return {"name": self.name, "description": self.description, "inputSchema": self.schema}


def not_found() -> Response:
    """The shop's 404 page, which is what a GET gets."""
    return Response(_NOT_FOUND, 404, mimetype="text/html")


def answer(handle: Callable[[str, Json], Json]) -> Response | tuple[Response, int] | tuple[str, int]:
    """Answer the request by `handle(method, params)`, with the faults that are set."""
    time.sleep(FAULTS.slow_seconds)
    try:
        message = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return _error(None, RpcError(-32700, "Parse error", status=400))
    if isinstance(message, list):
        return _error(None, RpcError(-32602, "batch too large"))
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return _error(None, RpcError(-32600, "Invalid Request", status=400))
    if "id" not in message:
        return "", 202
    params = message.get("params")
    try:
        result = handle(message["method"], params if isinstance(params, dict) else {})
    except RpcError as exc:
        return _error(message["id"], exc)
    return jsonify(jsonrpc="2.0", id=message["id"], result=result)


def _error(id: object, exc: RpcError) -> tuple[Response, int]:
    response = jsonify(jsonrpc="2.0", id=id, error=exc.error)
    if exc.status in (429, 503):
        response.headers["Retry-After"] = "1"
    return response, exc.status


def call(tools: Mapping[str, Tool], params: Json, *, quote: str = "") -> Json:
    """Check the tool's name, then its arguments, then run it. `quote` stands around paths in refusals."""
    if FAULTS.take("rate_limit_next"):
        if FAULTS.rate_limit_in_body:
            raise RpcError(-32000, "Rate limit exceeded", {"retry_after": 1})
        raise RpcError(-32000, "Rate limit exceeded", status=429)
    name = params.get("name")
    tool = tools.get(name) if isinstance(name, str) else None
    if tool is None:  # what Shopify says is not recorded; these are the protocol's code and usual words
        raise RpcError(-32602, f"Tool not found: {name}")
    if FAULTS.take("internal_error_next"):
        raise RpcError(-32603, "Internal error", f"Internal error calling tool {name}: Core client error", status=500)
    arguments = params.get("arguments")
    try:
        _check(arguments if isinstance(arguments, dict) else {}, tool.schema, quote)
        return tool.run(arguments if isinstance(arguments, dict) else {})
    except ToolError as exc:
        return exc.result


def text(value: object) -> Json:
    """A text block with `value` as JSON."""
    return {"type": "text", "text": json.dumps(value, ensure_ascii=False)}


_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _check(arguments: Json, schema: Json, quote: str) -> None:
    missing = [name for name in schema["required"] if name not in arguments]
    if missing:
        raise ToolError.saying(f"Missing required arguments: {', '.join(missing)}")
    for fault in _faults(arguments, schema, "", quote):
        raise ToolError.saying(f"Invalid arguments: {fault}")


def _faults(value: object, schema: Json, path: str, quote: str) -> Iterator[str]:
    """What does not fit, first fault first, in the words that are recorded of the endpoints."""
    where, kind = f"{quote}{path}{quote}", schema.get("type", "object")
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"value at {where} is not {'an' if kind[0] in 'aeio' else 'a'} {kind}"
    elif isinstance(value, dict):
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            yield f"object at {where} is missing required properties: {', '.join(missing)}"
        for name, entry in schema.get("properties", {}).items():
            if name in value:
                yield from _faults(value[name], entry, f"{path}/{name}", quote)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _faults(entry, schema.get("items", {}), f"{path}/{index}", quote)


def obj(*required: str, **properties: Json) -> Json:
    """A JSON schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required)}


def array(items: Json) -> Json:
    """A JSON schema of a list."""
    return {"type": "array", "items": items}


STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}

_GID = re.compile(r"gid://shopify/(Product|ProductVariant)/([0-9]{1,18})")


def number(gid: str, kind: str) -> int | None:
    """The number in a GID of that kind, None when it is no such GID."""
    found = _GID.fullmatch(gid)
    return int(found[2]) if found and found[1] == kind else None


def closed() -> Response:
    """The way to the password page of a shop that is not open."""
    return Response(status=302, headers={"Location": "/password"})
