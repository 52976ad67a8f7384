"""The app answers as openapi.yaml says: every operation, every status, every kind of event, and nothing else."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from peewee import OperationalError
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, CLEOS_SITE, Visitor, chat_body, events
from tests.scripted import Ends, Scripted, call
from tests.shop_server import GREY, Json, ShopServer, shop_server, ucp_cart, ucp_message, ucp_product, ucp_result
from tests.test_openapi import DOCUMENT, EVENT, OPERATIONS, PROBLEM, complaint, resolved
from widget_api import llm
from widget_api.api.body import BODY_BYTES
from widget_api.api.chat import CHAT_BYTES
from widget_api.api.places import Places
from widget_api.api.services import Services
from widget_api.api.widget import DIST, ENTRY
from widget_api.bulkhead import Bulkhead
from widget_api.limits import Limits, address_key
from widget_api.models import (
    CartChange,
    Conversation,
    Message,
    NoPlace,
    Session,
    Share,
    Shop,
    Turn,
    connected,
    database,
    transaction,
)
from widget_api.problems import AnswerInterrupted, ModelCut, ModelUnavailable
from widget_api.streams.readers import Readers
from widget_api.tokens import CLOCKS_APART, SESSION_SECONDS

pytestmark = pytest.mark.storeless

# What an answer must be


def check(operation: str, response: Response) -> None:
    """Raise `AssertionError` unless the document says that the operation may answer so."""
    answers = OPERATIONS[operation]["responses"]
    assert str(response.status_code) in answers, f"openapi.yaml has no {response.status} for {operation}"
    answer = resolved(answers[str(response.status_code)])
    for name, header in answer.get("headers", {}).items():
        check_header(resolved(header), response.headers.get(name))
    if "content" in answer:
        check_body(answer["content"], response)
    else:
        assert not response.get_data()


def check_header(header: Json, value: str | None) -> None:
    if value is None:
        assert not header.get("required"), f"a header is missing: {header['description']}"
    else:
        number = header["schema"]["type"] == "integer"
        assert not complaint(header["schema"], int(value) if number else value)


def check_body(content: Json, response: Response) -> None:
    assert response.mimetype in content, f"{response.mimetype} is not documented"
    text = response.get_data().decode(errors="replace")  # a compressed file is no text
    body: Any = json.loads(text) if response.is_json else text
    assert not complaint(content[response.mimetype]["schema"], body)
    if response.mimetype == PROBLEM:
        assert body["code"] in content[PROBLEM]["examples"], f"{body['code']} is not documented here"
    if response.mimetype == "text/event-stream":
        assert text.endswith("data: [DONE]\n\n")
        check_events(events(text.encode()))


def check_events(said: list[Json]) -> None:
    for event in said:
        assert not complaint(EVENT, {name: value for name, value in event.items() if name != "at"})
        if event["type"] == "error":
            assert not complaint({"$ref": "#/components/schemas/Problem"}, json.loads(event["errorText"]))


# What is asked


def examples(operation: str) -> list[Json]:
    """The bodies that the document shows."""
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    return [example["value"] for example in content.get("application/json", {}).get("examples", {}).values()]


CONVERSATION: str = DOCUMENT["components"]["parameters"]["ConversationId"]["example"]
SHOP: str = examples("POST /api/sessions")[0]["shop"]
ANSWER: str = DOCUMENT["components"]["parameters"]["MessageId"]["example"]
TOKEN: str = DOCUMENT["paths"]["/api/shared/{token}"]["parameters"][0]["example"]
CHANGE: str = DOCUMENT["components"]["parameters"]["CartChangeId"]["example"]
OF_A_CHANGE = ["POST /api/cart/changes/{id}/take", "POST /api/cart/changes/{id}/undo"]
CART: Json = examples("PUT /api/cart")[0]
GONE = ucp_result(ucp_message("not_found", "Cart not found or has expired"))


@dataclass
class World:
    """Anna, the shop that she is in, and what a test wants to turn."""

    anna: Visitor
    model: Scripted
    services: Services
    shop: ShopServer
    gate: threading.Event = field(default_factory=threading.Event)
    streams: list[TestResponse] = field(default_factory=list)
    repairs: ExitStack = field(default_factory=ExitStack)


@pytest.fixture
def world(anna: Visitor, model: Scripted, services: Services) -> Iterator[World]:
    anna.conversation = CONVERSATION
    with shop_server() as shop:
        shop.script = {
            "search_catalog": lambda _: ucp_result({"products": [noticed_product()], "messages": [WARNING]}),
            "get_product": lambda _: ucp_result({"product": noticed_product(), "messages": [WARNING]}),
            "get_cart": one_cart,
            "update_cart": one_cart,
        }
        Shop.register(ANNAS_SHOP, mcp_url=shop.url)
        Shop.register(SHOP, origins=[ANNAS_SITE])
        world = World(anna, model, services, shop)
        yield world
        world.repairs.close()
        world.gate.set()
        for stream in world.streams:
            stream.close()
        services.shops.http.close()


WARNING: Json = {"type": "warning", "code": "allergens", "content": "Contains lanolin."}


def noticed_product() -> Json:
    """A product with options."""
    values = [{"label": label, "available": label == "Grey", "exists": True} for label in ("Grey", "Moss")]
    selected = [{"name": "Color", "label": "Grey"}]
    return ucp_product(options=[{"name": "Color", "values": values}], selected=selected)


def one_cart(message: Json) -> Json:
    """The shop's answer to `get_cart`: it knows the cart of the document's example, and has a notice for it."""
    known = message["params"]["arguments"]["id"] == CART["cart_id"]
    cart = ucp_cart((GREY, 2), id=CART["cart_id"]) | {"messages": [WARNING | {"path": "$.line_items[0]"}]}
    cart["line_items"][0]["attributes"] = [{"key": "Engraving", "value": "Anna"}]
    return ucp_result(cart) if known else GONE


def begun_by_the_assistant(world: World) -> None:
    """The session's cart is not the theme's."""
    own = "gid://shopify/Cart/assistantsCart0001?key=1"
    known = {own: ucp_result(ucp_cart((GREY, 2), id=own)), CART["cart_id"]: ucp_result(ucp_cart(id=CART["cart_id"]))}
    world.shop.script["get_cart"] = lambda message: known[message["params"]["arguments"]["id"]]
    with transaction():
        Session.ensure(1, world.anna.session)
        Session.bind_cart(world.anna.session, own, own=True)


def being_moved(world: World) -> None:
    """Another page moves the session's cart into the theme's."""
    begun_by_the_assistant(world)
    assert world.anna.post("/api/cart/move", json=CART).json["move"]


def change_while_moved(world: World) -> None:
    """Another page moves the session's cart, and the assistant has proposed to change it."""
    talked(world)
    being_moved(world)


