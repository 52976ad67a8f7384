"""An answer that its limit or a filter cuts short says so: in the stream, the history, exports and shared pages."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.conftest import Answer, Visitor, events
from tests.scripted import Ends, Scripted, call
from widget_api.exports import CUTS
from widget_api.llm.base import FinishReason
from widget_api.turns.events import Fold, replay

REASONS: dict[FinishReason, str] = {"length": "length", "content-filter": "filter"}
cut_short = pytest.mark.parametrize(("reason", "cut"), REASONS.items())


def metadata(visitor: Visitor) -> dict[str, Any]:
    return dict(visitor.messages()[-1]["metadata"])


def said(answer: Answer) -> list[dict[str, Any]]:
    """The last three events: of what cut the answer, of the step, of the answer."""
    last = [event for event in events(answer.data) if event["type"] in {"message-metadata", "finish-step", "finish"}]
    return [{name: event[name] for name in event if name != "at"} for event in last]


def ending(reason: str, cut: str) -> list[dict[str, Any]]:
    return [
        {"type": "message-metadata", "messageMetadata": {"cut": cut}},
        {"type": "finish-step"},
        {"type": "finish", "finishReason": reason},
    ]


@cut_short
def test_the_stream_and_the_history_say_what_cut_an_answer_short(
    anna: Visitor, model: Scripted, reason: FinishReason, cut: str
) -> None:
    model.will("The boots are", Ends(reason))
    assert said(anna.send("boots?", id="m1")) == ending(reason, cut)
    assert (metadata(anna)["status"], metadata(anna)["cut"]) == ("complete", cut)
    assert said(anna.send("boots?", id="m1")) == ending(reason, cut)  # once more, from the database


def test_an_answer_that_ends_by_itself_says_nothing(anna: Visitor, model: Scripted) -> None:
    model.will("The boots are warm.")
    assert said(anna.send("boots?")) == [{"type": "finish-step"}, {"type": "finish", "finishReason": "stop"}]
    assert "cut" not in metadata(anna)


def test_only_the_last_step_cuts_an_answer(anna: Visitor, model: Scripted) -> None:
    model.will("Let me look", call("no_such_tool", {}), Ends("length"))
    model.will("The boots are warm.")
    anna.says("boots?")
    assert "cut" not in metadata(anna)


def test_an_answer_stopped_by_the_shopper_is_not_cut(anna: Visitor, model: Scripted) -> None:
    model.will("The boots are", threading.Event(), Ends("length"))
    asking = threading.Thread(target=anna.send, args=("boots?",))
    asking.start()
    assert model.streaming.wait(30)
    anna.post(f"/api/chat/{anna.conversation}/stop")
    asking.join()
    assert (metadata(anna)["status"], metadata(anna).get("cut")) == ("stopped", None)


def test_the_next_answer_goes_on_with_what_was_said(anna: Visitor, model: Scripted) -> None:
    model.will("The boots are", Ends("length"))
    model.will("warm.")
    anna.says("boots?")
    anna.says("Continue")
    assert [entry.text for entry in model.requests[1].messages if hasattr(entry, "text")] == [
        "boots?",
        "The boots are",
        "Continue",
    ]
    assert [message["metadata"].get("cut") for message in anna.messages()] == [None, "length", None, None]


@cut_short
def test_exports_and_shared_pages_mention_it(anna: Visitor, model: Scripted, reason: FinishReason, cut: str) -> None:
    model.will("The boots are", Ends(reason))
    anna.says("boots?")
    export = f"/api/conversations/{anna.conversation}/export"
    assert f"The boots are\n\n*{CUTS[cut]}*\n" in anna.get(export).text
    assert json.loads(anna.get(f"{export}?format=json").data)["messages"][1]["metadata"]["cut"] == cut
    path = str(anna.post(f"/api/conversations/{anna.conversation}/share", json={}).json["url"])
    path = path.removeprefix("https://chat.example")
    assert [message.get("cut") for message in anna.client.get(path).json["messages"]] == [None, cut]
    page = anna.client.get(path, headers={"Accept": "text/html"}).text.replace("&#39;", "'")
    assert page.count(CUTS[cut]) == 1


@pytest.mark.parametrize("cut", CUTS)
def test_a_run_of_events_that_is_made_shorter_keeps_it(cut: str) -> None:
    parts = [{"type": "step-start"}, {"type": "text", "text": "The boots are", "state": "done"}]
    message = {"id": "m", "parts": parts, "metadata": {"status": "complete", "cut": cut}}
    fold = Fold()
    for event in replay(message):
        fold.apply(event)
    assert fold.cut == cut
    again = Fold()
    for event in fold.rebuilding():
        again.apply(event)
    assert (again.cut, again.parts) == (cut, parts)
