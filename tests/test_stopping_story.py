"""In whatever order stops and the messages they are for arrive, the right answer is stopped, and no other.

A story compares the product with a plain model of it after each step. A race has a stop and its message arrive at the
same moment.
"""

from __future__ import annotations

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests import column
from tests.conftest import ANNAS_SHOP, ANNAS_SITE, Visitor, chat_body, events
from tests.scripted import Scripted
from widget_api import create_app
from widget_api.config import Config
from widget_api.models import PendingStop, Shop, connected, disconnect, rows

MESSAGES = st.sampled_from(["m1", "m2", "m3"])
VERSIONS = st.sampled_from([None, 1, 2, 3])
ENDS = {"finish": "complete", "abort": "stopped"}


class Story(RuleBasedStateMachine):
    """One conversation: each answer ends before the next step, so that a step has one right outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = self.held.enter_context(tempfile.TemporaryDirectory())
        stores = self.held.enter_context(column.stores())
        self.config = Config(
            secret_keys=("0123456789abcdefghijklmnopqrstuv-stops",),
            instance=Path(folder),
            database_url=stores.get("DATABASE_URL", f"sqlite:///{folder}/chat.db"),
            redis_url=stores.get("REDIS_URL", ""),
            public_url="https://chat.example",
            rate_limits="off",
            backup_days=0,
        )
        self.start()
        Shop.register(ANNAS_SHOP, origins=[ANNAS_SITE], mcp_url="http://127.0.0.1:9")
        self.anna = Visitor(self.app.test_client(), ANNAS_SHOP, ANNAS_SITE)
        self.asked: list[str] = []  # questions, the oldest first
        self.states: dict[tuple[str, int], str] = {}  # of each version of an answer
        self.pending: set[tuple[str, int]] = set()

    def start(self) -> None:
        self.app = create_app(self.config)
        self.services = self.app.extensions["widget"]
        self.services.shops.model_of_all = Scripted()

    def teardown(self) -> None:
        self.services.close(grace=0)
        disconnect()
        self.held.close()

    def newest(self, message: str) -> int:
        return max((version for known, version in self.states if known == message), default=0)

    def begins(self, message: str, version: int) -> str:
        """Note that an answer begins; return how it must end."""
        state = "stopped" if (message, version) in self.pending else "complete"
        self.pending.discard((message, version))
        self.states[message, version] = state
        return state

    def check(self, response: Any, state: str) -> None:
        assert response.status_code == 200, response.text
        said = events(response.data)
        assert (said[0]["type"], ENDS[said[-1]["type"]]) == ("start", state)

    @rule(message=MESSAGES)
    def sends(self, message: str) -> None:
        response = self.anna.send(f"about {message}", id=message)
        if message in self.asked:  # a repetition: it attaches, or was reworded since
            response.close()
            return
        self.asked.append(message)
        self.check(response, self.begins(message, 1))

    @precondition(lambda self: self.asked)
    @rule()
    def asks_again(self) -> None:
        message = self.asked[-1]
        self.check(self.anna.regenerate(), self.begins(message, self.newest(message) + 1))

    @precondition(lambda self: self.asked)
    @rule()
    def rewords(self) -> None:
        message = self.asked[-1]
        version = self.newest(message) + 1
        body = chat_body(self.anna.conversation, f"wording {version}", id=message) | {"messageId": message}
        self.check(self.anna.post("/api/chat", json=body), self.begins(message, version))

    @rule(message=MESSAGES, version=VERSIONS)
    def stops(self, message: str, version: int | None) -> None:
        wanted = {"message_id": message} | ({"version": version} if version else {})
        status = self.anna.post(f"/api/chat/{self.anna.conversation}/stop", json=wanted).json["status"]
        newest = self.newest(message)
        if (version or min(newest, 1) or 1) > newest:
            self.pending.add((message, version or 1))
            assert status == "stopped"
        else:
            assert status == self.states[message, version or newest]

    @rule()
    def stops_whatever_runs(self) -> None:
        response = self.anna.post(f"/api/chat/{self.anna.conversation}/stop")
        assert response.status_code == (200 if self.asked else 404)

    @rule()
    def the_process_is_replaced(self) -> None:
        self.services.close(grace=0)
        disconnect()
        self.start()
        self.anna.client = self.app.test_client()

    @invariant()
    def what_is_remembered_is_what_has_not_arrived(self) -> None:
        with connected():
            found = rows(PendingStop.select(PendingStop.message, PendingStop.version))
        assert set(found) == self.pending

    @invariant()
    def the_history_has_each_question_once_with_its_newest_answer(self) -> None:
        if not self.asked:
            return
        messages = self.anna.messages()
        assert [message["id"] for message in messages[::2]] == self.asked
        shown = [message["metadata"]["status"] for message in messages[1::2]]
        assert shown == [self.states[message, self.newest(message)] for message in self.asked]


TestStory = Story.TestCase
TestStory.settings = settings(max_examples=8 if column.REDIS else 15, stateful_step_count=20)


def test_of_a_stop_and_its_message_that_arrive_at_the_same_moment_the_answer_is_stopped(
    anna: Visitor, model: Scripted
) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(20):
            message = f"m{number}"
            model.will("half ", threading.Event(), "never said")
            together = threading.Barrier(2)

            def send(message: str = message, together: threading.Barrier = together) -> list[dict[str, Any]]:
                together.wait()
                return anna.says("talk", id=message)

            def stop(message: str = message, together: threading.Barrier = together) -> Any:
                together.wait()
                return anna.post(f"/api/chat/{anna.conversation}/stop", json={"message_id": message}).json

            said, stopped = pool.submit(send), pool.submit(stop)
            assert stopped.result(30) == {"status": "stopped"}
            assert said.result(30)[-1]["type"] == "abort"
            model.scripts.clear()
    assert {message["metadata"]["status"] for message in anna.messages()[1::2]} == {"stopped"}
