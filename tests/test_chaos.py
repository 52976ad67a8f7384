"""The promises hold while workers are killed, stopped and replaced, and the checks that say so can fail.

The long form is `make chaos`; the bounded one here takes a minute and a half a column.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from tests.chaos import points
from tests.chaos.checks import again, faults
from tests.chaos.evidence import Evidence
from tests.chaos.following import Answer, Frames, Odd, contents
from tests.chaos.ledger import Entry, Ledger, entries
from tests.chaos.outcome import Outcome
from tests.chaos.points import POINTS, Trap
from tests.chaos.promises import KINDS
from tests.chaos.questions import VARIANT, Asker, Call, Question, Step, word
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.wire import Cut, ask
from tests.live import ROOT
from tests.servers import free_port, require

COLUMNS = [os.environ["TEST_COLUMN"]] if "TEST_COLUMN" in os.environ else ["memory", "redis"]


@pytest.mark.xdist_group("chaos")
@pytest.mark.timeout(420)
@pytest.mark.parametrize("column", COLUMNS)
def test_every_promise_is_kept_through_a_few_of_every_kind_of_accident(column: str) -> None:
    if column == "redis":
        require("redis-server", "postgres", "cc")
    command = [sys.executable, "-m", "tests.chaos", "--bounded", "--column", column]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            said, _ = process.communicate(timeout=400)
        except BaseException:
            process.send_signal(signal.SIGINT)  # it ends what it started
            raise
    assert process.returncode == 0, said


def test_every_point_where_a_worker_may_die_is_in_the_product() -> None:
    for point in POINTS:
        points.find(point)
    assert len({point.name for point in POINTS}) == len(POINTS)


# The checks, each with a story in which it must find something


QUESTION = Question(
    "s7-1",
    20,
    (
        Step(2, (Call("search_catalog", {"query": "for 7"}),)),
        Step(0, (Call("update_cart", {"lines": [{"variant_id": f"{VARIANT}71", "quantity": 3}]}),)),
        Step(3),
    ),
)
STEPS = [word("s7-1", 1, 0, 0) + word("s7-1", 1, 0, 1), "", "".join(word("s7-1", 3, 2, place) for place in range(3))]
CART = {"variant_id": f"{VARIANT}71", "quantity": 3}


def parts() -> list[Entry]:
    """The stored answer."""
    found: list[Entry] = []
    for text in STEPS:
        found += [{"type": "step-start"}, *([{"type": "text", "text": text}] if text else [])]
    searched = {"type": "tool-search_catalog", "toolCallId": "a", "state": "output-available"}
    bought = {"type": "tool-update_cart", "toolCallId": "b", "state": "output-available", "input": {"lines": [CART]}}
    found.insert(2, {**searched, "input": {}, "output": {"products": []}})
    found.insert(4, {**bought, "output": {"status": "ok", "cart": {"lines": [CART]}}})
    return found


def story() -> Evidence:
    """A shopper asks, is cut off once, and everything is as it should be."""
    told: list[Entry] = []

    def tell(kind: str, t: float, **fields: object) -> None:
        told.append({"kind": kind, "t": t, "question": "s7-1", **fields})

    tell("sent", 1.0, shopper=7, conversation="s7-c1", text=QUESTION.text)
    tell("accepted", 1.1, reader=0)
    tell("again", 1.1, reader=0, at="1-1")
    tell("start-step", 1.1, reader=0)
    tell("shown", 1.2, reader=0, text=STEPS[0])
    tell("tool", 1.3, reader=0, call="a", state="output-available")
    tell("cut", 1.4, reader=0)
    tell("start-step", 1.5, reader=0)
    tell("tool", 1.6, reader=0, call="b", state="output-available")
    tell("start-step", 1.6, reader=0)
    tell("shown", 1.7, reader=0, text=STEPS[2])
    tell("end", 1.8, reader=0, status="complete")
    tell("looked-up", 1.9, status="complete", **contents(parts()))
    asked = {"id": "s7-1", "role": "user", "parts": [{"type": "text", "text": QUESTION.text}]}
    answered = {"id": "a1", "role": "assistant", "metadata": {"status": "complete"}, "parts": parts()}
    tell("history", 2.0, conversation="s7-c1", shopper=7, messages=[asked, answered])
    tell("cart", 2.0, shopper=7, status="ok", cart={"lines": [CART]})
    model = [
        {"kind": kind, "request": number, "question": "s7-1", "step": step}
        for number, step in ((1, 0), (2, 1), (3, 2))
        for kind in ("asked", "said")
    ]
    sent = {f"{VARIANT}71": 3}
    shop: list[Entry] = [
        {"kind": "write", "number": 1, "cart": "c", "sent": sent, "held": {}},
        {"kind": "applied", "number": 1, "cart": "c", "before": {}, "after": sent},
    ]
    turn: Entry = {
        "question": "s7-1",
        "state": "complete",
        "status": "complete",
        "takeovers": 0,
        "worker": "here:42:0:a",
    }
    return Evidence(told, model, shop, [turn])


def of(evidence: Evidence, kind: str) -> Entry:
    """The last of the shoppers' entries of that kind."""
    return list(evidence.of(kind))[-1]


