"""Who does too much is told to wait, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, Visitor
from tests.servers import RedisServer, free_port, redis_server
from widget_api import create_app
from widget_api import limits as product
from widget_api.addresses import WIDER_TIMES
from widget_api.api import visitor
from widget_api.api.http import BYTES_OF_A_READ
from widget_api.api.widget import STANDBY
from widget_api.config import Config, ConfigError
from widget_api.limits import AT_ONCE, Limits, address_key
from widget_api.models import Message, transaction
from widget_api.problems import TooManyRequests


@pytest.fixture
def config(config: Config) -> Config:
    return replace(
        config, rate_limits="messages=3 per hour, sessions=4 per hour, address=5 per hour, reads=20 per hour"
    )


def test_a_session_may_send_so_many_messages(anna: Visitor, ben: Visitor) -> None:
    for _ in range(3):
        anna.says("hello")
    refused = anna.send("hello")
    assert (refused.status_code, refused.json["code"]) == (429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    ben.says("hello")


def test_an_address_may_send_so_many_messages(anna: Visitor, ben: Visitor) -> None:
    for _ in range(3):
        anna.says("hello")
    for _ in range(2):
        ben.says("hello")
    assert ben.send("hello").status_code == 429


def test_a_large_page_counts_as_the_small_ones_that_it_is_worth(anna: Visitor) -> None:
    anna.says("hello")
    path = f"/api/conversations/{anna.conversation}/messages"
    assert len(anna.get(path).data) < BYTES_OF_A_READ
    with transaction():
        text = {"type": "text", "text": "b" * 3 * BYTES_OF_A_READ}
        Message.update(parts=[text]).where(Message.role == "assistant").execute()
    # Of 20 reads one is used; each of these takes 4, and the last but one what is left.
    assert [anna.get(path).status_code for _ in range(7)] == [200] * 6 + [429]


def test_what_was_charged_beyond_the_limit_counts_as_far_as_there_is_room() -> None:
    limits = Limits.parse("reads=10 per hour")
    limits.charge("reads", "192.0.2.1", 7)
    limits.charge("reads", "192.0.2.1", 100)
    with pytest.raises(TooManyRequests):
        limits.take("reads", "192.0.2.1")
    limits.take("reads", "192.0.2.2")


def test_an_address_may_begin_so_many_sessions(anna: Visitor) -> None:
    for _ in range(3):
        assert anna.client.post("/api/sessions", json={"shop": ANNAS_SHOP}).status_code == 201
    assert anna.client.post("/api/sessions", json={"shop": ANNAS_SHOP}).status_code == 429


def test_guesses_of_shops_are_counted_too(anna: Visitor) -> None:
    def guess(shop: str) -> int:
        return int(anna.client.post("/api/sessions", json={"shop": shop}).status_code)

    assert [guess(f"shop-{number}.myshopify.com") for number in range(4)] == [404, 404, 404, 429]
    assert guess(ANNAS_SHOP) == 429


def test_beyond_the_limit_nobody_learns_which_shops_there_are(anna: Visitor) -> None:
    def is_served(shop: str) -> bool:
        return bool(anna.client.get("/widget/status", query_string={"shop": shop}).json["served"])

    assert [is_served(shop) for shop in [ANNAS_SHOP, "none.myshopify.com"] * 10] == [True, False] * 10
    assert [is_served(shop) for shop in (ANNAS_SHOP, "none.myshopify.com")] == [True, True]
    assert anna.get("/api/conversations").status_code == 200


def test_beyond_the_limit_a_website_does_not_learn_from_the_entry_whether_it_is_registered(anna: Visitor) -> None:
    def is_chat(site: str) -> bool:
        with anna.client.get("/widget/chat.js", headers={"Origin": site}) as answer:
            return bool(answer.text != STANDBY)

    assert [is_chat(site) for site in [ANNAS_SITE, "https://none.example"] * 10] == [True, False] * 10
    assert is_chat("https://none.example")


def test_an_address_may_read_so_much_and_health_is_always_answered(anna: Visitor) -> None:
    answers = [anna.get("/api/conversations").status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]
    assert anna.client.get("/healthz").status_code == 200


def test_a_header_that_names_another_address_is_not_believed(anna: Visitor) -> None:
    for number in range(20):
        anna.get("/api/conversations", headers={"X-Forwarded-For": f"9.9.9.{number}"})
    assert anna.get("/api/conversations", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 429


@pytest.fixture
def behind_a_proxy(config: Config) -> Iterator[Flask]:
    app = create_app(replace(config, trusted_proxies=1, rate_limits="sessions=2 per hour"))
    yield app
    app.extensions["widget"].close(0)


def begin(app: Flask, forwarded: str) -> int:
    headers = {"X-Forwarded-For": forwarded}
    return app.test_client().post("/api/sessions", json={"shop": ANNAS_SHOP}, headers=headers).status_code


@pytest.mark.parametrize(
    "written",
    ["203.0.113.{}:5123{}", "[2001:db8:{}::1]:4{}3", "2001:db8:{}::{}", "::ffff:203.0.113.{}"],
)
@pytest.mark.usefixtures("anna")
def test_a_proxy_may_name_addresses_with_ports_and_brackets(behind_a_proxy: Flask, written: str) -> None:
    assert [begin(behind_a_proxy, written.format(1, number)) for number in range(3)] == [201, 201, 429]
    assert begin(behind_a_proxy, written.format(2, 1)) == 201


@pytest.mark.usefixtures("anna")
def test_a_proxy_that_names_no_addresses_locks_nobody_out_and_is_told_of_once(
    behind_a_proxy: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "_next_warning", [0.0])
    assert {begin(behind_a_proxy, f"_hidden{number}") for number in range(50)} == {201}
    assert {begin(behind_a_proxy, "unknown") for number in range(50)} == {201}
    assert [record.name for record in caplog.records if "TRUSTED_PROXIES" in record.message] == [visitor.__name__]


def test_the_networks_of_a_wider_one_have_a_higher_limit_together() -> None:
    limits = Limits.parse("sessions=2 per hour")
    granted = 0
    for number in range(100):
        for _ in range(2):
            granted += not refused(limits, "sessions", address_key(f"2001:db8:0:{number:x}::1"))
    assert granted == 2 * WIDER_TIMES
    assert not refused(limits, "sessions", address_key("2001:db8:1::1"))


def test_each_use_is_counted_apart() -> None:
    limits = Limits.parse("messages=1 per hour")
    limits.take("messages", "anna")
    limits.take("messages", "anna", "stop")
    with pytest.raises(TooManyRequests):
        limits.take("messages", "anna", "stop")


def test_what_may_be_at_the_same_time_is_set_by_a_number() -> None:
    limits = Limits.parse("readers=8, messages=1 per day")
    assert (limits.at_once("readers"), limits.at_once("turns")) == (8, AT_ONCE["turns"])
    assert Limits.parse("off").at_once("readers") is None


@pytest.mark.parametrize("text", ["readers=many", "readers=0", "turns=2 per hour", "readers=99999", "chairs=4"])
def test_a_limit_that_cannot_be_used_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(ConfigError, match=text.partition("=")[0]):
        Limits.parse(text)


def test_limits_can_be_switched_off_for_load_tests() -> None:
    limits = Limits.parse("off")
    for _ in range(1000):
        limits.take("messages", "anna")


def test_a_rule_that_is_not_named_keeps_its_default() -> None:
    limits = Limits.parse("sessions=1 per day")
    for _ in range(20):
        limits.take("messages", "anna")
    with pytest.raises(TooManyRequests):
        limits.take("messages", "anna")


def test_an_ipv6_network_counts_as_one_address() -> None:
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:2") != address_key("2001:db8:0:1::1")
    assert address_key("192.0.2.1") != address_key("192.0.2.2")
    assert address_key("") == "unknown"


# in Redis


Make = Callable[[str], Limits]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    monkeypatch.setattr(product, "RETRY_SECONDS", 0)
    server.flush()
    yield server
    server.resume()
    if not server.running:
        server.start()


@pytest.fixture
def shared(redis: RedisServer) -> Iterator[Make]:
    """Makes the limits of a process that counts in Redis."""
    made: list[Limits] = []

    def make(text: str) -> Limits:
        made.append(Limits.parse(text, redis.url))
        return made[-1]

    yield make
    for limits in made:
        limits.close()


def refused(limits: Limits, name: str = "messages", key: str = "anna") -> int:
    """Ask for one; the seconds to wait, 0 where it was granted."""
    try:
        limits.take(name, key)
    except TooManyRequests as exc:
        return exc.retry_after or 0
    return 0


def test_all_processes_count_together(shared: Make) -> None:
    here, there = (shared("messages=4 per hour") for _ in range(2))
    assert [refused(limits) for limits in (here, there, here, there)] == [0] * 4
    assert refused(here)
    assert refused(there)
    assert not refused(there, key="ben")


def test_clocks_that_differ_change_nothing(shared: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = shared("messages=3 per 10 minutes")
    now = time.time()
    for minutes in (-10, 10, 0):
        monkeypatch.setattr(time, "time", lambda minutes=minutes: now + 60 * minutes)
        assert not refused(limits)
    for minutes in (-10, 10, 0):
        monkeypatch.setattr(time, "time", lambda minutes=minutes: now + 60 * minutes)
        assert 500 < refused(limits) <= 600


def test_nothing_is_connected_before_the_first_request() -> None:
    Limits.parse("default", f"redis://127.0.0.1:{free_port()}/0")


def test_without_redis_each_process_counts_by_itself(redis: RedisServer, shared: Make) -> None:
    limits = shared("messages=2 per hour")
    redis.kill()
    assert [bool(refused(limits)) for _ in range(3)] == [False, False, True]
    redis.start()
    assert [bool(refused(limits)) for _ in range(3)] == [False, False, True]


def test_a_redis_that_says_nothing_holds_nobody_up(redis: RedisServer, shared: Make) -> None:
    limits = shared("messages=2 per hour")
    assert not refused(limits)
    redis.pause()
    assert [bool(refused(limits)) for _ in range(3)] == [False, False, True]
    redis.resume()


def test_a_redis_that_was_away_is_left_alone_for_a_while(
    redis: RedisServer, shared: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "RETRY_SECONDS", 3600)
    limits = shared("messages=2 per hour")
    redis.kill()
    assert not refused(limits)
    redis.start()
    assert [bool(refused(limits)) for _ in range(2)] == [False, True]
