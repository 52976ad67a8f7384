"""The cart of the browser that asks: found by its cookie, made with the first thing that is put in."""

from __future__ import annotations

from hmac import compare_digest
from urllib.parse import quote, unquote

from flask import Flask, Response, g, request

from widget_api.demo.carts import CARTS, TTL, Cart

COOKIE = "cart"


def init_app(app: Flask) -> None:
    app.after_request(_remember)


def current() -> Cart | None:
    """The browser's cart, or None when it has none or it has expired."""
    if "cart" in g:
        cart: Cart = g.cart
        return cart
    return opened(unquote(request.cookies.get(COOKIE, "")))


def opened(secret: str) -> Cart | None:
    """The cart that `secret` ("token?key=…") opens."""
    token, _, key = secret.partition("?key=")
    cart = CARTS.get(token)
    return cart if cart and compare_digest(cart.key.encode(), key.encode()) else None


def ensure() -> Cart:
    """The browser's cart; a new one when it has none."""
    return adopt(current() or CARTS.create())


def adopt(cart: Cart) -> Cart:
    """Make `cart` the browser's own."""
    g.cart = cart
    return cart


def _remember(response: Response) -> Response:
    if "cart" in g:
        response.set_cookie(
            COOKIE,
            quote(g.cart.secret, safe=""),
            max_age=TTL,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