def without(kind: str) -> Callable[[Evidence], None]:
    def forget(evidence: Evidence) -> None:
        evidence.told[:] = [entry for entry in evidence.told if entry["kind"] != kind]

    return forget


def the_message_is_lost(evidence: Evidence) -> None:
    of(evidence, "history")["messages"].clear()


def the_message_is_another(evidence: Evidence) -> None:
    of(evidence, "history")["messages"][0]["parts"][0]["text"] = "Please change my cart to this: something else"


def the_message_is_there_twice(evidence: Evidence) -> None:
    messages = of(evidence, "history")["messages"]
    messages.insert(0, deepcopy(messages[0]))


def the_refused_message_is_there(evidence: Evidence) -> None:
    without("accepted")(evidence)
    entry = {"kind": "refused", "t": 1.1, "question": "s7-1", "reader": 0, "status": 409, "code": "turn-running"}
    evidence.told.append(entry)


def the_answer_is_lost(evidence: Evidence) -> None:
    of(evidence, "history")["messages"].pop()


def the_turn_is_lost(evidence: Evidence) -> None:
    evidence.turns.clear()


def the_answer_is_there_twice(evidence: Evidence) -> None:
    messages = of(evidence, "history")["messages"]
    messages.append(deepcopy(messages[-1]))


def the_turn_is_there_twice(evidence: Evidence) -> None:
    evidence.turns.append(dict(evidence.turns[0]))


def the_model_was_asked_twice(evidence: Evidence) -> None:
    evidence.asked.append({"kind": "asked", "request": 4, "question": "s7-1", "step": 2})


def stored_text(evidence: Evidence, text: str) -> None:
    of(evidence, "history")["messages"][1]["parts"][-1]["text"] = text


def the_stored_text_is_of_two_tries(evidence: Evidence) -> None:
    evidence.asked.append({"kind": "asked", "request": 4, "question": "s7-1", "step": 2})
    stored_text(evidence, word("s7-1", 3, 2, 0) + word("s7-1", 4, 2, 1) + word("s7-1", 4, 2, 2))


def the_stored_text_has_a_hole(evidence: Evidence) -> None:
    stored_text(evidence, word("s7-1", 3, 2, 0) + word("s7-1", 3, 2, 2))


def the_stored_text_repeats_itself(evidence: Evidence) -> None:
    stored_text(evidence, STEPS[2] + STEPS[2])


def the_stored_text_is_torn(evidence: Evidence) -> None:
    stored_text(evidence, STEPS[2][:-3])


def the_stored_text_is_of_another_step(evidence: Evidence) -> None:
    stored_text(evidence, "".join(word("s7-1", 1, 0, place) for place in range(3)))


def the_stored_text_is_short(evidence: Evidence) -> None:
    stored_text(evidence, word("s7-1", 3, 2, 0))


def the_stored_text_is_of_another_shopper(evidence: Evidence) -> None:
    stored_text(evidence, "".join(word("s8-1", 3, 2, place) for place in range(3)))


def the_shown_text_was_of_two_tries_for_a_while(evidence: Evidence) -> None:
    at = evidence.told.index(next(evidence.of("again")))
    spliced = [{**entry, "t": 1.0} for entry in evidence.told[at : at + 3]]
    spliced.append({**spliced[-1], "text": word("s7-1", 2, 0, 2)})
    evidence.told[at:at] = spliced


