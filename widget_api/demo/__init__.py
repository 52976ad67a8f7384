"""A demo shop in front of the product: a theme, a catalogue, carts, and the endpoints that Shopify has."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

    from widget_api.config import Config

PROMPT = (
    "Tarn is a small workshop that sells wool, canvas and enamel for cold weather. Be warm, plain and brief. "
    "Clothes are cut regular; boots come up half a size large. Nothing can really be bought: it is a demo."
)

# What belongs to the product; everything else is the shop's. Two addresses below /api/ are Shopify's own.
PRODUCT = ("/api/", "/widget/", "/healthz", "/readyz", "/metrics", "/.well-known/ucp-agent")
SHOPIFY = ("/api/ucp/mcp", "/api/mcp")


def create_app(config: Config | None = None) -> Flask:
    """The product's app with the demo shop before it. Settings as for `widget_api.create_app`."""
    import widget_api
    from widget_api.demo import currency, objects
    from widget_api.demo.break_it import Chat
    from widget_api.demo.database import DATABASE
    from widget_api.demo.model import Breakable, set_home_pace
    from widget_api.demo.storefront import create_storefront
    from widget_api.demo.wire import Wire
    from widget_api.llm.demo import Demo
    from widget_api.models import Shop

    app = widget_api.create_app(config)
    services = app.extensions["widget"]
    DATABASE.open(services.config.instance)
    currency.start_in(os.environ.get("DEMO_CURRENCY") or "EUR")
    set_home_pace(os.environ.get("DEMO_PACE", ""))
    url = services.config.public_url
    Shop.register(objects.DOMAIN, origins=_origins(url), mcp_url=url, name=objects.NAME, prompt=PROMPT)
    own_model = isinstance(services.model, Demo)
    if own_model:
        services.shops.model_of_all = Breakable()
    shop = create_storefront(url, Chat(own_model, _writing))
    app.wsgi_app = Front(Wire(app.wsgi_app), shop.wsgi_app)  # type: ignore[method-assign]
    return app


class Front:
    """Hands each request to the product or to the shop, by its path."""

    def __init__(self, product: WSGIApplication, shop: WSGIApplication) -> None:
        self._product = product
        self._shop = shop

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        to_product = path.startswith(PRODUCT) and path not in SHOPIFY
        return (self._product if to_product else self._shop)(environ, start_response)


def _writing() -> int:
    """How many answers are being written, in whatever process."""
    from widget_api.models import ACTIVE, Turn, connected

    with connected():
        return int(Turn.select().where(Turn.state << ACTIVE).count())


def _origins(url: str) -> list[str]:
    """The shop's websites: `url`, and on this machine also under its other name."""
    parts = urlsplit(url)
    twin = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}.get(parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return [url, *([f"{parts.scheme}://{twin}{port}"] if twin else [])]
