"""Two workers, PostgreSQL and Redis: whichever of them is killed or replaced, an answer goes on to its end."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator

import psycopg
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser import chromium, page
from tests.live import Live, Shopper
from tests.widget import Chat, words
from tests.workers import alone, pair, two_workers, until

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.usefixtures("postgres", "redis"), pytest.mark.xdist_group("two-workers")]

QUESTION = "Do you have mittens?"
ADD = "Add the Drift Mittens in Slate, size S/M, to my cart"
CUP = 701402
# The slowed model says five of them in the two seconds that a stop may take. The rest is for a slow machine.
SLOW_WORDS = 15


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with two_workers(tmp_path_factory.mktemp("server")) as live:
        yield live


@pytest.fixture(scope="module")
def undisturbed(server: Live) -> list[str]:
    """The words of the answer when nothing happens: the demo's model always says the same."""
    with Shopper(server) as shopper:
        reader = Reader.of(shopper)
        assert reader.read()
        return words(reader.text)


@pytest.fixture
def slow(server: Live, undisturbed: list[str]) -> Iterator[Live]:
    """The server, whose answers come a word at a time until it is mended."""
    assert len(undisturbed) > 20
    server.break_it("slow-model")
    yield server
    server.break_it("mend")


class Reader:
    """Reads one answer, over as many connections as it takes, as the widget does."""

    def __init__(self, shopper: Shopper, conversation: str) -> None:
        self.shopper = shopper
        self.conversation = conversation
        self.text = ""
        self.ended = ""
        self._at = ""
        self._lines: Iterator[bytes] = iter(())

    @classmethod
    def of(cls, shopper: Shopper) -> Reader:
        """Of an answer to the question, which is asked now."""
        reader = cls(shopper, uuid.uuid4().hex)
        return reader._over(shopper.send(reader.conversation, QUESTION))

    def follow(self) -> Reader:
        """Go on over a new connection, from where it has been read to."""
        after = {"after": self._at} if self._at else {}
        return self._over(
            self.shopper.get(f"/api/chat/{self.conversation}/stream", params=after, stream=True),
        )

    def _over(self, response: requests.Response) -> Reader:
        assert response.status_code in {200, 503}, response.text
        self._lines = response.iter_lines(chunk_size=None)
        return self

    def read(self, *, until: int = 10**6) -> bool:
        """Read to that many words, or to the end of the connection. Whether the answer has come to its end."""
        try:
            while not self.ended and len(words(self.text)) < until:
                self._take(*next(self._lines).decode().partition(": ")[::2])
        except (StopIteration, requests.RequestException):
            return False
        return bool(self.ended)

    def _take(self, field: str, value: str) -> None:
        if field == "id":
            self._at = value
        elif field == "data" and value != "[DONE]":
            event = json.loads(value)
            if event["type"] == "start":
                self.text = ""
            self.text += event.get("delta", "") if event["type"] == "text-delta" else ""
            self.ended = event["type"] if event["type"] in {"finish", "abort", "error"} else ""

    def finish(self) -> str:
        """Read on, and come back until the answer has ended; how it ended."""
        while not self.read():
            self.follow()
        return self.ended

    def stored(self) -> list[str]:
        question, answer = self.shopper.messages(self.conversation)["messages"]
        assert (question["role"], answer["role"]) == ("user", "assistant")
        return words(" ".join(part["text"] for part in answer["parts"] if part["type"] == "text"))


def runner(live: Live) -> int:
    """The process id of the worker that runs the one answer that is being written."""
    with psycopg.connect(live.settings["DATABASE_URL"]) as connection:
        [(name,)] = connection.execute("SELECT worker FROM turn WHERE state = 'running'").fetchall()
    return int(name.split(":")[-3])


def other(live: Live) -> int:
    [found] = {*pair(live)} - {runner(live)}
    return found


VICTIMS = {"runs the answer": runner, "does not run it": other}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_worker_costs_the_answer_no_word(slow: Live, undisturbed: list[str], victim: str) -> None:
    runs, serves = pair(slow)
    with alone(slow, runs):
        anna = Shopper(slow)
        reader = Reader.of(anna)
    with anna:
        reader.read(until=5)
        with alone(slow, serves):
            reader.follow()
        reader.read(until=8)
        os.kill(VICTIMS[victim](slow), signal.SIGKILL)
        slow.break_it("mend")
        assert reader.finish() == "finish"
        assert words(reader.text) == reader.stored() == undisturbed


def test_two_killed_one_after_the_other_cost_the_answer_no_word(slow: Live, undisturbed: list[str]) -> None:
    with Shopper(slow) as anna:
        reader = Reader.of(anna)
        reader.read(until=3)
        for _ in range(2):
            killed = runner(slow)
            os.kill(killed, signal.SIGKILL)
            pair(slow, without=killed)
            until(lambda killed=killed: runner(slow) != killed)  # type: ignore[misc]
        slow.break_it("mend")
        assert reader.finish() == "finish"
        assert words(reader.text) == reader.stored() == undisturbed


