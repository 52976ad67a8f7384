"""The shapes in which UCP answers: a result, a result that says "not found", and a refusal."""

from __future__ import annotations

from flask import request

from widget_api.demo.rpc import Json, ToolError, text

VERSION = "2026-04-08"


def home() -> str:
    """The shop's own address, with a slash at the end."""
    return request.host_url


def ok(body: Json, *capabilities: str) -> Json:
    """A result under these capabilities, structured and once more as text."""
    result = {"ucp": _envelope("success", *capabilities), **body}
    return {"isError": False, "structuredContent": result, "content": [text(result)]}


def _envelope(status: str, *capabilities: str) -> Json:
    return {
        "version": VERSION,
        "status": status,
        "capabilities": {capability: [{"version": VERSION}] for capability in capabilities},
    }


def missing(content: str, *capabilities: str) -> Json:
    """What was asked for is not there: a result with a message, not an error."""
    message = {"type": "error", "code": "not_found", "content": content, "severity": "unrecoverable"}
    result = {"ucp": _envelope("error", *capabilities), "messages": [message], "continue_url": home()}
    return {"structuredContent": result, "content": [text(result)]}


def refused(code: str, content: str, path: str = "") -> ToolError:
    """A tool error with a code and, if it is about one line, the way to it."""
    message = {"type": "error", "code": code, "content": content, "severity": "unrecoverable"}
    if path:
        message |= {"content_type": "plain", "path": path}
    result = {"ucp": {"version": VERSION}, "messages": [message], "continue_url": home()}
    return ToolError({"structuredContent": result, "content": [text(result)]})