def unknown_product(world: World) -> None:
    """The shop does not sell that product."""
    talked(world)
    world.shop.script["get_product"] = ucp_result(ucp_message("not_found", "Product not found"))


def refusing(world: World) -> None:
    """The shop refuses to tell of its products."""
    talked(world)
    world.shop.script["get_product"] = ucp_result(ucp_message("invalid", "No."))


def begun(_: World) -> None:
    """Anna has a token and has said nothing."""


def over(world: World) -> None:
    """Anna's session began more than 90 days ago."""
    claims = world.services.tokens.read_session(world.anna.token)
    age = SESSION_SECONDS + CLOCKS_APART.total_seconds() + 60
    world.anna.token = world.services.tokens.session(replace(claims, born=int(time.time() - age)))


def talked(world: World) -> None:
    """Anna has bound her cart and asked; the assistant has asked the shop and answered; she has shared it. The answer
    and the link are called what the document calls them."""
    assert world.anna.request("PUT", "/api/cart", json=CART).status_code == 200
    world.model.will(call("search_catalog", {"query": "hats"}))
    world.model.will(call("get_cart", {}, "call-2"))
    world.model.will("Here ", "you are.")
    world.anna.says("Do you have hats?", id="asked-before")
    assert world.anna.post(f"/api/conversations/{CONVERSATION}/share", json={}).status_code == 201
    with transaction():
        Message.update(id=ANSWER).where(Message.role == "assistant").execute()
        Share.update(digest=hashlib.sha256(TOKEN.encode()).hexdigest()).execute()
        line = {"variant_id": GREY, "title": "Beanie", "variant": "Grey", "quantity": 3, "by": 1, "price": None}
        thread = Conversation.get().pk
        CartChange.add(id=CHANGE, session=world.anna.session, conversation=thread, lines=[line], state="proposed")