def the_shown_text_was_of_another_shopper_for_a_while(evidence: Evidence) -> None:
    at = evidence.told.index(next(evidence.of("again")))
    entries = [{**entry} for entry in evidence.told[at : at + 3]]
    entries[-1]["text"] = word("s8-1", 9, 0, 0)
    evidence.told[at:at] = entries


def the_message_is_in_another_conversation(evidence: Evidence) -> None:
    history = deepcopy(of(evidence, "history"))
    evidence.told.append({**history, "conversation": "s8-c1", "shopper": 8})


def the_shown_text_misses_a_word(evidence: Evidence) -> None:
    of(evidence, "shown")["text"] = word("s7-1", 3, 2, 0) + word("s7-1", 3, 2, 1)


def the_shown_text_is_of_an_older_try(evidence: Evidence) -> None:
    evidence.asked.append({"kind": "asked", "request": 4, "question": "s7-1", "step": 2})
    of(evidence, "shown")["text"] = "".join(word("s7-1", 4, 2, place) for place in range(3))


def the_shown_end_is_another(evidence: Evidence) -> None:
    of(evidence, "end")["status"] = "failed"


def the_shown_text_has_no_step(evidence: Evidence) -> None:
    without("start-step")(evidence)


def a_tool_was_not_shown(evidence: Evidence) -> None:
    evidence.told.remove(of(evidence, "tool"))


def the_stream_did_not_follow_on(evidence: Evidence) -> None:
    evidence.told.append({"kind": "odd", "t": 1.5, "question": "s7-1", "reader": 0, "what": "text-delta at 1-9"})


def the_end_was_shown_before_it_was_kept(evidence: Evidence) -> None:
    of(evidence, "looked-up")["steps"] = [STEPS[0], ""]


def the_end_came_late(evidence: Evidence) -> None:
    of(evidence, "end")["t"] = 33.0


def the_turn_still_runs(evidence: Evidence) -> None:
    evidence.turns[0]["state"] = "running"


def the_write_came_again(evidence: Evidence) -> None:
    evidence.shop.append({**evidence.shop[0], "number": 2, "held": evidence.shop[0]["sent"]})


def the_write_came_twice_at_once(evidence: Evidence) -> None:
    evidence.shop.insert(0, {**evidence.shop[0], "number": 2})


def the_write_took_out_another_line(evidence: Evidence) -> None:
    evidence.shop[0]["held"] = {f"{VARIANT}72": 4}


def the_cart_has_another_number(evidence: Evidence) -> None:
    of(evidence, "cart")["cart"] = {"lines": [{**CART, "quantity": 2}]}


def the_cart_is_gone(evidence: Evidence) -> None:
    of(evidence, "cart")["cart"] = None


def the_cart_is_unknown(evidence: Evidence) -> None:
    of(evidence, "cart").update(status="unknown", cart=None)


def the_shop_was_never_told(evidence: Evidence) -> None:
    evidence.shop.clear()


def the_answer_doubts_without_reason(evidence: Evidence) -> None:
    of(evidence, "history")["messages"][1]["parts"][4]["output"]["note"] = "The shop did not confirm the change."


def a_request_failed(evidence: Evidence) -> None:
    evidence.told.append({"kind": "rude", "t": 1.0, "what": "POST /api/chat", "status": 500, "code": "internal"})


def the_message_was_refused_for_no_reason(evidence: Evidence) -> None:
    without("accepted")(evidence)
    of(evidence, "history")["messages"].clear()
    evidence.told.append({"kind": "refused", "t": 1.1, "question": "s7-1", "reader": 0, "status": 401, "code": "no"})


def one_of_its_copies_was_refused(evidence: Evidence) -> None:
    entry = {"kind": "refused", "t": 1.1, "question": "s7-1", "reader": 1, "status": 409, "code": "turn-running"}
    evidence.told.append(entry)


def nobody_could_be_reached(evidence: Evidence) -> None:
    evidence.told.append({"kind": "gave-up", "t": 80.0, "question": "s7-1", "reader": 0})


def a_worker_crashed(evidence: Evidence) -> None:
    evidence.told.append({"kind": "crashed", "t": 1.0, "said": "Segmentation fault"})


def the_answer_was_cut_short(evidence: Evidence) -> None:
    evidence.turns[0]["state"] = "interrupted"


