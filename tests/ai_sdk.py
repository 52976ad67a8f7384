"""The AI SDK's own client under Node."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tests.conftest import text_of
from tests.live import Live, Shopper
from tests.node_tools import require_node

Said = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """A chat as a page would show it, and what its callbacks have been told so far."""

    status: str
    error: str
    messages: Said
    data: list[dict[str, Any]]  # onData
    calls: list[Any]  # onToolCall
    ends: list[dict[str, Any]]  # onFinish

    @property
    def text(self) -> str:
        """The newest message's words."""
        return text_of([part for part in self.messages[-1]["parts"] if part["type"] == "text"])

    @property
    def problem(self) -> dict[str, Any]:
        """The problem details in the chat's error."""
        assert self.status == "error"
        return dict(json.loads(self.error))


class Node:
    """The process that the chats live in."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, order: str, **fields: Any) -> Any:
        """Give an order and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps({"order": order, **fields}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "node has ended"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        return answer["answer"]

    def check(self, messages: Said) -> dict[str, Any]:
        """What the SDK has against the messages, and what it would send a model of them."""
        return dict(self.do("check", messages=messages))


_names = map(str, count())


@dataclass
class Chat:
    """One `Chat` of the SDK, as in one tab of a browser."""

    node: Node
    shopper: Shopper
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    history: Said = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)  # `short`, `browser`: see ai-sdk.mjs
    name: str = field(default_factory=lambda: next(_names))

    def __post_init__(self) -> None:
        self._do("open", id=self.id, messages=self.history, **self.wire)

    @property
    def wire(self) -> dict[str, Any]:
        return {"api": f"{self.shopper.url}/api/chat", "token": self.shopper.token, **self.options}

    def reloaded(self) -> Chat:
        """The same conversation after a page load: it begins with the history."""
        return Chat(self.node, self.shopper, self.id, self.page()["messages"], self.options)

    # What begins a request does not wait for its end.

    def send(self, text: str = "Talk to me.") -> None:
        self._do("send", text=text)

    def edit(self, message: str, text: str) -> None:
        self._do("edit", messageId=message, text=text)

    def regenerate(self, message: str = "") -> None:
        self._do("regenerate", messageId=message)

    def resume(self) -> None:
        """Resume, and wait until the server has begun to answer."""
        self._do("resume")

    def wake(self) -> None:
        """Resume as a page does that becomes visible: only what the network broke."""
        self._do("wake")

    def leave(self) -> None:
        """The SDK's own stop: it only hangs up."""
        self._do("leave")

    # What the page shows.

    def until(self, text: str) -> Look:
        """Wait until the newest message has the text, or the request ends."""
        return Look(**self._do("until", text=text))

    def until_tool(self, state: str) -> Look:
        """Wait until a tool part of the newest message has that state, or the request ends."""
        return Look(**self._do("untilTool", state=state))

    def settled(self) -> Look:
        """Wait until the request ends."""
        return Look(**self._do("settle"))

    def asks(self, text: str = "Talk to me.") -> Look:
        self.send(text)
        return self.settled()

    # What the server says.

    def page(self) -> dict[str, Any]:
        return self.shopper.messages(self.id)

    def stored(self) -> Said:
        """The history, without what the stream does not tell."""
        return [{key: each[key] for key in ("id", "role", "parts")} for each in self.page()["messages"]]

    def ends_unheard(self) -> None:
        """Wait until the answer has ended, without listening to it."""
        while "stream" in self.page():
            pass

    def stop(self) -> str:
        """Stop the answer, as from another tab."""
        return str(self.shopper.post(f"/api/chat/{self.id}/stop").json()["status"])

    def _do(self, order: str, **fields: Any) -> Any:
        return self.node.do(order, name=self.name, **fields)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """Node, for the tests of one file."""
    command, folder = ["node", "ai-sdk.mjs"], require_node()
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Node(process)


@pytest.fixture
def chat(node: Node, live: Live) -> Iterator[Chat]:
    """A new conversation of a new shopper."""
    with Shopper(live) as shopper:
        yield Chat(node, shopper)
