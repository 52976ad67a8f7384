"""Questions about the shop itself: the business, its old tool, its pages, and an honest word when none knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import (
    LEGACY,
    POLICIES,
    UCP,
    UCP_TOOLS,
    Error,
    Heard,
    Json,
    Raw,
    ShopServer,
    Slot,
    shop_server,
    text_result,
    ucp_message,
    ucp_result,
)
from widget_api.problems import ShopUnavailable
from widget_api.shopify.http import Http
from widget_api.shopify.passages import BLOCK, MAX_BLOCKS, read_page
from widget_api.shopify.store import Endpoint, Store
from widget_api.shopify.tools import Toolbox
from widget_api.shopify.topics import TOPICS, best_passages, topics

PROFILE = "https://chat.example/.well-known/ucp-agent.json"
DRAFT = "https://chat.example/.well-known/ucp-agent-draft.json"
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> Iterator[Http]:
    http = Http(pause=lambda _: None, clock=lambda: clock.now)
    yield http
    http.close()


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def store(shop: ShopServer, http: Http) -> Store:
    return Store(Endpoint("demo-store.myshopify.com", shop.url, PROFILE, language="en"), http)


def asks(store: Store, query: str) -> Any:
    return Toolbox(store, Slot(), ()).run("search_shop_policies_and_faqs", {"query": query})


def answers_itself(shop: ShopServer, answer: Any) -> None:
    """From now on the shop offers `ask_business` to the draft profile alone, and answers it so."""

    def listed(heard: Heard) -> Any:
        draft = heard.path == UCP and DRAFT in str(heard.message)
        if heard.message["method"] == "tools/list" and heard.path == UCP:
            shop.heard.append(heard)
            return {"tools": [{"name": name} for name in (("ask_business",) if draft else UCP_TOOLS)]}
        if heard.tool == "ask_business" and not draft:
            return Error(-32602, "Tool not found: ask_business")
        return ShopServer.answer(shop, heard)

    shop.answer = listed  # type: ignore[method-assign]
    shop.script["ask_business"] = answer


def publishes(shop: ShopServer, handle: str, body: str, title: str = "") -> None:
    """A policy page as Shopify's themes show it."""
    heading = f'<div class="shopify-policy__title"><h1>{title or handle}</h1></div>'
    shown = f'<div class="shopify-policy__body"><div class="rte">{body}</div></div>'
    page = (
        "<!doctype html><html><head><title>Tarn</title><style>p{}</style></head><body><header><nav><a>Returns</a>"
        f'</nav></header><main><div class="shopify-policy__container">{heading}{shown}</div></main>'
        "<footer><p>Refund policy. Free shipping!</p></footer><script>let returns = 1 < 2</script></body></html>"
    )
    shop.pages[f"/policies/{handle}"] = Raw(200, page.encode(), HTML)


REFUNDS = (
    "<h2>Returns</h2><p>You can send unworn goods back within 60 days.</p><h2>Exchanges</h2>"
    "<p>We exchange sizes free of charge.</p><p><strong>Sale items</strong></p><p>Reduced goods are final.</p>"
)
SHIPPING = (
    "<p>We ship to Norway with Posten for 9.90 EUR.</p><ul><li>Finland: 2 days</li><li>Norway: 5 days</li></ul>"
)


# The business itself


def test_the_business_is_asked_with_the_draft_profile_and_nothing_else_is(shop: ShopServer, store: Store) -> None:
    links = [{"type": "refund_policy", "url": "https://shop.example/policies/refund-policy", "title": "Refunds"}]
    answers_itself(shop, ucp_result({"answer": {"plain": "60 days.", "html": "<b>60 days.</b>"}, "links": links}))
    [answer] = asks(store, "How long do returns take?").output["answers"]
    assert answer == {"question": "How long do returns take?", "answer": "60 days.", "links": [links[0]["url"]]}
    assert DRAFT in str(shop.calls("ask_business")[0].message)
    shop.script["search_catalog"] = ucp_result({"products": []})
    store.search("beanie")
    assert all(DRAFT not in str(heard.message) for heard in shop.calls("search_catalog"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"plain": "60 days."}, "60 days."),
        ({"markdown": "**60** days."}, "**60** days."),
        ({"html": "<p>60 <i>days</i>.</p>"}, "60 days."),
        ({"plain": "", "markdown": "60 days."}, "60 days."),
        ("60 days.", "60 days."),
    ],
)
def test_an_answer_may_come_in_any_of_its_forms(shop: ShopServer, store: Store, answer: Any, said: str) -> None:
    answers_itself(shop, ucp_result({"answer": answer}))
    assert [each.answer for each in store.ask("returns")] == [said]


