"""One cart: the assistant's moves into the theme's, once, whatever fails in between, and nothing falls out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, Answer, Visitor
from tests.shop_server import demo_shop
from widget_api.api.services import Services
from widget_api.demo.carts import CARTS, Cart, Line
from widget_api.demo.faults import FAULTS
from widget_api.demo.lines import new_line
from widget_api.models import CartMove, Session, Shop, connected, rows, transaction
from widget_api.shopify.lines import Change
from widget_api.turns.cart import cart_writer, free_cart, take_cart

HAT, MITTENS, MUG = 700201, 700401, 701401


@dataclass
class World:
    """Anna's browser, the theme's cart in it, and what the assistant does for her."""

    anna: Visitor
    services: Services

    def cart_with(self, *lines: Line) -> Cart:
        """Return a cart of the shop that holds the lines."""
        cart = CARTS.create()
        CARTS.add(cart, lines)
        return cart

    def assistants(self, *lines: Line) -> Cart:
        """The assistant has begun a cart of its own."""
        cart = self.cart_with(*lines)
        with transaction():
            Session.ensure(1, self.anna.session)
            Session.bind_cart(self.anna.session, cart.gid, own=True)
        return cart

    def begin(self, theme: Cart | None = None) -> Answer:
        return self.anna.post("/api/cart/move", json={"cart_id": theme.secret if theme else ""})

    def tell(self, move: dict[str, Any], theme: Cart | None) -> Answer:
        return self.anna.request(
            "PUT", "/api/cart", json={"cart_id": theme.secret if theme else "", "move": move["id"]}
        )

    def let_time_pass(self) -> None:
        """The page that was to move something has been closed long ago."""
        with transaction():
            Session.update(cart_writer_until=0).execute()

    @property
    def bound(self) -> tuple[str, bool]:
        """The session's cart, and whether the assistant began it."""
        with connected():
            session = Session.get_by_id(self.anna.session)
            return session.cart_id, session.cart_own


def put(cart: Cart, move: dict[str, Any]) -> None:
    """Put the lines of a move into the theme's cart, as the page does by the Ajax API."""
    for line in move["lines"]:
        properties = tuple((each["name"], each["value"]) for each in line["attributes"])
        CARTS.add(cart, [new_line(int(line["variant_id"].rpartition("/")[2]), line["quantity"], properties)])


def held(cart: Cart) -> dict[int, int]:
    found = CARTS.get(cart.token)
    assert found
    return found.quantities()


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


@pytest.fixture
def world(anna: Visitor, services: Services) -> Iterator[World]:
    with demo_shop() as url:
        Shop.register(ANNAS_SHOP, origins=[ANNAS_SITE], mcp_url=url)
        yield World(anna, services)
        services.shops.http.close()


def test_where_there_is_nothing_to_move_the_themes_cart_is_the_sessions(world: World) -> None:
    theme = world.cart_with(new_line(MUG, 1))
    answer = world.begin(theme).json
    assert (answer["status"], answer["cart"]["count"], answer.get("move")) == ("ok", 1, None)
    assert world.bound == (theme.gid, False)
    assert world.begin(theme).json == answer


def test_two_empty_carts_are_none(world: World) -> None:
    assert world.begin().json == {"status": "none", "cart": None}


@pytest.mark.parametrize("before", [{}, {MUG: 1}, {HAT: 2}])
def test_what_the_assistant_has_begun_moves_into_the_themes_cart(world: World, before: dict[int, int]) -> None:
    world.assistants(new_line(HAT, 1), new_line(MITTENS, 2))
    theme = world.cart_with(*(new_line(variant, count) for variant, count in before.items()))
    answer = world.begin(theme if before else None).json
    assert answer["own"] is True
    assert [line["quantity"] for line in answer["move"]["lines"]] == [1, 2]
    put(theme, answer["move"])
    told = world.tell(answer["move"], theme).json
    assert told["cart"]["count"] == 3 + sum(before.values())
    assert "own" not in told
    assert world.bound == (theme.gid, False)
    assert held(theme) == {**before, HAT: 1 + before.get(HAT, 0), MITTENS: 2}