BROKEN = {
    the_message_is_lost: "lost",
    the_message_is_another: "lost",
    the_message_is_there_twice: "lost",
    the_refused_message_is_there: "lost",
    the_answer_is_lost: "lost",
    the_turn_is_lost: "lost",
    the_answer_is_there_twice: "doubled",
    the_turn_is_there_twice: "doubled",
    the_model_was_asked_twice: "doubled",
    the_stored_text_is_of_two_tries: "spliced",
    the_stored_text_has_a_hole: "spliced",
    the_stored_text_repeats_itself: "spliced",
    the_stored_text_is_torn: "spliced",
    the_stored_text_is_of_another_step: "spliced",
    the_stored_text_is_short: "spliced",
    the_shown_text_was_of_two_tries_for_a_while: "spliced",
    the_stored_text_is_of_another_shopper: "foreign",
    the_shown_text_was_of_another_shopper_for_a_while: "foreign",
    the_message_is_in_another_conversation: "foreign",
    the_shown_text_misses_a_word: "unlike",
    the_shown_text_is_of_an_older_try: "unlike",
    the_shown_end_is_another: "unlike",
    the_shown_text_has_no_step: "unlike",
    a_tool_was_not_shown: "unlike",
    the_stream_did_not_follow_on: "unlike",
    the_end_was_shown_before_it_was_kept: "unlike",
    the_end_came_late: "unfinished",
    the_turn_still_runs: "unfinished",
    without("end"): "unfinished",
    the_write_came_again: "doubled-write",
    the_write_came_twice_at_once: "doubled-write",
    the_write_took_out_another_line: "wrong-cart",
    the_cart_has_another_number: "wrong-cart",
    the_cart_is_gone: "wrong-cart",
    the_cart_is_unknown: "wrong-cart",
    without("cart"): "wrong-cart",
    the_shop_was_never_told: "wrong-cart",
    the_answer_doubts_without_reason: "wrong-cart",
    a_request_failed: "rude",
    the_message_was_refused_for_no_reason: "rude",
    one_of_its_copies_was_refused: "rude",
    nobody_could_be_reached: "rude",
    the_answer_was_cut_short: "noticed",
    a_worker_crashed: "crashed",
}


def test_a_story_in_which_all_is_well_has_no_faults() -> None:
    assert faults(story(), again) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_story_with_a_fault_is_found_out(broken: Callable[[Evidence], None]) -> None:
    evidence = story()
    broken(evidence)
    assert BROKEN[broken] in {fault.kind for fault in faults(evidence, again)}


def test_every_kind_of_fault_has_such_a_story() -> None:
    assert set(BROKEN.values()) == set(KINDS)


def test_an_answer_that_lost_its_worker_may_be_in_doubt_about_the_cart_but_not_wrong() -> None:
    evidence = story()
    the_answer_doubts_without_reason(evidence)
    evidence.turns[0]["takeovers"] = 1
    assert faults(evidence) == []
    of(evidence, "cart")["cart"] = None
    assert faults(evidence) == []
    of(evidence, "cart")["cart"] = {"lines": [{**CART, "quantity": 4}]}
    assert [fault.kind for fault in faults(evidence)] == ["wrong-cart"]


def test_a_cart_that_nobody_knows_is_no_empty_cart() -> None:
    evidence = story()
    the_answer_doubts_without_reason(evidence)
    evidence.turns[0]["takeovers"] = 1
    the_cart_is_unknown(evidence)
    assert [fault.what for fault in faults(evidence)] == ["nobody could say what is in the cart"]


@pytest.mark.parametrize(
    ("pid", "halted", "kinds"), [(42, 1.2, []), (43, 1.2, ["wrong-cart"]), (42, 1.85, ["wrong-cart"])]
)
def test_an_answer_whose_worker_stood_still_meanwhile_may_be_in_doubt(
    pid: int, halted: float, kinds: list[str]
) -> None:
    evidence = story()
    the_answer_doubts_without_reason(evidence)
    evidence.told += [{"kind": kind, "t": t, "pid": pid} for kind, t in (("halted", halted), ("resumed", 1.9))]
    assert [fault.kind for fault in faults(evidence)] == kinds


def outcome(**fields: object) -> Outcome:
    known = {"scenario": "kills", "column": "memory", "seed": 1, "done": {"kill": 9}, "missed": {}}
    return Outcome.of(story(), [], **{**known, **fields})


def test_too_many_answers_that_did_not_get_over_it_break_the_promise() -> None:
    good = outcome()
    assert good.kept
    good.hit, good.hit_complete = 100, 95
    assert good.kept
    good.hit_complete = 94
    assert not good.kept


