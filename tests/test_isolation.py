"""No byte of one session reaches another: every route, every kind of stranger, generated from the app's routes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from flask import Flask

from tests.conftest import Answer, Visitor, chat_body
from tests.scripted import Scripted
from widget_api.api.services import Services
from widget_api.models import TABLES, CartChange, Conversation, connected, transaction
from widget_api.tokens import SessionClaims, TicketClaims

pytestmark = pytest.mark.storeless

CANARY = "annas-secret-canary"

# Every route of the app: None when it is public, else the body it takes. A route without a line here fails.
ROUTES: dict[tuple[str, str], Any] = {
    ("POST", "/api/sessions"): None,
    ("DELETE", "/api/session"): {},
    ("POST", "/api/chat"): "chat",
    ("GET", "/api/chat/<id>/stream"): {},
    ("POST", "/api/chat/<id>/stop"): {},
    ("GET", "/api/conversations"): {},
    ("GET", "/api/conversations/<id>"): {},
    ("PATCH", "/api/conversations/<id>"): {"title": "mine now"},
    ("DELETE", "/api/conversations/<id>"): {},
    ("GET", "/api/conversations/<id>/messages"): {},
    ("GET", "/api/conversations/<id>/export"): {},
    ("POST", "/api/conversations/<id>/share"): {"days": 30},
    ("DELETE", "/api/conversations/<id>/share"): {},
    ("GET", "/api/shared/<token>"): None,
    ("GET", "/api/messages/<id>/versions"): {},
    ("PUT", "/api/messages/<id>/feedback"): {"rating": "down", "comment": "I was here."},
    ("DELETE", "/api/messages/<id>/feedback"): {},
    ("GET", "/api/cart"): {},
    ("PUT", "/api/cart"): {"cart_id": "abcdefghijkl?key=0123456789abcdef"},
    ("POST", "/api/cart/move"): {"cart_id": "abcdefghijkl?key=0123456789abcdef"},
    ("DELETE", "/api/cart"): {},
    ("GET", "/api/cart/changes"): {},
    ("POST", "/api/cart/changes/<id>/take"): {},
    ("POST", "/api/cart/changes/<id>/undo"): {},
    ("POST", "/api/products/<number>/selection"): {"selected": []},
    ("GET", "/.well-known/ucp-agent.json"): None,
    ("GET", "/.well-known/ucp-agent-<release>.json"): None,
    ("GET", "/widget/status"): None,
    ("GET", "/widget/<name>"): None,
    ("GET", "/healthz"): None,
    ("GET", "/readyz"): None,
}
PRIVATE = [route for route, body in ROUTES.items() if body is not None]
# What belongs to nobody in particular may be asked for by any session; it must not hold a byte of another's.
OWN = {route for route in PRIVATE if "<id>" not in route[1]}


def test_every_route_has_a_line(app: Flask) -> None:
    rules = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == set(ROUTES)


@pytest.fixture
def world(anna: Visitor, ben: Visitor, cleo: Visitor, model: Scripted) -> dict[str, Visitor]:
    """Everybody has talked; Anna has said something secret."""
    model.will(f"I will not tell {CANARY}.")
    anna.says(f"Remember {CANARY}.", id="m1")
    ben.says("hello")
    cleo.says("hello")
    return {"anna": anna, "ben": ben, "cleo": cleo}


def strangers_token(kind: str, world: dict[str, Visitor], services: Services) -> str | None:
    """A token that must not open what is Anna's."""
    anna = world["anna"]
    claims = services.tokens.read_session(anna.token)
    if kind == "revoked":
        world["ben"].request("DELETE", "/api/session")
        return world["ben"].token
    made = {
        "none": None,
        "empty": "",
        "garbage": "Bearer-ish",
        "ticket": services.tokens.ticket(TicketClaims(claims, "some-turn")),
        "older": services.tokens.session(SessionClaims(claims.shop, claims.session, 7)),
        "foreign-shop": services.tokens.session(SessionClaims(claims.shop + 1, claims.session, 0)),
        "unknown-shop": services.tokens.session(SessionClaims(999, claims.session, 0)),
        "ben": world["ben"].token,
        "cleo": world["cleo"].token,
    }
    return made[kind]


def annas(route: tuple[str, str], anna: Visitor) -> str:
    """The id of what is Anna's at that route."""
    if "/changes/<id>" in route[1]:
        with transaction():
            thread = Conversation.get().pk
            CartChange.add(id="annas-change", session=anna.session, conversation=thread, state="proposed")
        return "annas-change"
    return str(anna.messages()[-1]["id"]) if "/messages/<id>" in route[1] else anna.conversation


