"""PostgreSQL's connections: few, lent for as long as they are used, replaced when they die, never waited for long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from peewee import OperationalError

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, Visitor
from tests.servers import PostgresServer, free_port
from widget_api import create_app, database, models
from widget_api import postgres as connections
from widget_api.config import Config
from widget_api.models import NoPlace, Session, Shop, connected, rows, snapshot, transaction
from widget_api.problems import Unauthorized

PLACES = 3
OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'shop-chat'"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(connections, "PLACES", PLACES)
    monkeypatch.setattr(connections, "WAIT_SECONDS", 60)
    url = postgres.database()
    yield url
    models.disconnect()
    postgres.drop(url)


@pytest.fixture
def shop(url: str) -> Shop:
    models.connect(url)
    return Shop.register(ANNAS_SHOP, origins=[ANNAS_SITE])


@contextmanager
def all_lent() -> Iterator[None]:
    """Every place is taken by a thread of its own."""
    leave, lent = threading.Event(), threading.Barrier(PLACES + 1)

    def borrow() -> None:
        with connected():
            lent.wait(60)
            leave.wait(60)

    threads = [threading.Thread(target=borrow) for _ in range(PLACES)]
    for thread in threads:
        thread.start()
    lent.wait(60)
    try:
        yield
    finally:
        leave.set()
        for thread in threads:
            thread.join()


def sessions(url: str) -> list[int]:
    """The server's processes for our connections, as it sees them."""
    with psycopg.connect(url, application_name="onlooker") as onlooker:
        ours = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'shop-chat'"
        )
        return [pid for (pid,) in onlooker.execute(ours)]


def cut(url: str) -> None:
    """End all our connections from the server's side."""
    with psycopg.connect(url, application_name="onlooker", autocommit=True) as onlooker:
        for pid in sessions(url):
            onlooker.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.usefixtures("shop")
def test_threads_take_turns_with_a_few_connections(url: str) -> None:
    def ask() -> None:
        for _ in range(20):
            assert Shop.select().count() == 1

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(sessions(url)) <= PLACES


@pytest.mark.usefixtures("shop")
def test_who_finds_no_place_is_told_so_and_the_next_finds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with all_lent(), monkeypatch.context() as impatient, pytest.raises(NoPlace):
        impatient.setattr(connections, "WAIT_SECONDS", 0.1)
        Shop.select().count()
    assert Shop.select().count() == 1


@pytest.mark.usefixtures("shop")
def test_who_waits_gets_the_first_place_that_is_given_back() -> None:
    asking, found = threading.Event(), []

    def wait() -> None:
        asking.set()
        found.append(Shop.select().count())

    waiter = threading.Thread(target=wait)
    with all_lent():
        waiter.start()
        assert asking.wait(60)
    waiter.join()
    assert found == [1]


def test_a_request_without_a_place_is_a_503_that_says_when_to_come_again(
    url: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = visitor(url, config)
    with all_lent(), monkeypatch.context() as impatient:
        impatient.setattr(connections, "WAIT_SECONDS", 0.1)
        refused = anna.get("/api/conversations")
        assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
        assert (refused.json["code"], int(refused.headers["Retry-After"]) >= 1) == ("busy", True)
        assert anna.get("/readyz").json["code"] == "not-ready"
        assert anna.get("/healthz").status_code == 200
    assert anna.get("/api/conversations").status_code == 200


def visitor(url: str, config: Config) -> Visitor:
    settings = {name: getattr(config, name) for name in ("secret_keys", "instance", "public_url", "rate_limits")}
    app: Flask = create_app(Config(**settings, database_url=url))
    Shop.register(ANNAS_SHOP, origins=[ANNAS_SITE])
    return Visitor(app.test_client(), ANNAS_SHOP, ANNAS_SITE)


def test_a_statement_that_takes_too_long_is_ended_and_its_connection_used_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.LIMITS, "statement_timeout", 1)
    models.connect(url)
    with pytest.raises(OperationalError, match="statement timeout"):
        models.database.execute_sql("SELECT pg_sleep(60)")
    assert Shop.select().count() == 0
    assert len(sessions(url)) == 1


