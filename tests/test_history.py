"""The history: pages that lose and repeat nothing, search, names, deletion, export."""

from __future__ import annotations

import json
import threading

import pytest

from tests.conftest import Visitor, text_of
from tests.scripted import Scripted
from widget_api.models import Conversation, Message, Session, connected, now, transaction
from widget_api.turns.recovery import purge


def fill(visitor: Visitor, number: int) -> None:
    """Put that many messages into the visitor's conversation."""
    visitor.says("message 0", id="first")
    with transaction():
        row = Conversation.select().where(Conversation.session == visitor.session).get()
        rows = [
            {
                "id": f"filled-{n}",
                "session": visitor.session,
                "conversation": row.pk,
                "role": "user" if n % 2 else "assistant",
                "parts": [{"type": "text", "text": f"message {n}"}],
            }
            for n in range(2, number)
        ]
        for start in range(0, len(rows), 1000):
            Message.insert_many(rows[start : start + 1000]).execute()


def test_10_000_messages_are_paged_to_their_end_while_more_come_in(anna: Visitor) -> None:
    fill(anna, 10_000)
    seen: list[str] = []
    cursor = ""
    while True:
        page = anna.page(limit=200, **({"before": cursor} if cursor else {}))
        seen[:0] = [message["id"] for message in page["messages"]]
        if len(seen) % 1000 == 0:
            anna.says(f"one more at {len(seen)}")
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 10_000
    assert seen[0] == "first"
    assert seen[2:] == [f"filled-{n}" for n in range(2, 10_000)]


def test_conversations_are_listed_newest_first_in_pages(anna: Visitor) -> None:
    for number in range(7):
        anna.conversation = f"c{number}"
        anna.says(f"question {number}")
    listed: list[str] = []
    cursor = ""
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = anna.get("/api/conversations", query_string=query).json
        listed += [row["id"] for row in answer["conversations"]]
        cursor = answer["next"]
        if not cursor:
            break
    assert listed == [f"c{number}" for number in reversed(range(7))]


def search(visitor: Visitor, words: str) -> list[str]:
    answer = visitor.get("/api/conversations", query_string={"q": words})
    assert answer.status_code == 200
    return [row["id"] for row in answer.json["conversations"]]


def test_conversations_are_found_by_title_and_by_text(anna: Visitor, model: Scripted) -> None:
    anna.conversation = "hats"
    model.will("We have an ÖLMÜTZ beanie.")
    anna.says("Hats?")
    anna.conversation = "socks"
    anna.says("Socks?")
    assert search(anna, "hats") == ["hats"]
    assert search(anna, "ölmütz BEANIE") == ["hats"]
    assert search(anna, "beanie socks") == []
    assert set(search(anna, "")) == {"hats", "socks"}


@pytest.mark.parametrize(
    "words", ['"', "%", "_", "AND", "NEAR(", "-red", "shop:b", "'; DROP TABLE message; --", "\\", "*"]
)
def test_a_search_is_words_and_nothing_else(anna: Visitor, ben: Visitor, words: str) -> None:
    anna.says("plain")
    ben.says("also plain")
    assert search(anna, words) == []


def test_a_conversation_is_renamed(anna: Visitor) -> None:
    anna.says("hello")
    path = f"/api/conversations/{anna.conversation}"
    assert anna.request("PATCH", path, json={"title": "  My\nhats "}).json["title"] == "My hats"
    assert anna.get(path).json["title"] == "My hats"
    assert search(anna, "my hats") == [anna.conversation]


def test_a_deleted_conversation_is_out_of_sight_and_erased_a_month_later(anna: Visitor) -> None:
    anna.says("hello")
    path = f"/api/conversations/{anna.conversation}"
    assert anna.request("DELETE", path).status_code == 204
    for gone in (path, f"{path}/messages", f"{path}/export"):
        assert anna.get(gone).status_code == 404
    assert anna.request("DELETE", path).status_code == 404
    assert search(anna, "") == search(anna, "hello") == []
    assert anna.send("hello again").status_code == 404
    assert purge() == 0
    with transaction():
        Conversation.update(deleted_at=now() - 31 * 24 * 3600 * 1000).execute()
    assert purge() == 1
    with connected():
        assert Message.select().count() == 0


def test_an_export_has_every_message_and_no_key_of_a_cart(anna: Visitor, model: Scripted) -> None:
    model.will("Go to https://shop.example/cart/c/abc?key=s3cret now.")
    anna.says("hello")
    base = f"/api/conversations/{anna.conversation}/export"
    markdown, document = anna.get(base), anna.get(f"{base}?format=json")
    assert markdown.mimetype == "text/markdown"
    assert "attachment" in markdown.headers["Content-Disposition"]
    assert "## You\n\nhello" in markdown.text
    assert "## Assistant" in markdown.text
    assert len(json.loads(document.data)["messages"]) == 2
    assert "s3cret" not in markdown.text + document.text
    assert anna.get(f"{base}?format=csv").status_code == 400


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "x"}, {"limit": "999"}, {"before": "!"}, {"before": "MTI.Mz"}]
)
def test_a_strange_page_is_refused(anna: Visitor, query: dict[str, str]) -> None:
    anna.says("hello")
    response = anna.get(f"/api/conversations/{anna.conversation}/messages", query_string=query)
    assert response.status_code == 400


def test_to_be_forgotten_erases_everything_and_revokes_the_token(
    anna: Visitor, ben: Visitor, model: Scripted
) -> None:
    anna.says("hello")
    ben.says("I stay")
    model.will("half ", threading.Event(), "never")
    running = anna.send("talk")
    assert model.streaming.wait(10)
    assert anna.request("DELETE", "/api/session").status_code == 204
    assert b"never" not in running.data
    assert anna.get("/api/conversations").status_code == 401
    assert anna.send("hello").status_code == 401
    with connected():
        assert Message.select().where(Message.session == anna.session).count() == 0
        assert Session.get_by_id(anna.session).cart_id == ""
    assert text_of(ben.messages()[0]["parts"]) == "I stay"