def test_a_stop_that_lands_on_the_other_worker_ends_the_answer(slow: Live, undisturbed: list[str]) -> None:
    runs, others = pair(slow)
    with alone(slow, runs):
        anna = Shopper(slow)
        reader = Reader.of(anna)
    with anna:
        reader.read(until=3)
        with alone(slow, others):
            anna.get("/healthz")  # over the connection that is used next, when both run again
        assert runner(slow) == runs
        assert anna.post(f"/api/chat/{reader.conversation}/stop").json()["status"] == "stopped"
        assert reader.read()
        assert reader.ended == "abort"
        said = words(reader.text)
        assert said == reader.stored() == undisturbed[: len(said)]
        assert len(said) < 3 + SLOW_WORDS


def test_readers_at_both_workers_read_the_same(slow: Live, undisturbed: list[str]) -> None:
    with Shopper(slow) as anna:
        readers = [Reader.of(anna)]
        readers[0].read(until=3)
        for worker in pair(slow):
            with alone(slow, worker):
                readers.append(Reader(anna, readers[0].conversation).follow())
        slow.break_it("mend")
        for reader in readers:
            assert reader.read()
            assert words(reader.text) == undisturbed


def test_a_deploy_is_not_noticed_by_who_reads(slow: Live, undisturbed: list[str]) -> None:
    with Shopper(slow) as anna:
        reader = Reader.of(anna)
        reader.read(until=3)
        replace(slow)
        slow.break_it("mend")
        assert reader.read()
        assert words(reader.text) == reader.stored() == undisturbed


def replace(slow: Live) -> None:
    """As a deploy does: have new workers take the place of the old ones, which end when their answers have."""
    assert slow.process
    old = set(pair(slow))
    slow.process.send_signal(signal.SIGHUP)
    until(lambda: len(set(slow.workers()) - old) == 2)


@pytest.fixture
def chat(page: Page, slow: Live) -> Chat:
    """Of a shopper who has put something into the cart, had the chat add to it, and is being answered again."""
    chat = Chat(page, slow)
    slow.break_it("mend")
    chat.open()
    chat.page.request.post(f"{slow.url}/cart/add.js", data={"id": CUP})
    chat.ask(ADD)
    expect(chat.cart).to_contain_text("2 items")
    slow.break_it("slow-model")
    chat.type(QUESTION)
    expect(chat.answers).to_have_count(2)
    expect(chat.answer).to_contain_text("This is")
    return chat


def is_whole(chat: Chat, undisturbed: list[str]) -> None:
    """All of the answer is on the page, once, and nothing else; the cart is what it was."""
    chat.wait()
    assert chat.read() == chat.stored()[-1] == undisturbed
    assert (chat.questions.count(), chat.answers.count(), chat.retry.count()) == (2, 2, 0)
    expect(chat.page.get_by_text("Reconnecting")).to_have_count(0)
    expect(chat.cart).to_contain_text("2 items")
    chat.visit("/cart")
    expect(chat.page.locator("main")).to_contain_text("Drift Mittens")
    assert chat.read() == undisturbed


@pytest.mark.browser
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_worker_is_not_noticed_in_the_browser(
    chat: Chat, slow: Live, undisturbed: list[str], victim: str
) -> None:
    os.kill(VICTIMS[victim](slow), signal.SIGKILL)
    slow.break_it("mend")
    is_whole(chat, undisturbed)


@pytest.mark.browser
def test_a_second_tab_and_a_reload_follow_the_answer_past_a_kill(
    chat: Chat, slow: Live, undisturbed: list[str]
) -> None:
    second = Chat(chat.page.context.new_page(), slow)
    second.open()
    expect(second.stop).to_be_visible()
    os.kill(runner(slow), signal.SIGKILL)
    chat.page.reload()
    expect(chat.stop).to_be_visible()
    slow.break_it("mend")
    is_whole(second, undisturbed)
    is_whole(chat, undisturbed)


@pytest.mark.browser
def test_a_stop_in_the_second_tab_ends_the_answer_in_both(chat: Chat, slow: Live, undisturbed: list[str]) -> None:
    second = Chat(chat.page.context.new_page(), slow)
    second.open()
    second.stop.click()
    for each in (second, chat):
        each.wait()
        said = each.read()
        assert said == each.stored()[-1] == undisturbed[: len(said)]
    assert len(said) < len(undisturbed)


@pytest.mark.browser
def test_a_deploy_is_not_noticed_in_the_browser(chat: Chat, slow: Live, undisturbed: list[str]) -> None:
    replace(slow)
    slow.break_it("mend")
    is_whole(chat, undisturbed)
