"""Renewing a session's token: the new one counts, the old one soon opens nothing. A session ends after 90 days."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Barrier
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Answer, Visitor, chat_body
from tests.scripted import Scripted
from tests.test_backups import put_back
from widget_api import generations
from widget_api.api.services import Services
from widget_api.backups import Backups
from widget_api.config import Config
from widget_api.models import Session, connected, rows
from widget_api.tokens import CLOCKS_APART, SESSION_SECONDS

DAY = 24 * 3600


def pass_time(minutes: float) -> None:
    """Let the newest generation of every session be so much older."""
    with connected():
        Session.update(generation_begun=Session.generation_begun - int(minutes * 60_000)).execute()


def renew(visitor: Visitor, token: str) -> Answer:
    return visitor.post("/api/sessions", json={"shop": visitor.shop}, headers={"Authorization": f"Bearer {token}"})


def renewed(visitor: Visitor, token: str) -> str:
    response = renew(visitor, token)
    assert response.status_code == 201, response.text
    assert response.json["session"]["id"] == visitor.session
    return str(response.json["token"])


def opens(visitor: Visitor, token: str) -> int:
    return visitor.get("/api/conversations", headers={"Authorization": f"Bearer {token}"}).status_code


def follow(visitor: Visitor, ticket: str) -> Answer:
    path = f"/api/chat/{visitor.conversation}/stream"
    return cast(Answer, visitor.client.get(path, query_string={"ticket": ticket}))


def test_the_old_token_is_good_for_ten_minutes_more(anna: Visitor) -> None:
    anna.says("hello")
    new = renewed(anna, anna.token)
    assert new != anna.token
    pass_time(9.9)
    assert (opens(anna, anna.token), opens(anna, new)) == (200, 200)
    pass_time(0.2)
    assert (opens(anna, anna.token), opens(anna, new)) == (401, 200)
    assert renew(anna, anna.token).json["code"] == "unauthorized"


def test_a_token_that_was_never_used_does_not_lock_out_the_one_before(anna: Visitor) -> None:
    """The answer to the renewal was lost."""
    anna.says("hello")
    lost = renewed(anna, anna.token)
    pass_time(60)
    assert opens(anna, anna.token) == 401
    again = renewed(anna, anna.token)
    assert again == lost
    assert opens(anna, again) == 200
    assert renew(anna, anna.token).status_code == 401


def test_all_tabs_that_renew_at_once_get_the_same_generation(anna: Visitor, services: Services) -> None:
    anna.says("hello")
    tabs = 6
    barrier = Barrier(tabs)

    def tab(_number: int) -> str:
        barrier.wait()
        client = anna.client.application.test_client()
        headers = {"Authorization": f"Bearer {anna.token}"}
        return str(client.post("/api/sessions", json={"shop": anna.shop}, headers=headers).json["token"])

    with ThreadPoolExecutor(tabs) as pool:
        made = set(pool.map(tab, range(tabs)))
    assert {services.tokens.read_session(token).generation for token in made} == {1}
    assert {opens(anna, token) for token in made} == {200}


def test_renewing_again_and_again_keeps_the_old_one_good_for_its_ten_minutes(anna: Visitor) -> None:
    anna.says("hello")
    token = anna.token
    for _ in range(5):
        token = renewed(anna, token)
        assert opens(anna, anna.token) == 200


def test_nothing_is_written_before_the_first_message(anna: Visitor) -> None:
    for _ in range(3):
        assert opens(anna, renewed(anna, anna.token)) == 200
    with connected():
        assert rows(Session.select()) == []
    planted = anna.token
    anna.says("hello")
    assert opens(anna, renewed(anna, planted)) == 200
    pass_time(11)
    assert opens(anna, planted) == 401


def test_a_running_answer_and_a_ticket_outlast_a_renewal(anna: Visitor, model: Scripted) -> None:
    gate = threading.Event()
    model.will("half ", gate, "and half")
    stream = anna.send("tell me", id="q")
    ticket = anna.page()["stream"]["ticket"]
    with closing(follow(anna, ticket)) as followed:
        assert followed.status_code == 200
    old, anna.token = anna.token, renewed(anna, anna.token)
    assert anna.get("/api/conversations").status_code == 200
    pass_time(11)
    assert opens(anna, old) == 401
    again = anna.page()["stream"]["ticket"]
    gate.set()
    for each, status in ((again, 200), (ticket, 401)):
        with closing(follow(anna, each)) as followed:
            assert followed.status_code == status
    assert stream.data.endswith(b"data: [DONE]\n\n")
    assert anna.messages()[-1]["metadata"]["status"] == "complete"


def test_a_message_that_is_sent_again_with_the_new_token_is_the_same_message(anna: Visitor) -> None:
    first = anna.says("hello", id="q")
    anna.token = renewed(anna, anna.token)
    pass_time(11)
    assert anna.says("hello", id="q")[0]["messageId"] == first[0]["messageId"]
    assert len(anna.messages()) == 2


def test_after_forget_me_nothing_of_any_generation_opens(anna: Visitor) -> None:
    anna.says("hello")
    new = renewed(anna, anna.token)
    assert anna.request("DELETE", "/api/session").status_code == 204
    for token in (anna.token, new):
        assert opens(anna, token) == 401
        assert renew(anna, token).status_code == 401


def aged(services: Services, token: str, seconds: float) -> str:
    """The token as it would be, had its session begun so much earlier."""
    claims = services.tokens.read_session(token)
    return services.tokens.session(replace(claims, born=int(time.time() - seconds)))


def test_a_session_ends_after_ninety_days_whatever_was_renewed(anna: Visitor, services: Services) -> None:
    anna.says("hello")
    nearly = aged(services, anna.token, SESSION_SECONDS - DAY)
    answer = renew(anna, nearly)
    left = services.tokens.read_session(answer.json["token"]).born
    assert left == services.tokens.read_session(nearly).born
    over = aged(services, answer.json["token"], SESSION_SECONDS + CLOCKS_APART.total_seconds() + 1)
    for refused in (anna.get("/api/conversations", headers={"Authorization": f"Bearer {over}"}), renew(anna, over)):
        assert (refused.status_code, refused.json["code"]) == (401, "session-expired")
        assert refused.json["detail"] == "Begin a new session."
    began = anna.client.post("/api/sessions", json={"shop": anna.shop})
    assert began.status_code == 201
    assert began.json["session"]["id"] != anna.session


def test_a_token_of_the_release_before_is_good_until_its_own_end(anna: Visitor, services: Services) -> None:
    """It carries the time of its making in the same place."""
    anna.says("hello")
    payload = services.tokens._sessions.dumps([1, services.tokens.read_session(anna.token).shop, anna.session, 0])
    assert opens(anna, str(payload)) == 200
    assert opens(anna, renewed(anna, str(payload))) == 200


def test_a_token_that_was_renewed_after_the_backup_is_good_in_a_restored_database(
    anna: Visitor, ben: Visitor, services: Services, config: Config
) -> None:
    for visitor in (anna, ben):
        visitor.says("hello")
    anna.token = renewed(anna, anna.token)
    backups = Backups.of(config)
    made = backups.make()
    for _ in range(3):
        pass_time(11)
        anna.token = renewed(anna, anna.token)
    pass_time(11)
    put_back(backups, made, services, config)
    assert (opens(anna, anna.token), opens(ben, ben.token)) == (200, 200)
    pass_time(11)
    old, anna.token = anna.token, renewed(anna, anna.token)
    assert opens(anna, anna.token) == 200
    pass_time(11)
    assert (opens(anna, anna.token), opens(anna, old)) == (200, 401)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("renew"), st.integers(0, 5)),
        st.tuples(st.just("use"), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.sampled_from([1, 9, 11])),
    ),
    max_size=14,
)


@settings(max_examples=50)
@given(STEPS)
def test_whoever_holds_the_newest_token_is_never_locked_out(anna: Visitor, steps: list[tuple[str, int]]) -> None:
    """And whoever holds one of two generations ago, or an old one after ten minutes, reads nothing."""
    visitor = Visitor(anna.client, anna.shop, anna.site)
    visitor.says("hello")
    held = [visitor.token]
    for what, number in steps:
        token = held[number % len(held)]
        if what == "pass":
            pass_time(number)
        elif what == "use":
            opens(visitor, token)
        elif (answer := renew(visitor, token)).status_code == 201 and answer.json["token"] not in held:
            held.append(answer.json["token"])
    pass_time(generations.GRACE_MS / 60_000 + 1)
    assert opens(visitor, held[-1]) == 200
    assert {opens(visitor, token) for token in held[:-1]} <= {401}


@pytest.mark.parametrize("generation", [-1, 1, 7])
def test_a_generation_that_was_never_begun_opens_nothing(anna: Visitor, services: Services, generation: int) -> None:
    anna.says("hello")
    claims: Any = services.tokens.read_session(anna.token)
    assert opens(anna, services.tokens.session(replace(claims, generation=generation))) == 401


def test_a_body_that_is_refused_renews_nothing(anna: Visitor) -> None:
    anna.says("hello")
    assert anna.post("/api/sessions", json={"shop": 1}).status_code == 422
    assert anna.post("/api/chat", json=chat_body("c", "hello")).status_code == 200
    with connected():
        assert rows(Session.select(Session.generation)) == [(0,)]
