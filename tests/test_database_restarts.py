"""PostgreSQL may restart at any moment: meanwhile requests are refused with a time to wait, and nothing that was
acknowledged is lost."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.live import SHOP, Live, Shopper, serving
from tests.servers import PostgresServer, postgres_server

SHOPPERS, MESSAGES = 4, 6
# How the server may go; after each it is started again.
ENDS = ("fast", "immediate", "kill")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, server: PostgresServer) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("product"), DATABASE_URL=server.database()) as live:
        yield live


def end(server: PostgresServer, how: str) -> None:
    if how == "kill":
        server.kill()
    else:
        server.stop(how)


@pytest.mark.parametrize("how", ENDS)
def test_a_restart_between_two_requests_is_not_noticed(product: Live, server: PostgresServer, how: str) -> None:
    with Shopper(product) as anna:
        anna.ask("c", "hello")
        end(server, how)
        server.start()
        assert [message["role"] for message in anna.messages("c")["messages"]] == ["user", "assistant"]
        end(server, how)
        server.start()
        assert anna.ask("c", "hello again").endswith("data: [DONE]\n\n")
        assert len(anna.messages("c")["messages"]) == 4


def test_while_it_is_away_every_request_says_when_to_come_again(product: Live, server: PostgresServer) -> None:
    with Shopper(product) as anna:
        anna.ask("c", "hello")
        server.stop()
        asked = [
            anna.get("/api/conversations"),
            anna.get("/api/conversations/c/messages"),
            anna.get("/api/chat/c/stream"),
            anna.get("/readyz"),
            anna.post("/api/sessions", json={"shop": SHOP}),
            anna.post("/api/chat/c/stop"),
            anna.send("c", "are you there?", id="away"),
            anna.http.delete(f"{product.url}/api/conversations/c", timeout=60),
        ]
        for response in asked:
            assert refused(response), response.text
        assert anna.get("/healthz").status_code == 200
        server.start()
        assert anna.get("/readyz").status_code == 200
        assert len(anna.messages("c")["messages"]) == 2
        with anna.send("c", "are you there?", id="away") as response:
            assert response.content.endswith(b"data: [DONE]\n\n")
        assert len(anna.messages("c")["messages"]) == 4


def refused(response: requests.Response) -> bool:
    """Whether the answer is a problem that says when to come again."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    return response.status_code == response.json()["status"] == 503 and int(response.headers["Retry-After"]) >= 1


class Sender:
    """A shopper who sends message after message, each until it is acknowledged."""

    def __init__(self, shopper: Shopper, acknowledged: threading.Semaphore) -> None:
        self.shopper = shopper
        self.answers: Counter[int] = Counter()
        self.sent: list[str] = []
        self._acknowledged = acknowledged

    def send(self) -> None:
        for _ in range(MESSAGES):
            name = uuid.uuid4().hex
            while not self._accepted(name):
                pass
            self.sent.append(name)
            self._acknowledged.release()

    def _accepted(self, name: str) -> bool:
        with self.shopper.send(name, "Do you have hats?", id=name) as response:
            self.answers[response.status_code] += 1
            if response.status_code == 200:
                return True
            assert refused(response), response.text
        return False

    def kept(self) -> bool:
        """Whether each acknowledged message is there once, with one answer."""
        return all(self._roles(name) == ["user", "assistant"] for name in self.sent)

    def _roles(self, name: str) -> list[str]:
        messages = self.shopper.messages(name)["messages"]
        assert messages[0]["id"] == name
        return [message["role"] for message in messages]


def test_nothing_acknowledged_is_lost_when_it_restarts_under_load(product: Live, server: PostgresServer) -> None:
    acknowledged = threading.Semaphore(0)
    senders = [Sender(Shopper(product), acknowledged) for _ in range(SHOPPERS)]
    with ThreadPoolExecutor(SHOPPERS) as pool:
        sending = [pool.submit(sender.send) for sender in senders]
        for how in ENDS * 2:
            for _ in range(SHOPPERS * MESSAGES // 8):
                assert acknowledged.acquire(timeout=60)
            end(server, how)
            server.start()
        for future in sending:
            future.result()
    assert sum(len(sender.sent) for sender in senders) == SHOPPERS * MESSAGES
    assert all(sender.kept() for sender in senders)
    for sender in senders:
        sender.shopper.http.close()
