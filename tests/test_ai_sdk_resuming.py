"""The AI SDK's own client after a cut, a reload, in a second tab: the whole answer, once, under the same id."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.ai_sdk import Chat, Node, chat, node
from tests.live import Live, Shopper, serving
from tests.model_server import ModelServer, Say
from tests.model_wire import CALLS, DONE, call
from tests.puppet import gate, live, provider, speech

__all__ = ["chat", "gate", "live", "node", "provider"]

pytestmark = [pytest.mark.node, pytest.mark.storeless, pytest.mark.xdist_group("ai-sdk-resuming")]


def cut(chat: Chat, live: Live, after: str) -> str:
    """Cut the answer's connection once `after` has arrived. Returns the answer's id."""
    seen = chat.until(after)
    live.break_it("cut-stream")
    broken = chat.settled()
    assert (broken.status, broken.messages) == ("error", seen.messages)
    return str(seen.messages[-1]["id"])


def test_a_cut_answer_is_resumed_as_the_same_message(chat: Chat, live: Live, gate: threading.Event) -> None:
    chat.send()
    answer = cut(chat, live, "One ")
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.status, seen.error, seen.text, len(seen.messages)) == ("ready", "", "One two.", 2)
    assert (seen.messages, seen.messages[-1]["id"]) == (chat.stored(), answer)


def test_a_page_that_becomes_visible_resumes_by_itself(chat: Chat, live: Live, gate: threading.Event) -> None:
    chat = Chat(chat.node, chat.shopper, options={"browser": True})
    chat.send()
    cut(chat, live, "One ")
    chat.wake()
    gate.set()
    seen = chat.settled()
    assert [end["isDisconnect"] for end in seen.ends] == [True, False]
    assert (seen.status, seen.messages) == ("ready", chat.stored())


@pytest.mark.parametrize("browser", [False, True])
def test_any_number_of_cuts_leaves_one_whole_answer(
    chat: Chat, live: Live, provider: ModelServer, *, browser: bool
) -> None:
    holds = [threading.Event() for _ in range(8)]
    provider.says(speech(*(piece for number, hold in enumerate(holds) for piece in (f"{number}, ", hold)), "done."))
    chat = Chat(chat.node, chat.shopper, options={"browser": browser})
    chat.send()
    for number, hold in enumerate(holds):
        cut(chat, live, f"{number}, ")
        chat.resume()
        hold.set()
    seen = chat.settled()
    assert (seen.status, seen.text) == ("ready", "0, 1, 2, 3, 4, 5, 6, 7, done.")
    assert seen.messages == chat.stored()


def test_a_cut_in_the_middle_of_a_call_keeps_the_call_whole(chat: Chat, live: Live, provider: ModelServer) -> None:
    gate = threading.Event()
    half, rest = call('{"query": "Ri', name="search_catalog", index=0, id="call_1"), call('dge Beanie"}', index=0)
    provider.says(Say([half, gate, rest, CALLS, DONE]), speech("A fine beanie."))
    chat.send()
    chat.until_tool("input-streaming")
    live.break_it("cut-stream")
    chat.settled()
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.status, seen.calls, seen.messages) == ("ready", [], chat.stored())


def test_a_page_load_in_the_middle_goes_on_in_the_partial_of_the_history(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    chat.leave()
    chat = chat.reloaded()
    assert [message["metadata"]["status"] for message in chat.history] == ["complete", "running"]
    chat.resume()
    assert len(chat.until("One ").messages) == 2
    gate.set()
    seen = chat.settled()
    assert (seen.status, seen.text, len(seen.messages)) == ("ready", "One two.", 2)
    assert [part for part in seen.messages[-1]["parts"] if part.get("state") == "streaming"] == []
    assert (seen.messages[-1]["id"], seen.messages[-1]["parts"]) == (
        chat.history[-1]["id"],
        chat.stored()[-1]["parts"],
    )


def test_a_page_load_in_the_middle_of_a_call_goes_on(chat: Chat, provider: ModelServer) -> None:
    gate = threading.Event()
    half, rest = call('{"query": "Ri', name="search_catalog", index=0, id="call_1"), call('dge Beanie"}', index=0)
    provider.says(Say([half, gate, rest, CALLS, DONE]), speech("A fine beanie."))
    chat.send()
    chat.until_tool("input-streaming")
    chat = chat.reloaded()
    assert chat.node.check(chat.history)["problem"] == ""
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.status, seen.calls, seen.messages[-1]["parts"]) == ("ready", [], chat.stored()[-1]["parts"])


def test_a_page_load_before_the_first_word_goes_on(chat: Chat, provider: ModelServer) -> None:
    gate = threading.Event()
    provider.says(speech(gate, "At last."))
    provider.heard.clear()
    chat.send()
    assert provider.heard.wait(20)
    chat = chat.reloaded()
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.text, len(seen.messages), seen.messages[-1]["id"]) == ("At last.", 2, chat.stored()[-1]["id"])


def test_two_tabs_follow_one_answer(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    other = chat.reloaded()
    other.resume()
    gate.set()
    assert chat.settled().messages[-1]["parts"] == other.settled().messages[-1]["parts"] == chat.stored()[-1]["parts"]


def test_a_tab_that_makes_room_for_others_resumes_when_it_is_looked_at(
    node: Node, provider: ModelServer, gate: threading.Event, tmp_path: Path
) -> None:
    model = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{provider.url}/v1", "MODEL_NAME": "m"}
    with serving(tmp_path, RATE_LIMITS="reads=9000 per minute", **model) as live, Shopper(live) as shopper:
        first = Chat(node, shopper, options={"browser": True})
        first.send()
        first.until("One ")
        others = [first.reloaded() for _ in range(4)]
        for other in others:
            other.resume()
            other.until("One ")
        sent_away = first.settled()
        assert (sent_away.status, [end["isDisconnect"] for end in sent_away.ends]) == ("error", [True])
        first.wake()
        first.until("One ")
        gate.set()
        for chat in (first, *others[1:]):
            assert (chat.settled().status, chat.settled().text) == ("ready", "One two.")


def test_a_chat_that_resumes_twice_at_once_has_one_answer(chat: Chat, live: Live, gate: threading.Event) -> None:
    chat.send()
    cut(chat, live, "One ")
    chat.resume()
    chat.resume()
    gate.set()
    seen = chat.settled()
    assert (seen.status, seen.text, seen.messages) == ("ready", "One two.", chat.stored())


def test_nothing_to_resume_leaves_the_chat_ready_and_as_it_was(chat: Chat, provider: ModelServer) -> None:
    provider.says(speech("Whole."))
    chat.asks()
    chat = chat.reloaded()
    chat.resume()
    seen = chat.settled()
    assert (seen.status, seen.error, seen.ends, seen.messages) == ("ready", "", [], chat.history)


def test_a_chat_that_has_not_begun_has_nothing_to_resume(chat: Chat) -> None:
    chat.resume()
    seen = chat.settled()
    assert (seen.status, seen.error, seen.messages) == ("ready", "", [])


def test_a_chat_that_comes_back_after_the_end_gets_the_rest(chat: Chat, live: Live, gate: threading.Event) -> None:
    chat.send()
    cut(chat, live, "One ")
    gate.set()
    chat.ends_unheard()
    chat.resume()
    seen = chat.settled()
    assert (seen.status, seen.text, seen.messages) == ("ready", "One two.", chat.stored())


def test_an_answer_that_ends_while_the_page_loads_is_whole(chat: Chat, gate: threading.Event) -> None:
    chat.send()
    chat.until("One ")
    chat.leave()
    chat = chat.reloaded()
    gate.set()
    chat.ends_unheard()
    chat.resume()
    seen = chat.settled()
    assert (seen.status, seen.text, len(seen.messages)) == ("ready", "One two.", 2)