def test_a_point_that_was_never_reached_breaks_the_promise() -> None:
    assert not outcome(missed={"tool-done": 1}).kept


# The harness's own parts


def answer(tmp_path: Path) -> Answer:
    return Answer(QUESTION, 0, Ledger(tmp_path / "ledger"))


START, DELTA = '{"type":"start","messageId":"a1"}', '{"type":"text-delta","id":"t","delta":"a "}'
STEP, FINISH = '{"type":"start-step"}', '{"type":"finish","finishReason":"stop"}'


def test_events_are_applied_when_their_frame_has_come_whole() -> None:
    frames = Frames()
    stream = b": open\nretry: 1000\n\nid: 1-1\ndata: {}\n\n: keep-alive\n\nid: 1-2\ndata: [DONE]\n\nid: 1-3\ndata: {"
    found = [event for at in range(len(stream)) for event in frames.feed(stream[at : at + 1])]
    assert found == [("1-1", "{}"), ("1-2", "[DONE]")]


def test_a_stream_may_go_on_or_start_over(tmp_path: Path) -> None:
    shown = answer(tmp_path)
    for at, event in (("1-1", START), ("1-2", STEP), ("1-3", DELTA)):
        shown.take(at, event)
    shown.connected()
    shown.take("1-5", DELTA)
    shown.connected()
    shown.take("1-1", START)
    shown.take("2-1", START)
    shown.take("2-2", FINISH)
    assert (shown.end, shown.cursor) == ("complete", "2-2")


@pytest.mark.parametrize("wrong", [("1-3", DELTA), ("1-2", STEP), ("2-4", DELTA), ("", DELTA), ("1-1", START)])
def test_a_stream_may_not_repeat_itself_or_change_its_attempt(tmp_path: Path, wrong: tuple[str, str]) -> None:
    shown = answer(tmp_path)
    for at, event in (("1-1", START), ("1-2", STEP), ("1-3", DELTA)):
        shown.take(at, event)
    with pytest.raises(Odd):
        shown.take(*wrong)


def test_nothing_may_come_after_the_end(tmp_path: Path) -> None:
    shown = answer(tmp_path)
    shown.take("1-1", START)
    shown.take("1-2", FINISH)
    with pytest.raises(Odd):
        shown.take("1-3", DELTA)


def test_a_trap_kills_one_process_and_no_more(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "here")
    trap.arm("1", 1)
    program = (
        "import sys; from pathlib import Path; from tests.chaos.points import Trap; trap = Trap(Path(sys.argv[1]));"
        "[trap.spring() for _ in range(3)]"
    )
    codes = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "here")], cwd=ROOT, check=False)
        codes.append(done.returncode)
    assert sorted(codes) == [-signal.SIGKILL, 0, 0]
    assert not trap.disarm()


def test_a_question_says_itself_to_the_model() -> None:
    assert Question.parse(f"Please change my cart to this: [old]\n\n{QUESTION.text}") == QUESTION


def test_no_change_of_a_cart_is_asked_for_twice() -> None:
    asker = Asker(3, random.Random(1))
    changes = [change for _ in range(60) for _, made in asker.buy().writes for change in made.items()]
    assert len(changes) == len(set(changes)) > 90


def test_a_ledger_keeps_every_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.write("sent", question="é\n")
    ledger.write("end")
    assert [entry["kind"] for entry in entries(tmp_path / "ledger")] == ["sent", "end"]
    ledger.close()


def test_a_server_that_is_not_there_cuts() -> None:
    async def call() -> None:
        async with ask(free_port(), "GET", "/", {}):
            raise AssertionError

    with pytest.raises(Cut):
        asyncio.run(call())


def test_jobs_are_the_same_for_the_same_seed_and_all_are_dealt() -> None:
    for scenario in SCENARIOS:
        jobs, twin = (scenario.jobs(random.Random(5), 1.0, bounded=False) for _ in range(2))
        assert jobs == twin
        assert {act: jobs.count(act) for act in scenario.acts} == dict.fromkeys(scenario.acts, scenario.times)


def test_outcomes_can_be_kept(tmp_path: Path) -> None:
    made = outcome()
    (tmp_path / "kept").write_text(json.dumps(made.to_dict()))
    assert Outcome(**json.loads((tmp_path / "kept").read_text())) == made
