"""The demo shop's pages: whole, linked, and strict about what they load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.storefront import API, storefront
from widget_api.demo.catalogue import COLLECTIONS, DYES, POLICIES, PRODUCTS
from widget_api.demo.drawings import KINDS, picture
from widget_api.demo.renderer import THEME

HOST = "http://localhost"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return storefront().test_client()


@dataclass
class Page(HTMLParser):
    """What a page's markup refers to, and what a strict policy would refuse."""

    links: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links |= {given[name] or "" for name in ("href", "src") if name in given}
        inline = [name for name in given if name == "style" or name.startswith("on")]
        if inline or tag == "style" or (tag == "script" and "src" not in given):
            self.refused.append(f"{tag} {inline}")
        if tag == "img" and given.get("alt") is None:
            self.without_alt.append(str(given.get("src")))
        if "id" in given:
            self.ids.append(given["id"] or "")


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


@pytest.fixture(scope="module")
def site(client: FlaskClient) -> dict[str, tuple[int, str]]:
    """Status and text of every address that can be reached from the home page, by its path and query."""
    found: dict[str, tuple[int, str]] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        with client.get(path) as response:
            text = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
            found[path] = (response.status_code, text)
        waiting += own(path, read(text).links)
    return found


def own(page: str, links: set[str]) -> Iterator[str]:
    """The links of a page that stay in the shop, as paths with their queries."""
    for link in links:
        target = urlsplit(urldefrag(urljoin(HOST + page, link)).url)
        if f"{target.scheme}://{target.netloc}" == HOST:
            yield target.path + (f"?{target.query}" if target.query else "")


def test_every_link_leads_somewhere(site: dict[str, tuple[int, str]]) -> None:
    assert {path: status for path, (status, _) in site.items() if status != 200} == {}


def test_everything_the_shop_has_is_reached_by_links(site: dict[str, tuple[int, str]]) -> None:
    expected = {f"/products/{each.handle}" for each in PRODUCTS}
    expected |= {f"/collections/{each.handle}" for each in COLLECTIONS}
    expected |= {f"/policies/{each.handle}" for each in POLICIES}
    expected |= {"/cart", "/search", "/pages/faq", "/pages/about", "/pages/break-it"}
    assert expected - set(site) == set()


def test_no_page_has_anything_inline(site: dict[str, tuple[int, str]]) -> None:
    assert {path: read(text).refused for path, (_, text) in site.items() if read(text).refused} == {}


def test_every_picture_has_an_alternative_and_every_id_is_one(site: dict[str, tuple[int, str]]) -> None:
    for path, (_, text) in site.items():
        page = read(text)
        assert (path, page.without_alt) == (path, [])
        assert (path, len(page.ids)) == (path, len(set(page.ids)))


def test_no_liquid_is_left_over(site: dict[str, tuple[int, str]]) -> None:
    assert [path for path, (_, text) in site.items() if re.search(r"\{[{%]|Liquid error", text)] == []


def test_the_policy_names_the_shop_and_the_chat_and_nothing_unsafe(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert f"script-src 'self' {API};" in policy
    assert f"connect-src 'self' {API};" in policy
    assert policy.startswith("default-src 'none';")


def test_pages_carry_the_chat_with_their_own_data(client: FlaskClient) -> None:
    page = client.get("/products/ridge-beanie?variant=700103").text
    assert 'data-product-id="7001"' in page
    assert 'data-variant-id="700103"' in page
    assert 'data-page-type="product"' in page
    assert f'src="{API}/widget/chat.js"' in page
    assert 'data-collection="knitwear"' in client.get("/collections/knitwear").text


def test_unknown_addresses_are_the_shops_own_404(client: FlaskClient) -> None:
    for path in (
        "/nope",
        "/products/nope",
        "/collections/nope",
        "/policies/nope",
        "/cdn/nope.svg",
        "/?section_id=nope",
    ):
        response = client.get(path)
        assert (response.status_code, "There is no path here" in response.text) == (404, True)


def test_a_sold_out_variant_cannot_be_ordered(client: FlaskClient) -> None:
    page = client.get("/products/ridge-beanie?variant=700102").text
    assert re.search(r'<button class="button button--wide" disabled>\s*Sold out', page)


def test_a_variant_shows_its_own_picture_and_price(client: FlaskClient) -> None:
    page = client.get("/products/ridge-beanie?variant=700103").text
    assert 'src="/cdn/ridge-beanie-rust.svg"' in page
    assert "€34" in page


def test_collections_are_sorted_by_price(client: FlaskClient) -> None:
    page = client.get("/collections/all?sort_by=price-ascending").text
    assert page.index("/products/tin-cup") < page.index("/products/squall-shell")


def test_a_section_alone_is_rendered_for_any_page(client: FlaskClient) -> None:
    assert client.get("/collections/knitwear?section_id=cart-count").text.startswith(
        '<div id="shopify-section-cart-count"'
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>\"'&/ asript={}%\\=`") | st.characters(codec="utf-8"), max_size=60))
def test_what_a_shopper_searches_for_stays_text(words: str) -> None:
    plain = read(storefront_page(""))
    searched = read(storefront_page(words))
    assert searched.refused == []
    assert {link for link in searched.links if "//" in link} == {link for link in plain.links if "//" in link}


def storefront_page(words: str) -> str:
    response = SEARCHED.get("/search", query_string={"q": f"xyzzy{words}" if words else ""})
    assert response.status_code == 200
    return re.sub(r'<link rel="canonical"[^>]*>', "", response.text)


SEARCHED = storefront().test_client()


def test_the_theme_keeps_dawns_two_hazards() -> None:
    css = (THEME / "assets" / "base.css").read_text()
    assert "font-size: 62.5%" in css
    assert re.search(r"div:empty,\s*section:empty,\s*article:empty,\s*p:empty \{ display: none; \}", css)


def test_every_dye_has_its_swatch() -> None:
    css = (THEME / "assets" / "base.css").read_text()
    assert {
        name for name, colour in DYES.items() if f".dye-{name.lower()} {{ --dye: {colour}; }}" not in css
    } == set()


PICTURES = {each.image: shown.kind for shown in PRODUCTS for each in shown.variants}


def drawn(path: str) -> str:
    return picture(path.removeprefix("/cdn/").removesuffix(".svg")) or ""


def test_each_product_and_each_colour_has_a_picture_of_its_own() -> None:
    assert len({drawn(path) for path in PICTURES}) == len(PICTURES)
    assert set(PICTURES.values()) == set(KINDS)


@pytest.mark.parametrize("path", [*PICTURES, "/cdn/lake.svg", "/cdn/collection-camp.svg"])
def test_pictures_are_well_formed_and_load_nothing(path: str) -> None:
    root = ElementTree.fromstring(drawn(path))  # noqa: S314 - our own drawing
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "http" not in drawn(path).replace("http://www.w3.org/2000/svg", "")
    assert "nan" not in drawn(path)
    named = {each.get("id") for each in root.iter()}
    assert set(re.findall(r"url\(#([^)]+)\)", drawn(path))) <= named


def test_the_range_is_that_of_a_real_shop() -> None:
    assert len(PRODUCTS) >= 16
    assert any(not each.available for shown in PRODUCTS for each in shown.variants)
    assert any(each.compare_at for shown in PRODUCTS for each in shown.variants)
    assert all(each.compare_at > each.price for shown in PRODUCTS for each in shown.variants if each.compare_at)
