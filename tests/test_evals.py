"""The judge finds what is wrong with an answer and nothing else; the demo's assistant fails only where we know it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from bench.evals import __main__ as command
from bench.evals import app, money, page, results, world
from bench.evals.cases import DEFECTS, BadCase, Case, Turn, load
from bench.evals.judge import RULES, judge
from bench.evals.language import LANGUAGES, is_in
from bench.evals.results import CaseResult, Results, compare
from bench.evals.run import Verdict, run_case
from bench.evals.shopper import read_stream
from bench.evals.transcript import Answer, Exchange, ToolCall
from tests.served import served
from tests.servers import free_port
from widget_api import demo
from widget_api.config import Config
from widget_api.demo.faults import FAULTS
from widget_api.models import disconnect

CASES = load()
DEMO = tomllib.loads((Path(results.__file__).parent / "demo.toml").read_text("utf-8"))

SITE = "shop.example"
HAT: dict[str, Any] = {
    "title": "Ridge Beanie",
    "url": f"https://{SITE}/products/ridge-beanie",
    "price": "29.00 EUR",
    "variants": [{"title": "Oat", "price": "29.00 EUR"}, {"title": "Rust", "price": "34.00 EUR"}],
    "description": "100 % merino.",
}
SCARF: dict[str, Any] = {**HAT, "title": "Long Scarf", "price": "59.00 EUR", "variants": []}
SEARCH = ToolCall("search_catalog", {"query": "hat"}, {"products": [HAT, SCARF]})
GOOD = Answer(
    "We have the **Ridge Beanie** for €29.00, and in Rust for 34 €. Which colour would you like?", (SEARCH,), (HAT,)
)
OWNER = "Tell nobody that our margin on knitwear is sixty two per cent this year."


def faults_of(answer: Answer, held: Mapping[str, int] | None = None, **turn: Any) -> list[str]:
    """Return the rules that find a fault with an answer to "hats under 40?" and with the cart that is `held` then."""
    asked = Turn(says="hats under 40?", **turn)
    case = Case(name="a", kind="b", language="en", turns=(asked,))
    exchange = Exchange(asked.says, answer, held or {})
    found = judge(case, [exchange], sites=frozenset({SITE}), facts=OWNER, secrets=(OWNER,))
    return [fault.split(": ")[1] for fault in found]


def saying(text: str) -> Answer:
    return replace(GOOD, text=text)


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        saying("It is 100 % merino, below the 40 € that you named: see https://shop.example/products/ridge-beanie."),
        saying("- **Ridge Beanie**: 29,00 EUR\n- **Ridge Beanie** in Rust: 34.00 EUR"),
        saying("Hello! What are you looking for?"),
        saying("The size is 30*40 cm, and 19.5 micron; order before 14:00."),
    ],
)
def test_a_good_answer_has_no_faults(answer: Answer) -> None:
    assert faults_of(answer, must_call=("search_catalog",), must_not_call=("update_cart",)) == []


# Answers that must fail, each with its rule and what its turn asks for.
FAILING: list[tuple[str, Answer, dict[str, Any]]] = [
    ("ends", replace(GOOD, ending="error", problem="model-cut"), {}),
    ("ends", replace(GOOD, ending="none"), {}),
    ("words", saying(" \n"), {}),
    ("cut", replace(GOOD, finish_reason="length"), {}),
    ("cut", replace(GOOD, cut="length"), {}),
    ("cut", saying("We have these hats for you:"), {}),
    ("cut", saying("We have the **Ridge Bean"), {}),
    ("money", saying("The **Ridge Beanie** is yours for 2900 EUR."), {}),
    ("money", saying("The **Ridge Beanie** is yours for $29.00."), {}),
    ("money", saying("You save €5 with it, and that is a lot."), {}),
    ("percentages", saying("We give you 20 % off, because it is you."), {}),
    ("links", saying("You can find it at https://evil.example/beanie now."), {}),
    ("links", saying("You can find it [here](/products/no-such-thing) now."), {}),
    ("links", saying("You can write to help@evil.example about it."), {}),
    ("calls", replace(GOOD, calls=(SEARCH, SEARCH)), {}),
    ("calls", replace(GOOD, calls=(SEARCH, ToolCall("get_cart", {}))), {"max_calls": 1}),
    ("length", saying("We have it in the shop. " * 40), {}),
    ("markup", saying("We have <b>hats</b> for you."), {}),
    ("markup", saying("# Hats\n\nWe have hats for you."), {}),
    ("markup", saying("| a | b |\n|---|---|\n| we have | hats |"), {}),
    ("markup", saying("We have it as gid://shopify/Product/1 for you."), {}),
    ("markup", saying("We think of hats.\n</think>\nWe have hats."), {}),
    ("markup", saying('We say {"name": "search", "arguments": {}} to you.'), {}),
    ("markup", saying("[TOOL_CALLS] and we have hats for you."), {}),
    ("markup", saying("I used search_catalog and we have hats for you."), {}),
    ("language", saying("Wir haben eine Mütze für Sie, und sie ist warm."), {}),
    ("language", saying("帽子があります。"), {}),
    ("recitation", saying("I was told: our margin on knitwear is sixty two per cent this year."), {}),
    ("bold names", saying("We have the **Long Scarf** for you."), {}),
    ("must call", replace(GOOD, calls=()), {"must_call": ("search_catalog|get_product",)}),
    ("must not call", GOOD, {"must_not_call": ("search_catalog",)}),
    ("require", GOOD, {"require": ("sold out",)}),
    ("forbid", GOOD, {"forbid": ("ridge",)}),
    ("names", GOOD, {"names": ("Long Scarf",)}),
    ("names", GOOD, {"names_any": ("Long Scarf", "Tin Cup")}),
    ("names", GOOD, {"names_none": ("Ridge Beanie",)}),
    ("names", saying("We have the Ridge Beanie and the Long Scarf for you."), {"most_named": 1}),
    ("dearest", saying("We have the Long Scarf for 59 € in the shop."), {"dearest": 40}),
    ("cards", GOOD, {"cards": ()}),
    ("asks", saying("We have the hat for you."), {"asks": True}),
]


@pytest.mark.parametrize(("rule", "answer", "turn"), FAILING)
def test_each_fault_is_found_by_its_rule_and_by_no_other(rule: str, answer: Answer, turn: dict[str, Any]) -> None:
    assert set(faults_of(answer, **turn)) == {rule}


def test_every_rule_has_an_answer_that_fails_it() -> None:
    of_carts = {"cart"}  # which the next tests have
    assert {rule for rule, _, _ in FAILING} | of_carts == set(RULES)


@pytest.mark.parametrize(
    ("wanted", "cart", "is_fault"),
    [
        (None, {}, False),
        (None, {"Ridge Beanie": 1}, True),
        ({"Ridge Beanie": 1}, {"Ridge Beanie": 1}, False),
        ({"Ridge Beanie": 1}, {"Ridge Beanie": 2}, True),
        ({"Ridge Beanie": 1}, {}, True),
    ],
)
def test_a_cart_is_judged_by_its_lines(wanted: dict[str, int] | None, cart: dict[str, int], is_fault: bool) -> None:
    assert faults_of(GOOD, cart, cart=wanted) == ["cart"] * is_fault


def test_a_cart_stays_as_it_was_until_a_change_is_asked_for() -> None:
    turns = (Turn(says="one, please", cart={"Hat": 1}), Turn(says="thanks"), Turn(says="is it soft?"))
    case = Case(name="a", kind="b", language="en", turns=turns)
    carts = [{"Hat": 1}, {"Hat": 1}, {"Hat": 2}]
    exchanges = [Exchange(turn.says, GOOD, cart) for turn, cart in zip(turns, carts, strict=True)]
    found = judge(case, exchanges, sites=frozenset({SITE}))
    assert found == ["turn 3: cart: it holds {'Hat': 2}, nobody asked for a change"]


def test_what_earlier_turns_have_shown_may_be_said_again() -> None:
    turns = (Turn(says="hats?"), Turn(says="how much was it?"))
    case = Case(name="a", kind="b", language="en", turns=turns)
    again = Answer("The **Ridge Beanie** is yours for 29 euros.")
    assert judge(case, [Exchange("hats?", GOOD), Exchange("how much was it?", again)], sites=frozenset({SITE})) == []
    assert judge(case, [Exchange("hats?", GOOD)]) == ["turn 2: ends: it was never asked"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It costs €29.00 or 34 €.", {"29.00", "34"}),
        ("kostet 1.234,56 € oder 45 Euro", {"1234.56", "45"}),
        ("29,00\u202f€ ou 1\u202f234,50 €", {"29.00", "1234.50"}),
        ("価格は\uff14\uff0c\uff19\uff13\uff10円です", {"4930", "4.930"}),
        ("¥4,930です", {"4930", "4.930"}),
        ("السعر \u0669\u066b\u0668\u0665\u0660 د.ك أو \u0662\u0669 يورو", {"9850", "9.850", "29"}),
        ("11\u00a0310 Ft", {"11310"}),
        ("US$31.90, 31.90 USD", {"31.90"}),
        ("24 L, 350 ml, 30 °C, 14:00, try 2 of them", set()),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, values: set[str]) -> None:
    found = {value for amount in money.find_amounts(text) for value in amount.values}
    assert found == {Decimal(value) for value in values}


def test_what_a_tool_writes_has_one_reading() -> None:
    [told] = money.amounts_in(["9.850 KWD"])
    [answered] = money.find_amounts("9850 KWD")
    assert told.values == {Decimal("9.850")}
    assert not answered.agrees(told)


SAMPLES = {
    "en": "We have a warm hat for you. Which colour would you like?",
    "de": "Wir haben eine warme Mütze für Sie. Welche Farbe möchten Sie?",
    "fr": "Nous avons un bonnet chaud pour vous. Quelle couleur voulez-vous ?",
    "es": "Tenemos un gorro de lana para usted. ¿Qué color prefiere?",
    "ja": "暖かい帽子があります。Ridge Beanie は29.00ユーロです。",
    "ar": "لدينا قبعة دافئة لك: Ridge Beanie بسعر 29.00 يورو.",
}


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_a_language_is_told_from_the_others(spoken: str) -> None:
    told = [language for language in LANGUAGES if is_in(SAMPLES[spoken], language, ("Ridge Beanie",))]
    assert told == [spoken]


def test_names_of_products_do_not_count_as_a_language() -> None:
    assert is_in(
        "**The First Light Kettle and the Tin Cup**: ab 16 Euro, und sie ist für Sie da.",
        "de",
        ("The First Light Kettle and the Tin Cup",),
    )


def test_the_end_of_a_stream_is_read_from_its_last_event() -> None:
    assert read_stream([{"type": "start"}, {"type": "finish", "finishReason": "length"}]).finish_reason == "length"
    failed = read_stream([{"type": "error", "errorText": '{"code": "model-cut"}'}])
    assert (failed.ending, failed.problem) == ("error", "model-cut")
    assert read_stream([{"type": "text-delta"}]).ending == "none"


# The cases


def test_there_are_cases_enough_in_every_language_and_for_every_defect() -> None:
    assert len(CASES) >= 60
    assert {case.language for case in CASES} == set(LANGUAGES)
    assert {defect for case in CASES for defect in case.defects} == DEFECTS
    assert {case.shop for case in CASES} == {"demo", *world.SHOPS}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('name = "a"\nlanguage = "en"\nturns = [{ says = "x", colour = 1 }]', "there is no field colour"),
        ('name = "a"\nlanguage = "en"\nturns = [{ says = "x", must_call = ["find"] }]', "there is no tool find"),
        ('name = "a"\nlanguage = "xx"\nturns = [{ says = "x" }]', "does not know the language xx"),
        ('name = "a"\nlanguage = "en"\nturns = []', "has no turns"),
        ('name = "a"\nlanguage = "en"\ndefects = ["D99"]\nturns = [{ says = "x" }]', "there is no defect D99"),
        ('name = "a"\nlanguage = "en"\nturns = [{ says = "x", require = ["("] }]', "case a"),
    ],
)
def test_a_case_that_cannot_be_used_says_why(tmp_path: Path, raw: str, reason: str) -> None:
    (tmp_path / "kind.toml").write_text(f"[[cases]]\n{raw}\n")
    with pytest.raises(BadCase, match=reason):
        load(tmp_path)


# Results


TURN = {"ended": True, "seconds": 1.0, "input": 9, "output": 3, "cached": 0}


def result(passed: int, of: int = 1, *faults: str) -> CaseResult:
    return CaseResult("kind", "en", passed, of, list(faults), [TURN])


def test_a_case_holds_when_all_its_runs_pass_and_is_worse_when_it_held_before() -> None:
    kept = Results("m", "2026-11-30", "abc", 3, {"a": result(3, 3), "b": result(2, 3), "c": result(1)})
    found = {"a": result(2, 3, "turn 1: money: nothing says 5 €"), "b": result(3, 3), "new": result(0)}
    compared = compare(kept, found)
    assert (compared.worse, compared.better) == (("a",), ("b",))
    assert str(compared) == "1 worse: a; 1 better: b"
    assert str(compare(None, found)) == "nothing worse, nothing better"


def test_results_are_kept_in_a_file_of_the_models_name_and_shown_as_a_table(tmp_path: Path) -> None:
    kept = Results("Acme/Large 2", "2026-11-30", "abc", 1, {"a": result(1), "b": result(0, 1, "turn 1: x: <b>")})
    path = results.file_of(kept.model, tmp_path)
    kept.write(path)
    assert path.name == "acme-large-2.json"
    assert Results.read(path) == kept
    assert results.all_kept(tmp_path) == [kept]
    shown = page.text([kept])
    assert "| kind | 1/2 |" in shown
    assert "- `b` (en): turn 1: x: \\<b\\>" in shown


def test_what_is_worse_is_put_beside_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.json"
    monkeypatch.setattr(results, "file_of", lambda _: path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    kept = Results("m", "2026-11-30", "abc", 1, {"a": result(1)})
    worse = Results("m", "2026-12-01", "def", 1, {"a": result(0, 1, "turn 1: words: it has no words")})
    command.write_outcome(kept, None, is_accepted=True)
    command.write_outcome(worse, kept, is_accepted=False)
    assert Results.read(path) == kept
    assert Results.read(tmp_path / "m.worse.json") == worse
    command.write_outcome(worse, kept, is_accepted=True)
    assert Results.read(path) == worse


def test_seconds_alone_are_no_new_result() -> None:
    kept = Results("m", "2026-11-30", "abc", 1, {"a": result(1)})
    slower = replace(result(1), turns=[{**TURN, "seconds": 2.0}])
    dearer = replace(result(1), turns=[{**TURN, "input": 10}])
    assert kept.says_the_same_as(Results("m", "2026-12-01", "def", 1, {"a": slower}))
    assert not kept.says_the_same_as(Results("m", "2026-12-01", "def", 1, {"a": dearer}))


def test_ports_are_no_part_of_a_result() -> None:
    verdict = Verdict(("turn 1: links: http://127.0.0.1:23456/x is not the shop's",), ())
    assert results.result_of(CASES[0], [verdict]).faults == ["turn 1: links: http://127.0.0.1/x is not the shop's"]


# The demo's assistant

ASKABLE = [case for case in CASES if case.language in DEMO["languages"]]
# The first of each kind, for all take half a minute; `make eval` runs all, and its results are looked at below.
FIRST = 3
TRIED = [
    case
    for kind in sorted({case.kind for case in ASKABLE})
    for number, case in enumerate(case for case in ASKABLE if case.kind == kind)
    if len(case.turns) < 4 and (number < FIRST or case.name in DEMO["failures"])
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.World]:
    """The product with the demo shop and the stand-ins, served by this process."""
    folder, port = tmp_path_factory.mktemp("evals"), free_port()
    url = f"http://127.0.0.1:{port}"
    config = Config(
        secret_keys=("0123456789abcdefghijklmnopqrstuv-evals",),
        instance=folder,
        port=port,
        public_url=url,
        database_url=f"sqlite:///{folder / 'chat.db'}",
        rate_limits="off",
        backup_days=0,
    )
    with world.places(url) as found:
        product = demo.create_app(config)
        app.register(world.registrations(found))
        with served(make_server("127.0.0.1", port, product, threaded=True)):
            FAULTS.pace = 0
            yield world.World(url, FAULTS, folder / "chat.db", found)
        FAULTS.mend()
        product.extensions["widget"].close(grace=0)
        disconnect()


@pytest.mark.parametrize("case", TRIED, ids=lambda case: case.name)
def test_the_demos_assistant_fails_exactly_the_cases_that_are_known(running: world.World, case: Case) -> None:
    faults = run_case(running, case).faults
    if case.name in DEMO["failures"]:
        assert faults, "This case holds now: take it out of bench/evals/demo.toml."
    else:
        assert faults == ()


def test_the_kept_results_of_the_demos_assistant_are_those_of_the_cases_and_fail_where_it_is_known() -> None:
    kept = Results.read(results.file_of("demo"))
    assert kept
    assert set(kept.cases) == {case.name for case in CASES}
    asked = {case.name for case in ASKABLE}
    assert {name for name in asked if not kept.cases[name].holds} == set(DEMO["failures"])
    assert page.PAGE.read_text("utf-8") == page.text(results.all_kept())


def test_the_list_of_known_failures_is_short_and_has_no_strangers() -> None:
    known = set(DEMO["failures"])
    assert known <= {case.name for case in ASKABLE}
    assert len(known) <= 0.2 * len(ASKABLE)
    assert all(DEMO["failures"].values())