def test_an_answer_of_the_business_ends_the_search_and_needs_no_note(shop: ShopServer, store: Store) -> None:
    answers_itself(shop, ucp_result({"answer": {"plain": "I have no information about that."}}))
    publishes(shop, "refund-policy", REFUNDS)
    output = asks(store, "Do you take returns?").output
    assert "note" not in output
    assert len(output["answers"]) == 1
    assert not [heard for heard in shop.heard if heard.path == LEGACY]


@pytest.mark.parametrize(
    "answer",
    [
        Error(-32603, "Internal error", status=500),
        Error(-32000, "AuthenticationRequired", status=401),
        Raw(503, b""),
        Raw(200, b"<html>"),
        ucp_result(ucp_message("internal", "Try again later.")),
        ucp_result({"answer": {"plain": ""}}),
        ucp_result({"answer": 7}),
        text_result("Something went wrong", error=True),
    ],
)
def test_where_the_business_does_not_answer_the_old_tool_does(shop: ShopServer, store: Store, answer: Any) -> None:
    answers_itself(shop, answer)
    shop.tools[LEGACY] = (POLICIES,)
    shop.script[POLICIES] = text_result([{"question": "Returns?", "answer": "60 days."}])
    assert [each.answer for each in store.ask("returns")] == ["60 days."]
    shop.script[POLICIES] = text_result([])
    publishes(shop, "refund-policy", REFUNDS)
    assert "60 days" in store.ask("returns")[0].answer


@pytest.mark.parametrize(
    "answer",
    [
        {"answer": {"plain": ""}},
        {"answer": None},
        {"messages": [{"type": "info", "code": "no_answer", "content": "No answer was found."}]},
        {"ucp": {"status": "error"}, "messages": [{"type": "error", "code": "not_found", "content": "None."}]},
    ],
)
def test_a_business_that_knows_no_answer_has_answered(shop: ShopServer, store: Store, answer: Json) -> None:
    answers_itself(shop, ucp_result(answer))
    outcome = asks(store, "Do you take returns?")
    assert (outcome.error, outcome.output["answers"]) == (False, [])
    assert "do not guess" in outcome.output["note"]


def test_a_business_that_lists_the_tool_and_refuses_the_draft_has_none(shop: ShopServer, store: Store) -> None:
    answers_itself(shop, Error(-32001, "Refused", {"code": "version_unsupported", "content": "No draft."}, 422))
    publishes(shop, "refund-policy", REFUNDS)
    assert "60 days" in store.ask("returns")[0].answer
    outcome = asks(store, "Who was the architect?")
    assert (outcome.error, outcome.output["answers"]) == (False, [])


def test_a_business_that_fails_has_not_answered(shop: ShopServer, store: Store) -> None:
    for answer in (ucp_message("internal", "Broken"), {"answer": None, **ucp_message("internal", "Broken")}, {}):
        answers_itself(shop, ucp_result(answer))
        assert asks(store, "Do you take returns?").output == {"error": "The shop cannot be asked just now."}


# The public pages


def test_without_a_tool_the_pages_answer(shop: ShopServer, store: Store) -> None:
    publishes(shop, "refund-policy", REFUNDS, "Refund policy")
    publishes(shop, "shipping-policy", SHIPPING, "Shipping policy")
    output = asks(store, "Within how many days can I send goods back?").output
    first = output["answers"][0]
    assert first["question"] == "Refund policy: Returns"
    assert first["answer"] == "You can send unworn goods back within 60 days."
    assert first["links"] == [f"{shop.url}/policies/refund-policy"]
    assert "excerpts of the shop's own pages" in output["note"]
    assert "Free shipping" not in str(output)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("Do you ship to Norway?", "Norway"),
        ("Verschickt ihr nach Norwegen? Wie hoch sind die Versandkosten?", "Norway"),
        ("Livrez-vous en Norvège ?", "Norway"),
        ("¿Hacen envíos a Noruega?", "Norway"),
        ("Spedite in Norvegia?", "Norway"),
        ("Hoe lang duurt de verzending?", "Norway"),
        ("Qual é o prazo de entrega e o frete?", "Norway"),
        ("ノルウェーへの送料はいくらですか", "Norway"),
        ("האם יש משלוחים לנורווגיה", "Norway"),
        ("هل يوجد شحن إلى النرويج", "Norway"),
        ("Kann ich etwas umtauschen?", "60 days"),
        ("Puis-je me faire rembourser ?", "60 days"),
        ("返品できますか", "60 days"),
        ("Is a size exchange free?", "exchange sizes"),
        ("Are SALE ITEMS returnable?", "Reduced goods are final"),
    ],
)
def test_the_question_and_the_page_may_be_in_two_languages(
    shop: ShopServer, store: Store, query: str, said: str
) -> None:
    publishes(shop, "refund-policy", REFUNDS)
    publishes(shop, "shipping-policy", SHIPPING)
    assert any(said in answer.answer for answer in store.ask(query))