def ask(client: Any, route: tuple[str, str], id: str, token: str | None) -> Answer:
    method, path = route
    body = ROUTES[route]
    if body == "chat":
        body = chat_body(id, "let me in")
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return cast(Answer, client.open(path.replace("<id>", id), method=method, json=body or None, headers=headers))


def everything_stored() -> list[Any]:
    with connected():
        return [sorted(map(str, table.select().tuples())) for table in TABLES]


@pytest.mark.parametrize(
    "kind", ["none", "empty", "garbage", "ticket", "older", "revoked", "foreign-shop", "unknown-shop"]
)
@pytest.mark.parametrize("route", PRIVATE, ids=" ".join)
def test_a_token_that_is_not_valid_opens_nothing(
    route: tuple[str, str], kind: str, world: dict[str, Visitor], services: Services, model: Scripted
) -> None:
    token = strangers_token(kind, world, services)
    hers = annas(route, world["anna"])
    before, asked = everything_stored(), len(model.requests)
    response = ask(world["anna"].client, route, hers, token)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert CANARY not in response.text
    assert (everything_stored(), len(model.requests)) == (before, asked)


@pytest.mark.parametrize("kind", ["ben", "cleo"])
@pytest.mark.parametrize("route", [route for route in PRIVATE if route not in OWN], ids=" ".join)
def test_a_foreign_conversation_looks_like_one_that_never_was(
    route: tuple[str, str], kind: str, world: dict[str, Visitor], services: Services, model: Scripted
) -> None:
    token = strangers_token(kind, world, services)
    hers = annas(route, world["anna"])
    before, asked = everything_stored(), len(model.requests)
    foreign = ask(world["anna"].client, route, hers, token)
    missing = ask(world["anna"].client, route, "never-was", token)
    # A stream that is not there is no fault: the AI SDK asks for it before a chat has begun.
    assert foreign.status_code == missing.status_code == (204 if route[1].endswith("/stream") else 404)
    assert foreign.data == missing.data
    assert (everything_stored(), len(model.requests)) == (before, asked)


@pytest.mark.parametrize("kind", ["ben", "cleo"])
@pytest.mark.parametrize("route", sorted(OWN), ids=" ".join)
def test_what_is_asked_for_by_no_id_holds_nothing_of_another(
    route: tuple[str, str], kind: str, world: dict[str, Visitor], services: Services
) -> None:
    anna = world["anna"]
    token = strangers_token(kind, world, services)
    response = ask(anna.client, route, anna.conversation, token)
    assert CANARY not in response.text
    response.close()
    assert anna.messages()[0]["id"] == "m1"
    assert len(anna.messages()) == 2


def test_a_ticket_opens_its_own_turns_stream_and_nothing_else(
    anna: Visitor, ben: Visitor, model: Scripted, services: Services
) -> None:
    import threading

    gate = threading.Event()
    model.will(gate, CANARY)
    running = anna.send("one")
    ticket = anna.page()["stream"]["ticket"]
    ben.says("hello")
    stranger = ben.client
    path = f"/api/chat/{anna.conversation}/stream"
    assert stranger.get(f"/api/chat/{ben.conversation}/stream?ticket={ticket}").status_code == 204
    assert stranger.get(path, query_string={"ticket": anna.token}).status_code == 401
    assert stranger.get("/api/conversations", headers={"Authorization": f"Bearer {ticket}"}).status_code == 401
    claims = services.tokens.read_session(anna.token)
    another = services.tokens.ticket(TicketClaims(claims, "another-turn"))
    assert stranger.get(path, query_string={"ticket": another}).status_code == 204
    followed = stranger.get(path, query_string={"ticket": ticket})
    gate.set()
    assert CANARY in followed.text
    assert CANARY in running.text


def test_a_session_that_the_client_names_is_never_adopted(anna: Visitor) -> None:
    minted = anna.client.post("/api/sessions", json={"shop": anna.shop, "session": "chosen"})
    assert minted.status_code == 422
    assert Visitor(anna.client, anna.shop, anna.site).session != anna.session


def test_a_renewed_token_speaks_for_the_same_session(anna: Visitor, cleo: Visitor) -> None:
    anna.says("hello")
    renewed = anna.post("/api/sessions", json={"shop": anna.shop})
    assert renewed.json["session"]["id"] == anna.session
    other = cleo.client.post(
        "/api/sessions", json={"shop": cleo.shop}, headers={"Authorization": f"Bearer {anna.token}"}
    )
    assert other.status_code == 201
    assert other.json["session"]["id"] != anna.session
