"""What was erased stands in no file of the database any more: not in it, and not in its write-ahead log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from peewee import OperationalError

from tests.conftest import Visitor
from tests.scripted import Scripted
from widget_api import models
from widget_api.api.services import Services
from widget_api.config import Config
from widget_api.models import Conversation, Session, connected, now, transaction
from widget_api.turns import keeper

# PostgreSQL's files are its server's.
pytestmark = pytest.mark.looks

CART = "gid://shopify/Cart/annasCanaryCart?key=0123456789abcdefcanary"
SAID = ("canaryquestion", "canaryanswer", "canarytitle", "canarycomment", "annasCanaryCart", "0123456789abcdefcanary")


def kept(config: Config, *words: str) -> set[str]:
    """Which of the words stand in a file of the instance."""
    data = b"".join(path.read_bytes() for path in config.instance.rglob("*") if path.is_file())
    return {word for word in words if word.encode() in data}


@pytest.fixture
def path(config: Config) -> Path:
    return config.instance / "chat.db"


def bind(visitor: Visitor, cart: str) -> None:
    with transaction():
        Session.bind_cart(visitor.session, cart)


@pytest.fixture
def talked(anna: Visitor, model: Scripted, config: Config) -> Visitor:
    """Anna has left everything that one can leave."""
    model.will("It is the canaryanswer. " * 50)
    anna.says("canaryquestion " * 20)
    conversation = f"/api/conversations/{anna.conversation}"
    assert anna.request("PATCH", conversation, json={"title": "canarytitle"}).status_code == 200
    answer = anna.messages()[-1]["id"]
    rating = {"rating": "up", "comment": "canarycomment"}
    assert anna.request("PUT", f"/api/messages/{answer}/feedback", json=rating).status_code == 200
    assert anna.post(f"{conversation}/share", json={"days": 1}).status_code == 201
    bind(anna, CART)
    assert kept(config, *SAID) == set(SAID)
    return anna


def test_after_forget_me_no_file_has_a_word_of_it(talked: Visitor, ben: Visitor, config: Config) -> None:
    ben.says("benswords")
    assert talked.request("DELETE", "/api/session").status_code == 204
    assert kept(config, *SAID, "benswords") == {"benswords"}


def test_a_deleted_conversation_is_gone_from_every_file_once_it_is_purged(talked: Visitor, config: Config) -> None:
    path = f"/api/conversations/{talked.conversation}"
    assert talked.request("DELETE", path).status_code == 204
    with connected():
        Conversation.update(deleted_at=now() - 31 * 24 * 3600 * 1000).execute()
    keeper._tidy()
    assert kept(config, *SAID) == {"annasCanaryCart", "0123456789abcdefcanary"}  # the session and its cart go on


def test_the_command_that_purges_leaves_nothing_either(talked: Visitor, app: Flask, config: Config) -> None:
    assert talked.request("DELETE", f"/api/conversations/{talked.conversation}").status_code == 204
    with connected():
        Conversation.update(deleted_at=now() - 31 * 24 * 3600 * 1000).execute()
    assert app.test_cli_runner().invoke(args=["conversations", "purge"]).output.startswith("1 ")
    assert kept(config, "canaryquestion", "canaryanswer") == set()


def test_what_was_changed_is_gone_after_the_hourly_round(talked: Visitor, config: Config) -> None:
    bind(talked, "")
    renamed = talked.request("PATCH", f"/api/conversations/{talked.conversation}", json={"title": "Hats"})
    assert renamed.status_code == 200
    assert talked.request("DELETE", f"/api/conversations/{talked.conversation}/share").status_code == 204
    keeper._tidy()
    assert not kept(config, "canarytitle", "annasCanaryCart")


def test_a_reader_holds_up_neither_the_erasure_nor_other_writers(talked: Visitor, path: Path, config: Config) -> None:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM message").fetchone()
        assert talked.request("DELETE", "/api/session").status_code == 204
        assert kept(config, "canaryquestion")  # the reader sees what was there before
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as writer:
            writer.execute("UPDATE shop SET name = 'Anna'")
        models.scrub_again()
        assert kept(config, "canaryquestion")
    models.scrub_again()
    assert kept(config, *SAID) == set()


def test_a_writer_elsewhere_delays_it_and_is_not_disturbed(talked: Visitor, path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as writer:
        bind(talked, "")
        writer.execute("BEGIN IMMEDIATE")
        models.scrub()
        writer.execute("UPDATE shop SET name = 'Anna'")
        writer.execute("COMMIT")
    models.scrub_again()
    assert path.with_name("chat.db-wal").stat().st_size == 0


def test_the_keeper_tries_again(talked: Visitor, path: Path, config: Config, services: Services) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM message").fetchone()
        assert talked.request("DELETE", "/api/session").status_code == 204
    for act in services.engine._keeper._rounds:
        act()
    assert kept(config, *SAID) == set()


def test_every_connection_overwrites_what_it_deletes(app: Flask) -> None:
    with app.app_context(), connected():
        assert models.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_log_that_cannot_be_emptied_is_said_in_the_log_and_nothing_fails(
    talked: Visitor, config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> bool:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(models.database.obj, "truncate_log", fails)
        assert talked.request("DELETE", "/api/session").status_code == 204
    assert "could not be emptied" in caplog.text
    models.scrub_again()
    assert kept(config, *SAID) == set()
