"""What an answer keeps of its tools' results, and what a page of messages holds, has a ceiling; words always fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Visitor
from tests.scripted import Scripted, call
from tests.shop_server import Json, shop_server, ucp_result
from tests.test_references import wide_product
from widget_api.api.messages import VERSIONS
from widget_api.api.pages import PAGE_BYTES
from widget_api.llm.base import Call, Result
from widget_api.models import Conversation, Message, Shop, ToolCall, Turn, connected, transaction
from widget_api.shopify.sizes import ANSWER_BYTES, LEAST_BYTES, fit_outcome, fit_parts, room_after, size_of
from widget_api.shopify.tools import Outcome
from widget_api.turns.conversation import HISTORY_BYTES, said
from widget_api.turns.run import TOO_LONG

pytestmark = pytest.mark.storeless

fields = st.dictionaries(st.sampled_from(["title", "price", "text"]), st.text(max_size=30), max_size=3)
lists = st.lists(fields, max_size=40)
carts = st.none() | st.fixed_dictionaries({"lines": lists})
cards = lists.map(lambda variants: {"products": [{"title": "Hat", "variants": variants}]})
outputs = st.fixed_dictionaries(
    {},
    optional={
        "products": lists,
        "answers": lists,
        "note": st.text(max_size=20),
        "cart": carts,
    },
)
outcomes = st.builds(
    Outcome,
    outputs | st.text(max_size=3000),
    error=st.booleans(),
    events=st.lists(st.tuples(st.just("data-cart"), outputs), max_size=1).map(tuple),
)


@given(outcomes, st.integers(LEAST_BYTES, 3000))
def test_a_result_fits_and_says_when_it_was_shortened(outcome: Outcome, most: int) -> None:
    fitted = fit_outcome(outcome, most)
    assert size_of(fitted.to_dict()) <= most
    assert json.loads(json.dumps(fitted.to_dict())) == fitted.to_dict()
    assert fitted.error == outcome.error
    if fitted != outcome:
        assert "shortened" in str(fitted.output)


parts = st.lists(
    st.one_of(
        st.text(max_size=100).map(lambda text: {"type": "text", "text": text}),
        st.builds(lambda output: {"type": "tool-x", "toolCallId": "c", "input": {}, "output": output}, outputs),
        st.text(max_size=99).map(lambda text: {"type": "tool-x", "toolCallId": "c", "input": {"x": text}}),
        cards.map(lambda data: {"type": "data-products", "data": data}),
    ),
    max_size=8,
)


@given(parts, st.integers(0, 4000))
def test_parts_that_an_earlier_version_stored_fit_without_a_loss_of_words(said: list[Json], most: int) -> None:
    fitted = fit_parts(said, most)
    words = [part for part in said if part["type"] == "text"]
    assert [part for part in fitted if part["type"] == "text"] == words
    if size_of(said) <= most:
        assert fitted == said
    elif size_of(fitted) > most:
        assert not any(part["type"].startswith("data-") for part in fitted)
        assert all(len(str(part.get("output", ""))) < LEAST_BYTES for part in fitted)


def test_a_fat_answer_of_an_earlier_version_is_bounded_wherever_it_is_read(anna: Visitor) -> None:
    anna.says("hello")
    variants = [{"id": str(n), "title": f"Size {n}", "price": {"amount": 1, "currency": "EUR"}} for n in range(100)]
    card = {"id": "1", "title": "Hat", "url": "", "image": "", "price": {"amount": 1, "currency": "EUR"}}
    found = {"products": [{**card, "variants": variants}] * 10}
    tool = {"type": "tool-search_catalog", "toolCallId": "c", "state": "output-available", "input": {}}
    step: list[Json] = [{"type": "step-start"}, {**tool, "output": found}, {"type": "data-products", "data": found}]
    fat = [*(step * 5), {"type": "text", "text": "Here."}]
    assert size_of(fat) > 2 * ANSWER_BYTES
    with transaction():
        Message.update(parts=fat).where(Message.role == "assistant").execute()
    conversation = f"/api/conversations/{anna.conversation}"
    answer = anna.messages()[-1]
    reads = [
        anna.get(f"{conversation}/messages"),
        anna.get(f"{conversation}/export?format=json"),
        anna.get(f"/api/messages/{answer['id']}/versions"),
    ]
    assert {read.status_code for read in reads} == {200}
    assert max(len(read.data) for read in reads) < ANSWER_BYTES + 10_000
    assert answer["parts"][-1] == fat[-1]


def search_again_and_again(anna: Visitor, model: Scripted, steps: int, products: int, variants: int) -> None:
    with shop_server() as shop:
        wide = [wide_product(number, variants) for number in range(1, products + 1)]
        shop.script = {"search_catalog": lambda _: ucp_result({"products": wide})}
        Shop.register(anna.shop, mcp_url=shop.url)
        for step in range(steps):
            asked = [{"query": f"jumper {step} {number}", "limit": 10} for number in range(2)]
            model.will(*(call("search_catalog", each, f"call-{step}-{n}") for n, each in enumerate(asked)))
        model.will("Here.")
        anna.says("jumpers")


def test_an_answer_that_searches_again_and_again_stays_below_its_ceiling(anna: Visitor, model: Scripted) -> None:
    search_again_and_again(anna, model, steps=4, products=10, variants=100)
    with connected():
        stored = Message.get(Message.role == "assistant")
        journal = [row.output["output"] for row in ToolCall.select().order_by(ToolCall.id)]
    assert ANSWER_BYTES // 2 < size_of(stored.parts) <= ANSWER_BYTES
    assert [part["type"] for part in stored.parts[-2:]] == ["text", "data-products"]
    assert [part["output"] for part in stored.parts if "output" in part] == journal
    assert "shortened" in str(journal[-1])
    assert "shortened" not in str(journal[0])


def test_what_the_model_is_told_of_a_shortened_result_says_so(anna: Visitor, model: Scripted) -> None:
    search_again_and_again(anna, model, steps=4, products=10, variants=100)
    assert "ask for less" in results(model)[-1].output["note"]


def results(model: Scripted) -> list[Result]:
    """What tools have answered, in the model's newest request."""
    return [entry for entry in model.requests[-1].messages if isinstance(entry, Result)]


