"""The product with the demo shop before it: who answers what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from widget_api.config import Config
from widget_api.demo import create_app
from widget_api.models import Shop, connected

DOMAIN = "demo-store.myshopify.com"


@pytest.fixture
def client(config: Config) -> Iterator[FlaskClient]:
    app = create_app(replace(config, public_url="http://127.0.0.1:8000"))
    yield app.test_client()
    app.extensions["widget"].close(grace=0)


def test_the_shop_is_registered_with_both_names_of_this_machine(client: FlaskClient) -> None:
    with connected():
        shop = Shop.named(DOMAIN)
    assert client
    assert shop.origins == ["http://127.0.0.1:8000", "http://localhost:8000"]
    assert (shop.mcp_url, shop.name) == ("http://127.0.0.1:8000", "Tarn")


def test_a_second_start_keeps_the_one_shop(client: FlaskClient, config: Config) -> None:
    assert client
    again = create_app(replace(config, public_url="http://127.0.0.1:8000"))
    with connected():
        assert Shop.select().count() == 1
    again.extensions["widget"].close(grace=0)


@pytest.mark.parametrize(
    "path", ["/api/nope", "/api/conversations", "/widget/nope.js", "/.well-known/ucp-agent.json"]
)
def test_the_products_addresses_are_the_products(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        assert "json" in str(response.mimetype)
        assert "Content-Security-Policy" not in response.headers


@pytest.mark.parametrize("path", ["/", "/nope", "/cart", "/api/ucp/mcp", "/api/mcp"])
def test_everything_else_is_the_shops(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        assert response.mimetype == "text/html"


def test_the_pages_carry_the_snippet_with_this_backends_address(client: FlaskClient) -> None:
    page = client.get("/").text
    assert 'data-api="http://127.0.0.1:8000"' in page
    assert f'data-shop="{DOMAIN}"' in page


def test_a_page_of_pictures_does_not_use_up_the_shoppers_requests(client: FlaskClient) -> None:
    codes = {client.get("/cdn/tin-cup-pine.svg").status_code for _ in range(400)}
    assert codes == {200}


def test_a_session_is_minted_for_the_demo_shop(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost:8000"}
    response = client.post("/api/sessions", json={"shop": DOMAIN}, headers=headers)
    assert response.status_code == 201
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
