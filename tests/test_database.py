"""SQLite and PostgreSQL keep the same, find the same and refuse the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import IntegrityError

from widget_api import models
from widget_api.models import (
    Conversation,
    Message,
    Session,
    Shop,
    clock,
    connected,
    now,
    rows,
    snapshot,
    transaction,
)
from widget_api.problems import ConversationNotFound, ShopNotFound, Unauthorized
from widget_api.text import clean

DAY = 24 * 3600 * 1000


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    models.connect(url)
    with connected():
        yield Shop.register("anna-store.myshopify.com", name="Anna")


def begun(shop: Shop, conversation: str = "c") -> Conversation:
    Session.ensure(shop.id, "anna")
    return Conversation.create(id=conversation, session="anna")


def said(conversation: Conversation, id: str, text: str) -> None:
    parts = [{"type": "text", "text": text}]
    Message.create(id=id, session="anna", conversation=conversation, role="user", parts=parts, search=text.casefold())


def test_all_of_a_transaction_is_kept_or_nothing(shop: Shop) -> None:
    with pytest.raises(LookupError), transaction():
        begun(shop)
        raise LookupError
    assert (Session.select().count(), Conversation.select().count()) == (0, 0)
    with transaction():
        begun(shop)
    assert Conversation.of("anna", "c").session_id == "anna"


def test_a_refusal_inside_a_transaction_takes_back_only_its_own(shop: Shop) -> None:
    with transaction():
        begun(shop)
        with pytest.raises(IntegrityError), transaction():
            begun(shop)
        begun(shop, "d")
    assert {found.id for found in Conversation.select()} == {"c", "d"}


def test_a_snapshot_does_not_see_what_comes_meanwhile(shop: Shop) -> None:
    begun(shop)

    def meanwhile() -> None:
        with transaction():
            begun(shop, "d")

    with snapshot():
        assert Conversation.select().count() == 1
        other = threading.Thread(target=meanwhile)
        other.start()
        other.join()
        assert Conversation.select().count() == 1
    assert Conversation.select().count() == 2


@pytest.mark.usefixtures("shop")
def test_the_databases_clock_counts_milliseconds_since_1970() -> None:
    ((theirs, later),) = rows(Shop.select(clock(), clock() + DAY))
    assert isinstance(theirs, int)
    assert abs(theirs - now()) < DAY
    assert DAY <= later - theirs < 2 * DAY
    Shop.update(created_at=clock() - DAY).execute()
    assert Shop.select().where(Shop.created_at < clock()).count() == 1
    assert Shop.select().where(Shop.created_at + DAY + DAY < clock()).count() == 0


def test_a_session_begins_once_and_stays_revoked(shop: Shop) -> None:
    for _ in range(2):
        Session.ensure(shop.id, "anna")
    Session.update(revoked=True).execute()
    with pytest.raises(Unauthorized):
        Session.ensure(shop.id, "anna")
    assert Session.select().count() == 1


def test_registering_a_shop_again_changes_only_what_is_named(shop: Shop) -> None:
    again = Shop.register(shop.domain, prompt="Be brief.", mcp_url="https://example.com/" + "long" * 400)
    assert (again.id, again.name, again.prompt) == (shop.id, "Anna", "Be brief.")
    assert again.mcp_url.endswith("longlong")


def test_erasing_a_shop_erases_all_that_is_its_own(shop: Shop) -> None:
    said(begun(shop), "m", "hello")
    Shop.delete().where(Shop.id == shop.id).execute()
    assert [table.select().count() for table in models.TABLES] == [0] * len(models.TABLES)


@pytest.mark.parametrize("id", ["a\0b", "\0", "é" * 4000, "%", "'; --"])
def test_whatever_is_asked_for_is_at_worst_not_there(shop: Shop, id: str) -> None:
    with pytest.raises(ConversationNotFound):
        Conversation.of("anna", id)
    with pytest.raises(ShopNotFound):
        Shop.named(id)
    assert not Conversation.select().where(Conversation.search.contains(id)).exists()
    with transaction():
        Conversation.create(id=f"with {id}", session=begun(shop).session_id, title=id)
    assert Conversation.select().count() == 2


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.usefixtures("shop")
@settings(max_examples=50)
@given(value=JSON.filter(lambda value: value is not None))
def test_json_comes_back_as_the_text_it_was(value: Any) -> None:
    Shop.update(origins=value).execute()
    table: Any = Shop
    assert rows(table.select(table.origins.cast("TEXT")))[0][0] == msgspec.json.encode(value).decode()
    assert Shop.get().origins == value


@pytest.mark.usefixtures("shop")
@settings(max_examples=50)
@given(value=st.binary(max_size=300))
def test_bytes_come_back_as_they_were(value: bytes) -> None:
    assert rows(Shop.select(models.Chunk.events.to_value(value)))[0][0] == value


# What a shopper may write and search for: wildcards of LIKE, its escape, letters whose case is not one to one.
AWKWARD = "%_\\aAbßẞÀàİ\u0131Σς\u017fﬃ水😀'\"* \t"
LETTERS = st.text(st.sampled_from(AWKWARD) | st.characters(codec="utf-8"), max_size=6)


@settings(max_examples=150)
@given(texts=st.lists(LETTERS.map(clean), max_size=4), word=LETTERS.map(lambda word: clean(word).casefold()))
def test_a_search_finds_what_holds_the_words_and_nothing_else(shop: Shop, texts: list[str], word: str) -> None:
    Conversation.delete().execute()
    conversation = begun(shop)
    for number, text in enumerate(texts):
        said(conversation, str(number), text)
    found = rows(Message.select(Message.id).where(Message.search.contains(word)))
    assert {int(number) for (number,) in found} == {
        number for number, text in enumerate(texts) if word in text.casefold()
    }