def test_a_japanese_page_answers_with_the_passage_that_speaks_of_it(shop: ShopServer, store: Store) -> None:
    publishes(
        shop,
        "shipping-policy",
        "<h2>送料</h2><p>全国一律660円です。</p><h2>お届け日数</h2><p>ご注文から3日以内に発送します。</p>"
        "<h2>ギフト</h2><p>ギフト包装は無料です。</p>",
        "配送ポリシー",
    )
    assert store.ask("ギフト包装はできますか")[0].answer == "ギフト包装は無料です。"
    assert "660円" in store.ask("送料はいくらですか")[0].answer


def test_what_no_page_speaks_of_is_said_so(shop: ShopServer, store: Store) -> None:
    publishes(shop, "refund-policy", REFUNDS)
    publishes(shop, "contact-information", "<p>Mail us: hello@tarn.example</p>", "Contact")
    outcome = asks(store, "Who was the architect?")
    assert outcome.output["answers"] == []
    assert "has published nothing about this" in outcome.output["note"]
    assert "do not guess" in outcome.output["note"]
    assert f"{shop.url}/policies/contact-information" in outcome.output["note"]
    assert not outcome.error


def test_a_shop_without_pages_has_published_nothing(store: Store) -> None:
    outcome = asks(store, "Do you take returns?")
    assert (outcome.error, outcome.output["answers"]) == (False, [])
    assert "has published nothing" in outcome.output["note"]


def test_pages_are_kept_for_some_minutes_and_so_is_that_one_is_not_there(
    shop: ShopServer, store: Store, clock: Clock
) -> None:
    publishes(shop, "refund-policy", REFUNDS)
    store.ask("returns")
    publishes(shop, "refund-policy", REFUNDS.replace("60", "14"))
    publishes(shop, "shipping-policy", SHIPPING)
    assert "60 days" in store.ask("days to send goods back")[0].answer
    assert not any("Norway" in answer.answer for answer in store.ask("Norway"))
    clock.now += 601
    assert "14 days" in store.ask("days to send goods back")[0].answer
    assert "Norway" in store.ask("Norway")[0].answer


@pytest.mark.parametrize(
    "trouble", [Raw(500), Raw(429), Raw(403, b"robot?"), Raw(302, b"", {"Location": "/password"})]
)
def test_pages_that_cannot_be_read_are_no_empty_pages(shop: ShopServer, store: Store, trouble: Raw) -> None:
    for handle in TOPICS:
        shop.pages[f"/policies/{handle}"] = trouble
    with pytest.raises(ShopUnavailable, match=r"^The shop cannot be asked just now\.$"):
        store.ask("returns")
    publishes(shop, "refund-policy", REFUNDS)
    assert "60 days" in store.ask("days to send goods back")[0].answer


def test_a_page_that_leads_to_the_home_page_is_not_there(shop: ShopServer, store: Store) -> None:
    shop.pages["/policies/refund-policy"] = Raw(302, b"", {"Location": "/"})
    shop.pages["/"] = Raw(200, b"<main><p>Returns are easy here!</p></main>", HTML)
    assert store.ask("returns") == []