def running(world: World) -> None:
    """The assistant is in the middle of an answer."""
    world.model.will("Half ", world.gate, "of it.")
    world.streams.append(world.anna.send("Tell me more."))
    assert world.model.streaming.wait(10)


def deleted(world: World) -> None:
    """Anna has deleted the conversation."""
    talked(world)
    assert world.anna.request("DELETE", f"/api/conversations/{CONVERSATION}").status_code == 204


def emptied(world: World) -> None:
    """Anna's cart has expired."""
    talked(world)
    world.shop.script["get_cart"] = GONE


def shopless(world: World) -> None:
    """The shop does not answer any more."""
    talked(world)
    Shop.register(ANNAS_SHOP, mcp_url="http://127.0.0.1:9")


def patient(world: World) -> None:
    """As many requests wait for the shop as may."""
    talked(world)
    world.services.waiting = Bulkhead(0)


def crowded(world: World) -> None:
    """All places for streams are taken."""
    talked(world)
    world.services.streams = Places(0)


def occupied(world: World) -> None:
    """As many of Anna's answers are being written as may be."""
    talked(world)
    world.services.engine.max_turns_of_session = 0


def exhausted(world: World) -> None:
    """Anna's address has reached every limit."""
    names = ("address", "sessions", "reads", "shop-address")
    world.services.limits = Limits.parse(",".join(f"{name}=1 per day" for name in names))
    for name in names:
        world.services.limits.take(name, address_key("127.0.0.1"))


