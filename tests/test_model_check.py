"""`flask model check` says in sentences what a model lacks, whatever it answers, and never shows a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.model_server import JSON, Hold, ModelServer, Say, model_server
from tests.model_wire import CALLS, DONE, SEARCH, STOP, call, chunk, event, say
from widget_api import create_app
from widget_api.config import Config
from widget_api.llm import openai
from widget_api.llm.answer import Broken
from widget_api.llm.base import Call, ContextExceeded, FinishReason, Request, Sink, Step, Usage
from widget_api.llm.check import Plan, Prices, Report, check_model
from widget_api.llm.check.report import Finding
from widget_api.llm.check.trial import CODE
from widget_api.llm.provider import Provider
from widget_api.problems import ModelCut, ModelRefused, ModelUnavailable

pytestmark = pytest.mark.storeless

KEY = "sk-0123456789abcdefghij"
RULES = "You sell hats. " * 40
PLAN = Plan(RULES, (SEARCH,), seconds=20)
WORDS = "The Ridge Beanie is in your cart now, one of it, in Moss, for 29.00 EUR."

SEARCHES = Say([call('{"query": "Ridge Beanie"}', name="search_catalog", id="a", index=0) + CALLS + DONE])
CHANGES = Say([call('{"lines": []}', name="update_cart", id="b", index=0) + CALLS + DONE])


def used(input: int, output: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output}})


def talks(text: str = WORDS, *, input: int = 300, finish: bytes = STOP) -> Say:
    """Words in two pieces that no client can read at once: between them stands more than a read takes."""
    middle = len(text) // 2
    comment = b": " + b"." * 50_000 + b"\n\n"
    return Say([say(text[:middle]), comment, say(text[middle:]) + finish + used(input, 20) + DONE])


LONG = Say([say("A warm hat "), Hold()])
GOOD = (SEARCHES, CHANGES, talks(), talks(), LONG)


def refuses(status: int, message: str) -> Say:
    return Say([json.dumps({"error": {"message": message}}).encode()], status=status, headers=JSON, framing="length")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


class Small(Provider):
    """A model with a window of another size than most."""

    @property
    def context_tokens(self) -> int:
        return 8192


def checked(server: ModelServer, *answers: Say, plan: Plan = PLAN, kind: type[Provider] = Provider) -> Report:
    server.says(*answers)
    model = kind(openai, name="m", base_url=f"{server.url}/v1", key=KEY, pause=lambda *_: None)
    try:
        return check_model(model, plan)
    finally:
        model.close()


def found(report: Report, check: str) -> Finding:
    return next(finding for finding in report.findings if finding.check == check)


def test_a_good_model_is_fit(server: ModelServer) -> None:
    report = checked(server, *GOOD)
    assert report.is_fit
    assert {finding.check: finding.verdict for finding in report.findings} == {
        "reachable": "ok",
        "tools": "ok",
        "results": "ok",
        "state": "ok",
        "last step": "ok",
        "words": "ok",
        "markup": "ok",
        "streams": "ok",
        "stops": "ok",
        "ends": "ok",
        "usage": "ok",
        "parameters": "ok",
        "context": "ok",
        "speed": "ok",
        "price": "note",
    }
    assert server.left.wait(5)  # the stop has ended the connection
    assert (report.requests, report.input_tokens, report.output_tokens) == (5, 600, 40)
    assert '{"query": "Ridge Beanie"}' in found(report, "tools").says
    assert "It is fit for the chat" in report.to_text()


def test_results_come_back_and_the_last_step_forbids_calls(server: ModelServer) -> None:
    checked(server, *GOOD)
    bodies = [asked.body for asked in server.asked]
    assert [message["role"] for message in bodies[2]["messages"]] == [
        *("system", "user", "assistant", "tool", "assistant", "tool"),
    ]
    assert [body.get("tool_choice") for body in bodies] == [None, None, None, "none", "none"]
    assert all(body["tools"] for body in bodies)


def test_a_model_that_is_not_shown_its_tools_is_found_out(server: ModelServer) -> None:
    report = checked(server, talks("Yes, we have an Enamel Hat for you, and it is warm.", input=24))
    tools = found(report, "tools")
    assert tools.verdict == "failed"
    assert "counted 24 tokens" in tools.says
    assert "--jinja" in tools.advice
    assert not report.is_fit


def test_a_model_that_searches_only_when_told_is_warned_of(server: ModelServer) -> None:
    report = checked(server, talks(), SEARCHES, talks(), LONG)
    assert found(report, "tools").verdict == "warning"
    assert report.is_fit


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [('{"query": ', "failed"), ('["hat"]', "failed"), ("{}", "warning"), ('{"query": ""}', "warning")],
)
def test_arguments_must_be_an_object_with_a_query(server: ModelServer, arguments: str, verdict: str) -> None:
    broken = Say([call(arguments, name="search_catalog", id="a", index=0) + CALLS + DONE])
    assert found(checked(server, broken, talks(), talks(), LONG), "tools").verdict == verdict


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "MODEL_API_KEY"),
        (402, "bill"),
        (403, "MODEL_NAME"),
        (404, "MODEL_BASE_URL"),
        (429, "too many requests"),
        (503, "try again later"),
    ],
)
def test_a_refusal_is_told_with_the_providers_words_and_what_to_set(
    server: ModelServer, status: int, advice: str
) -> None:
    report = checked(server, refuses(status, "no such thing, said the provider"))
    [finding] = report.findings
    assert finding.verdict == "failed"
    assert advice in finding.advice
    assert "no such thing, said the provider" in finding.quote
    assert str(status) in finding.says


def test_a_server_that_is_not_there_is_told_by_its_address() -> None:
    model = Provider(openai, name="m", base_url="http://127.0.0.1:1/v1", pause=lambda *_: None)
    [finding] = check_model(model, PLAN).findings
    assert (finding.check, finding.verdict) == ("reachable", "failed")
    assert "MODEL_BASE_URL" in finding.advice
    assert "127.0.0.1" in finding.quote


def test_a_server_that_refuses_tools_alone_is_told_so(server: ModelServer) -> None:
    refusal = refuses(500, "tools param requires --jinja flag")
    report = checked(server, refusal, refusal, refusal, talks())
    assert found(report, "reachable").verdict == "ok"
    assert found(report, "tools").verdict == "failed"
    assert "requires --jinja" in found(report, "tools").quote
    assert "tools" not in server.asked[-1].body


def test_a_result_that_is_not_taken_is_told_with_the_providers_words(server: ModelServer) -> None:
    report = checked(server, SEARCHES, refuses(400, "Results of tools are not accepted here"), LONG)
    assert found(report, "results").verdict == "failed"
    assert "not accepted" in found(report, "results").quote
    assert found(report, "last step").verdict == "skipped"


def test_a_server_that_refuses_the_last_step_is_told_so(server: ModelServer) -> None:
    report = checked(server, SEARCHES, CHANGES, talks(), refuses(400, "not like this"), LONG)
    assert found(report, "last step").verdict == "failed"
    assert "not like this" in found(report, "last step").quote


def test_a_model_that_calls_when_it_must_not_is_warned_of(server: ModelServer) -> None:
    assert found(checked(server, SEARCHES, CHANGES, talks(), CHANGES, LONG), "last step").verdict == "warning"


def test_a_model_that_thinks_its_tokens_away_is_told_what_to_set(server: ModelServer) -> None:
    thoughts = Say([chunk({"reasoning_content": "hm"}) + chunk({}, finish="length") + used(9, 1024) + DONE])
    words = found(checked(server, SEARCHES, thoughts), "words")
    assert words.verdict == "failed"
    assert "MODEL_MAX_TOKENS" in words.advice


def test_markup_in_the_words_is_warned_of(server: ModelServer) -> None:
    text = "I will use search_catalog for that. Here you are."
    assert found(checked(server, SEARCHES, CHANGES, talks(text), talks(), LONG), "markup").verdict == "warning"


def test_an_answer_that_arrives_at_once_is_warned_of(server: ModelServer) -> None:
    whole = {"choices": [{"message": {"content": WORDS}, "finish_reason": "stop"}]}
    at_once = Say([json.dumps(whole).encode()], headers=JSON, framing="length")
    report = checked(server, SEARCHES, CHANGES, at_once)
    assert found(report, "streams").verdict == "warning"
    assert found(report, "usage").verdict == "warning"


def test_a_small_window_is_warned_of(server: ModelServer) -> None:
    report = checked(server, *GOOD, kind=Small)
    assert found(report, "context").verdict == "warning"
    assert "8,192" in found(report, "context").says


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (talks(f"The code word is {CODE}."), "ok"),
        (talks("The code word is: note.", input=2050), "failed"),
        (talks("I know of no code word.", input=5000), "warning"),
        (refuses(400, "no"), "failed"),
    ],
)
def test_a_filled_window_shows_what_is_cut_off_its_front(server: ModelServer, answer: Say, verdict: str) -> None:
    plan = replace(PLAN, fills_window=True)
    report = checked(server, SEARCHES, CHANGES, talks(), talks(), LONG, answer, plan=plan, kind=Small)
    assert found(report, "window").verdict == verdict
    filled = server.asked[-1].body["messages"]
    assert CODE in filled[0]["content"]
    assert 3 * 4000 < len(filled[1]["content"]) < 4 * 8192


def test_the_check_ends_when_its_time_is_over(server: ModelServer) -> None:
    report = checked(server, Say([Hold()]), plan=replace(PLAN, seconds=0.2))
    [finding] = report.findings
    assert finding.verdict == "failed"
    assert "--seconds" in finding.advice


def test_an_answer_has_a_price_where_prices_are_known(server: ModelServer) -> None:
    server.says(*GOOD)
    model = Provider(openai, name="m", base_url=f"{server.url}/v1")
    price = found(check_model(model, PLAN, prices=Prices(2.0, 10.0)), "price")
    assert "0.00080" in price.says  # 300 tokens in at 2, 20 out at 10 a million


def test_a_model_that_is_too_slow_is_not_blamed_for_what_it_had_no_time_to_do(server: ModelServer) -> None:
    report = checked(server, Say([say("Let me"), Hold()]), plan=replace(PLAN, seconds=0.2))
    assert "not complete" in found(report, "tools").says
    assert not report.is_fit
    skipped = [finding.check for finding in report.findings if finding.verdict == "skipped"]
    assert {"results", "last step", "stops"} <= {*skipped}
    assert report.requests == 1


class Strange:
    """A model that answers what it likes."""

    name, max_tokens = "strange", 1024

    def __init__(self, act: Callable[[Sink], Step], context_tokens: int) -> None:
        self._act = act
        self.context_tokens = context_tokens

    def stream(self, request: Request, into: Sink) -> Step:
        assert request.messages
        return self._act(into)


faults = st.sampled_from([ModelRefused("no"), ModelUnavailable("away"), ModelCut("cut"), ContextExceeded(4096)])
calls = st.builds(
    Call,
    st.text(min_size=1, max_size=4),
    st.sampled_from(["search_catalog", "", "other"]),
    st.one_of(st.none(), st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)),
    st.text(max_size=4),
)
finishes = st.sampled_from(get_args(FinishReason))
usage = st.builds(Usage, st.integers(0, 10**9), st.integers(0, 10**9))


@given(st.data(), st.integers(0, 2000))
def test_every_answer_makes_a_report(data: st.DataObject, window: int) -> None:
    def act(into: Sink) -> Step:
        for text in data.draw(st.lists(st.text(min_size=1, max_size=60), max_size=2)):
            into.text(text)
            into.flush()
        if data.draw(st.booleans()):
            raise data.draw(faults)
        made = tuple(data.draw(st.lists(calls, max_size=2)))
        for each in made:
            into.tool_input_start(each.id, each.name)
        return Step(data.draw(finishes), made, data.draw(usage), "strange")

    report = check_model(Strange(act, window), replace(PLAN, fills_window=data.draw(st.booleans())))
    assert report.findings[0].check in {"reachable", "context"}
    assert json.loads(json.dumps(report.to_dict()))["fit"] is report.is_fit
    assert all(len(line) <= 120 or " " not in line.strip() for line in report.to_text().splitlines())


def test_providers_words_are_short_and_clean() -> None:
    loud = Finding("reachable", "failed", "It was refused.", quote=f"a\x00b\n\n{KEY}" + "c" * 10_000)
    report = Report("m", "model", (loud,)).redacted(lambda text: text.replace(KEY, "[secret]"))
    quote = report.findings[0].quote
    assert quote.startswith(("ab [secret]c", "a b [secret]c"))
    assert len(quote) < 310
    assert KEY not in report.to_text()


# The command


def run(config: Config, *words: str, **settings: Any) -> Result:
    app: Flask = create_app(replace(config, **settings))
    return app.test_cli_runner().invoke(args=["model", "check", *words])


def settings(server: ModelServer) -> dict[str, Any]:
    return {"model_api": "openai", "model_name": "m", "model_base_url": f"{server.url}/v1", "model_api_key": KEY}


def test_the_demo_has_nothing_to_check(config: Config) -> None:
    done = run(config)
    assert done.exit_code == 0
    assert "nothing to check" in done.output
    assert json.loads(run(config, "--format", "json").output) == {"fit": True, "models": []}


def test_the_command_says_what_it_found(server: ModelServer, config: Config) -> None:
    server.says(*GOOD)
    done = run(config, "--input-price", "0.25", "--output-price", "2", **settings(server))
    assert done.exit_code == 0, done.output
    assert "It called search_catalog" in done.output
    assert "for a thousand answers" in " ".join(done.output.split())
    assert len(server.asked[0].body["tools"]) > 3  # those that shoppers' answers have


def test_the_fallback_is_checked_by_itself(server: ModelServer, config: Config) -> None:
    with model_server() as other:
        server.says(*GOOD)
        other.says(refuses(404, "no model of that name"))
        fallback = {"model_fallback": f"openai:m2@{other.url}/v1"}
        done = run(config, "--format", "json", **settings(server), **fallback)
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert [(each["model"], each["role"], each["fit"]) for each in told["models"]] == [
        ("m", "model", True),
        ("m2", "fallback", False),
    ]


def test_another_model_can_be_tried(server: ModelServer, config: Config) -> None:
    server.says(*GOOD)
    run(config, "--model", "larger", **settings(server))
    assert {asked.body["model"] for asked in server.asked} == {"larger"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_key_is_ever_shown(server: ModelServer, config: Config, form: str) -> None:
    server.says(refuses(401, f"Incorrect API key provided: {KEY}. Find yours in your account."))
    done = run(config, "--format", form, **settings(server))
    assert done.exit_code == 1
    assert KEY not in done.output
    assert "Incorrect API key" in done.output


def test_the_provider_is_quoted_and_not_what_a_shopper_is_told() -> None:

    def act(_: Sink) -> Step:
        raise ModelRefused("Please ask somebody.") from Broken("HTTP 418 short and stout", 418)

    [finding] = check_model(Strange(act, 32_768), PLAN).findings
    assert finding.quote == "HTTP 418 short and stout"


def test_the_guide_is_where_the_advice_says() -> None:
    assert (Path(__file__).parents[1] / "docs" / "guides" / "models.md").exists()
