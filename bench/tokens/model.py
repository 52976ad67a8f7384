"""A model that goes through a story by its script, and keeps every request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.tokens.story import Seen, Turn, call
from tests.served import served

Json = dict[str, Any]


class Model:
    """The script's state. A turn begins with each request that ends in a question."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = turns
        self.requests: list[tuple[int, Json]] = []  # with the number of the turn
        self._seen = Seen()
        self._turn = -1

    def answer(self, body: Json) -> Json:
        """Return the delta that answers the request."""
        begins = body["messages"][-1]["role"] == "user"
        self._turn += begins
        self.requests.append((self._turn, body))
        turn = self.turns[self._turn]
        if begins and turn.tool:
            return {"role": "assistant", "content": None, "tool_calls": [call(turn, self._seen, self._turn)]}
        at = max(place for place, message in enumerate(body["messages"]) if message["role"] == "user")
        self._seen.learn(body["messages"][at:])
        return {"role": "assistant", "content": turn.answer}


@contextmanager
def serving(model: Model) -> Iterator[str]:
    """Yield the base URL under which the model is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            delta = model.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            ending = "tool_calls" if "tool_calls" in delta else "stop"
            chunks = [_chunk(delta), _chunk({}, ending), b"data: [DONE]\n\n"]
            self.send_response_only(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"".join(chunks))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with served(server):
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"


def _chunk(delta: Json, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