def broken(world: World) -> None:
    """The database cannot be read any more."""
    url = world.services.config.database_url
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
        return
    path = Path(url.removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        file.write_bytes(b"This is no database. " * 100)


def without_connections(world: World, reason: OperationalError) -> None:
    world.repairs.enter_context(patch.object(database.obj, "connect", side_effect=reason))


def away(world: World) -> None:
    """The database does not answer for now."""
    without_connections(world, OperationalError("the server is away"))


def overrun(world: World) -> None:
    """All connections to the database are lent."""
    without_connections(world, NoPlace("all connections are lent"))


@dataclass(frozen=True)
class Asked:
    """A request, and what its answer must be: a status, and for a problem its code."""

    operation: str
    answer: str
    given: Callable[[World], None]
    name: str
    options: Json

    def __str__(self) -> str:
        return f"{self.operation} {trouble(self)}"

    @property
    def arguments(self) -> Json:
        """What a test client is called with; the document's first example is the body where no other is given."""
        method, path = self.operation.split()
        shown = examples(self.operation)
        body = {"json": shown[0]} if shown and not self.options.keys() & {"json", "data"} else {}
        default = ANSWER if path.startswith("/api/messages/") else CONVERSATION
        default = CHANGE if path.startswith("/api/cart/changes/") else default
        name = {"id": default, "name": ENTRY, "token": TOKEN, "release": "draft", "number": "7001"}
        name = {field: self.name or usual for field, usual in name.items()}
        return {"method": method, "path": path.format(**name), **body, **self.options}


def asked(
    operation: str, answer: str, given: Callable[[World], None] = talked, name: str = "", **options: Any
) -> Asked:
    return Asked(operation, answer, given, name, options)


# Every operation when all is well. A new one needs a line here.
WELL = {
    "POST /api/sessions": "201",
    "DELETE /api/session": "204",
    "POST /api/chat": "200",
    "GET /api/chat/{id}/stream": "204",
    "POST /api/chat/{id}/stop": "200",
    "GET /api/conversations": "200",
    "GET /api/conversations/{id}": "200",
    "PATCH /api/conversations/{id}": "200",
    "DELETE /api/conversations/{id}": "204",
    "GET /api/conversations/{id}/messages": "200",
    "GET /api/conversations/{id}/export": "200",
    "POST /api/conversations/{id}/share": "201",
    "DELETE /api/conversations/{id}/share": "204",
    "GET /api/shared/{token}": "200",
    "GET /api/messages/{id}/versions": "200",
    "PUT /api/messages/{id}/feedback": "200",
    "DELETE /api/messages/{id}/feedback": "204",
    "GET /api/cart/changes": "200",
    "POST /api/cart/changes/{id}/take": "200",
    "POST /api/cart/changes/{id}/undo": "200",
    "GET /api/cart": "200",
    "PUT /api/cart": "200",
    "DELETE /api/cart": "204",
    "POST /api/cart/move": "200",
    "POST /api/products/{number}/selection": "200",
    "GET /.well-known/ucp-agent.json": "200",
    "GET /.well-known/ucp-agent-{release}.json": "200",
    "GET /widget/status": "200",
    "GET /widget/{name}": "200",
    "GET /healthz": "200",
    "GET /readyz": "200",
}

# What these answer when the database does not.
WITHOUT_DATABASE = {
    "GET /healthz": "200",
    "GET /readyz": "503 not-ready",
    "GET /widget/status": "200",
    "GET /widget/{name}": "200",
    "GET /.well-known/ucp-agent.json": "200",
    "GET /.well-known/ucp-agent-{release}.json": "200",
}
SHARED = "GET /api/shared/{token}"
API = [operation for operation in WELL if " /api/" in operation]
PRIVATE = [operation for operation in API if operation != SHARED]
# Without the stream: where there is no such conversation there is nothing to follow, which is 204. And without the
# stop: its message may begin the conversation.
OF_AN_ANSWER = [each for each in PRIVATE if "/api/messages/{id}" in each]
OF_A_CONVERSATION = [
    each
    for each in PRIVATE
    if "{id}" in each and each not in (*OF_AN_ANSWER, *OF_A_CHANGE) and not each.endswith(("/stream", "/stop"))
]
WITH_A_BODY = [operation for operation in API if examples(operation)]

HASHED = next(path.name for path in DIST.glob("*.js") if path.name != ENTRY)

SINGLE = [
    *(asked(operation, answer) for operation, answer in WELL.items() if operation not in WITH_A_BODY),
    *(asked(operation, WELL[operation], json=body) for operation in WITH_A_BODY for body in examples(operation)),
    asked("POST /api/sessions", "404 shop-not-found", json={"shop": "nowhere.myshopify.com"}),
    asked("POST /api/chat", "200", json=chat_body(CONVERSATION, "Do you have hats?", id="asked-before")),
    asked("POST /api/chat", "404 conversation-not-found", deleted),
    asked(
        "POST /api/chat",
        "404 message-not-found",
        json={"id": CONVERSATION, "trigger": "regenerate-message", "messageId": "never-was"},
    ),
    asked("POST /api/chat", "409 turn-running", running),
    asked("POST /api/chat", "422 message-mismatch", json=chat_body(CONVERSATION, "Or socks?", id="asked-before")),
    asked("POST /api/chat", "503 busy", crowded),
    asked("POST /api/chat", "429 too-many-turns", occupied),
    asked("GET /api/chat/{id}/stream", "204", begun),
    asked("GET /api/chat/{id}/stream", "200", running),
    asked("GET /api/chat/{id}/stream", "200", running, headers={"Last-Event-ID": "1-3"}),
    asked("GET /api/chat/{id}/stream", "200", query_string={"after": "1-3"}),
    asked("GET /api/chat/{id}/stream", "503 busy", crowded, query_string={"after": "1-3"}),
    asked("POST /api/chat/{id}/stop", "200", running),
    asked("POST /api/chat/{id}/stop", "200", running, data=b""),
    asked("POST /api/chat/{id}/stop", "200", json={"message_id": "asked-before"}),
    asked("POST /api/chat/{id}/stop", "404 conversation-not-found", deleted),
    asked("POST /api/chat/{id}/stop", "404 conversation-not-found", begun, data=b""),
    asked("POST /api/chat/{id}/stop", "404 message-not-found", json={"message_id": ANSWER}),
    asked("GET /api/conversations", "200", query_string={"q": "hats", "limit": 100}),
    asked("GET /api/conversations", "400 bad-request", query_string={"limit": 101}),
    asked("GET /api/conversations/{id}/messages", "200", running),
    asked("GET /api/conversations/{id}/messages", "200", query_string={"limit": 200}),
    asked("GET /api/conversations/{id}/messages", "400 bad-request", query_string={"limit": 201}),
    asked("GET /api/conversations/{id}/export", "200", query_string={"format": "json"}),
    asked("GET /api/conversations/{id}/export", "400 bad-request", query_string={"format": "pdf"}),
    asked("GET /api/messages/{id}/versions", "400 bad-request", query_string={"limit": 51}),
    asked("GET /api/cart", "200", begun),
    asked("GET /api/cart", "200", emptied),
    asked("GET /api/cart", "200", shopless),
    asked("PUT /api/cart", "422 cart-refused", json={"cart_id": "anothersCart0001"}),
    asked("PUT /api/cart", "503 shop-unavailable", shopless),
    asked("PUT /api/cart", "503 shop-busy", patient),
    asked("PUT /api/cart", "409 cart-busy", being_moved, json={**CART, "move": "another-move"}),
    asked("POST /api/cart/move", "200", begun_by_the_assistant, json=CART),
    asked("POST /api/cart/move", "409 cart-busy", being_moved),
    asked("POST /api/cart/move", "422 cart-refused", json={"cart_id": "anothersCart0001"}),
    asked("POST /api/cart/move", "503 shop-unavailable", shopless),
    *(asked(each, "404 cart-change-not-found", begun) for each in OF_A_CHANGE),
    *(asked(each, "409 cart-busy", change_while_moved) for each in OF_A_CHANGE),
    *(asked(each, "503 shop-unavailable", shopless) for each in OF_A_CHANGE),
    *(asked(each, "503 shop-busy", patient) for each in OF_A_CHANGE),
    asked("POST /api/products/{number}/selection", "404 product-not-found", unknown_product),
    asked("POST /api/products/{number}/selection", "502 shop-refused", refusing),
    asked("POST /api/products/{number}/selection", "503 shop-unavailable", shopless),
    asked("POST /api/products/{number}/selection", "503 shop-busy", patient),
    asked(SHARED, "200", headers={"Accept": "text/html"}),
    asked(SHARED, "404 share-not-found", name="never-was"),
    asked("GET /.well-known/ucp-agent.json", "304", headers={"If-None-Match": "*"}),
    asked("GET /.well-known/ucp-agent-{release}.json", "200", name="2026-08-25"),
    asked("GET /.well-known/ucp-agent-{release}.json", "304", headers={"If-None-Match": "*"}),
    asked("GET /.well-known/ucp-agent-{release}.json", "404 not-found", name="2020-01-01"),
    asked("GET /.well-known/ucp-agent-{release}.json", "412", name="2026-08-25", headers={"If-Match": '"another"'}),
    asked("GET /.well-known/ucp-agent.json", "412", headers={"If-Match": '"another"'}),
    asked("GET /widget/status", "200", query_string={"shop": "nowhere.myshopify.com"}),
    asked("GET /widget/{name}", "200", headers={"Origin": "https://x1.shopifypreview.com"}),
    asked("GET /widget/{name}", "200", name=HASHED),
    asked("GET /widget/{name}", "200", headers={"Accept-Encoding": "br"}),
    asked("GET /widget/{name}", "206", headers={"Range": "bytes=0-99"}),
    asked("GET /widget/{name}", "302", name="panel-0123456789.js"),
    asked("GET /widget/{name}", "304", headers={"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}),
    asked("GET /widget/{name}", "400 bad-request", headers={"Range": "bytes=99999999-"}),
    asked("GET /widget/{name}", "404 not-found", name="never-was.js"),
    asked("GET /widget/{name}", "412", headers={"If-Match": '"another"'}),
]

TOO_MUCH = b" " * (max(BODY_BYTES, CHAT_BYTES) + 1)
REFUSALS = [
    *(asked(each, "401 unauthorized", begun, headers={"Authorization": "Bearer forged"}) for each in PRIVATE),
    *(asked(each, "401 session-expired", over) for each in PRIVATE),
    *(asked(each, "403 origin-refused", begun, headers={"Origin": CLEOS_SITE}) for each in PRIVATE),
    *(asked(each, "404 conversation-not-found", begun) for each in OF_A_CONVERSATION),
    *(asked(each, "404 message-not-found", begun) for each in OF_AN_ANSWER),
    *(asked(each, "400 bad-request", begun, data=b"{", content_type="application/json") for each in WITH_A_BODY),
    *(
        asked(each, "413 body-too-large", begun, data=TOO_MUCH, content_type="application/json")
        for each in WITH_A_BODY
    ),
    *(asked(each, "415 not-json", begun, data=b"{}", content_type="text/plain") for each in WITH_A_BODY),
    *(asked(each, "422 invalid-body", begun, json={"what": "ever"}) for each in WITH_A_BODY),
    *(asked(each, "429 too-many-requests", exhausted) for each in API),
    *(asked(each, "503 not-ready", away) for each in API),
    *(asked(each, "503 busy", overrun) for each in API),
    *(asked(each, WITHOUT_DATABASE.get(each, "500 internal"), broken) for each in WELL),
]


def verify(world: World, request: Asked) -> None:
    with world.anna.request(**request.arguments) as response:
        world.gate.set()
        check(request.operation, response)
        code = json.loads(response.data)["code"] if response.mimetype == PROBLEM else ""
        assert f"{response.status_code} {code}".strip() == request.answer, request


@pytest.mark.parametrize("case", SINGLE, ids=str)
def test_an_answer_is_as_documented(world: World, case: Asked) -> None:
    case.given(world)
    verify(world, case)


# What may be sent along with any request: each by itself can change how it is answered (RFC 9110, 13 and 14).
CONDITIONS = [
    {"If-Match": '"another"'},
    {"If-Match": "*"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"another"'},
    {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"},
    {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    {"Range": "bytes=0-9"},
    {"Range": "bytes=99999999-"},
    {"Range": "bytes=0-9", "If-Range": '"another"'},
    {"Accept": "image/png"},
    {"Accept-Encoding": "*;q=0"},
    {"Expect": "the-impossible"},
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_whatever_is_asked_on_a_condition_is_answered_as_documented(world: World, condition: dict[str, str]) -> None:
    talked(world)
    for request in SINGLE:
        if request.given is talked and request.answer[:3] in {"200", "204"} and request.operation.startswith("GET"):
            headers = {**request.options.get("headers", {}), **condition}
            conditional = replace(request, options={**request.options, "headers": headers})
            with world.anna.request(**conditional.arguments) as response:
                check(request.operation, response)


def trouble(request: Asked) -> str:
    return f"{request.answer} {request.given.__name__}"


@pytest.mark.parametrize("same", dict.fromkeys(map(trouble, REFUSALS)))
def test_a_refusal_is_as_documented_at_every_operation(world: World, same: str) -> None:
    requests = [request for request in REFUSALS if trouble(request) == same]
    requests[0].given(world)
    for request in requests:
        verify(world, request)


def test_every_answer_that_the_document_has_is_in_the_lists_and_no_other() -> None:
    documented = {
        (operation, f"{status} {code}".strip())
        for operation, described in OPERATIONS.items()
        for status, response in described["responses"].items()
        for code in resolved(response).get("content", {}).get(PROBLEM, {}).get("examples", [""])
    }
    assert documented == {(request.operation, request.answer) for request in SINGLE + REFUSALS}


# Streams and messages


def until_cut(response: TestResponse) -> Iterator[bytes]:
    with suppress(ConnectionResetError):
        yield from response.iter_encoded()


def test_every_kind_of_event_is_as_documented_and_every_documented_one_is_sent(world: World) -> None:
    world.model.will(call("search_catalog", {"query": "hats"}))
    world.model.will(call("get_cart", {}, "call-2"))
    world.model.will(call("get_product", {}, "call-3"))
    world.model.will(call("get_cart", None, "call-4"))
    world.model.will(call("update_cart", {"lines": [{"variant_id": GREY, "quantity": 5}]}, "call-5"))
    world.model.will("Half ", ModelCut("Please ask again."))
    world.model.will("All of it", Ends("length"))
    said = world.anna.says("one")
    world.model.will(ModelUnavailable("Please try again in a moment."))
    said += world.anna.says("two")
    world.services.streams = Places(8, Readers(1))
    running(world)
    newest = world.anna.get(f"/api/chat/{CONVERSATION}/stream")
    said += events(b"".join(until_cut(world.streams[0])))
    assert world.anna.post(f"/api/chat/{CONVERSATION}/stop").status_code == 200
    said += events(newest.data)
    world.services.shops.model_of_all = llm.from_config(world.services.config)
    said += world.anna.says("Do you have hats?")
    check_events(said)
    kinds = [resolved(kind)["properties"]["type"]["const"] for kind in resolved(EVENT)["oneOf"]]
    assert {event["type"] for event in said} == set(kinds)


def test_an_answer_told_from_the_history_is_as_documented(world: World) -> None:
    talked(world)
    with connected():
        Turn.update(ended_at=1).execute()
    with world.anna.send("Do you have hats?", id="asked-before") as response:
        check("POST /api/chat", response)
        assert b"id: 1-" not in response.data


def test_every_state_of_an_answer_is_as_documented(world: World) -> None:
    talked(world)
    for problem in (ModelUnavailable("Please try again."), AnswerInterrupted("Please try again.")):
        world.model.will("Half ", problem)
        world.anna.says("Tell me more.")
    running(world)
    assert world.anna.page()["stream"]["last_event_id"].startswith("4-")
    states = states_shown(world)
    assert world.anna.post(f"/api/chat/{CONVERSATION}/stop").json == {"status": "stopped"}
    states |= states_shown(world)
    assert states == set(DOCUMENT["components"]["schemas"]["AnswerStatus"]["enum"])


def states_shown(world: World) -> set[str]:
    """The states of the answers on the page of messages, which must be as documented."""
    operation = "GET /api/conversations/{id}/messages"
    page = world.anna.request(**asked(operation, "200").arguments)
    check(operation, page)
    return {message["metadata"]["status"] for message in json.loads(page.data)["messages"]}


def test_without_a_token_only_that_is_open_which_the_document_says(world: World) -> None:
    running(world)
    ticket = {"ticket": world.anna.page()["stream"]["ticket"]}
    opened = set()
    for operation in PRIVATE:
        response = world.anna.client.open(**asked(operation, "").arguments, query_string=ticket)
        world.streams.append(response)
        if response.status_code != 401:
            opened.add(operation)
    secured: Json = {each: OPERATIONS[each].get("security", DOCUMENT["security"]) for each in PRIVATE}
    assert opened == {operation for operation, ways in secured.items() if {} in ways or {"ticket": []} in ways}


def test_an_address_and_a_method_that_are_not_there_are_problems_too(anna: Visitor) -> None:
    missing, mistaken = anna.get("/api/nothing"), anna.request("PUT", "/api/chat")
    for response, code in ((missing, "not-found"), (mistaken, "method-not-allowed")):
        assert not complaint({"$ref": "#/components/schemas/Problem"}, response.json)
        assert (response.mimetype, response.json["code"]) == (PROBLEM, code)
    assert "POST" in mistaken.allow


# What must be noticed

TIME = "2026-03-14T09:26:53.589Z"
READ = "GET /api/conversations/{id}"
ROW: Json = {"id": "c", "title": "Hats", "created_at": TIME, "updated_at": TIME}
REFUSED: Json = DOCUMENT["components"]["examples"]["too-many-requests"]["value"]
EXAMPLE: str = DOCUMENT["components"]["examples"]["rest-of-stream"]["value"]


def answer(body: Json, status: int = 200, mimetype: str = "application/json", **headers: str) -> Response:
    return Response(json.dumps(body), status, {"Retry-After": "2", **headers}, mimetype=mimetype)


def stream(body: str) -> Response:
    headers = {"x-vercel-ai-ui-message-stream": "v1", "X-Accel-Buffering": "no"}
    caching = {"Cache-Control": "no-cache, no-store, no-transform"}
    return Response(body, headers=headers | caching, mimetype="text/event-stream")


@pytest.mark.parametrize(
    ("operation", "response"),
    [(READ, answer(ROW)), (READ, answer(REFUSED, 429, PROBLEM)), ("POST /api/chat", stream(f"{EXAMPLE}\n"))],
)
def test_what_is_documented_passes(operation: str, response: Response) -> None:
    check(operation, response)


WRONG = {
    "a status": (READ, answer(ROW, 202)),
    "a field too few": (READ, answer({name: ROW[name] for name in ("id", "title", "created_at")})),
    "a field too many": (READ, answer(ROW | {"session": "s"})),
    "a value of another kind": (READ, answer(ROW | {"created_at": 7})),
    "another content type": (READ, answer(ROW, mimetype="text/html")),
    "a problem under 200": (READ, answer(REFUSED, mimetype=PROBLEM)),
    "another problem": (READ, answer(REFUSED | {"code": "busy"}, 429, PROBLEM)),
    "a header of another kind": (READ, answer(REFUSED, 429, PROBLEM, **{"Retry-After": "0"})),
    "no header": (READ, Response(json.dumps(REFUSED), 429, mimetype=PROBLEM)),
    "a body where there is none": ("DELETE /api/cart", answer({}, 204)),
    "an event": ("POST /api/chat", stream(f'data: {{"type":"dance"}}\n\n{EXAMPLE}\n')),
    "a cart's address in a stream": (
        "POST /api/chat",
        stream(f'data: {{"type":"data-cart","data":{{"status":"ok","cart":{{"checkout_url":"x"}}}}}}\n\n{EXAMPLE}\n'),
    ),
    "an end that is missing": ("POST /api/chat", stream(EXAMPLE.removesuffix("data: [DONE]\n"))),
}


@pytest.mark.parametrize(("operation", "response"), WRONG.values(), ids=WRONG)
def test_what_is_not_documented_is_noticed(operation: str, response: Response) -> None:
    with pytest.raises(AssertionError):
        check(operation, response)