def test_of_two_pages_one_moves_and_the_other_waits(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    move = world.begin().json["move"]
    second = world.begin()
    assert refused(second) == (409, "cart-busy")
    assert second.headers["Retry-After"] == "1"
    assert second.json["moving"] is True  # the other one only adds to the cart
    theme = world.cart_with()
    put(theme, move)
    world.tell(move, theme)
    assert world.begin(theme).json.get("move") is None
    assert held(theme) == {HAT: 1}


def test_while_a_page_moves_the_cart_no_turn_changes_it_and_afterwards_one_does(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    move = world.begin().json["move"]
    assert not take_cart(world.anna.session, "turn 1", 1000)
    theme = world.cart_with()
    put(theme, move)
    world.tell(move, theme)
    assert take_cart(world.anna.session, "turn 1", 1000)


def test_while_a_turn_changes_the_cart_no_page_moves_it(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    assert take_cart(world.anna.session, "turn 1", 60_000)
    assert refused(world.begin()) == (409, "cart-busy")
    refusal = world.begin(world.cart_with(new_line(MUG, 1)))
    assert refused(refusal) == (409, "cart-busy")
    assert "moving" not in refusal.json  # the turn replaces the cart


@pytest.mark.usefixtures("app")
def test_nobody_changes_the_cart_of_a_session_that_was_erased_meanwhile() -> None:
    assert cart_writer("a session that is not there") == ""


def test_a_page_that_was_closed_after_it_had_moved_the_lines_moves_them_once(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    theme = world.cart_with(new_line(HAT, 1))
    put(theme, world.begin(theme).json["move"])
    assert refused(world.begin(theme)) == (409, "cart-busy")
    world.let_time_pass()
    answer = world.begin(theme).json
    assert (answer.get("move"), answer["cart"]["count"]) == (None, 2)
    assert world.bound == (theme.gid, False)


def test_a_page_that_was_closed_before_it_had_moved_them_leaves_them_to_the_next(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    theme = world.cart_with(new_line(HAT, 1))
    first = world.begin(theme).json["move"]
    world.let_time_pass()
    second = world.begin(theme).json["move"]
    assert second["lines"] == first["lines"]
    put(theme, second)
    world.tell(second, theme)
    assert held(theme) == {HAT: 2}


def test_a_page_that_was_closed_amid_the_lines_leaves_the_rest_to_the_next(world: World) -> None:
    world.assistants(new_line(HAT, 1), new_line(MITTENS, 2))
    theme = world.cart_with(new_line(HAT, 1))
    move = world.begin(theme).json["move"]
    put(theme, {"lines": move["lines"][:1]})
    world.let_time_pass()
    rest = world.begin(theme).json["move"]
    assert [(line["variant_id"], line["quantity"]) for line in rest["lines"]] == [
        (f"gid://shopify/ProductVariant/{MITTENS}", 2)
    ]
    put(theme, rest)
    world.let_time_pass()
    assert world.begin(theme).json.get("move") is None
    assert held(theme) == {HAT: 2, MITTENS: 2}


def test_a_shopper_who_takes_out_what_was_moved_does_not_see_it_come_back(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    theme = world.cart_with(new_line(MUG, 1))
    move = world.begin(theme).json["move"]
    put(theme, move)
    world.tell(move, theme)
    CARTS.update(theme, {HAT: 0})
    assert world.begin(theme).json.get("move") is None
    CARTS.update(theme, {MUG: 0})
    assert world.begin().json.get("move") is None
    assert held(theme) == {}


def test_an_outcome_that_is_told_again_changes_nothing(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    move, theme = world.begin().json["move"], world.cart_with()
    put(theme, move)
    first = world.tell(move, theme).json
    assert world.tell(move, theme).json == first
    assert held(theme) == {HAT: 1}


def test_an_outcome_that_is_told_late_is_no_other_moves(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    theme = world.cart_with(new_line(MUG, 1))
    late = world.begin(theme).json["move"]
    world.let_time_pass()
    move = world.begin(theme).json["move"]
    assert refused(world.tell(late, theme)) == (409, "cart-busy")
    put(theme, move)
    assert world.tell(move, theme).json["cart"]["count"] == 2
    assert world.tell(late, theme).json["cart"]["count"] == 2


def test_what_the_assistant_adds_after_a_page_was_closed_is_all_that_moves_then(world: World) -> None:
    cart, theme = world.assistants(new_line(HAT, 1)), world.cart_with()
    move = world.begin().json["move"]
    put(theme, move)
    world.let_time_pass()
    CARTS.add(cart, {HAT: 1, MITTENS: 1})
    rest = world.tell(move, theme).json["move"]
    assert [line["quantity"] for line in rest["lines"]] == [1, 1]
    put(theme, rest)
    world.tell(rest, theme)
    assert held(theme) == {HAT: 2, MITTENS: 1}


def test_a_cart_that_the_theme_refuses_stays_the_assistants_and_is_offered_when_something_changes(
    world: World,
) -> None:
    cart = world.assistants(new_line(HAT, 1))
    answer = world.tell(world.begin().json["move"], None).json
    assert (answer["own"], answer["cart"]["count"], answer.get("move")) == (True, 1, None)
    assert world.begin().json.get("move") is None
    CARTS.add(cart, {MITTENS: 1})
    again = world.begin().json["move"]
    assert len(again["lines"]) == 2
    world.tell(again, None)
    assert len(world.begin(world.cart_with(new_line(MUG, 1))).json["move"]["lines"]) == 2


def test_a_shop_that_cannot_be_asked_leaves_everything_as_it_is(world: World) -> None:
    cart, theme = world.assistants(new_line(HAT, 1)), world.cart_with(new_line(MUG, 1))
    FAULTS.internal_error_next = 1
    assert refused(world.begin(theme)) == (503, "shop-unavailable")
    assert world.bound == (cart.gid, True)
    assert len(world.begin(theme).json["move"]["lines"]) == 1


def test_a_shop_that_cannot_be_asked_after_a_move_does_not_undo_it(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    move, theme = world.begin().json["move"], world.cart_with()
    put(theme, move)
    FAULTS.internal_error_next = 2
    answer = world.tell(move, theme)
    assert answer.status_code in {200, 503}
    FAULTS.mend()
    assert world.begin(theme).json.get("move") is None
    assert world.bound == (theme.gid, False)
    assert held(theme) == {HAT: 1}


def test_a_cart_that_has_expired_is_not_moved(world: World) -> None:
    cart, theme = world.assistants(new_line(HAT, 1)), world.cart_with(new_line(MUG, 1))
    CARTS.expire(cart.token)
    assert world.begin().json == {"status": "gone", "cart": None}
    world.assistants(new_line(HAT, 1))
    CARTS.expire(world.bound[0].removeprefix("gid://shopify/Cart/").partition("?")[0])
    assert world.begin(theme).json["cart"]["count"] == 1


def test_a_cart_of_the_theme_that_the_theme_has_lost_comes_along_with_what_it_can_carry(world: World) -> None:
    engraved = new_line(MUG, 1, (("Engraving", "Anna"),))
    lost = world.cart_with(engraved, new_line(MUG, 2), new_line(MITTENS, 1, (), engraved.id))
    world.begin(lost)
    assert world.begin().json["cart"]["count"] == 4  # the theme's is empty: nobody knows why
    theme = world.cart_with(new_line(HAT, 1))
    answer = world.begin(theme).json
    assert answer["left_behind"] == ["Drift Mittens - Slate / S/M"]
    put(theme, answer["move"])
    world.tell(answer["move"], theme)
    found = CARTS.get(theme.token)
    assert found
    assert sorted((line.quantity, line.properties) for line in found.lines) == [
        (1, ()),
        (1, (("Engraving", "Anna"),)),
        (2, ()),
    ]


def test_a_cart_that_the_shopper_has_emptied_or_paid_does_not_come_back(world: World) -> None:
    theme = world.cart_with(new_line(HAT, 1))
    world.begin(theme)
    assert world.begin().json.get("move") is None
    CARTS.replace(theme, {})
    assert world.begin().json["cart"]["count"] == 0
    CARTS.expire(theme.token)
    assert world.begin().json["status"] == "gone"
    assert world.begin(world.cart_with(new_line(MUG, 1))).json["cart"]["count"] == 1


def test_a_line_that_the_assistant_has_taken_out_is_not_moved(world: World) -> None:
    cart = world.assistants(new_line(HAT, 1), new_line(MITTENS, 1))
    with connected():
        store = world.services.shops.store(Shop.named(ANNAS_SHOP), {})
    store.set_lines(cart.gid, [Change(0, f"gid://shopify/ProductVariant/{HAT}")])
    (line,) = world.begin().json["move"]["lines"]
    assert line["variant_id"].endswith(str(MITTENS))


@pytest.mark.parametrize("body", [{"cart_id": "tok en"}, {"cart_id": "a?key=b", "move": "x y"}, {"cart_id": ""}])
def test_what_names_no_cart_and_no_move_is_refused(world: World, body: dict[str, str]) -> None:
    assert refused(world.anna.request("PUT", "/api/cart", json=body)) == (422, "invalid-body")


def test_a_themes_cart_that_the_shop_does_not_know_is_refused(world: World) -> None:
    cart = world.assistants(new_line(HAT, 1))
    stranger = world.cart_with(new_line(MUG, 1))
    CARTS.expire(stranger.token)
    assert world.begin(stranger).status_code == 422
    assert world.bound == (cart.gid, True)


def test_a_shopper_who_is_forgotten_leaves_no_move(world: World) -> None:
    world.assistants(new_line(HAT, 1))
    world.begin()
    assert world.anna.request("DELETE", "/api/session").status_code == 204
    with connected():
        assert CartMove.select().count() == 0
    assert world.begin().status_code == 401


def test_a_move_that_is_done_keeps_no_carts_name(world: World) -> None:
    cart = world.assistants(new_line(HAT, 1))
    move, theme = world.begin().json["move"], world.cart_with()
    put(theme, move)
    world.tell(move, theme)
    with connected():
        ((state, *named),) = rows(CartMove.select(CartMove.state, CartMove.source, CartMove.target))
    assert state == "done"
    assert not any(token in str(named) for token in (cart.token, theme.token))


def test_another_shopper_cannot_tell_of_the_move(world: World, ben: Visitor) -> None:
    world.assistants(new_line(HAT, 1))
    move, theme = world.begin().json["move"], world.cart_with()
    ben.request("PUT", "/api/cart", json={"cart_id": theme.secret, "move": move["id"]})
    assert world.bound[1]
    with connected():
        assert CartMove.get_by_id(move["id"]).state == "begun"


# In any order, with pages that are closed at any point


class Walk:
    """Two pages, the assistant and the theme, each doing one thing at a time, and what must be in the cart then."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.theme = world.cart_with()
        self.expected: Counter[int] = Counter()
        self.hands: list[dict[str, Any] | None] = [None, None]  # what each page is to move
        self.has_put = [False, False]
        with connected():
            self.store = world.services.shops.store(Shop.named(ANNAS_SHOP), {})

    @property
    def filled(self) -> Cart | None:
        """The theme's cart, where its token says anything."""
        return self.theme if held(self.theme) else None

    def begin(self, page: int) -> None:
        if self.hands[page] is None:
            self._take(page, self.world.begin(self.filled))

    def put(self, page: int) -> None:
        move = self.hands[page]
        if move and not self.has_put[page]:
            put(self.theme, move)
            self.has_put[page] = True

    def tell(self, page: int) -> None:
        move = self.hands[page]
        if move and self.has_put[page]:
            self._take(page, self.world.tell(move, self.filled))

    def _take(self, page: int, answer: Answer) -> None:
        if answer.status_code == 200:
            self.hands[page], self.has_put[page] = answer.json.get("move"), False

    def close(self, page: int) -> None:
        self.hands[page], self.has_put[page] = None, False

    def pass_time(self, _page: int) -> None:
        """A page that has not begun what it was handed does not begin it any more."""
        self.world.let_time_pass()
        for page in (0, 1):
            if not self.has_put[page]:
                self.close(page)

    def ask(self, _page: int, variant: int) -> None:
        """The assistant adds one, unless it would have to wait."""
        session = self.world.anna.session
        with transaction():
            Session.ensure(1, session)
        if not take_cart(session, "turn 1", 1000):
            return
        bound, own = self.world.bound
        gid = f"gid://shopify/ProductVariant/{variant}"
        cart = self.store.cart(bound).cart
        checked = self.store.set_lines(bound, {gid: (cart.quantities().get(gid, 0) if cart else 0) + 1})
        with transaction():
            Session.bind_cart(session, checked.id, own=own or checked.id != bound)
            free_cart(session, "turn 1")
        self.expected[variant] += 1

    def add_in_theme(self, _page: int, variant: int) -> None:
        if not self._is_unsettled:
            CARTS.add(self.theme, {variant: 1})
            self.expected[variant] += 1

    def clear_theme(self, _page: int) -> None:
        """What is in the theme's cart goes, and what the assistant has aside stays."""
        if not self._is_unsettled:
            for variant, count in held(self.theme).items():
                self.expected[variant] -= count
            CARTS.replace(self.theme, {})

    @property
    def _is_unsettled(self) -> bool:
        """Nobody can tell the theme's own change of a variant from a move that was never told."""
        with connected():
            return bool(CartMove.select().where(CartMove.state == "begun").count())

    def end(self) -> None:
        """The pages are closed, and another one makes the carts one."""
        for page in (0, 1):
            self.close(page)
        self.pass_time(0)
        self.begin(0)
        while self.hands[0]:
            self.put(0)
            self.tell(0)


STEPS = st.one_of(
    st.tuples(
        st.sampled_from(["begin", "put", "tell", "close", "pass_time", "clear_theme"]), st.sampled_from([0, 1])
    ),
    st.tuples(st.sampled_from(["ask", "add_in_theme"]), st.just(0), st.sampled_from([HAT, MUG])),
)


@given(st.lists(STEPS, max_size=20))
@settings(max_examples=25)
def test_in_whatever_order_pages_begin_move_tell_and_close_nothing_is_lost_and_nothing_doubled(
    world: World, steps: list[tuple[Any, ...]]
) -> None:
    with transaction():
        Session.update(cart_id="", cart_own=False, cart_writer="").execute()
        CartMove.delete().execute()
    walk = Walk(world)
    for name, *details in steps:
        getattr(walk, name)(*details)
    walk.end()
    assert held(walk.theme) == dict(+walk.expected)
    if walk.filled:
        assert world.bound == (walk.theme.gid, False)
