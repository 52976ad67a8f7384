"""A shopper of the product over HTTP: one session that asks, reads the answers' streams and looks into its cart."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import requests

from bench.evals.transcript import Answer, ToolCall
from widget_api.shopify.references import restore_parts

# Between two bytes of an answer. The product says something every few seconds, also while a model thinks.
READ_SECONDS: Final = 200


@dataclass(frozen=True, slots=True)
class Stream:
    """What the events of an answer's stream say: the type of the last one, and how the answer came to its end."""

    ending: str = "none"
    finish_reason: str = ""
    problem: str = ""


class Shopper:
    """One session at a shop."""

    def __init__(self, url: str, shop: str) -> None:
        """Begin a session. Raises `requests.RequestException`."""
        self._url = url
        self._http = requests.Session()
        self._http.trust_env = False
        answer = self._http.post(f"{url}/api/sessions", json={"shop": shop}, timeout=READ_SECONDS)
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _raised: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, conversation: str, text: str, page: Mapping[str, str]) -> Answer:
        """Send a message and return the whole answer, as it is stored. Raises `requests.RequestException`."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if page:
            parts.append({"type": "data-page", "data": dict(page)})
        message = {"id": uuid.uuid4().hex, "role": "user", "parts": parts}
        body = {"id": conversation, "message": message}
        began = time.monotonic()
        with self._http.post(f"{self._url}/api/chat", json=body, stream=True, timeout=READ_SECONDS) as response:
            if response.status_code != 200:
                return Answer(ending="none", problem=_code(response.text) or f"http {response.status_code}")
            stream = read_stream(_events(response.iter_lines()))
        return self._stored(conversation, stream, round(time.monotonic() - began, 1))

    def cart(self) -> dict[str, int] | None:
        """Return the lines of the session's cart by title, or None where the shop did not say."""
        answer = self._get("/api/cart")
        if answer["status"] == "unknown":
            return None
        lines: dict[str, int] = {}
        for line in (answer.get("cart") or {}).get("lines", ()):
            lines[line["title"]] = lines.get(line["title"], 0) + line["quantity"]
        return lines

    def _stored(self, conversation: str, stream: Stream, seconds: float) -> Answer:
        page = self._get(f"/api/conversations/{conversation}/messages?limit=1")
        [message] = page["messages"]
        parts = restore_parts(message["parts"])
        return Answer(
            text="\n\n".join(part["text"] for part in parts if part["type"] == "text"),
            calls=tuple(_call(part) for part in parts if part["type"].startswith("tool-")),
            cards=tuple(
                card for part in parts if part["type"] == "data-products" for card in part["data"]["products"]
            ),
            ending=stream.ending,
            finish_reason=stream.finish_reason,
            problem=stream.problem,
            cut=message["metadata"].get("cut", ""),
            seconds=seconds,
        )

    def _get(self, path: str) -> Any:
        answer = self._http.get(self._url + path, timeout=READ_SECONDS)
        answer.raise_for_status()
        return answer.json()


def read_stream(events: Iterable[Mapping[str, Any]]) -> Stream:
    """Return how the stream ended. One that was cut off has the ending "none"."""
    stream = Stream()
    for event in events:
        if event["type"] == "finish":
            stream = Stream("finish", str(event.get("finishReason", "stop")))
        elif event["type"] in {"abort", "error"}:
            stream = Stream(event["type"], problem=_code(event.get("errorText", "")) or event["type"])
    return stream


def _events(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        data = line.decode().removeprefix("data: ")
        if data.startswith("{") and data != line.decode():
            yield json.loads(data)


def _code(text: str) -> str:
    """Return the code of a problem object, or nothing where the text is none."""
    try:
        problem = json.loads(text)
    except ValueError:
        return ""
    return str(problem.get("code", "")) if isinstance(problem, dict) else ""


def _call(part: Mapping[str, Any]) -> ToolCall:
    name = str(part["type"]).removeprefix("tool-")
    failed = part["state"] == "output-error"
    return ToolCall(name, part.get("input"), part.get("errorText") if failed else part.get("output"), failed)
