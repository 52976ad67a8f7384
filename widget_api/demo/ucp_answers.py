"""The shapes in which UCP answers: a result, a result that says "not found", and a refusal."""

from __future__ import annotations

from flask import request

from widget_api.demo import negotiation
from widget_api.demo.faults import FAULTS
from widget_api.demo.rpc import Json, ToolError, text


def home() -> str:
    """The shop's own address, with a slash at the end."""
    return request.host_url


def ok(body: Json, *roots: str) -> Json:
    """Return a result under these capabilities and their agreed extensions, structured and once more as text."""
    result = {"ucp": _envelope("success", *roots), **body}
    return {"isError": False, "structuredContent": result, "content": [text(result)]}


def _envelope(status: str, *roots: str) -> Json:
    agreement = negotiation.current()
    active = {name: [{"version": agreement.version}] for name in agreement.active(*roots)}
    return {"version": agreement.version, "status": status, "capabilities": active}


def missing(content: str, *roots: str) -> Json:
    """Return that what was asked for is not there: a result with a message, not an error."""
    return _failure(_envelope("error", *roots), _message("not_found", content))


def incompatible() -> Json:
    """Return that the shop and the agent have no capability in common, which answers every method."""
    content = "No compatible capabilities in the intersection"
    return _failure(_bare(), _message("capabilities_incompatible", content))


def refused(code: str, content: str, path: str = "") -> ToolError:
    """Return a tool error with a code and, if it is about one line, the way to it."""
    message = _message(code, content)
    if path:
        message |= {"content_type": "plain", "path": path}
    return ToolError(_failure(_bare(), message))


def _bare() -> Json:
    version = negotiation.current().version
    return {"version": version} if FAULTS.errors_without_status else {"version": version, "status": "error"}


def _message(code: str, content: str) -> Json:
    return {"type": "error", "code": code, "content": content, "severity": "unrecoverable"}


def _failure(ucp: Json, message: Json) -> Json:
    result = {"ucp": ucp, "messages": [message], "continue_url": home()}
    return {"structuredContent": result, "content": [text(result)]}