def test_pages_are_followed_to_the_shops_own_website_and_to_no_other(
    shop: ShopServer, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    with shop_server() as website:
        publishes(website, "refund-policy", REFUNDS)
        shop.pages["/policies/refund-policy"] = Raw(301, b"", {"Location": f"{website.url}/policies/refund-policy"})
        foreign = Store(Endpoint("demo-store.myshopify.com", shop.url, PROFILE), http)
        for _ in range(2):
            with pytest.raises(ShopUnavailable):
                foreign.ask("returns")
        told = [record.getMessage() for record in caplog.records if "not among its websites" in record.getMessage()]
        assert len(told) == 1
        assert f"--origin {website.url}" in told[0]
        own = Store(Endpoint("demo-store.myshopify.com", shop.url, PROFILE, origins=(website.url,)), http)
        [answer, *_] = own.ask("days to send goods back")
        assert answer.links == (f"{website.url}/policies/refund-policy",) or answer.links == ()
        assert "60 days" in answer.answer


def test_a_ring_of_redirects_ends(shop: ShopServer, store: Store) -> None:
    for handle in TOPICS:
        shop.pages[f"/policies/{handle}"] = Raw(302, b"", {"Location": f"/policies/{handle}"})
    with pytest.raises(ShopUnavailable):
        store.ask("returns")


def test_a_carts_secret_on_a_page_is_not_passed_on(shop: ShopServer, store: Store) -> None:
    publishes(shop, "refund-policy", "<p>Returns: https://x.example/cart/c/abc?key=0123456789abcdef0123</p>")
    assert "0123456789abcdef" not in str(store.ask("returns"))


# Reading and choosing


def test_a_page_is_read_in_passages_under_their_headings() -> None:
    page = read_page("https://x.example", f"<main><h1>Refunds</h1>{REFUNDS}</main>")
    assert page.title == "Refunds"
    assert [(passage.heading, passage.text) for passage in page.passages] == [
        ("Returns", "You can send unworn goods back within 60 days."),
        ("Exchanges", "We exchange sizes free of charge."),
        ("Sale items", "Reduced goods are final."),
    ]


def test_the_main_part_is_found_behind_a_long_theme_and_ends_where_it_ends() -> None:
    theme = "<head>" + "<link rel=x>" * 60_000 + "</head><body><p>Menu</p>"
    policy = '<div id="a" class="page shopify-policy__container"><div><p>60 days.</p></div></div>'
    page = read_page("", f"{theme}<main>{policy}<p>You may also like</p></main></body>")
    assert [passage.text for passage in page.passages] == ["60 days."]
    page = read_page("", f"{theme}<main><p>60 days.</p></main><p>Free gift!</p></body>")
    assert [passage.text for passage in page.passages] == ["60 days."]


def test_lists_tables_and_entities_are_read_as_people_do() -> None:
    html = (
        "<ul><li>One &amp; two</li></ul><table><tr><td>Norway</td><td>9&nbsp;EUR</td></tr></table>a<br>b<!-- <p>c -->"
    )
    [passage] = read_page("", html).passages
    assert passage.text.split("\n") == ["- One & two", "Norway | 9 EUR", "a", "b"]


def test_a_long_text_is_cut_into_passages_of_a_readable_size() -> None:
    page = read_page("", "<h2>Law</h2>" + "<p>Words that follow one another.</p>" * 200)
    assert len(page.passages) > 5
    assert all(passage.heading == "Law" and len(passage.text) < 1000 for passage in page.passages)


TAGS = ["<p>", "</p>", "<main>", "</main>", "<h2>", "<script>", "</script>", "<b>", "</b>", "</div>", "<td>", "</td>"]
pieces = st.sampled_from(
    [*TAGS, "<!--", "-->", "<", ">", '<div class="shopify-policy__container">', "&amp;", "\x00", "word", "送料"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_page_is_read_and_nothing_invisible_is_passed_on(html: str) -> None:
    page = read_page("", html)
    for passage in page.passages:
        assert passage.text.strip()
        assert "\x00" not in passage.text


@pytest.mark.parametrize("piece", ["<", "<!--", "<div>", "<script>", "<p>a", "<main><b>", "&#", "<h1></h1>"])
def test_of_a_hostile_page_no_more_is_read_than_fits(piece: str) -> None:
    page = read_page("", piece * (2_000_000 // len(piece)))
    assert sum(len(passage.text) for passage in page.passages) <= MAX_BLOCKS * BLOCK


@given(st.text(max_size=200))
def test_any_question_can_be_asked(query: str) -> None:
    page = read_page("https://x.example/policies/refund-policy", f"<main>{REFUNDS}</main>")
    assert len(best_passages(query, [("refund-policy", page)], 3)) <= 3
    assert topics(query) <= set(TOPICS)


@pytest.mark.parametrize(
    "query",
    ["How long do returns take?", "Wie lange dauert die Rückgabe?", "Combien de temps prend un retour ?"],
)
def test_how_long_something_takes_is_a_question_about_that_thing(query: str) -> None:
    texts = {
        "shipping-policy": "Standard delivery takes 2 to 5 working days. Express takes 1 to 2. Returns are on us.",
        "refund-policy": "Send back what is unworn within 60 days. The money is yours as soon as we have the parcel.",
        "terms-of-service": "The product page counts. See our return policy. Die Lieferung dauert, on prend soin.",
    }
    pages = [
        (handle, read_page(f"https://x.example/policies/{handle}", f"<main><h1>{handle}</h1><p>{text}</p></main>"))
        for handle, text in texts.items()
    ]
    (page, _), *_ = best_passages(query, pages, 3)
    assert page.url.endswith("/refund-policy")


@pytest.mark.parametrize(
    "query",
    ["What about wool?", "average weight of the jacket", "Is the resin lamp open-toed?", "a clever tracksuit"],
)
def test_a_question_about_something_else_is_about_no_page(query: str) -> None:
    assert topics(query) - {"contact-information"} == set()