def test_arguments_that_are_too_long_are_refused_and_hardly_kept(anna: Visitor, model: Scripted) -> None:
    query = "x" * 100_000
    model.will(Call("call-1", "search_catalog", {"query": query}, json.dumps({"query": query})))
    model.will("Sorry.")
    anna.says("hats")
    with connected():
        assert size_of(Message.get(Message.role == "assistant").parts) < 2000
        assert size_of(ToolCall.select().get().input) < 2000
    [result] = results(model)
    assert (result.output, result.error) == ({"error": TOO_LONG}, True)


def test_there_is_always_room_for_a_note() -> None:
    assert room_after([{"type": "text", "text": "x" * 2 * ANSWER_BYTES}]) == LEAST_BYTES


# Pages


def fill(anna: Visitor, number: int, characters: int) -> None:
    """Put so many answers of so many characters into Anna's conversation."""
    anna.says("hello", id="first")
    with transaction():
        row = Conversation.get(Conversation.session == anna.session)
        for n in range(number):
            parts = [{"type": "text", "text": f"{n} " + "é" * characters}]
            Message.add(id=f"m-{n}", session=anna.session, conversation=row, role="assistant", parts=parts)


def pages(anna: Visitor, **query: Any) -> list[list[str]]:
    """The ids of each page of the conversation, newest page first."""
    found: list[Any] = []
    before: dict[str, str] = {}
    while True:
        response = anna.get(f"/api/conversations/{anna.conversation}/messages", query_string={**query, **before})
        assert len(response.json["messages"]) == 1 or len(response.data) < PAGE_BYTES + 50_000
        found.append([message["id"] for message in response.json["messages"]])
        if not response.json["next"]:
            return found
        before = {"before": response.json["next"]}


def test_a_page_ends_where_its_bytes_do_and_the_next_one_goes_on(anna: Visitor) -> None:
    fill(anna, 30, 50_000)  # 100 kB each: é has two bytes
    found = pages(anna, limit=50)
    assert len(found) == 15
    assert [name for page in reversed(found) for name in page][2:] == [f"m-{n}" for n in range(30)]


def test_a_message_that_is_larger_than_a_page_is_a_page(anna: Visitor) -> None:
    fill(anna, 3, PAGE_BYTES)
    assert [len(page) for page in pages(anna)] == [1, 1, 1, 2]


@pytest.mark.parametrize("before", ["MA", "OTk5OTk5OTk5OTk5OTk5OTk5"])  # row 0, and one that no database can have
def test_a_cursor_beyond_all_rows_is_an_empty_page_or_the_newest(anna: Visitor, before: str) -> None:
    anna.says("hello")
    assert len(anna.page(before=before)["messages"]) in {0, 2}


def test_versions_are_paged_by_bytes_too(anna: Visitor) -> None:
    anna.says("hello")
    for _ in range(4):
        with anna.regenerate() as response:
            assert response.data
    with transaction():
        long = [{"type": "text", "text": "x" * (PAGE_BYTES // 2 - 1000)}]
        Message.update(parts=long).where(Message.role == "assistant").execute()
    answer = anna.messages()[-1]["id"]
    found: list[Any] = []
    before: dict[str, str] = {}
    while True:
        page = anna.get(f"/api/messages/{answer}/versions", query_string=before).json
        found.append([pair["answer"]["metadata"].get("version", 1) for pair in page["versions"]])
        if not page["next"]:
            break
        before = {"before": page["next"]}
    assert found == [[4, 5], [2, 3], [1]]


def test_a_page_of_versions_has_a_number_too(anna: Visitor) -> None:
    anna.says("hello")
    with transaction():
        turn = Turn.get()
        for number in range(2, VERSIONS + 3):
            parts = [{"type": "text", "text": str(number)}]
            row = {"session": anna.session, "conversation": turn.conversation_id, "role": "assistant", "parts": parts}
            answer = Message.add(id=f"a-{number}", **row, version=number, replaced=number < VERSIONS + 2)
            more = {"question": turn.question_id, "answer": answer.pk, "state": "complete", "attempt": number}
            Turn.add(id=f"t-{number}", conversation=turn.conversation_id, worker="", lease_until=0, **more)
    first = anna.get(f"/api/messages/a-{VERSIONS + 2}/versions").json
    assert [pair["answer"]["metadata"]["version"] for pair in first["versions"]] == list(range(3, VERSIONS + 3))
    second = anna.get(f"/api/messages/a-{VERSIONS + 2}/versions", query_string={"before": first["next"]}).json
    assert (len(second["versions"]), second["next"]) == (2, None)


def test_a_turn_reads_only_so_much_of_a_long_conversation(anna: Visitor) -> None:
    fill(anna, 8, 100_000)  # 200 kB each
    anna.says("and now?")
    with connected():
        read = said(Turn.select().order_by(Turn.attempt.desc()).get())
    assert 1 < len(read) < 8
    assert sum(size_of(message.parts) for message in read) <= HISTORY_BYTES
    assert read[-1].role == "user"
