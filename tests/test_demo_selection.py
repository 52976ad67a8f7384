"""The demo shop's get_product narrows a product down as UCP's page on lookups has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shop_server import Json
from tests.test_demo_negotiation import CATALOG, LOOKUP, NEW, SEARCH, Agent, Agents, agent, agents, client, profile
from widget_api.demo.catalogue import PRODUCTS, product
from widget_api.demo.faults import FAULTS
from widget_api.demo.goods import Product
from widget_api.demo.selection import find_matching, mark_value, select

__all__ = ["agent", "agents", "client"]


def known(handle: str) -> Product:
    found = product(handle)
    assert found
    return found


SHOE, SWEATER, BALM = known("fell-runner"), known("harbour-sweater"), known("shepherds-balm")


def gid(shown: Product) -> str:
    return f"gid://shopify/Product/{shown.id}"


@pytest.fixture
def shopper(agent: Agents) -> Agent:
    return agent(profile(NEW, SEARCH, LOOKUP))


def ask(shopper: Agent, shown: Product, **selection: object) -> Json:
    return dict(shopper.call("get_product", catalog={"id": gid(shown), **selection})["product"])


def chosen(**options: str) -> list[Json]:
    return [{"name": name, "label": label} for name, label in options.items()]


def titles(answer: Json) -> list[str]:
    return [variant["title"] for variant in answer["variants"]]


def labels(answer: Json, option: str) -> dict[str, tuple[bool, bool]]:
    """Whether each value of an option is available, and whether it exists."""
    (found,) = (each for each in answer["options"] if each["name"] == option)
    return {value["label"]: (value["available"], value["exists"]) for value in found["values"]}


def test_a_shoe_comes_in_ten_sizes_and_eight_colours() -> None:
    assert [len(values) for values in SHOE.options.values()] == [8, 10]
    assert len(SHOE.variants) == 76


def test_without_a_selection_it_is_the_featured_variants(shopper: Agent) -> None:
    answer = ask(shopper, SHOE)
    assert answer["selected"] == chosen(Colour="Slate", Size="37")
    assert titles(answer) == ["Slate / 37"]
    assert labels(answer, "Size")["44"] == (False, True)
    assert labels(answer, "Size")["46"] == (True, True)


def test_the_featured_variant_may_be_one_that_is_sold_out(shopper: Agent) -> None:
    assert ask(shopper, SWEATER)["selected"] == chosen(Colour="Oat", Size="M")
    FAULTS.featured_sold_out = True
    answer = ask(shopper, SWEATER)
    assert answer["selected"] == chosen(Colour="Oat", Size="S")
    assert answer["variants"][0]["availability"] == {"available": False}
    assert labels(answer, "Size")["M"] == (True, True)


def test_a_part_of_the_options_leaves_the_rest_open(shopper: Agent) -> None:
    answer = ask(shopper, SHOE, selected=chosen(Size="46"))
    assert answer["selected"] == chosen(Size="46")
    assert sorted(titles(answer)) == [f"{each} / 46" for each in ("Fjord", "Ink", "Moss", "Pine", "Rust", "Slate")]
    assert labels(answer, "Colour")["Berry"] == (False, False)
    assert labels(answer, "Colour")["Ochre"] == (False, False)
    assert labels(answer, "Size")["37"] == (True, True)


def test_the_first_variant_is_one_that_can_be_bought_if_there_is_one(shopper: Agent) -> None:
    assert titles(ask(shopper, SHOE, selected=chosen(Size="44")))[0] == "Ink / 44"
    berries = ask(shopper, SHOE, selected=chosen(Colour="Berry"))
    assert titles(berries)[0] == "Berry / 37"
    assert set(labels(berries, "Size").values()) == {(False, True), (False, False)}


@pytest.mark.parametrize(
    ("preferences", "kept"),
    [
        ([], {"Colour": "Berry"}),
        (["Colour", "Size"], {"Colour": "Berry"}),
        (["Size", "Colour"], {"Size": "46"}),
        (["Size"], {"Size": "46"}),
    ],
)
def test_what_does_not_exist_together_is_relaxed_from_the_end_of_the_preferences(
    shopper: Agent, preferences: list[str], kept: dict[str, str]
) -> None:
    answer = ask(shopper, SHOE, selected=chosen(Colour="Berry", Size="46"), preferences=preferences)
    assert answer["selected"] == chosen(**kept)


def test_a_value_that_there_is_not_is_dropped_and_the_rest_kept(shopper: Agent) -> None:
    answer = ask(shopper, SHOE, selected=chosen(Colour="Purple", Size="40", Width="wide"))
    assert answer["selected"] == chosen(Size="40")


def test_a_variants_id_determines_the_selection(shopper: Agent) -> None:
    variant = f"gid://shopify/ProductVariant/{SHOE.variants[5].id}"
    catalog = {"id": variant, "selected": chosen(Colour="Rust")}
    answer = shopper.call("get_product", catalog=catalog)["product"]
    assert answer["variants"][0]["id"] == variant
    assert answer["selected"] == chosen(**SHOE.variants[5].options)


def test_a_product_without_options_has_none(shopper: Agent) -> None:
    answer = ask(shopper, BALM)
    assert answer["options"] == []
    assert "selected" not in answer


def test_a_lenient_shop_answers_every_variant(shopper: Agent) -> None:
    FAULTS.all_variants = True
    answer = ask(shopper, SHOE)
    assert (len(answer["variants"]), answer["selected"]) == (76, [])
    assert labels(answer, "Size")["44"] == (True, True)


SELECTIONS = st.dictionaries(
    st.sampled_from(["Colour", "Size", "Width"]), st.sampled_from(["Berry", "Ink", "Slate", "37", "46", "44", "x"])
)


@given(wanted=SELECTIONS, preferences=st.permutations(["Colour", "Size"]))
def test_what_is_left_of_a_selection_is_a_part_of_it_and_has_variants(
    wanted: dict[str, str], preferences: list[str]
) -> None:
    found = select(SHOE, wanted, preferences)
    assert found.chosen.items() <= wanted.items()
    assert {each.id for each in found.variants} == {each.id for each in find_matching(SHOE, found.chosen)}
    assert found.variants[0].available is any(each.available for each in found.variants)
    for name, values in SHOE.options.items():
        for label in values:
            mark = mark_value(SHOE, found.chosen, name, label)
            assert mark["exists"] or not mark["available"]


# What comes beside products


def warnings(shopper: Agent, tool: str, **catalog: object) -> list[tuple[str, str]]:
    answer = shopper.call(tool, catalog=catalog)
    return [(message["code"], message["path"]) for message in answer["messages"]]


def test_an_allergen_is_disclosed_with_its_picture(shopper: Agent) -> None:
    answer = shopper.call("search_catalog", catalog={"query": "balm"})
    place = [each["title"] for each in answer["products"]].index("Shepherd's Balm")
    assert answer["messages"] == [
        {
            "type": "warning",
            "code": "allergens",
            "path": f"$.products[{place}]",
            "content": BALM.notices[0].text,
            "presentation": "disclosure",
            "image_url": "http://localhost/cdn/allergens.svg",
            "url": "http://localhost/pages/faq",
        }
    ]
    assert warnings(shopper, "get_product", id=gid(BALM)) == [("allergens", "$.product")]
    assert warnings(shopper, "lookup_catalog", ids=[gid(SHOE), gid(BALM)]) == [("allergens", "$.products[1]")]
    FAULTS.no_notices = True
    assert warnings(shopper, "get_product", id=gid(BALM)) == []


def test_a_final_sale_is_told_of_the_product_or_of_the_variants_that_it_is_about(shopper: Agent) -> None:
    assert warnings(shopper, "get_product", id=gid(known("selvedge-cloth"))) == [("final_sale", "$.product")]
    shell = gid(known("squall-shell"))
    ochre = warnings(shopper, "get_product", id=shell, selected=chosen(Colour="Ochre"))
    assert ochre == [("final_sale", f"$.product.variants[{at}]") for at in range(4)]
    assert warnings(shopper, "get_product", id=shell, selected=chosen(Colour="Pine")) == []


# Fields that not every shop sends


def test_shopifys_own_fields_come_when_they_are_asked_for(agent: Agents, shopper: Agent) -> None:
    own = {"collections", "gift_card"}
    assert not own & set(ask(shopper, SHOE))
    assert "requires" not in ask(shopper, SHOE)["variants"][0]
    invited = agent(profile(NEW, LOOKUP, CATALOG))
    answer = invited.call("get_product", catalog={"id": gid(known("gift-card"))})
    assert set(answer["ucp"]["capabilities"]) == {LOOKUP, CATALOG}
    assert own <= set(answer["product"])
    assert answer["product"]["gift_card"] is True
    assert answer["product"]["variants"][0]["requires"]["shipping"] is False
    FAULTS.shopify_fields = True
    assert own <= set(ask(shopper, SHOE))


def test_stock_may_be_told_by_a_status_alone(shopper: Agent) -> None:
    FAULTS.availability_by_status = True
    berry = ask(shopper, SHOE, selected=chosen(Colour="Berry", Size="40"))
    assert berry["variants"][0]["availability"] == {"status": "out_of_stock"}
    assert ask(shopper, SHOE)["variants"][0]["availability"] == {"status": "in_stock"}


def test_ids_may_have_a_suffix_that_is_to_be_kept(shopper: Agent) -> None:
    FAULTS.id_suffix = True
    first = ask(shopper, SHOE)["variants"][0]["id"]
    assert first == f"gid://shopify/ProductVariant/{SHOE.variants[0].id}?shop=99"
    found = shopper.call("lookup_catalog", catalog={"ids": [first]})
    assert found["products"][0]["variants"][0]["inputs"] == [{"id": first, "match": "exact"}]


def test_goods_by_weight_say_so_in_the_newest_version(shopper: Agent) -> None:
    yarn = known("loose-yarn")
    assert "quantity_unit" not in ask(shopper, yarn)["variants"][0]
    FAULTS.quantity_units = True
    unit = {"unit": "KGM", "scale": 2, "display_text": "kg", "increment": 10}
    assert ask(shopper, yarn)["variants"][0]["quantity_unit"] == unit
    assert "quantity_unit" not in ask(shopper, SHOE)["variants"][0]


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    yield
    FAULTS.mend()


def test_one_product_has_exactly_one_piece_left() -> None:
    stock = {each.handle: sum(variant.stock for variant in each.variants) for each in PRODUCTS}
    assert [handle for handle, pieces in stock.items() if pieces == 1] == ["selvedge-cloth"]
