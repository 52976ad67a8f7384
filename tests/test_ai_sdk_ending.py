"""How answers end in the AI SDK's own client: stopped, failed, asked for again, refused."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.ai_sdk import Chat, Look, Node, chat, node
from tests.live import Live, Shopper, serving
from tests.model_server import JSON, ModelServer, Say
from tests.model_wire import CALLS, DONE, call, chunk, say
from tests.puppet import gate, live, provider, speech

__all__ = ["chat", "gate", "live", "node", "provider"]

pytestmark = [pytest.mark.node, pytest.mark.storeless, pytest.mark.xdist_group("ai-sdk-ending")]

REFUSAL = Say([b'{"error": {"message": "no such model"}}'], status=400, headers=JSON)


def states(seen: Look) -> list[str]:
    return [part["state"] for part in seen.messages[-1]["parts"] if "state" in part]


def test_an_answer_stopped_from_elsewhere_is_kept_and_the_chat_is_ready(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    assert chat.stop() == "stopped"
    seen = chat.settled()
    assert not gate.is_set()
    assert (seen.status, seen.error, seen.text, states(seen)) == ("ready", "", "One ", ["done"])
    assert seen.messages == chat.stored()


def test_an_answer_that_reached_its_limit_says_so(chat: Chat, provider: ModelServer) -> None:
    provider.says(Say([say("The boots are"), chunk({}, finish="length"), DONE]))
    seen = chat.asks()
    assert (seen.status, seen.error, seen.text) == ("ready", "", "The boots are")
    assert seen.messages[-1]["metadata"] == {"cut": "length"}
    assert chat.page()["messages"][-1]["metadata"]["cut"] == "length"


def test_an_answer_stopped_in_the_middle_of_a_call_has_no_open_part(chat: Chat, provider: ModelServer) -> None:
    gate = threading.Event()
    half = call('{"query": "Ri', name="search_catalog", index=0, id="call_1")
    provider.says(Say([say("Let me look."), half, gate, CALLS, DONE]))
    chat.send()
    chat.until_tool("input-streaming")
    chat.stop()
    seen = chat.settled()
    gate.set()
    assert (seen.status, states(seen)) == ("ready", ["done", "output-error"])
    assert chat.node.check(chat.page()["messages"])["problem"] == ""


def test_an_answer_stopped_while_the_shop_is_asked_has_no_open_part(
    chat: Chat, live: Live, provider: ModelServer
) -> None:
    provider.says(Say([call('{"query": "boots"}', name="search_catalog", index=0, id="call_1"), CALLS, DONE]))
    live.break_it("slow-shop")
    chat.send()
    chat.until_tool("input-available")
    chat.stop()
    seen = chat.settled()
    live.break_it("mend")
    assert (seen.status, states(seen)) == ("ready", ["output-error"])
    assert seen.messages == chat.stored()


def test_a_question_after_a_stop_is_answered(chat: Chat, provider: ModelServer, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    chat.stop()
    chat.settled()
    provider.says(speech("Here."))
    seen = chat.asks("Are you there?")
    assert (seen.status, seen.text, seen.messages) == ("ready", "Here.", chat.stored())
    assert not gate.is_set()


def test_the_sdks_own_stop_only_hangs_up(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    chat.leave()
    assert chat.settled().status == "ready"
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.text, seen.messages) == ("One two.", chat.stored())


def test_an_answer_that_fails_before_its_first_word_says_why(chat: Chat, provider: ModelServer) -> None:
    provider.says(REFUSAL)
    seen = chat.asks()
    assert (seen.problem["code"], seen.problem["status"]) == ("model-refused", 502)
    assert seen.problem == chat.page()["messages"][-1]["metadata"]["error"]
    assert seen.messages == chat.stored()


def test_an_answer_that_breaks_off_for_good_keeps_its_beginning_and_says_why(
    chat: Chat, provider: ModelServer
) -> None:
    provider.says(Say([say("Half an ")], end="cut"))
    seen = chat.asks()
    assert (seen.problem["code"], seen.text, states(seen)) == ("model-cut", "Half an ", ["done"])
    assert seen.messages == chat.stored()


@pytest.mark.parametrize("named", ["nothing", "the question", "the answer"])
def test_a_failed_answer_is_asked_for_again(chat: Chat, provider: ModelServer, named: str) -> None:
    provider.says(Say([say("Half an ")], end="cut"))
    question, failed = chat.asks().messages
    provider.says(speech("A whole answer."))
    chat.regenerate({"nothing": "", "the question": question["id"], "the answer": failed["id"]}[named])
    seen = chat.settled()
    assert (seen.status, seen.text, len(seen.messages)) == ("ready", "A whole answer.", 2)
    assert seen.messages == chat.stored()


def test_another_answer_takes_the_first_ones_place(chat: Chat, provider: ModelServer) -> None:
    provider.says(speech("First."), speech("Second."))
    first = chat.asks().messages[-1]
    chat.regenerate()
    seen = chat.settled()
    assert (seen.text, seen.messages[-1]["id"] != first["id"]) == ("Second.", True)
    assert (seen.messages, chat.reloaded().settled().text) == (chat.stored(), "Second.")


def test_a_tab_that_has_not_seen_the_newest_question_replaces_nothing(chat: Chat, provider: ModelServer) -> None:
    provider.says(speech("First."), speech("Second."))
    chat.asks("One?")
    behind = chat.reloaded()
    chat.asks("Two?")
    before = chat.stored()
    behind.regenerate()
    assert behind.settled().problem["status"] == 404
    assert chat.stored() == before


def test_another_answer_can_be_cut_and_resumed(chat: Chat, provider: ModelServer, gate: threading.Event) -> None:
    provider.says(speech("First."), provider.answers[0])
    chat.asks()
    chat.regenerate()
    chat.until("One ")
    chat.leave()
    chat = chat.reloaded()
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.text, len(seen.messages), seen.messages[-1]["id"]) == ("One two.", 2, chat.stored()[-1]["id"])


def test_a_second_question_meanwhile_is_refused_with_the_running_turn(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    refused = chat.reloaded().asks("And another thing")
    assert (refused.problem["code"], refused.problem["status"]) == ("turn-running", 409)
    assert refused.problem["turn_id"] == chat.page()["stream"]["turn_id"]
    gate.set()
    assert chat.settled().messages == chat.stored()


def test_a_question_that_is_too_long_is_refused_in_words(chat: Chat) -> None:
    refused = chat.asks("long " * 1000)
    assert (refused.problem["code"], refused.problem["status"]) == ("invalid-body", 422)
    assert "characters" in refused.problem["detail"]


def test_a_forged_token_is_refused_in_words(chat: Chat) -> None:
    forged = Chat(chat.node, chat.shopper, options={"token": "forged"})
    assert forged.asks().problem["code"] == "unauthorized"
    forged.resume()
    assert forged.settled().problem["code"] == "unauthorized"


def test_too_many_questions_are_refused_in_words(node: Node, tmp_path: Path) -> None:
    with serving(tmp_path, RATE_LIMITS="messages=1 per hour") as live, Shopper(live) as shopper:
        chat = Chat(node, shopper)
        assert chat.asks("hello").status == "ready"
        refused = chat.asks("hello again")
    assert (refused.problem["code"], refused.problem["status"]) == ("too-many-requests", 429)
    assert "wait" in refused.problem["detail"]


def test_an_earlier_question_cannot_be_edited_and_stays(chat: Chat, provider: ModelServer) -> None:
    provider.says(speech("First."), speech("Second."))
    chat.asks("One?")
    question = chat.asks("Two?").messages[0]["id"]
    before = chat.stored()
    chat.edit(question, "One, or rather three?")
    assert chat.settled().problem["status"] == 422
    assert chat.stored() == before


def test_the_newest_question_can_be_edited(chat: Chat, provider: ModelServer) -> None:
    provider.says(speech("First."), speech("Second."), speech("Third."))
    chat.asks("One?")
    question = chat.asks("Two?").messages[2]["id"]
    chat.edit(question, "Two, or rather three?")
    seen = chat.settled()
    assert (seen.status, seen.text, seen.messages) == ("ready", "Third.", chat.stored())
    assert len(seen.messages) == 4


def test_the_sdks_retry_of_a_refused_first_question_asks_it(chat: Chat, provider: ModelServer) -> None:
    forged = Chat(chat.node, chat.shopper, options={"token": "forged"})
    question = forged.asks("Do you hear me?").messages
    provider.says(speech("I do."))
    chat = Chat(chat.node, chat.shopper, history=question)
    chat.regenerate()
    seen = chat.settled()
    assert (seen.status, seen.text, seen.messages) == ("ready", "I do.", chat.stored())


def test_the_sdks_retry_of_a_refused_question_asks_it_and_replaces_nothing(
    chat: Chat, provider: ModelServer, gate: threading.Event
) -> None:
    chat.send("Count.")
    chat.until("One ")
    other = chat.reloaded()
    assert other.asks("And then?").problem["code"] == "turn-running"
    gate.set()
    chat.settled()
    provider.says(speech("Three."))
    other.regenerate()
    assert other.settled().text == "Three."
    assert [message["parts"][-1]["text"] for message in chat.stored()] == [
        "Count.",
        "One two.",
        "And then?",
        "Three.",
    ]
