"""What every page of the demo shop is rendered with, and the rendering itself."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, request

from widget_api.demo import basket, currency, objects
from widget_api.demo.renderer import Renderer

RENDERER = Renderer()
# From so many euro cents on.
SHIPPING = 490
FREE_SHIPPING = 8000

MENU: tuple[dict[str, str], ...] = (
    {"title": "Knitwear", "url": "/collections/knitwear"},
    {"title": "Outdoor", "url": "/collections/outdoor"},
    {"title": "Camp kitchen", "url": "/collections/camp"},
    {"title": "Home", "url": "/collections/home"},
    {"title": "Our workshop", "url": "/pages/about"},
)


def page(template: str, *, page_type: str = "", title: str = "", **things: Any) -> str:
    """The page that `templates/{template}.json` describes; `things` join the Liquid objects."""
    return RENDERER.page(
        template,
        _globals()
        | {
            "request": _request(page_type or template),
            "template": {"name": template},
            "page_title": title or objects.NAME,
        }
        | things,
    )


def section(name: str) -> str | None:
    """One section as it is now, or None when the theme has none of that name."""
    if not RENDERER.has_section(name):
        return None
    return RENDERER.section(name, _globals() | {"request": _request("section")})


def not_found() -> Response:
    return make_response(page("404", title="Page not found"), 404)


def _globals() -> dict[str, Any]:
    country, name = currency.current().country
    return {
        "shop": objects.shop(request.host_url.rstrip("/")),
        "routes": objects.ROUTES,
        "localization": {
            "country": {"iso_code": country, "name": name},
            "language": {"iso_code": objects.LOCALE, "name": "English"},
        },
        "cart": objects.cart(basket.current()),
        "collections": objects.collections(),
        "linklists": {"main-menu": {"links": MENU}},
        "settings": {
            "chat_api": current_app.config["CHAT_API"],
            "free_shipping": currency.convert_to_hundredths(FREE_SHIPPING),
            "shipping": currency.convert_to_hundredths(SHIPPING),
        },
        "canonical_url": request.base_url,
        "product": None,
        "collection": None,
        "cart_error": "",
    }


def _request(page_type: str) -> dict[str, Any]:
    return {
        "page_type": page_type,
        "design_mode": False,
        "path": request.path,
        "host": request.host,
        "origin": request.host_url.rstrip("/"),
        "locale": {"iso_code": objects.LOCALE, "name": "English", "primary": True},
    }