def test_a_halted_process_does_not_keep_its_rows(url: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.LIMITS, "idle_in_transaction_session_timeout", 1)
    models.connect(url)

    def halted() -> None:
        with transaction():
            Shop.update(name="taken").execute()
            taken.set()
            freed.wait(60)
            Shop.update(name="kept").execute()

    taken, freed = threading.Event(), threading.Event()
    thread = threading.Thread(target=quietly, args=(halted,))
    thread.start()
    assert taken.wait(60)
    with transaction():
        Shop.update(name="ours").execute()
    freed.set()
    thread.join()
    assert Shop.named(shop.domain).name == "ours"


def quietly(run: object) -> None:
    assert callable(run)
    with pytest.raises(OperationalError):
        run()


# connections that die


@pytest.mark.usefixtures("shop")
def test_a_connection_that_died_while_nobody_had_it_is_not_noticed(url: str) -> None:
    with connected():
        Shop.select().count()
    cut(url)
    assert Shop.select().count() == 1
    cut(url)
    Shop.update(name="Anna").execute()
    assert Shop.get().name == "Anna"


@pytest.mark.usefixtures("shop")
def test_a_read_finds_another_connection_when_its_own_dies(url: str) -> None:
    with connected():
        assert Shop.select().count() == 1
        cut(url)
        assert Shop.select().count() == 1


@pytest.mark.usefixtures("shop")
def test_a_transaction_begins_on_another_connection_when_its_own_died(url: str) -> None:
    with connected():
        Shop.select().count()
        cut(url)
        with transaction():
            Shop.update(name="Anna").execute()
        cut(url)
        with snapshot():
            assert Shop.get().name == "Anna"


@pytest.mark.usefixtures("shop")
def test_a_transaction_whose_connection_dies_writes_nothing_and_says_so(url: str) -> None:
    with pytest.raises(OperationalError), transaction():
        Shop.update(name="half").execute()
        cut(url)
        Shop.update(prompt="half").execute()
    with pytest.raises(OperationalError), transaction():
        Shop.update(name="half").execute()
        cut(url)
    assert rows(Shop.select(Shop.name, Shop.prompt)) == [("", "")]


@pytest.mark.usefixtures("shop")
def test_a_write_of_its_own_whose_connection_dies_is_not_tried_again(url: str) -> None:
    with connected():
        Shop.select().count()
        cut(url)
        with pytest.raises(OperationalError):
            Shop.update(name="twice").execute()
    Shop.update(name="once").execute()
    assert Shop.get().name == "once"


# several processes


def test_what_a_session_does_is_done_one_after_the_other(url: str, shop: Shop) -> None:
    refused = []

    def write_too() -> None:
        try:
            with transaction():
                Session.ensure(shop.id, "anna")
        except Unauthorized as exc:
            refused.append(exc)

    other = threading.Thread(target=write_too)
    with transaction():
        Session.ensure(shop.id, "anna")
        other.start()
        wait_for_a_waiting_one(url)
        Session.update(revoked=True).execute()
    other.join()
    assert refused


def wait_for_a_waiting_one(url: str) -> None:
    """Until one of our connections waits for another."""
    with psycopg.connect(url, application_name="onlooker", autocommit=True) as onlooker:
        while onlooker.execute(WAITING).fetchone() == (0,):
            pass


# beginning


def test_a_database_that_stays_away_ends_the_start_in_a_sentence_without_the_password(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "START_SECONDS", 0)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SystemExit, match="DATABASE_URL: the database does not answer") as end:
        models.connect(f"postgresql://user:hush@127.0.0.1:{free_port()}/chat")
    assert "hush" not in f"{end.value} {caplog.text}"


def test_a_start_waits_for_a_server_that_is_starting_too(
    url: str, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    postgres.stop()
    starting = threading.Thread(target=models.connect, args=(url,))
    starting.start()
    while "waiting for the database" not in caplog.text:
        pass
    postgres.start()
    starting.join()
    assert Shop.select().count() == 0


def test_the_urls_own_parameters_come_first(url: str) -> None:
    models.connect(f"{url}?application_name=mine&options=-c%20statement_timeout%3D7s")
    assert shown("application_name") == "mine"
    assert shown("statement_timeout") == "7s"
    assert shown("lock_timeout") == "5s"


def shown(setting: str) -> str:
    ((value,),) = models.database.execute_sql(f"SHOW {setting}")
    return str(value)
